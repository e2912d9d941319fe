"""What becomes of a plan: its journal, and every way from one state to the next. Pure: no clock, no store, no platform.

The journal in the store is the truth. Whoever wakes up, after a kill or on another replica, goes on from it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from bot.actions.plan import Plan
from diagnostics.model import Value


class State(StrEnum):
    """Where a plan stands."""

    PROPOSED = "proposed"
    TAKEN = "taken"
    RUNNING = "running"
    CHECKING = "checking"
    DONE = "done"
    FAILED = "failed"
    STALE = "stale"
    DECLINED = "declined"
    EXPIRED = "expired"

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return not WAYS[self]

    @property
    def under_way(self) -> bool:
        """Whether somebody must go on with it."""
        return self in {State.TAKEN, State.RUNNING, State.CHECKING}


WAYS: Mapping[State, frozenset[State]] = {
    State.PROPOSED: frozenset({State.TAKEN, State.DECLINED, State.EXPIRED}),
    State.TAKEN: frozenset({State.RUNNING, State.STALE, State.FAILED}),
    State.RUNNING: frozenset({State.RUNNING, State.CHECKING, State.STALE, State.FAILED}),
    State.CHECKING: frozenset({State.DONE, State.FAILED}),
    State.DONE: frozenset(),
    State.FAILED: frozenset(),
    State.STALE: frozenset(),
    State.DECLINED: frozenset(),
    State.EXPIRED: frozenset(),
}
"""Which states may follow each. Stale after a step has begun: others changed its target before it was written."""


class WrongWayError(Exception):
    """A transition that the table does not have: a mistake in the program, never a person's."""


class Consent(Value, frozen=True):
    """Who said yes, and when. `reason` is given by who broke the glass, and is empty otherwise."""

    person: str
    at: datetime
    reason: str = ""

    @property
    def broke_glass(self) -> bool:
        """Whether one person alone did what takes two."""
        return bool(self.reason)


class Note(Value, frozen=True):
    """One thing that happened, in words, and when; and by whom, Slack's id, where a person did it."""

    at: datetime
    text: str
    person: str = ""


class Journal(Value, frozen=True):
    """A plan's way so far.

    Fields:
        done: how many steps are done, those passed over included: the index of the next one.
        begun: the next step was begun, so that its effect may be there already.
        since: when the next step was begun.
        due: when to look again; None for at once.
        tries: how often in a row the next step could not be done for want of an answer.
        trouble: why a step failed, while what must still be done is done.
        now: how far the next step is, in words.
        hurried: a person wants what is waiting for its time to happen now.
    """

    state: State = State.PROPOSED
    consent: Consent | None = None
    done: int = 0
    begun: bool = False
    since: datetime | None = None
    due: datetime | None = None
    tries: int = 0
    trouble: str = ""
    now: str = ""
    hurried: bool = False
    notes: tuple[Note, ...] = ()
    outcome: str = ""
    fixed: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    new: tuple[str, ...] = ()

    def _to(self, state: State) -> "Journal":
        if state not in WAYS[self.state]:
            raise WrongWayError(f"a plan that is {self.state} cannot become {state}")
        return replace(self, state=state)

    def taken(self, consent: Consent) -> "Journal":
        """Confirmed, by this one person, once."""
        return replace(self._to(State.TAKEN), consent=consent)

    def declined(self, person: str, at: datetime) -> "Journal":
        """Called off before it began."""
        return replace(self._to(State.DECLINED), notes=(*self.notes, Note(at, "called off", person)))

    def expired(self) -> "Journal":
        """Nobody confirmed it in time."""
        return self._to(State.EXPIRED)

    def stale(self, differences: tuple[str, ...]) -> "Journal":
        """The platform is not as it was planned for; nothing more is done."""
        return replace(self._to(State.STALE), outcome="; ".join(differences), now="")

    def begins(self, at: datetime) -> "Journal":
        """The next step is about to be done: from here on its effect may be there."""
        return replace(self._to(State.RUNNING), begun=True, since=at, due=None, now="", tries=0)

    def waits(self, due: datetime, now: str) -> "Journal":
        """The step goes on; look again at `due`."""
        return replace(self._to(State.RUNNING), due=due, now=now, tries=0)

    def hindered(self, due: datetime, now: str) -> "Journal":
        """The platform gave no usable answer; try again at `due`."""
        return replace(self, due=due, now=now, tries=self.tries + 1)

    def did(self, plan: Plan, at: datetime, text: str) -> "Journal":
        """The step is done."""
        return self._settled(plan, self.done + 1, Note(at, text))

    def tripped(self, plan: Plan, at: datetime, why: str) -> "Journal":
        """The step failed: go on with what must be done nevertheless, if there is any."""
        steps = plan.draft.steps
        following = next((place for place in range(self.done + 1, len(steps)) if steps[place].must), len(steps))
        return replace(self._settled(plan, following, Note(at, why)), trouble=self.trouble or why)

    def failed(self, why: str) -> "Journal":
        """It ends here, and nothing was changed by it since the last note."""
        return replace(self._to(State.FAILED), outcome=why, now="", due=None)

    def hurry(self) -> "Journal":
        """What waits for its time happens at the next look."""
        return replace(self, hurried=True, due=None)

    def compared(self, fixed: tuple[str, ...], remaining: tuple[str, ...], new: tuple[str, ...]) -> "Journal":
        """What the checks found afterwards, against before."""
        return replace(self, fixed=fixed, remaining=remaining, new=new)

    def ends(self, outcome: str) -> "Journal":
        """Every step and every check is over."""
        state = State.FAILED if self.trouble else State.DONE
        return replace(self._to(state), outcome=self.trouble or outcome, now="", due=None)

    def _settled(self, plan: Plan, following: int, note: Note) -> "Journal":
        """Between two steps; after the last one, at the checks."""
        to = self._to(State.CHECKING if following >= len(plan.draft.steps) else State.RUNNING)
        fresh = replace(to, begun=False, since=None, due=None, now="", tries=0, hurried=False)
        return replace(fresh, done=following, notes=(*self.notes, note))


def holding(plan: Plan, journal: Journal) -> bool:
    """Whether the plan waits for a time that a person may end early."""
    steps = plan.draft.steps
    return (
        journal.state is State.RUNNING
        and journal.begun
        and not journal.hurried
        and journal.done < len(steps)
        and steps[journal.done].holds
    )
