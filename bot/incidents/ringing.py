"""One pass over what PagerDuty is to hear of an incident: each page by itself, and every try ends in time and counts.

What was tried in vain is kept with the incident, so that another replica, or the bot after a restart, goes on counting.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.errors import IncidentError, PagerError, PagerLater, PagerRefused, PagerUnreachable
from bot.incident_store import LEASE_SECONDS, Hand, Lane, Left, Mine, paged
from bot.incidents import events as e
from bot.incidents.desk import ITSELF
from bot.incidents.effects import PageTrigger
from bot.incidents.keeping import Besides, Outrun, Spent
from bot.incidents.kept import Kept, Paged
from bot.incidents.shop import Shop
from bot.incidents.tries import Tried, in_vain, not_accepted

PAGE_SECONDS = 15.0
"""How long one try may take in all; it is cut off then, and has failed. PagerDuty's client ends it before: a look
whether it arrived (3 s) and a call (10 s)."""

MORE_SECONDS = 3.0
"""How late in a pass one more thing may be begun: the rest has its turn at once, in a pass of its own."""

GIVE_UP = timedelta(days=1)
"""After its incident's end PagerDuty is told of it for so long, and what is refused is tried for so long: then nobody
waits for it any more."""

_log = structlog.get_logger()


@dataclass(slots=True)
class Ringing:
    """One pass, over an incident as it was found. `elapsed` gives seconds that only go forward."""

    shop: Shop
    mine: Mine
    kept: Kept
    elapsed: Callable[[], float]
    _begun: float = field(init=False)
    _done: list[str] = field(default_factory=list)
    _tried: dict[str, Tried] = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.elapsed()
        wanted = {effect.id for effect in paged(self.kept)}  # of the rest, somebody was quicker: they are void
        self._tried = {id: tried for id, tried in self.kept.tried.items() if id in wanted}

    async def rung(self) -> None:
        """Tell PagerDuty what is due, and let the incident go until there is more.

        Every page comes to its end, and what was done is written down, before what one of them failed by is raised.

        Raises:
            StoreError: the memory did not do as asked.
        """
        keys: dict[str, list[Paged]] = {}
        for effect in paged(self.kept):
            keys.setdefault(effect.dedup_key, []).append(effect)
        came = await asyncio.gather(*(self._key(effects) for effects in keys.values()), return_exceptions=True)
        failed = [one for one in came if isinstance(one, BaseException)]
        waits = [one for one in came if one is not None and not isinstance(one, BaseException)]
        try:
            await self._let_go([*waits, *[self._passed + LEASE_SECONDS for _ in failed]])
        finally:
            if failed:
                raise failed[0]

    async def _let_go(self, waits: Sequence[float]) -> None:
        wait = max(0.0, min(waits) - self._passed) if waits else None
        left = Left(self.kept.revision, wait, tuple(self._done), tried=self._tried)
        await self.shop.store.leave(Hand(Lane.PAGE, self.shop.owner, self.kept.id), left)

    @property
    def _passed(self) -> float:
        """Seconds since the pass began."""
        return self.elapsed() - self._begun

    @property
    def _now(self) -> datetime:
        """The time by the store's clock, as it was at the beginning."""
        return self.mine.at + timedelta(seconds=self._passed)

    async def _key(self, effects: Sequence[Paged]) -> float | None:
        """What of one page is to be done, in order, up to where it cannot be.

        Gives when there is more, in seconds from the beginning of the pass; None for never.
        """
        for effect in effects:
            before = self._tried.get(effect.id)
            if before and (left := before.left(self.mine.at)):
                return left
            if self._passed > MORE_SECONDS:
                return 0.0
            await self._page(effect)
            if after := self._tried.get(effect.id):
                return self._passed + after.pause
            self._done.append(effect.id)
        return None

    async def _page(self, effect: Paged) -> None:
        """Tell PagerDuty; where that is in vain, it is noted."""
        action = type(effect).__name__.removeprefix("Page").lower()
        try:
            await self._in_time(effect)
        except PagerError as error:
            self.shop.counts.page(action, "later" if isinstance(error, PagerLater) else "refused")
            await self._failed(effect, error)
        else:
            self.shop.counts.page(action, "accepted")
            self._tried.pop(effect.id, None)

    async def _in_time(self, effect: Paged) -> None:
        """Tell PagerDuty, or raise PagerError, within PAGE_SECONDS: a try that does not end would never count."""
        tried = self._tried.get(effect.id)
        again = self.mine.again or (tried is not None and tried.fails > 0)
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                await self.shop.pages.page(self.kept, effect, again=again)
        except TimeoutError:
            raise PagerUnreachable(f"PagerDuty gave no answer within {PAGE_SECONDS:.0f} s.") from None

    async def _failed(self, effect: Paged, error: PagerError) -> None:
        """Count it, say so once, and have the next level called."""
        tried = self._tried[effect.id] = in_vain(self._tried.get(effect.id), error, self._now)
        _log.warning("PagerDuty did not take it", incident=self.kept.id, key=effect.dedup_key, reason=str(error))
        if isinstance(effect, PageTrigger) and not_accepted(tried, error):
            await self._say_failed(effect, error)
        if self._late() or (isinstance(error, PagerRefused) and tried.held > GIVE_UP.total_seconds()):
            _log.error("PagerDuty is told no more of a page", incident=self.kept.id, key=effect.dedup_key)
            del self._tried[effect.id]

    async def _say_failed(self, effect: PageTrigger, error: PagerError) -> None:
        event = e.PageFailed(at=self._now, level=effect.level, why=str(error))
        once = Besides(once=f"failed {effect.dedup_key}")
        try:
            await self.shop.incidents.heard(self.kept.id, event, ITSELF, once)
        except (Spent, Outrun, IncidentError):  # said before, or over, or said with the next try
            return

    def _late(self) -> bool:
        """Whether its incident is over for so long that nobody waits for it."""
        over = self.kept.incident.resolved_at
        return over is not None and not self.kept.incident.open and self._now - over > GIVE_UP
