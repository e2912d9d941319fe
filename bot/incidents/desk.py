"""Where incidents are opened and things happen to them, by people, PagerDuty and diagnoses. It shows and pages nothing.

It asks the machine, writes down what comes of it with what is to be done, and wakes the runner that does it.
"""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from bot.errors import IncidentRefused, IncidentUnknown
from bot.incidents import events as e
from bot.incidents import hearsay
from bot.incidents.doing import Pages
from bot.incidents.effects import still_wanted
from bot.incidents.incident import Incident
from bot.incidents.keeping import NOTHING, Besides, Changed, Keeps, Known, Looked, Outrun
from bot.incidents.kept import About, Happened, Kept, OnDuty, Opening
from bot.incidents.machine import Refused, advance, woken
from bot.incidents.path import IncidentSeverity, Path
from diagnostics.observe import Cleaner

TRIES = 50
"""How often an incident may have changed between being read and being written before that is given up: those who change
one are a few people, PagerDuty and the replicas."""

VOLATI = e.Person("Volati")
"""Who does what no person does, in a thread."""

ITSELF = "volati"
"""The same in the audit and in a story."""


@dataclass(frozen=True, slots=True)
class Around:
    """What incidents need around them: the path they climb, who pages, what redacts, and whom a change wakes."""

    path: Path
    pages: Pages
    cleaner: Cleaner
    begin: Callable[[], None] = lambda: None


class Incidents:
    """The incidents. Every method that reads or writes may raise StoreError."""

    def __init__(self, keeps: Keeps, around: Around) -> None:
        self._keeps = keeps
        self._around = around

    @property
    def path(self) -> Path:
        """The path they climb."""
        return self._around.path

    async def open(self, opening: Opening) -> Kept:
        """Open an incident; where the same fault has one, that one (`joined`), which the fault's return may reopen."""
        opening = replace(opening, about=_cleaned(opening.about, self._around.cleaner))
        for _ in range(TRIES):
            now = await self._keeps.now()
            holder = await self._keeps.holder(opening.about)
            joined = await self._joined(holder, opening) if holder else None
            if joined is not None:
                return joined
            with contextlib.suppress(Outrun):  # somebody opened one for the same fault meanwhile
                return await self._opened(opening, now, holder)
        raise Outrun("incidents of this fault are being opened by many at once; try again in a moment")

    async def event(self, incident_id: str, event: e.Event, who: str) -> Kept:
        """Let something happen to an incident; `who` is the id of the person who caused it.

        The event's `at` is set anew by the clock that all replicas share, and times that it names move along.

        Raises:
            IncidentUnknown: there is no such incident.
            IncidentRefused: it may not happen now; the sentence is for that person.
        """
        return await self.heard(incident_id, await self._completed(event), who)

    async def heard(self, incident_id: str, event: e.Event, who: str, besides: Besides = NOTHING) -> Kept:
        """The same for an event that is complete, with what goes with it. Raises Spent, too."""
        event = hearsay.kept(event, self._around.cleaner)
        for _ in range(TRIES):
            kept = await self._keeps.find(incident_id)
            if kept is None:
                raise IncidentUnknown(f"There is no incident {incident_id[:40]!r}. `incidents` lists those there are.")
            now = moved(event, await self._keeps.now())
            with contextlib.suppress(Outrun):
                return await self._written(kept, self._changed(kept, now, who), besides)
        raise Outrun(f"incident {incident_id} is being changed by many at once; try again in a moment")

    async def reported(self, incident_id: str, event: e.Event, besides: Besides = NOTHING) -> Kept:
        """The same for what PagerDuty told, whether it called or was asked: in the name of the person it names."""
        by = getattr(event, "by", None)
        person = hearsay.named(by, self._around.cleaner) if isinstance(by, e.Person) and by.pager else None
        return await self.heard(incident_id, event, f"pagerduty:{person.name}" if person else "pagerduty", besides)

    async def known(self, incident_id: str, key: str) -> Known:
        """What is known of a page at PagerDuty, by asking and by being told."""
        return await self._keeps.known(incident_id, key)

    async def note_told(self, incident_id: str, key: str, told: str) -> None:
        """Keep what PagerDuty told of a page by itself: asking need not hear it again."""
        await self._keeps.note_told(incident_id, key, told)

    async def note_look(self, incident_id: str, looked: Looked) -> None:
        """Keep what PagerDuty says of a page now: it changes nothing, and need not be heard again."""
        await self._keeps.note_look(incident_id, looked)

    async def climb(self, incident_id: str, revision: int, now: datetime) -> Kept | None:
        """Let the time of an incident be up, by the memory's word; None where it is not at this revision any more.

        Its own due time may be wrong, where the clock was stepped since: how long was to be waited counts.

        Raises:
            Outrun: it was changed meanwhile.
        """
        kept = await self._keeps.find(incident_id)
        if kept is None or kept.incident.due is None or kept.revision != revision:
            return None
        due = msgspec.structs.replace(kept.incident, due=min(kept.incident.due, now))
        event = woken(due, now)
        if event is None:
            return None
        return await self._written(kept, self._changed(replace(kept, incident=due), event, ITSELF))

    async def find(self, incident_id: str) -> Kept | None:
        """An incident by its id; None when there is none, or none any more."""
        return await self._keeps.find(incident_id)

    async def by_thread(self, channel: str, ts: str) -> Kept | None:
        """The newest incident that is shown in a thread; None when there is none."""
        return await self._keeps.by_thread(channel, ts)

    async def open_ones(self, environment: str = "") -> tuple[Kept, ...]:
        """Those that go on, the newest first; of one environment, or of all."""
        found = await self._keeps.open_ones()
        return tuple(one for one in found if environment in {"", one.about.environment})

    async def story(self, incident_id: str) -> tuple[Happened, ...]:
        """What happened to an incident, the earliest first."""
        return await self._keeps.story(incident_id)

    async def oncall(self) -> tuple[OnDuty, ...]:
        """Who is on call at each level of the path, as far as it can be known."""
        return hearsay.on_duty(await self._around.pages.on_duty(), self._around.cleaner)

    # How it is done

    async def _opened(self, opening: Opening, now: datetime, holder: str) -> Kept:
        """A new incident, in place of an old one of the same fault that is over. Raises Outrun."""
        incident = Incident(id=secrets.token_hex(4))
        blank = Kept(incident.id, opening.about, opening.shown, incident)
        event = e.Opened(at=now, severity=opening.severity, by=opening.by)
        who = (opening.by.slack or opening.by.name) if opening.by else ITSELF
        return await self._written(blank, self._changed(blank, event, who), Besides(replaces=holder))

    async def _joined(self, holder: str, opening: Opening) -> Kept | None:
        """The incident that the same fault has: it is seen again, and may be worse. None where that is long over."""
        kept = await self._keeps.find(holder)
        if kept is None:
            return None
        who = (opening.by.slack or opening.by.name) if opening.by else ITSELF
        try:
            kept = await self.event(holder, e.Recurred(at=opening.about.since), who)
        except (IncidentRefused, IncidentUnknown):
            return None
        if worse(opening.severity, kept.incident.severity):
            kept = await self._graver(kept, opening, who)
        return replace(await self._keeps.grouped(kept, opening.about), joined=True)

    async def _graver(self, kept: Kept, opening: Opening, who: str) -> Kept:
        """The incident as bad as it was seen now. Another may have said so first, which is no reason for a second."""
        graver = e.Regraded(at=opening.about.since, severity=opening.severity, by=opening.by or VOLATI)
        try:
            return await self.event(kept.id, graver, who)
        except (IncidentRefused, IncidentUnknown):
            return await self._keeps.find(kept.id) or kept

    def _changed(self, kept: Kept, event: e.Event, who: str) -> Changed:
        """What the machine makes of an event. Raises IncidentRefused."""
        made = advance(kept.incident, event, self._around.path, kept.outstanding)
        if isinstance(made, Refused):
            raise IncidentRefused(made.why)
        left = still_wanted(kept.outstanding, made.effects, event)
        return Changed(made.to, (*left, *made.effects), event, who)

    async def _written(self, kept: Kept, changed: Changed, besides: Besides = NOTHING) -> Kept:
        after = await self._keeps.record(kept, changed, besides)
        self._around.begin()
        return after

    async def _completed(self, event: e.Event) -> e.Event:
        """The event, and whoever caused it with their id at PagerDuty, where that is known."""
        if isinstance(event, e.Acknowledged) and event.by.slack and not event.by.pager:
            return msgspec.structs.replace(event, by=await self._around.pages.known(event.by))
        return event


def moved(event: e.Event, now: datetime) -> e.Event:
    """The event as of now; a snooze lasts as long as it was wanted for."""
    if isinstance(event, e.Snoozed):
        return msgspec.structs.replace(event, at=now, until=now + (event.until - event.at))
    return msgspec.structs.replace(event, at=now)


def worse(one: IncidentSeverity, other: IncidentSeverity) -> bool:
    """Whether one is graver than another: P0 comes before P1."""
    return one < other


def _cleaned(about: About, cleaner: Cleaner) -> About:
    return msgspec.structs.replace(about, title=cleaner.value(about.title))
