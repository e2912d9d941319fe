"""What can happen to an incident, as values: by people, by PagerDuty, by time passing. None of them does anything.

Every event says when it happened. `key` is the PagerDuty dedup key it came by, empty where it did not come from there:
what came from a page need not be told to that page again.
"""

from datetime import datetime

from bot.incidents.path import IncidentSeverity
from diagnostics.model import Value


class Person(Value, frozen=True):
    """Somebody, by the name people know; `slack` and `pager` are their ids there, empty where not known."""

    name: str
    slack: str = ""
    pager: str = ""

    def same(self, other: "Person | None") -> bool:
        """Whether both are one person, as far as that is known: by an id that both have, else by name."""
        if other is None:
            return False
        if self.slack and other.slack:
            return self.slack == other.slack
        if self.pager and other.pager:
            return self.pager == other.pager
        return self.name == other.name


class Event(Value, frozen=True, kw_only=True):
    """Something happened, at an aware time."""

    at: datetime


def key_of(event: Event) -> str:
    """The dedup key of the page that PagerDuty speaks of in this event; empty where it came from elsewhere."""
    return str(getattr(event, "key", ""))  # only some kinds can come from there


class Opened(Event, frozen=True, tag="opened"):
    """An incident begins; `by` is None when the watch opened it."""

    severity: IncidentSeverity
    by: Person | None = None


class Acknowledged(Event, frozen=True, tag="acknowledged"):
    """Somebody is on it."""

    by: Person
    key: str = ""


class Unacknowledged(Event, frozen=True, tag="unacknowledged"):
    """Nobody is on it any more: PagerDuty's own acknowledgement ran out, or somebody gave it back."""

    by: Person | None = None
    key: str = ""


class Snoozed(Event, frozen=True, tag="snoozed"):
    """Somebody holds the clock until a time."""

    by: Person
    until: datetime


class SnoozeOver(Event, frozen=True, tag="snooze-over"):
    """The time of a snooze has come."""


class HandedOver(Event, frozen=True, tag="handed-over"):
    """Somebody gives it to another, who has to acknowledge."""

    by: Person
    to: Person


class EscalatedNow(Event, frozen=True, tag="escalated-now"):
    """Somebody wants the next level now, and says why; or a certain one, by its number."""

    by: Person
    reason: str
    level: int = 0


class TimeUp(Event, frozen=True, tag="time-up"):
    """The time of a level may have run out: whoever wakes the machine names the level it was woken for."""

    level: int


class Resolved(Event, frozen=True, tag="resolved"):
    """It is over; `by` is None where no person said so."""

    by: Person | None = None
    key: str = ""


class Recurred(Event, frozen=True, tag="recurred"):
    """The same fault was seen again."""


class Reopened(Event, frozen=True, tag="reopened"):
    """Somebody says that it is not over; with a key, PagerDuty itself pages for that one again."""

    by: Person | None = None
    key: str = ""


class Reassigned(Event, frozen=True, tag="reassigned"):
    """PagerDuty's incident was given to somebody else there."""

    to: tuple[Person, ...] = ()
    by: Person | None = None


class PagedOn(Event, frozen=True, tag="paged-on"):
    """PagerDuty went on to the next people of its own policy."""

    to: tuple[Person, ...] = ()
    by: Person | None = None


class Annotated(Event, frozen=True, tag="annotated"):
    """Somebody wrote a note, redacted already."""

    text: str
    by: Person | None = None


class Regraded(Event, frozen=True, tag="regraded"):
    """Somebody says that it is better or worse than thought."""

    severity: IncidentSeverity
    by: Person


class PageTaken(Event, frozen=True, tag="page-taken"):
    """PagerDuty has made an incident of a page; `reference` is how people name it there."""

    key: str
    reference: str = ""


class PageFailed(Event, frozen=True, tag="page-failed"):
    """A page has not been accepted, and why; it goes on being tried. Said once for a page."""

    level: int
    why: str


EVENTS: tuple[type[Event], ...] = (
    Opened,
    Acknowledged,
    Unacknowledged,
    Snoozed,
    SnoozeOver,
    HandedOver,
    EscalatedNow,
    TimeUp,
    Resolved,
    Recurred,
    Reopened,
    Reassigned,
    PagedOn,
    Annotated,
    Regraded,
    PageTaken,
    PageFailed,
)
"""All of them."""
