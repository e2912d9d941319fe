"""What a person may type after /volati, and what is made of it."""

import pytest

from bot.people.access import RIGHTS
from bot.words.commands import (
    AREAS_TO_COME,
    COMMANDS,
    ECHO,
    LONGEST,
    Audit,
    Command,
    Diagnose,
    Events,
    Help,
    Logs,
    Refusal,
    Status,
    Token,
    Whoami,
    Why,
    parse,
    right,
)
from diagnostics.areas import AREAS

PLACES = ("production", "staging")


@pytest.mark.parametrize(
    "text",
    [
        "diagnose keycloak",
        "  DIAGNOSE   Keycloak ",
        "diagnose\u00a0keycloak",
        "diagnose “keycloak”",
        "diagnose 'keycloak'",
        "`diagnose keycloak`",
        "diagnose keycloak,",
        "diagnose key\u200bcloak",
        "dia\u202egnose keycloak",
        "diagnose\tkeycloak\n",
        "diagnose keycloak keycloak",
        "/volati diagnose keycloak",
        "diagnose keycloak in production",
        "ｄｉａｇｎｏｓｅ keycloak",  # noqa: RUF001 wide letters, as some keyboards write them
    ],
)
def test_reads_what_is_meant(text: str) -> None:
    """It reads the same request however it was typed."""
    assert parse(text, PLACES) == Diagnose(("keycloak",), "production")


def test_reads_the_environment_and_deep() -> None:
    """It reads "deep" and "in …" wherever they stand."""
    wanted = Diagnose(("keycloak",), "staging", deep=True)
    assert parse("diagnose deep keycloak in staging", PLACES) == wanted
    assert parse("diagnose in staging keycloak --deep", PLACES) == wanted


@pytest.mark.parametrize("text", ["", "   ", "help", "Help me", "\u200b", '""'])
def test_helps(text: str) -> None:
    """It helps when asked, and when nothing is said."""
    assert parse(text, PLACES) == Help()


@pytest.mark.parametrize(
    ("text", "part", "example"),
    [
        (
            "diagnose",
            "Say which area to look at: server, graphql, database, performance, keycloak and network.",
            "diagnose keycloak",
        ),
        ("diagnose keyclok", "did you mean keycloak?", "diagnose keycloak"),
        ("diagnose docker", "The area docker cannot be diagnosed yet; server, graphql, database", "diagnose keycloak"),
        ("diagnose all", "The area all cannot be diagnosed yet", "diagnose keycloak"),
        (
            "diagnose zebra",
            "There is no area “zebra”; there is server, graphql, database, performance, keycloak and network.",
            "diagnose keycloak",
        ),
        ("diagnose keycloak in", "Say which environment after “in”", "diagnose keycloak in production"),
        ("diagnose keycloak in moon", "There is no environment “moon”; there is production and staging.", "production"),
        ("diagnoze keycloak", "There is no command “diagnoze”; did you mean “diagnose”?", "diagnose keycloak"),
        ("keycloak", "“keycloak” is an area; put “diagnose” before it.", "diagnose keycloak"),
        ("docker", "cannot be diagnosed yet", "diagnose keycloak"),
        ("qqqq", "There is no command “qqqq”; “help” lists what there is.", "help"),
        ("statsu", "did you mean “status”?", "help"),
        ("status please", "“please” means nothing here; did you mean “page”?", "status"),
        ("status staging", "Put “in” before the environment: “in staging”.", "status in staging"),
        ("status in moon", "There is no environment “moon”; there is production and staging.", "status in production"),
        ("events stagin", "“stagin” means nothing here; did you mean “in staging”?", "events"),
        ("events page 0", "“0” is no page; pages are numbers from 1, the newest.", "events page 2"),
        ("events page 99999999", "“99999999” is no page", "events page 2"),
        ("logs", "Say whose log: a workload, such as “backend”, or a pod.", "logs volaticloud-backend"),
        ("logs ../../etc", "“../../etc” cannot be the name of a workload or a pod.", "logs volaticloud-backend"),
        ("logs backend previus", "“previus” means nothing here; did you mean “previous”?", "logs volaticloud-backend"),
        ("logs backend dashboard", "“dashboard” means nothing here; what may follow is", "logs volaticloud-backend"),
        ("logs backend 15m", "Put “since” before the time: “since 15m”.", "since 15m"),
        ("logs backend since", "Say what comes after “since”, as in “since 15m”.", "since 15m"),
        ("logs backend since yesterday", "“yesterday” is no duration from a second to 30 days", "since 15m"),
        ("logs backend since 0m", "“0m” is no duration", "since 15m"),
        ("logs backend since -5m", "“-5m” is no duration", "since 15m"),
        ("logs backend since 15", "“15” is no duration", "since 15m"),
        ("logs backend since 31d", "“31d” is no duration", "since 15m"),
        ("logs backend since 9999999999999s", "is no duration", "since 15m"),
        ("logs backend container a!b", "“a!b” cannot be the name of a container.", "container volaticloud"),
        ("logs backend in moon", "There is no environment “moon”", "logs volaticloud-backend in production"),
        ("audit everything", "“everything” is no number of entries from 1 to 9999.", "audit 20"),
        ("audit page 0", "“0” is no page", "audit 20 page 2"),
        ("log backend", "There is no command “log”; did you mean “logs”?", "help"),
        ("token eyJhbGciOi.x.y", "Do not type a token into a channel", "token"),
        ("token in moon", "There is no environment “moon”", "production"),
        ("x" * 5_000, "That is 5,000 characters long", "diagnose keycloak"),
        ("<@U0ONCALL0|anna> keycloak", "There is no command “@anna”", "help"),
        ("diagnose <https://auth.example.com|auth.example.com>", "“auth.example.com”", "diagnose keycloak"),
        ("diagnose <#C0ENGINE0|engineering>", "“#engineering”", "diagnose keycloak"),
        ("diagnose <!channel>", "There is no area “channel”", "diagnose keycloak"),
    ],
)
def test_refuses_in_one_sentence(text: str, part: str, example: str) -> None:
    """It says what was wrong, and gives an example."""
    refusal = parse(text, PLACES)
    assert isinstance(refusal, Refusal)
    assert part in refusal.text
    assert example in refusal.example


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("status", Status()),
        ("status in staging page 2", Status("staging", 2)),
        ("events", Events("production")),
        ("Events in Staging", Events("staging")),
        ("events page 3", Events("production", 3)),
        ("logs backend", Logs("production", "backend")),
        ("logs backend since 15m", Logs("production", "backend", since_s=900)),
        ("logs backend since 2h", Logs("production", "backend", since_s=7_200)),
        ("logs backend since 1h30m", Logs("production", "backend", since_s=5_400)),
        ("logs backend since 90s previous", Logs("production", "backend", run="previous", since_s=90)),
        ("logs previous backend", Logs("production", "backend", run="previous")),
        ("logs backend current", Logs("production", "backend", run="current")),
        ("logs backend -p --since=15min", Logs("production", "backend", run="previous", since_s=900)),
        ("logs “backend” container sidecar in staging", Logs("staging", "backend", "sidecar")),
        ("logs -c sidecar deployment/backend page 4", Logs("production", "deployment/backend", "sidecar", page=4)),
        ("logs keycloak/volaticloud-keycloak", Logs("production", "keycloak/volaticloud-keycloak")),
        ("audit", Audit()),
        ("Audit 20 in Staging page 2", Audit("staging", 20, 2)),
        ("Who\u200bami please", Whoami()),
        ("token", Token("production")),
        ("token in Staging", Token("staging")),
        ("why", Why("production")),
        ("why alice", Why("production", "alice")),
        ("why alice view 1b2C", Why("production", "alice", "view", "1b2C")),
        ("WHY Alice View Alice's grid bot in staging", Why("staging", "Alice", "View", "Alice's grid bot")),
        ("why “alice” 'view' \"Alice's grid bot\"", Why("production", "alice", "view", "Alice's grid bot")),
        ("why <@U0ALICE00|alice> view x", Why("production", "alice", "view", "x")),
        (
            "why <mailto:alice@example.org|alice@example.org> view x",
            Why("production", "alice@example.org", "view", "x"),
        ),
        ("why a b c in moon", Why("production", "a", "b", "c in moon")),
        ("@volati why a b c", Why("production", "a", "b", "c")),
    ],
)
def test_reads_the_other_commands(text: str, command: Command) -> None:
    """It reads each, and leaves the names of Keycloak's as they are written."""
    assert parse(text, PLACES) == command


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        (Diagnose(("keycloak",), "production"), "diagnose"),
        (Diagnose(("keycloak",), "production", deep=True), "diagnose deep"),
        (Help(), "help"),
        (Refusal("no", "help"), "help"),
        (Status(), "status"),
        (Events("production"), "events"),
        (Logs("production", "backend"), "logs"),
        (Audit(), "audit"),
        (Whoami(), "whoami"),
        (Token("production"), "token"),
        (Why("production"), "why"),
    ],
)
def test_names_the_right_each_needs(command: Command | Refusal, needed: str) -> None:
    """It gives, for each command, a right that there is a rule for."""
    assert right(command) == needed
    assert needed in RIGHTS


@pytest.mark.parametrize("word", [word.word for word in COMMANDS if not word.available])
def test_says_what_is_not_there_yet(word: str) -> None:
    """It says of each word to come that it is not there yet, and what to do instead."""
    refusal = parse(f"{word} something", PLACES)
    assert isinstance(refusal, Refusal)
    assert "is not there yet; until then, " in refusal.text
    assert refusal.example == "", "no other word is like it"


def test_table_is_in_order() -> None:
    """It lists each word once, begins each usage with its word, and offers just what works."""
    assert len({word.word for word in COMMANDS}) == len(COMMANDS)
    assert all(word.usage.split()[0] == word.word for word in COMMANDS)
    assert [word.word for word in COMMANDS if word.available] == [
        "help",
        "diagnose",
        "status",
        "logs",
        "events",
        "restart",
        "rollback",
        "scale",
        "delete-failed-pods",
        "debug-logs",
        "cancel-query",
        "end-session",
        "probe",
        "escalate",
        "ack",
        "snooze",
        "handover",
        "resolve",
        "incidents",
        "postmortem",
        "oncall",
        "token",
        "why",
        "audit",
        "whoami",
    ]


def test_areas_to_come_shrink_by_themselves() -> None:
    """It does not call an area "to come" that is there."""
    assert {area.name for area in AREAS}.isdisjoint(AREAS_TO_COME)


def test_repeats_little() -> None:
    """It repeats no more of a person's text than a line can hold."""
    refusal = parse("z" * (LONGEST - 1), PLACES)
    assert isinstance(refusal, Refusal)
    assert "z" * (ECHO - 1) + "…" in refusal.text
    assert "z" * ECHO not in refusal.text
