"""Has incidents climb when their time is up, and does what is to be done for them: in PagerDuty and in Slack, apart.

The three go on beside each other: neither a PagerDuty that does not answer nor a Slack that is away holds up a ladder.
Each effect is done at least once; its id and key make a repeat harmless.
"""

import asyncio
from dataclasses import dataclass, field
from functools import partial

import structlog

from bot.errors import IncidentError, VolatiError
from bot.incident_store import Hand, Lane, Left, Mine
from bot.incidents.doing import NeverShown
from bot.incidents.kept import Kept, Told
from bot.incidents.lanes import Sweep, Time, Work
from bot.incidents.outage import Outage
from bot.incidents.ringing import Ringing
from bot.incidents.shop import Shop
from bot.tasks import kept_going

CLIMB_AT_ONCE, PAGE_AT_ONCE, TELL_AT_ONCE = 32, 32, 4
"""Incidents in hand at once. A climb takes some milliseconds; a page up to 15 s where nobody answers; Slack
takes about one message a second for a channel, whatever we do."""

TELL_PAUSE_SECONDS = 10.0
"""Time between tries while something cannot be told in Slack, whose letters wait in the outbox otherwise."""

ANCHOR_SECONDS = 30.0
"""Time between looks for the message that an incident's thread begins with, while it waits for Slack."""

TELL_SECONDS = 5.0
"""How long one message may take; most are at once in the outbox, and follow from there."""

TELL_AT_MOST = 8
"""Messages of one incident in a pass; the others have their turn, and it goes on at once."""

_log = structlog.get_logger()


@dataclass(slots=True)
class Runner:
    """The incidents in this process's hands."""

    shop: Shop
    time: Time = field(default_factory=Time)
    sweeps: tuple[Sweep, ...] = field(init=False)
    _untold: set[str] = field(default_factory=set)  # incidents of which a message waits
    outage: Outage = field(init=False)

    def __post_init__(self) -> None:
        self.outage = Outage(self.time.elapsed, self.shop.say)
        works = (
            Work(Lane.CLIMB, CLIMB_AT_ONCE, self._climb, self.outage.answered),
            Work(Lane.PAGE, PAGE_AT_ONCE, self._page),
            Work(Lane.TELL, TELL_AT_ONCE, self._tell),
        )
        self.sweeps = tuple(Sweep(self.shop.store, self.shop.owner, work, self.time) for work in works)

    def wake(self) -> None:
        """Something was written: look now."""
        for one in self.sweeps:
            one.wake()

    async def run(self) -> None:
        """Go on until cancelled."""
        tasks = [asyncio.create_task(one.run(), name=f"incidents: {one.work.lane}") for one in self.sweeps]
        outage = kept_going("escalation's outage", partial(self.outage.run, self.time.sleep))
        tasks.append(asyncio.create_task(outage, name="incidents: outage"))
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    # Climbing

    async def _climb(self, one: Mine) -> None:
        try:
            climbed = await self.shop.incidents.climb(one.id, one.revision, one.at)
        except IncidentError as error:
            _log.error("an incident could not climb", incident=one.id, reason=str(error))
            climbed = None
        if climbed is None:
            await self.shop.store.leave(self._hand(Lane.CLIMB, one.id), Left(one.revision))

    # Paging

    async def _page(self, one: Mine) -> None:
        kept = await self.shop.store.find(one.id)
        if kept is not None:
            await Ringing(self.shop, one, kept, self.time.elapsed).rung()

    # Telling

    async def _tell(self, one: Mine) -> None:
        kept = await self.shop.store.find(one.id)
        if kept is None:
            return
        telling = _Telling(self.shop, kept, again=one.again or one.id in self._untold)
        try:
            async with asyncio.timeout(TELL_SECONDS * TELL_AT_MOST / 4):
                wait = await telling.told()
            self._untold.discard(one.id)
        except (VolatiError, TimeoutError) as error:
            _log.warning("an incident's message waits", incident=one.id, reason=str(error) or "it took too long")
            self._untold.add(one.id)
            wait = TELL_PAUSE_SECONDS
        await self.shop.store.leave(self._hand(Lane.TELL, one.id), telling.left(wait))

    def _hand(self, lane: Lane, id: str) -> Hand:
        return Hand(lane, self.shop.owner, id)


@dataclass(slots=True)
class _Telling:
    """One pass over what is to be told of an incident."""

    shop: Shop
    kept: Kept
    again: bool
    done: list[str] = field(default_factory=list)
    seen: int = 0
    ts: str = ""

    def left(self, wait: float | None) -> Left:
        """How the incident is let go."""
        return Left(self.kept.revision, wait, tuple(self.done), self.seen, self.kept.shown.channel, self.ts)

    async def told(self) -> float | None:
        """Tell, in order; gives the seconds until there is more, None for never. Raises VolatiError."""
        waiting = [one for one in self.kept.outstanding if isinstance(one, Told)]
        ts = self.kept.ts or await self._shown()
        for effect in waiting[:TELL_AT_MOST]:
            try:
                await self.shop.shows.tell(self.kept, effect, again=self.again)
            except NeverShown as error:
                _log.error("a message of an incident is not taken", incident=self.kept.id, reason=str(error))
            self.done.append(effect.id)
        if len(waiting) > TELL_AT_MOST:
            return 0.0
        if self.kept.ts and self.kept.seen != self.kept.incident.sequence:
            await self._shown()
        return None if ts else ANCHOR_SECONDS

    async def _shown(self) -> str:
        """The incident's card, as it is; gives the ts of its thread's beginning, where that is known."""
        try:
            ts = await self.shop.shows.show(self.kept)
        except NeverShown as error:
            _log.error("an incident's card is not taken", incident=self.kept.id, reason=str(error))
            return "never"
        if ts and not self.kept.ts:
            self.ts = ts
        self.seen = self.kept.incident.sequence
        return ts
