"""What Slack shows of a glance, whole, as golden files; and what must hold of each, whatever is in it."""

import re
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.runs.board import Board
from bot.runs.board import Row as Known
from bot.slack.limits import faults, texts
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.views.events import GROUPS, events
from bot.slack.views.logs import logs
from bot.slack.views.overview import ROWS, status_now
from bot.slack.views.pages import turned
from bot.words.commands import Events, Logs, Status, parse
from diagnostics.glances.logs import PAGE, LogLine
from diagnostics.glances.meaning import Unknown
from diagnostics.model import Reason, Unobserved
from playground.slack.limits import check_message
from playground.slack.messages import Content
from tests.bot.runs import looks as glances
from tests.bot.slack import samples

PLACES = ("production", "staging")
BOARD = Board(
    (Known("production", "keycloak", samples.diagnosis(), glances.AT), Known("staging", "keycloak")), glances.AT
)
EVENTS, LOGS, STATUS = Events("production"), Logs("production", "backend"), Status()
BLIND = glances.logs(
    lines=(),
    known=(),
    read=0,
    older=False,
    lacks=(Unobserved("the log", Reason.FORBIDDEN, "It may not get pods/log."),),
)
UNSEEN = glances.logs(choice=None, lines=(), known=(), lacks=(Unobserved("the pods", Reason.TIMEOUT, "No answer."),))

MESSAGES = {
    "events": events(glances.EVENTS, EVENTS),
    "events-page-2": events(glances.MANY_EVENTS, replace(EVENTS, page=2)),
    "events-none": events(glances.NO_EVENTS, EVENTS),
    "logs": logs(glances.logs(), LOGS),
    "logs-page-2": logs(glances.logs(page=2, since_s=900, older=False), replace(LOGS, page=2, since_s=900)),
    "logs-empty": logs(glances.logs(lines=(), known=(), read=0, older=False, since_s=900), LOGS),
    "logs-not-read": logs(BLIND, LOGS),
    "logs-unseen": logs(UNSEEN, LOGS),
    "logs-several": logs(glances.instead(glances.SEVERAL), LOGS),
    "logs-near": logs(glances.instead(glances.NEAR), LOGS),
    "logs-nobody": logs(glances.instead(glances.NOBODY), LOGS),
    "logs-no-container": logs(glances.instead(glances.NO_LOG), LOGS),
    "status-now": status_now(BOARD, glances.LOOK, STATUS),
    "status-now-page-2": status_now(BOARD, glances.BIG, replace(STATUS, page=2)),
    "status-no-cluster": status_now(BOARD, "No cluster is configured for production: add it.", STATUS),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_message_is_as_agreed(name: str) -> None:
    """It is, whole, the message that was looked at and agreed on, and Slack takes it."""
    samples.assert_golden(f"glance-{name}", MESSAGES[name])
    assert faults(MESSAGES[name].text, MESSAGES[name].blocks) == ()
    check_message(Content(**MESSAGES[name].as_json()))


def values(message: Message) -> dict[str, str]:
    """What the buttons carry, by their labels."""
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return {one["text"]["text"]: one["value"] for row in rows for one in row["elements"]}


def test_events_are_told() -> None:
    """It tells what happened to what, how often and when, and the message; a warning is marked."""
    text = plain(MESSAGES["events"])
    assert "⚠️ BackOff, 2 pods of volaticloud/volaticloud-backend: 34 times in 10 min, last 30 s ago" in text
    assert "• ScalingReplicaSet, deployment volaticloud/volaticloud-backend: 15 min ago" in text
    assert "✗ events in namespace keycloak: forbidden. The bot may not list events in namespace keycloak" in text


def test_pages_of_events() -> None:
    """It says how many kinds are left, and turns pages until there are none."""
    found, seen = glances.MANY_EVENTS, list[str]()
    for page in (1, 2, 3):
        message = events(found, replace(EVENTS, page=page))
        seen += re.findall(r"BackOff\d*,", plain(message))
        left = max(0, len(found.groups) - page * GROUPS)
        assert (f"{left} older kinds are not shown here." in plain(message)) == bool(left)
        assert set(values(message)) == {*(["Older"] if left else []), *(["Newer"] if page > 1 else [])}
        assert "There were more than 2,000 events; the oldest were not read." in plain(message)
    assert seen == [f"{group.reason}," for group in found.groups]
    assert "There are none so far back." in plain(events(found, replace(EVENTS, page=9)))


def test_a_log_is_shown() -> None:
    """It names the pod, container and run, marks known errors, and says what is left and what else there is."""
    text = plain(MESSAGES["logs"])
    assert "pod volaticloud-backend-5959c74bb5-hwptr, container volaticloud, the run before this one" in text
    assert "(that run failed: exit code 1)" in text
    assert "▶ 2026/11/20 03:28:02 failed opening connection to postgres: <!channel> refused" in text
    assert "▶ 3 × The server does not reach its database. (critical, server.database)" in text  # noqa: RUF001
    assert "perhaps: It is slow. (warning, server.slow, newest on page 4)" in text
    assert "Not shown: 270 older lines and more before these." in text
    assert "Other containers (“container <name>”): proxy." in text
    assert "Other pods: volaticloud/b." in text


def test_untrusted_lines() -> None:
    """It lets no line ping, link, format or end the block of code it stands in."""
    code = next(block["text"]["text"] for block in MESSAGES["logs"].blocks if "```" in str(block))
    assert "<" not in code
    assert code.count("```") == 2
    assert "&lt;!channel&gt;" in code
    assert "      main.go:31" in code


def test_buttons_carry_the_question() -> None:
    """It pins the pod, container and run that are shown, so that the next page is of the same log."""
    older = values(MESSAGES["logs"])["Older"]
    assert older == f"logs {glances.POD} container volaticloud previous in production page 2"
    assert turned(older, PLACES) == Logs("production", str(glances.POD), "volaticloud", "previous", page=2)
    assert values(MESSAGES["logs-page-2"])["Newer"].endswith("previous since 900s in production")


@pytest.mark.parametrize("value", ["", "diagnose keycloak", "events in moon", "logs", "page 2", "x" * 2_000, "help"])
def test_buttons_that_are_none(value: str) -> None:
    """It reads nothing from a value that is none of its own, or names what is not there any more."""
    assert turned(value, PLACES) is None


def test_what_there_is_instead() -> None:
    """It asks back with the names, or gives the nearest, or all."""
    assert "Say which:\n• volaticloud/volaticloud-backend\n• volaticloud/volaticloud-dashboard" in plain(
        MESSAGES["logs-several"]
    )
    assert "Did you mean:\n• volaticloud/volaticloud-backend" in plain(MESSAGES["logs-near"])
    assert "There is no workload or pod “zebra”. There is:" in plain(MESSAGES["logs-nobody"])
    blind = msgspec.structs.replace(glances.instead(glances.NEAR), lacks=(glances.FORBIDDEN,))
    assert "There is no workload or pod “bakend”, among what could be seen. Did you mean" in plain(logs(blind, LOGS))
    assert plain(logs(glances.instead(Unknown("z", (), ())), LOGS)).startswith("There is no workload or pod “z”.")
    many = Unknown("z", (), tuple(f"space/{'w' * 200}-{place}" for place in range(200)))
    assert re.search(r"and \d+ more names", plain(logs(glances.instead(many), LOGS)))


def test_unread_is_not_empty() -> None:
    """It does not call a log empty that could not be read."""
    assert "It has no lines of the last 15 min." in plain(MESSAGES["logs-empty"])
    assert "no lines" not in plain(MESSAGES["logs-not-read"])
    assert "✗ the log: forbidden. It may not get pods/log." in plain(MESSAGES["logs-not-read"])


def test_status() -> None:
    """It shows the verdicts, and what runs, how it is reached and what is used, what lacks something marked."""
    text = plain(MESSAGES["status-now"])
    assert MESSAGES["status-now"].text == "1 down, 1 not known"
    for line in (
        "Now: 3 of 4 pods ready in production",
        "⚠️ deployment volaticloud-backend: 1 of 2 ready; CrashLoopBackOff; 10 restarts, the last 28 s ago; cpu",
        "cpu 40m (asks 500m, at most 2); memory 100 MiB (asks 512 MiB, at most 1 GiB)",
        "• deployment volaticloud-dashboard: 2 of 2 ready; no restarts",
        "• service volaticloud-backend (ClusterIP): 1 of 2 endpoints ready; 8080/TCP",
        "• service empty (ClusterIP): no endpoints; 80/TCP",
        "⚠️ service none-ready (LoadBalancer): 0 of 2 endpoints ready; 80/TCP; at 203.0.113.9",
        "• service db (ExternalName): stands for db.example.com",
        "• service hidden (ClusterIP): its endpoints not seen; 80/TCP",
        "• ingress api: api.volaticloud.com at 203.0.113.9",
        "⚠️ ingress new: a.example, b.example, c.example and 1 more has no address: no controller took it up",
        "finished jobs and pods, not listed: 3",
        "⚠️ node vke-node-1: not ready",
        "• node vke-node-2: ready; cpu 1500m (of 4); memory 3 GiB (of 8 GiB)",
        "✗ usage of nodes: not configured. The cluster has no metrics server that answers.",
    ):
        assert line in text, line


def test_a_page_of_status_that_is_not_there() -> None:
    """It says which page is the last, and leads back to it."""
    message = status_now(BOARD, glances.BIG, replace(STATUS, page=99))
    last = next(
        page
        for page in range(1, 99)
        if "More" not in values(status_now(BOARD, glances.BIG, replace(STATUS, page=page)))
    )
    assert f"There is nothing on this page: the last one is page {last}." in plain(message)
    assert set(values(message)) == {"Back"}
    assert turned(values(message)["Back"], PLACES) == replace(STATUS, page=last)


def test_pages_of_status() -> None:
    """It shows every line on one page or another, the verdicts on the first, and says how many are left."""
    seen: list[str] = []
    for page in range(1, 6):
        message = status_now(BOARD, glances.BIG, replace(STATUS, page=page))
        seen += re.findall(r"w-\d+", plain(message))
        assert ("Keycloak in staging" in plain(message)) == (page == 1)
        left = max(0, 90 - page * ROWS)
        assert (f"{left} more lines are not shown here." in plain(message)) == bool(left)
        assert ("More" in values(message)) == bool(left)
        assert ("Back" in values(message)) == (page > 1)
    assert len(seen) == 90


def test_no_cluster() -> None:
    """It shows the verdicts all the same, and the setting to add."""
    text = plain(MESSAGES["status-no-cluster"])
    assert "Keycloak in production is down" in text
    assert "No cluster is configured for production: add it." in text


PIECES = st.sampled_from(
    [
        "<!channel>",
        "&",
        "`",
        "```",
        "*",
        "_",
        "\n",
        "\u202e",
        "😀",
        "<@U1>",
        "&lt;",
        "\ud800",
        "ab ",
        "\x1b[31m",
        "\x00",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.lists(PIECES, max_size=20).map("".join),
    st.builds(lambda piece, times: piece * times, PIECES, st.sampled_from([2, 20, 700])),
)
LACKS = st.builds(
    lambda few, times: tuple(few * times),
    st.lists(st.builds(Unobserved, TEXTS, st.sampled_from(Reason), TEXTS), max_size=3),
    st.sampled_from([1, 10]),
)
LINES = st.lists(TEXTS.map(LogLine), max_size=3).flatmap(
    lambda few: st.sampled_from([0, 1, 10]).map(lambda times: (tuple(few) * times)[:PAGE])
)


def holds(message: Message) -> None:
    """Slack takes it, and nothing in it pings, links, or leaves its block of code."""
    assert faults(message.text, message.blocks) == ()
    check_message(Content(**message.as_json()))
    for block in message.blocks:
        for text in texts(block):
            assert "<" not in text
            assert text.count("```") % 2 == 0


@settings(deadline=None)
@given(LINES, TEXTS, LACKS, st.integers(1, 3))
def test_any_log(lines: tuple[LogLine, ...], words: str, lacks: tuple[Unobserved, ...], page: int) -> None:
    """It is a message that Slack takes, whatever is in the lines, the names and the reasons."""
    choice = msgspec.structs.replace(glances.CHOICE, because=words, containers=(words,) * 9, pods=(words,) * 9)
    known = tuple(msgspec.structs.replace(one, meaning=words) for one in glances.KNOWN) * 9
    full = tuple(lines)
    holds(
        logs(glances.logs(choice=choice, known=known, lines=full, thing=words, lacks=lacks), replace(LOGS, page=page))
    )


@settings(deadline=None)
@given(TEXTS, LACKS, st.integers(1, 3))
def test_any_events(words: str, lacks: tuple[Unobserved, ...], page: int) -> None:
    """It is a message that Slack takes, whatever the cluster reports."""
    groups = tuple(glances.group(number, message=words, name=words) for number in range(40))
    found = msgspec.structs.replace(glances.MANY_EVENTS, groups=groups, lacks=lacks)
    holds(events(found, replace(EVENTS, page=page)))


@settings(deadline=None)
@given(TEXTS, LACKS, st.integers(1, 3))
def test_any_status(words: str, lacks: tuple[Unobserved, ...], page: int) -> None:
    """It is a message that Slack takes, whatever runs in the cluster."""
    spaces = tuple(
        msgspec.structs.replace(
            glances.SPACES[0],
            name=f"{words}{place}",
            pods=(msgspec.structs.replace(glances.SHORT, trouble=words),),
            ingresses=(msgspec.structs.replace(glances.SPACES[0].ingresses[0], hosts=(words,) * 9),),
        )
        for place in range(20)
    )
    rows = tuple(Known(f"place-{place}", "keycloak", trouble=words) for place in range(60))
    found = msgspec.structs.replace(glances.LOOK, namespaces=spaces, lacks=lacks)
    holds(status_now(Board(rows, glances.AT), found, replace(STATUS, page=page)))


def test_every_button_can_be_typed() -> None:
    """It carries in every button words that a person could have typed."""
    for message in MESSAGES.values():
        for value in values(message).values():
            command = parse(value, PLACES)
            assert isinstance(command, Status | Events | Logs)
            assert command.words == value
