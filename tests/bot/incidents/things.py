"""Paths, people and events for the tests of incidents."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.incidents import events as e
from bot.incidents.incident import Incident, Phase
from bot.incidents.machine import Refused, Step, advance
from bot.incidents.path import RUNBOOK_LEVELS, IncidentSeverity, Path

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
ALICE = e.Person("Alice", slack="UALICE", pager="PALICE1")
BOB = e.Person("Bob", slack="UBOB", pager="PBOB222")
MINUTE = timedelta(minutes=1)

REACHED: dict[str, dict[str, Any]] = {
    "oncall": {"page": "oncall"},
    "infrastructure": {"page": "infrastructure", "mentions": ("S0INFRA",)},
    "cto": {"mentions": ("U0CTO",)},
}
PATH = Path(tuple(replace(level, **REACHED.get(level.name, {})) for level in RUNBOOK_LEVELS))
"""The runbook's path where everybody is reached: oncall and infrastructure by PagerDuty, the CTO in Slack."""


def after(minutes: float) -> datetime:
    """So many minutes after the start."""
    return START + minutes * MINUTE


def stepped(incident: Incident, event: e.Event, path: Path = PATH) -> Step:
    """The step, where there must be one."""
    made = advance(incident, event, path)
    assert isinstance(made, Step), made
    return made


def refused(incident: Incident, event: e.Event, path: Path = PATH) -> str:
    """The words of the refusal, where there must be one."""
    made = advance(incident, event, path)
    assert isinstance(made, Refused), made
    return made.why


def lived(*events: e.Event, path: Path = PATH) -> Incident:
    """An incident after these events."""
    incident = Incident(id="i1")
    for event in events:
        incident = stepped(incident, event, path).to
    return incident


def opened(severity: IncidentSeverity = IncidentSeverity.P1) -> e.Opened:
    """The beginning."""
    return e.Opened(at=START, severity=severity)


def at_phase(phase: Phase) -> Incident:
    """An incident in this phase; in most of them level 3 was paged, where nobody answered level 4 too."""
    climbed = (opened(), e.TimeUp(at=after(10), level=2))
    low = (
        opened(IncidentSeverity.P2),
        *(e.TimeUp(at=after(minutes), level=level) for level, minutes in ((1, 10), (2, 30), (3, 60), (4, 90))),
    )
    ways: dict[Phase, tuple[e.Event, ...]] = {
        Phase.UNOPENED: (),
        Phase.WAITING: climbed,
        Phase.UNANSWERED: low,
        Phase.ACKNOWLEDGED: (*climbed, e.Acknowledged(at=after(11), by=ALICE)),
        Phase.SNOOZED: (*climbed, e.Snoozed(at=after(11), by=ALICE, until=after(30))),
        Phase.RESOLVED: (*climbed, e.Resolved(at=after(12), by=ALICE)),
    }
    incident = lived(*ways[phase])
    assert incident.phase is phase
    return incident


def example(event: type[e.Event], incident: Incident) -> e.Event:
    """An event of this kind that its phase, if it takes it at all, takes: nothing but the phase can refuse it."""
    at = incident.due or after(20)
    by_kind: dict[type[e.Event], e.Event] = {
        e.Opened: e.Opened(at=at, severity=IncidentSeverity.P1),
        e.Acknowledged: e.Acknowledged(at=at, by=BOB),
        e.Unacknowledged: e.Unacknowledged(at=at),
        e.Snoozed: e.Snoozed(at=at, by=BOB, until=at + MINUTE),
        e.SnoozeOver: e.SnoozeOver(at=at),
        e.HandedOver: e.HandedOver(at=at, by=ALICE, to=BOB),
        e.EscalatedNow: e.EscalatedNow(at=at, by=BOB, reason="it spreads"),
        e.TimeUp: e.TimeUp(at=at, level=incident.level),
        e.Resolved: e.Resolved(at=at, by=BOB),
        e.Recurred: e.Recurred(at=at),
        e.Reopened: e.Reopened(at=at, by=BOB),
        e.Reassigned: e.Reassigned(at=at, to=(BOB,), by=ALICE),
        e.PagedOn: e.PagedOn(at=at, to=(BOB,)),
        e.Annotated: e.Annotated(at=at, text="seen before", by=BOB),
        e.Regraded: e.Regraded(at=at, severity=IncidentSeverity.P0, by=BOB),
        e.PageTaken: e.PageTaken(at=at, key="volati.i1.3", reference="#7"),
        e.PageFailed: e.PageFailed(at=at, level=3, why="PagerDuty gave no answer"),
    }
    return by_kind[event]
