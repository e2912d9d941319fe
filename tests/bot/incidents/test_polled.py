"""What a look at PagerDuty says where it cannot call in."""

import pytest

from bot.incidents import events as e
from bot.incidents.inbound import ITSELF
from bot.incidents.incident import Phase
from bot.incidents.polled import Look, noticed
from tests.bot.incidents.things import ALICE, BOB, after, at_phase, stepped

OPEN = [phase for phase in Phase if phase not in {Phase.UNOPENED, Phase.RESOLVED}]


@pytest.mark.parametrize("phase", OPEN)
@pytest.mark.parametrize("by", [None, ALICE])
def test_resolved_there(phase: Phase, by: e.Person | None) -> None:
    """It is over when PagerDuty says so, by a person or by itself."""
    incident = at_phase(phase)
    event = noticed(incident, incident.pages[0], "", Look("resolved", "t1", by), after(99))
    assert event == e.Resolved(at=after(99), by=by or ITSELF, key="volati.i1.3")
    assert stepped(incident, event).to.phase is Phase.RESOLVED


@pytest.mark.parametrize("phase", OPEN)
def test_acknowledged_there(phase: Phase) -> None:
    """It is taken where nobody had it; where somebody has it, the look says nothing new."""
    incident = at_phase(phase)
    event = noticed(incident, incident.pages[0], "triggered t0", Look("acknowledged", "t1", BOB), after(99))
    taken = e.Acknowledged(at=after(99), by=BOB, key="volati.i1.3")
    assert event == (taken if phase in {Phase.WAITING, Phase.UNANSWERED} else None)


@pytest.mark.parametrize("phase", OPEN)
@pytest.mark.parametrize("by", [None, BOB])
def test_given_back_there(phase: Phase, by: e.Person | None) -> None:
    """It is in nobody's hands where a page rings again that was acknowledged, if somebody had it for that."""
    incident = at_phase(phase)
    event = noticed(incident, incident.pages[0], "acknowledged t1", Look("triggered", "t2", by), after(99))
    given_back = e.Unacknowledged(at=after(99), by=by, key="volati.i1.3")
    assert event == (given_back if phase is Phase.ACKNOWLEDGED else None)


@pytest.mark.parametrize("phase", OPEN)
@pytest.mark.parametrize("status", ["triggered", "acknowledged", "resolved"])
def test_each_change_counts_once(phase: Phase, status: str) -> None:
    """It notices nothing in a look that says what the one before said, whatever has become of the incident since."""
    incident, look = at_phase(phase), Look(status, "t1", BOB)
    assert noticed(incident, incident.pages[0], str(look), look, after(99)) is None


@pytest.mark.parametrize(
    ("status", "by"),
    [("triggered", None), ("triggered", ALICE), ("acknowledged", None), ("", ALICE), ("on fire", ALICE)],
)
@pytest.mark.parametrize("before", ["", "triggered t0", "resolved t0", "on fire t0"])
def test_what_says_nothing(status: str, by: e.Person | None, before: str) -> None:
    """It takes our own acknowledgement, a page that still rings, and a strange word for nothing."""
    for phase in OPEN:
        incident = at_phase(phase)
        assert noticed(incident, incident.pages[0], before, Look(status, "t1", by), after(99)) is None


def test_what_is_over_is_not_looked_at() -> None:
    """It notices nothing of an incident that is resolved."""
    incident = at_phase(Phase.RESOLVED)
    assert noticed(incident, incident.pages[0], "", Look("resolved", "t1", ALICE), after(99)) is None
