"""What the desk and the runner need of the memory of incidents, as a Protocol. It keeps nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.errors import VolatiError
from bot.incidents import events as e
from bot.incidents.effects import AnyEffect
from bot.incidents.incident import Incident
from bot.incidents.kept import About, Happened, Kept


class Outrun(VolatiError):  # noqa: N818 as in bot/errors.py
    """Somebody else changed the incident first, or opened one for the same fault: what was seen of it is old."""


class Spent(VolatiError):  # noqa: N818
    """What goes with a change has happened already: the event was worked on, or is to happen once and has."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A change to be written: how the incident stands now, what is to be done, what happened and who caused it."""

    incident: Incident
    outstanding: Sequence[AnyEffect]
    event: e.Event
    who: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A look at a page of this key: what PagerDuty said at the look before, and what it says now.

    It counts only where nobody has looked in between.
    """

    key: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a page at PagerDuty: what it said when it was last asked, and what it last told by itself.

    Each is a status and when it became so, as `bot/incidents/polled.py` writes it; empty for nothing yet.
    """

    asked: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Besides:
    """What goes with a change, or hinders it.

    `replaces` is the incident whose fingerprints a new one may take. `hook` is the event of PagerDuty's that led to the
    change, as it waits: it is taken out in the same write, so that it counts once. `once` names what is to happen once
    in an incident's life; `looked`, the look at PagerDuty that led to the change.
    """

    replaces: str = ""
    hook: str = ""
    once: str = ""
    looked: Looked | None = None


NOTHING = Besides()


class Keeps(Protocol):
    """The memory. Each method may raise StoreError."""

    async def now(self) -> datetime:
        """The time by the clock that all replicas share."""
        ...

    async def holder(self, about: About) -> str:
        """The incident that has one of the fingerprints, open or over; empty for none."""
        ...

    async def record(self, kept: Kept, changed: Changed, besides: Besides = NOTHING) -> Kept:
        """Write a change, with its due time and its audit, whole or not at all.

        A new incident (revision 0) takes its fingerprints, where they are free or may be replaced.

        Raises:
            Outrun: nothing was written.
            Spent: nothing was written.
        """
        ...

    async def grouped(self, kept: Kept, about: About) -> Kept:
        """Let an incident stand for the fingerprints of another sight of its fault, too."""
        ...

    async def find(self, incident_id: str) -> Kept | None:
        """An incident by its id."""
        ...

    async def by_thread(self, channel: str, ts: str) -> Kept | None:
        """The newest incident in a thread."""
        ...

    async def open_ones(self) -> tuple[Kept, ...]:
        """Those that go on, the newest first."""
        ...

    async def known(self, incident_id: str, key: str) -> Known:
        """What is known of a page at PagerDuty."""
        ...

    async def note_told(self, incident_id: str, key: str, told: str) -> None:
        """Keep what PagerDuty told of a page by itself."""
        ...

    async def note_look(self, incident_id: str, looked: Looked) -> None:
        """Keep what PagerDuty says of a page now, unless somebody has looked in between."""
        ...

    async def story(self, incident_id: str) -> tuple[Happened, ...]:
        """What happened to one, the earliest first."""
        ...
