"""Open incidents and who is on call, on the Home tab and in `status`: whole, as golden files; and what must hold."""

import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from bot.incidents import events as e
from bot.incidents.kept import OnDuty
from bot.incidents.path import IncidentSeverity, Path
from bot.incidents.roster import Rota
from bot.incidents.standing import Standing
from bot.people.access import OwnRights
from bot.runs.board import Board, Row
from bot.slack.limits import OUR_BLOCKS_TEXT, faults, size, texts
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.view import View
from bot.slack.views.home import home
from bot.slack.views.overview import status_now
from bot.slack.views.standing import SHOWN
from bot.words.commands import Status
from playground.slack.limits import check_view
from tests.bot.incidents.tales import ABOUT, CLIMBED, OPENED, TO_INFRASTRUCTURE, tale
from tests.bot.incidents.things import ALICE, BOB, PATH, START, after
from tests.bot.runs import looks as glances
from tests.bot.slack import samples
from tests.bot.slack.test_views_surfaces import KNOWN, NOW, PLACES, RIGHTS, only_may

THERE = e.Person("Alice <!here> Adams", pager="PALICE1")
ADDRESS = "https://volaticloud.slack.com/archives/C0ENGINE0/p1"
GRAVE = tale(
    msgspec.structs.replace(OPENED, severity=IncidentSeverity.P0, by=None),
    e.Acknowledged(at=after(2), by=BOB),
    id="ffff0000",
    about=msgspec.structs.replace(ABOUT, title="The backend has no <!channel> pods"),
)
CLIMBING = replace(tale(OPENED, *CLIMBED, TO_INFRASTRUCTURE), link=ADDRESS)
SNOOZED = tale(OPENED, e.Snoozed(at=after(2), by=ALICE, until=after(32)), id="cccc0000")
HANDED = tale(OPENED, e.HandedOver(at=after(2), by=ALICE, to=BOB), id="dddd0000")
DUTY = (
    OnDuty(2, "engineering", "#engineering", why_not="Whoever reads the channel."),
    OnDuty(3, "oncall", "the on-call engineer", (THERE,), until=START + timedelta(days=5)),
    OnDuty(4, "infrastructure", "DevOps/Infrastructure", why_not="PagerDuty gave no answer to GET /oncalls."),
)
AT = after(14)
OPEN = Standing(PATH, AT, (CLIMBING, GRAVE, SNOOZED, HANDED), Rota(DUTY, after(11)))
CALM = Standing(PATH, AT, (), Rota())
BLIND = Standing(PATH, AT, None, Rota(DUTY, after(11)), "What is open is not known: Volati has no memory just now.")
MANY = replace(OPEN, sheets=tuple(replace(CLIMBING, kept=replace(CLIMBING.kept, id=f"{n:08x}")) for n in range(2_000)))
WORST = Standing(
    Path(tuple(replace(level, title="&" * 999, page="oncall") for level in PATH.levels)),
    AT,
    tuple(
        replace(one, link="https://example.com/" + "x" * 900)
        for one in [
            tale(OPENED, id=f"{n:08x}", about=msgspec.structs.replace(ABOUT, title="<&>" * 2_000)) for n in range(50)
        ]
    ),
    Rota(tuple(OnDuty(n, "x", "y", (e.Person("&" * 500),) * 9, START, "<" * 900) for n in range(1, 6)), START),
)
BOARD = Board((Row("production", "keycloak", samples.diagnosis(), AT), Row("staging", "keycloak")), AT)
STATES = {"open": OPEN, "calm": CALM, "blind": BLIND}


def told(known: Standing) -> Message:
    return status_now(BOARD, "No cluster is configured for production: add it.", Status(), known)


def tab(known: Standing, rights: OwnRights = RIGHTS) -> View:
    return home(KNOWN, PLACES, rights, NOW, known)


@pytest.mark.parametrize("name", STATES)
def test_status_is_as_agreed(name: str) -> None:
    """It is, whole, the message that was looked at and agreed on, and Slack takes it."""
    message = told(STATES[name])
    samples.assert_golden(f"standing-status-{name}", message)
    assert faults(message.text, message.blocks) == ()


@pytest.mark.parametrize("name", STATES)
def test_home_is_as_agreed(name: str) -> None:
    """It is, whole, the tab that was looked at and agreed on, and Slack takes it."""
    view = tab(STATES[name])
    samples.assert_golden(f"standing-home-{name}", Message("home", view.blocks))
    check_view(view.as_json(), "home")


def test_what_an_on_call_engineer_looks_for() -> None:
    """It says of each incident how bad, what, since when, its state, its level and what is next; the gravest first."""
    lines = plain(told(OPEN)).splitlines()
    begin = lines.index("4 incidents are open")
    assert lines[begin + 1].endswith("P0 in production: The backend has no <!channel> pods")
    assert lines[begin + 2].strip().endswith("at level 2 of 5, #engineering; acknowledged by Bob")
    assert lines[begin + 3].strip() == "Next: Nobody else is called while somebody has it."
    text = plain(told(OPEN))
    assert "since 2026-01-05 12:00 UTC, at level 4 of 5, DevOps/Infrastructure; waits for somebody" in text
    assert "Next: 2026-01-05 12:27 UTC: if nobody acknowledges until then, level 5: the CTO is told" in text
    assert "snoozed by Alice" in text
    assert "waits for Bob" in text
    assert told(OPEN).text.startswith("4 incidents are open. ")


def test_who_is_on_call() -> None:
    """It names who is on call at the levels that page, how old that is, and why it is not known where it is not."""
    text = plain(told(OPEN))
    assert "On call, as of 3 min ago" in text
    assert "3. the on-call engineer: Alice <!here> Adams until 2026-01-10 12:00 UTC" in text
    assert "4. DevOps/Infrastructure: not known" in text
    assert "PagerDuty gave no answer to GET /oncalls." in text
    assert "Whoever reads the channel" not in text
    assert "not known yet: PagerDuty is being asked" in plain(told(CALM))
    assert "On call" not in plain(told(replace(OPEN, path=Path())))


@pytest.mark.parametrize("known", [OPEN, MANY, WORST])
def test_it_calls_nobody(known: Standing) -> None:
    """It mentions nobody, whoever has an incident and whatever people are called: a board is no page."""
    for blocks in (told(known).blocks, tab(known).blocks[:4]):
        sent = json.dumps(blocks)
        assert "<@" not in sent
        assert "<!h" not in sent
        assert "<!c" not in sent
        assert "<!s" not in sent


def test_how_many() -> None:
    """It shows the gravest and counts the rest, however many there are."""
    text = plain(told(MANY))
    assert "2,000 incidents are open" in text
    assert text.count("Next: ") == SHOWN
    assert f"and {2_000 - SHOWN:,} more incidents" in text


@pytest.mark.parametrize("known", [OPEN, MANY, WORST])
@pytest.mark.parametrize("page", [1, 2])
def test_it_fits(known: Standing, page: int) -> None:
    """It fits into one message beside the verdicts and a full page of the quick look, and into the tab."""
    rows = tuple(Row(f"place-{number}", "keycloak", samples.diagnosis(), AT) for number in range(60))
    message = status_now(Board(rows, AT), glances.BIG, replace(Status(), page=page), known)
    assert faults(message.text, message.blocks) == ()
    assert sum(size(text) for block in message.blocks for text in texts(block)) <= OUR_BLOCKS_TEXT
    check_view(tab(known).as_json(), "home")


def test_what_is_not_for_somebody() -> None:
    """It tells nothing of what is not for who asks."""
    nothing = Standing(PATH, AT)
    assert tab(nothing).blocks == home(KNOWN, PLACES, RIGHTS, NOW).blocks
    assert told(nothing) == status_now(BOARD, "No cluster is configured for production: add it.", Status())
    assert "incident" not in json.dumps(tab(nothing, only_may(RIGHTS, frozenset({"home"}))).blocks[0])
