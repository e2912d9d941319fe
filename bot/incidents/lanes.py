"""Goes through a lane of incidents: finds those that are due, as soon as they are, and has each looked at.

An incident is one process's for some seconds at a time; when that one is gone, another goes on. What a look does is not
known here. A clock that was stepped makes nothing due: due times are moved along.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.errors import StoreError
from bot.incident_store import Claimed, Hand, Lane, Mine
from bot.incidents.keeping import Outrun
from bot.incidents.steps import Look, Steady

SWEEP_SECONDS = 1.0
"""Longest time between looks for what is due: what another replica wrote is found so soon. What is known to be due
sooner is waited for exactly."""

PASS_SECONDS = 25.0
"""How long one pass over one incident may take: below the lease, and clearly more than what is begun in it takes by its
own deadlines. What is cut off here has told nobody how it went."""

STOP_SECONDS = 5.0
"""How long passes under way may take at the end; what is cut off is done again by the next."""

AWAY_SECONDS = 2.0
"""Time between looks while the store does not answer."""

_log = structlog.get_logger()


class Claims(Protocol):
    """The part of the memory that lanes need. Each method may raise StoreError."""

    async def claim(self, hand: Hand, most: int, window: tuple[float, float]) -> Claimed:
        """Take what is due."""
        ...

    async def shift(self, stepped: str, seconds: float) -> bool:
        """Move due times along with a clock that was stepped."""
        ...


def _elapsed() -> float:
    """Seconds that go forward also while the machine sleeps, where the system counts those (Linux)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Time:
    """How time passes: seconds that only go forward, and a sleep."""

    elapsed: Callable[[], float] = _elapsed
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Work:
    """What is done with a lane: how many at once, a pass over one incident, and who is told if the store answered."""

    lane: Lane
    at_once: int
    go: Callable[[Mine], Awaitable[None]]
    answered: Callable[[bool], None] = lambda _: None


@dataclass(slots=True)
class Sweep:
    """One lane at work in this process."""

    claims: Claims
    owner: str
    work: Work
    time: Time = field(default_factory=Time)
    _steady: Steady = field(default_factory=Steady)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def hand(self, id: str) -> Hand:
        """An incident in this process's hand."""
        return Hand(self.work.lane, self.owner, id)

    async def run(self) -> None:
        """Find what is due, again and again, until cancelled; then let what is under way come to its end."""
        try:
            while True:
                await self._rest(await self.once())
        finally:
            await self._ended()

    async def once(self) -> float:
        """Look once; gives the seconds until there is something to look for again."""
        self._woken.clear()
        places = self.work.at_once - len(self._tasks)
        if places <= 0:
            return SWEEP_SECONDS  # whoever ends wakes us
        try:
            seconds = await self._looked(places)
        except StoreError as error:
            _log.warning("incidents that are due could not be looked up", lane=self.work.lane, reason=str(error))
            self.work.answered(False)  # noqa: FBT003 its one argument
            return AWAY_SECONDS
        except Exception:  # noqa: BLE001 an edge: without this loop ladders would stand still, and nobody would know
            _log.exception("looking for incidents that are due failed", lane=self.work.lane)
            return AWAY_SECONDS
        self.work.answered(True)  # noqa: FBT003
        return seconds

    async def _looked(self, places: int) -> float:
        """Begin with what is due; gives the seconds until the next is."""
        begun = self.time.elapsed()
        found = await self.claims.claim(self.hand(""), places, self._steady.window(begun))
        look = Look(found.at - float(found.stepped), begun, self.time.elapsed())
        if found.off:
            await self._shift(found, self._steady.step(look))
            return 0.0
        self._steady.last = look
        for one in found.mine:
            self._begin(one)
        if len(found.mine) == places:
            return SWEEP_SECONDS
        return SWEEP_SECONDS if found.left is None else min(SWEEP_SECONDS, max(0.0, found.left))

    async def _shift(self, found: Claimed, seconds: float) -> None:
        """The clock was stepped, which makes nothing due: every due time moves along with it."""
        if await self.claims.shift(found.stepped, seconds):
            _log.warning("the store's clock was stepped; what is due when is moved along", seconds=round(seconds, 1))

    @property
    def busy(self) -> bool:
        """Whether anything is in hand."""
        return bool(self._tasks)

    async def idle(self) -> None:
        """Return when nothing is in hand."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _begin(self, one: Mine) -> None:
        task = asyncio.create_task(self._pass(one), name=f"{self.work.lane} incident {one.id}")
        self._tasks.add(task)
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._woken.set()

    async def _pass(self, one: Mine) -> None:
        """One pass. What it could not write is found by the next, when the lease is over."""
        try:
            async with asyncio.timeout(PASS_SECONDS):
                await self.work.go(one)
        except StoreError as error:
            _log.warning("an incident waits for the store", incident=one.id, reason=str(error))
        except Outrun:
            _log.info("an incident was changed by another", incident=one.id, lane=self.work.lane)
        except TimeoutError:
            _log.warning("a pass over an incident took too long", incident=one.id, lane=self.work.lane)
        except Exception:  # noqa: BLE001 the last edge: what is to be done stays kept, and the log has the reason
            _log.exception("an incident could not be gone on with", incident=one.id, lane=self.work.lane)

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until woken."""
        sleeping, waking = asyncio.ensure_future(self.time.sleep(seconds)), asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (sleeping, waking):
                one.cancel()
            await asyncio.wait({sleeping, waking})

    async def _ended(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
