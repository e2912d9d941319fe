"""Words about incidents: what is understood, what is refused, and in which words."""

from datetime import timedelta

import pytest

from bot.incidents.path import IncidentSeverity
from bot.people.access import RIGHTS
from bot.words.commands import Refusal, parse, right
from bot.words.incidents import (
    REASON,
    WORDS,
    Ack,
    Escalate,
    Handover,
    IncidentCommand,
    Incidents,
    Oncall,
    Postmortem,
    Resolve,
    Snooze,
    read,
)

PLACES = ("production", "staging")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

UNDERSTOOD: list[tuple[str, IncidentCommand]] = [
    ("escalate", Escalate("production")),
    ("escalate Nobody answers, and it's 3 am", Escalate("production", "Nobody answers, and it's 3 am")),
    ("escalate 4 the database is gone", Escalate("production", "the database is gone", 4)),
    ("Escalate level 4 the database is gone", Escalate("production", "the database is gone", 4)),
    ("escalate P0 all is down", Escalate("production", "all is down", severity=IncidentSeverity.P0)),
    ("escalate p2 3 slow pages", Escalate("production", "slow pages", 3, IncidentSeverity.P2)),
    ("escalate new p1 other thing", Escalate("production", "other thing", 0, IncidentSeverity.P1, fresh=True)),
    ("escalate 500 errors everywhere", Escalate("production", "500 errors everywhere")),
    ("escalate 4 4 nodes are gone", Escalate("production", "4 nodes are gone", 4)),
    ("escalate all is down in staging", Escalate("staging", "all is down", placed=True)),
    ("escalate the fault is in moon", Escalate("production", "the fault is in moon")),
    ("escalate see <https://example.org|the graph> &amp; act", Escalate("production", "see the graph & act")),
    ("ack", Ack()),
    ("ack A1B2c3d4", Ack("a1b2c3d4")),
    ("snooze", Snooze()),
    ("snooze 10m", Snooze(10 * MINUTE)),
    ("snooze for 1h30m", Snooze(90 * MINUTE)),
    ("snooze 24h a1b2c3d4", Snooze(24 * HOUR, "a1b2c3d4")),
    ("snooze 10min", Snooze(10 * MINUTE)),
    ("handover <@U0ALICE00|alice>", Handover("U0ALICE00")),
    ("handover <@W0ALICE00>", Handover("W0ALICE00")),
    ("handover to <@U0ALICE00> a1b2c3d4", Handover("U0ALICE00", "a1b2c3d4")),
    ("resolve", Resolve()),
    ("resolve #a1b2c3d4", Resolve("a1b2c3d4")),
    ("postmortem", Postmortem()),
    ("postmortem a1b2c3d4", Postmortem("a1b2c3d4")),
    ("incidents", Incidents()),
    ("OnCall", Oncall()),
]


@pytest.mark.parametrize(("text", "command"), UNDERSTOOD)
def test_reads(text: str, command: IncidentCommand) -> None:
    """It reads each, and leaves a reason as it was written."""
    assert parse(text, PLACES) == command


@pytest.mark.parametrize(
    ("text", "part", "example"),
    [
        ("snooze forever", "Write for how long as in 10m or 1h30m, at most 24h.", "snooze 10m"),
        ("snooze 0m", "Write for how long", "snooze 10m"),
        ("snooze 25h", "Write for how long", "snooze 10m"),
        ("snooze -5m", "Write for how long", "snooze 10m"),
        ("snooze 10m and then some", "Nothing may follow but the id", "snooze 10m"),
        ("handover", "mentioning the person", "handover @anna"),
        ("handover alice", "mentioning the person", "handover @anna"),
        ("handover <@U1ALICE> <@U1BOBBY>", "one person", "handover @anna"),
        ("handover <!channel>", "mentioning the person", "handover @anna"),
        ("ack ../../x", "Nothing may follow but the id", "ack"),
        ("resolve it at last", "Nothing may follow but the id", "resolve"),
        ("incidents please", "stands alone", "incidents"),
        (f"escalate {'x' * (REASON + 1)}", "501 characters; 500 are read", "escalate"),
    ],
)
def test_refuses_in_one_sentence(text: str, part: str, example: str) -> None:
    """It says what was wrong, and gives an example."""
    refusal = parse(text, PLACES)
    assert isinstance(refusal, Refusal)
    assert part in refusal.text
    assert example in refusal.example


@pytest.mark.parametrize(("_", "command"), UNDERSTOOD)
def test_what_is_left_to_say_is_understood_again(_: str, command: IncidentCommand) -> None:
    """It gives the rest of a command as it is typed, so that a button can carry it."""
    if isinstance(command, Incidents | Oncall) or (isinstance(command, Escalate) and command.fresh):
        return
    again = read(right(command), command.rest.split(), command.rest, (PLACES[0],))
    expected = {"reason", "level", "severity", "length", "person"}
    for name in expected & set(command.__slots__):
        assert getattr(again, name) == getattr(command, name)


@pytest.mark.parametrize(("_", "command"), UNDERSTOOD)
def test_each_has_a_right(_: str, command: IncidentCommand) -> None:
    """It is subject to a rule of its own."""
    assert right(command) in WORDS
    assert right(command) in RIGHTS
