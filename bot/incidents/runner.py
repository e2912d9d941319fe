"""Has incidents climb when their time is up, and does what is to be done for them: in PagerDuty and in Slack, apart.

The three go on beside each other: neither a PagerDuty that does not answer nor a Slack that is away holds up a ladder.
Each effect is done at least once; its id and key make a repeat harmless.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.errors import IncidentError, PagerBusy, PagerError, PagerLater, VolatiError
from bot.incident_store import Hand, IncidentStore, Lane, Left, Mine, paged
from bot.incidents import events as e
from bot.incidents.desk import ITSELF, Incidents
from bot.incidents.doing import NeverShown, Pages, Shows
from bot.incidents.effects import PageTrigger
from bot.incidents.keeping import Besides, Outrun, Spent
from bot.incidents.kept import Kept, Paged, Told
from bot.incidents.lanes import Sweep, Time, Work
from bot.incidents.outage import Outage
from bot.tasks import kept_going

CLIMB_AT_ONCE, PAGE_AT_ONCE, TELL_AT_ONCE = 32, 32, 4
"""Incidents in hand at once. A climb takes some milliseconds; a page up to ten seconds where nobody answers; Slack
takes about one message a second for a channel, whatever we do."""

PAUSES_SECONDS = (2.0, 8.0, 20.0, 30.0, 60.0)
"""Waits between tries of a page, the last of them from then on; PagerDuty asks for some seconds, then minutes."""

FAILS_AFTER = 3
"""Tries in a row after which a page counts as not accepted, and the next level is not made to wait: some 10 s where the
connection is refused, 20 s where nobody answers. One alone is a cut connection."""

REFUSED_SECONDS = 300.0
"""Time between tries of a page that was refused: a person has to change something first."""

TELL_PAUSE_SECONDS = 10.0
"""The same while something cannot be told in Slack, whose letters wait in the outbox otherwise."""

ANCHOR_SECONDS = 30.0
"""Time between looks for the message that an incident's thread begins with, while it waits for Slack."""

TELL_SECONDS = 5.0
"""How long one message may take; most are at once in the outbox, and follow from there."""

TELL_AT_MOST = 8
"""Messages of one incident in a pass; the others have their turn, and it goes on at once."""

GIVE_UP = timedelta(days=1)
"""After its incident's end PagerDuty is told of it for so long; then nobody waits for it any more."""

_log = structlog.get_logger()


class Counts(Protocol):
    """Who counts."""

    def page(self, action: str, outcome: str) -> None:
        """An event for PagerDuty: `trigger`, `acknowledge` or `resolve`; `accepted`, `later` or `refused`."""
        ...


@dataclass(frozen=True, slots=True)
class Shop:
    """What the runner works with. `owner` is unlike any other process's. `say` puts a line into the channel."""

    incidents: Incidents
    store: IncidentStore
    shows: Shows
    pages: Pages
    counts: Counts
    owner: str
    say: Callable[[str], Awaitable[None]]


@dataclass(slots=True)
class Runner:
    """The incidents in this process's hands."""

    shop: Shop
    time: Time = field(default_factory=Time)
    sweeps: tuple[Sweep, ...] = field(init=False)
    _tries: dict[str, dict[str, int]] = field(default_factory=dict)  # of pages, by their incident
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
        if kept is None:
            return
        keys: dict[str, list[Paged]] = {}
        for effect in paged(kept):
            keys.setdefault(effect.dedup_key, []).append(effect)
        every = [self._key(kept, effects, again=one.again) for effects in keys.values()]
        came = await asyncio.gather(*every)
        waits = [wait for _, wait in came if wait is not None]
        done = tuple(id for ids, _ in came for id in ids)
        self._forget_all_but(kept)
        left = Left(kept.revision, min(waits) if waits else None, done)
        await self.shop.store.leave(self._hand(Lane.PAGE, one.id), left)

    def _forget_all_but(self, kept: Kept) -> None:
        """Forget the tries of what is not to be sent any more: somebody was quicker, and the page is void."""
        wanted = {effect.id for effect in paged(kept)}
        tries = self._tries.pop(kept.id, {})
        if left := {id: number for id, number in tries.items() if id in wanted}:
            self._tries[kept.id] = left

    async def _key(self, kept: Kept, effects: Iterable[Paged], *, again: bool) -> tuple[list[str], float | None]:
        """What of one page is to be done, in order, up to where it cannot be; gives what was, and the wait."""
        done: list[str] = []
        for effect in effects:
            wait = await self._paged(kept, effect, again=again or effect.id in self._tries.get(kept.id, {}))
            if wait is not None:
                return done, wait
            done.append(effect.id)
        return done, None

    async def _paged(self, kept: Kept, effect: Paged, *, again: bool) -> float | None:
        """Tell PagerDuty; None when that is done, else the seconds until the next try."""
        action = type(effect).__name__.removeprefix("Page").lower()
        try:
            await self.shop.pages.page(kept, effect, again=again)
        except PagerBusy as error:
            self.shop.counts.page(action, "later")
            return error.wait_seconds
        except PagerError as error:
            self.shop.counts.page(action, "later" if isinstance(error, PagerLater) else "refused")
            return await self._failed(kept, effect, error)
        self.shop.counts.page(action, "accepted")
        self._tries.get(kept.id, {}).pop(effect.id, None)
        return None

    async def _failed(self, kept: Kept, effect: Paged, error: PagerError) -> float | None:
        """Say so once, have the next level called, and try on."""
        counted = self._tries.setdefault(kept.id, {})
        tries = counted[effect.id] = counted.get(effect.id, 0) + 1
        later = isinstance(error, PagerLater)
        _log.warning("PagerDuty did not take it", incident=kept.id, key=effect.dedup_key, reason=str(error))
        if isinstance(effect, PageTrigger) and (tries >= FAILS_AFTER or not later):
            await self._say_failed(kept, effect, error)
        if await self._late(kept):
            _log.error("PagerDuty was not told of an incident's end", incident=kept.id, key=effect.dedup_key)
            del counted[effect.id]
            return None
        return PAUSES_SECONDS[min(tries, len(PAUSES_SECONDS)) - 1] if later else REFUSED_SECONDS

    async def _say_failed(self, kept: Kept, effect: PageTrigger, error: PagerError) -> None:
        now = await self.shop.store.now()
        event = e.PageFailed(at=now, level=effect.level, why=str(error))
        try:
            await self.shop.incidents.heard(kept.id, event, ITSELF, Besides(once=f"failed {effect.dedup_key}"))
        except (Spent, Outrun, IncidentError):  # said before, or over, or said with the next try
            return

    async def _late(self, kept: Kept) -> bool:
        """Whether its incident is over for so long that nobody waits for it."""
        over = kept.incident.resolved_at
        return over is not None and not kept.incident.open and await self.shop.store.now() - over > GIVE_UP

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
