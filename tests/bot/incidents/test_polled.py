"""What a look at PagerDuty says, beside what PagerDuty tells by itself."""

from datetime import datetime

import pytest

from bot.incidents import events as e
from bot.incidents.inbound import ITSELF
from bot.incidents.incident import Phase
from bot.incidents.keeping import Known
from bot.incidents.polled import Look, heard_by_asking, kept_as, noticed, seen_before
from bot.incidents.webhooks import Hook, Kind
from tests.bot.incidents.things import ALICE, BOB, after, at_phase, stepped

OPEN = [phase for phase in Phase if phase not in {Phase.UNOPENED, Phase.RESOLVED}]


@pytest.mark.parametrize("phase", OPEN)
@pytest.mark.parametrize("by", [None, ALICE])
def test_resolved_there(phase: Phase, by: e.Person | None) -> None:
    """It is over when PagerDuty says so, by a person or by itself."""
    incident = at_phase(phase)
    event = noticed(incident, incident.pages[0], Known(), Look("resolved", "t1", by), after(99))
    assert event == e.Resolved(at=after(99), by=by or ITSELF, key="volati.i1.3")
    assert stepped(incident, event).to.phase is Phase.RESOLVED


@pytest.mark.parametrize("phase", OPEN)
def test_acknowledged_there(phase: Phase) -> None:
    """It is taken where nobody had it; where somebody has it, the look says nothing new."""
    incident = at_phase(phase)
    event = noticed(incident, incident.pages[0], Known("triggered t0"), Look("acknowledged", "t1", BOB), after(99))
    taken = e.Acknowledged(at=after(99), by=BOB, key="volati.i1.3")
    assert event == (taken if phase in {Phase.WAITING, Phase.UNANSWERED} else None)


@pytest.mark.parametrize("phase", OPEN)
@pytest.mark.parametrize("by", [None, BOB])
def test_given_back_there(phase: Phase, by: e.Person | None) -> None:
    """It is in nobody's hands where a page rings again that was acknowledged, if somebody had it for that."""
    incident = at_phase(phase)
    event = noticed(incident, incident.pages[0], Known("acknowledged t1"), Look("triggered", "t2", by), after(99))
    given_back = e.Unacknowledged(at=after(99), by=by, key="volati.i1.3")
    assert event == (given_back if phase is Phase.ACKNOWLEDGED else None)


@pytest.mark.parametrize("phase", OPEN)
@pytest.mark.parametrize("status", ["triggered", "acknowledged", "resolved"])
def test_each_change_counts_once(phase: Phase, status: str) -> None:
    """It notices nothing in a look that says what the one before said, whatever has become of the incident since."""
    incident, look = at_phase(phase), Look(status, "t1", BOB)
    assert noticed(incident, incident.pages[0], Known(str(look)), look, after(99)) is None


@pytest.mark.parametrize(
    ("status", "by"),
    [("triggered", None), ("triggered", ALICE), ("acknowledged", None), ("", ALICE), ("on fire", ALICE)],
)
@pytest.mark.parametrize("before", ["", "triggered t0", "resolved t0", "on fire t0"])
def test_what_says_nothing(status: str, by: e.Person | None, before: str) -> None:
    """It takes our own acknowledgement, a page that still rings, and a strange word for nothing."""
    for phase in OPEN:
        incident = at_phase(phase)
        assert noticed(incident, incident.pages[0], Known(before), Look(status, "t1", by), after(99)) is None


def test_what_is_over_is_not_looked_at() -> None:
    """It notices nothing of an incident that is resolved."""
    incident = at_phase(Phase.RESOLVED)
    assert noticed(incident, incident.pages[0], Known(), Look("resolved", "t1", ALICE), after(99)) is None


NOON, BEFORE, SOON, LATER = (f"2026-01-05T{time}Z" for time in ("12:00:00", "11:59:57", "12:00:03", "12:01:00"))


@pytest.mark.parametrize("phase", OPEN)
@pytest.mark.parametrize("status", ["triggered", "acknowledged", "resolved"])
@pytest.mark.parametrize("told", [BEFORE, NOON, SOON, LATER])
def test_what_was_told_is_not_noticed(phase: Phase, status: str, told: str) -> None:
    """It notices nothing that PagerDuty has told by itself, whose event and incident may differ by some seconds."""
    incident, look = at_phase(phase), Look(status, NOON, BOB)
    known = Known("acknowledged long ago", f"{status} {told}")
    assert noticed(incident, incident.pages[0], known, look, after(99)) is None
    assert kept_as(look, known) == f"{status} {NOON} told"
    assert seen_before(look, Known(kept_as(look, known)))


@pytest.mark.parametrize(
    ("told", "noticed_it"),
    [
        ("", True),
        (f"triggered {BEFORE}", True),  # who acknowledges at once
        ("acknowledged 2026-01-05T11:00:00Z", True),  # an earlier one
        (f"resolved {SOON}", False),  # a later one
        ("acknowledged at noon", True),
        ("acknowledged 2026-01-05T12:00:00", True),  # of no zone
    ],
)
def test_what_did_not_get_in(told: str, noticed_it: bool) -> None:  # noqa: FBT001 a column of the table
    """It notices what PagerDuty has not told, or not in words that can be read, and keeps that look as its own."""
    incident, look = at_phase(Phase.WAITING), Look("acknowledged", NOON, BOB)
    event = noticed(incident, incident.pages[0], Known("", told), look, after(99))
    assert (event is not None) is noticed_it
    assert kept_as(look, Known("", told)).endswith(" told") is not noticed_it


def test_an_old_answer() -> None:
    """It takes no page for given back by an answer from before its acknowledgement, which was told meanwhile."""
    incident = at_phase(Phase.ACKNOWLEDGED)
    known = Known("", f"acknowledged {SOON}")
    assert noticed(incident, incident.pages[0], known, Look("triggered", NOON), after(99)) is None
    back = noticed(incident, incident.pages[0], known, Look("triggered", LATER), after(99))
    assert back == e.Unacknowledged(at=after(99), key="volati.i1.3")


@pytest.mark.parametrize("kind", Kind)
def test_heard_by_asking(kind: Kind) -> None:
    """It knows what asking has heard, and only that: not what asking does not hear, nor what was told before it."""
    hook = Hook(id="E1", kind=kind, at=datetime.fromisoformat(NOON), incident="P1", key="volati.i1.3", by=BOB)
    look = Look.of(hook)
    heard = kind in {Kind.ACKNOWLEDGED, Kind.UNACKNOWLEDGED, Kind.RESOLVED}
    assert heard_by_asking(hook, Known(f"{look.status} {SOON}" if look else "")) is heard
    if look is not None:
        assert not heard_by_asking(hook, Known(f"{look.status} {SOON} told"))
        assert not heard_by_asking(hook, Known(f"{look.status} {LATER}"))
        assert not heard_by_asking(hook, Known())
