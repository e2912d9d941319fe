"""Time as the simulated Slack sees it: the real clock, or one that a test moves by hand."""

import asyncio
import heapq
import itertools
import time
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

# Where a manual clock starts, in seconds since 1970: an arbitrary, round, recent moment.
MANUAL_START_S = 1_760_000_000.0


class Clock(Protocol):
    """What the simulated Slack needs of time."""

    def now(self) -> float:
        """Seconds since 1970."""

    async def sleep(self, seconds: float) -> None:
        """Return when this many seconds have passed."""


class RealClock:
    """The clock on the wall."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Sleep as asyncio does."""
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until `advance` is called; sleepers wake in order."""

    def __init__(self, start: float = MANUAL_START_S) -> None:
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._fell_asleep = asyncio.Event()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Return once the clock has been advanced by this many seconds; at once for none."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        self._fell_asleep.set()
        await woken

    async def until_someone_sleeps(self) -> None:
        """Wait (no time passes) until something sleeps, so that advancing is not too early."""
        while not self._asleep:
            self._fell_asleep.clear()
            await self._fell_asleep.wait()

    @property
    def _asleep(self) -> bool:
        return any(not woken.done() for _, _, woken in self._sleepers)

    def advance(self, seconds: float) -> None:
        """Move time on and wake whoever's time has come."""
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)


async def within(clock: Clock, seconds: float, answer: asyncio.Future[T]) -> T | None:
    """The answer if it comes within this many seconds of the clock, else None; the future is left alone."""
    timer = asyncio.ensure_future(clock.sleep(seconds))
    either: set[asyncio.Future[Any]] = {timer, answer}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None
    finally:
        timer.cancel()
