"""Says when the next call of each method of Slack's may be made, so that Slack never has to say no.

One budget serves the whole process: all threads of a workspace share Slack's limits. It never makes a call.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.slack.limits import OTHER_PACE, PACES, Pace

_MINUTE = 60.0  # seconds
_WHOLE = 1 - 1e-6  # a turn is there when it is there but for rounding


class Time(Protocol):
    """Seconds that only go forward, the time of day, and a way to let some pass."""

    def now(self) -> float:
        """Seconds; from where is of no matter."""
        ...

    def wall(self) -> float:
        """Seconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when so many have passed."""
        ...


class LoopTime:
    """The machine's own time. Tests put their own way to sleep in its place."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._sleep = sleep

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """Return when so many have passed."""
        await self._sleep(seconds)


class _Turns:
    """The turns at one method: a store of them that fills at its pace. Who waits is served in the order of coming."""

    def __init__(self, pace: Pace, clock: Time) -> None:
        self._pace = pace
        self._clock = clock
        self._left = float(pace.burst)
        self._since = self._known = clock.now()
        self._closed_until = self._since
        self._doors = {True: asyncio.Lock(), False: asyncio.Lock()}

    async def take(self, *, urgent: bool) -> None:
        """Return when it is this caller's turn. What is not urgent leaves some turns for what is."""
        wanted = 1 if urgent else 1 + self._pace.kept
        async with self._doors[urgent]:
            while (wait := self.wait(wanted)) > 0:
                until = self._known + wait
                await self._clock.sleep(wait)
                self._known = max(self._known, until)  # a sleep that ended early counts as slept
            self._left -= 1

    def wait(self, wanted: int = 1) -> float:
        """Seconds until so many turns are there; 0 when they are."""
        self._known = max(self._known, self._clock.now())
        rate = self._pace.a_minute / _MINUTE
        grown = max(0.0, self._known - self._since) * rate
        self._left, self._since = min(self._left + grown, float(self._pace.burst)), max(self._since, self._known)
        lacking = 0.0 if self._left >= wanted * _WHOLE else (wanted - self._left) / rate
        return max(lacking, self._closed_until - self._known, 0.0)

    def close(self, seconds: float) -> None:
        """Slack wants none for so long; from then on turns come at their pace, without a burst."""
        self.wait()
        self._closed_until = max(self._closed_until, self._known + seconds)
        self._left, self._since = 1.0, self._closed_until


class Budget:
    """All turns, by method, and by channel where Slack counts so."""

    def __init__(self, clock: Time) -> None:
        self._clock = clock
        self._turns: dict[tuple[str, str], _Turns] = {}

    async def turn(self, method: str, channel: str = "", *, urgent: bool = True) -> None:
        """Return when the method may be called; the call should follow at once."""
        await self._of(method, channel).take(urgent=urgent)

    def wait(self, method: str, channel: str = "") -> float:
        """Seconds until the next turn, were nobody else waiting."""
        return self._of(method, channel).wait()

    def close(self, method: str, channel: str, seconds: float) -> None:
        """Slack takes no more of this for so long (429 with Retry-After)."""
        self._of(method, channel).close(seconds)

    def _of(self, method: str, channel: str) -> _Turns:
        pace = PACES.get(method, OTHER_PACE)
        key = (method, channel if pace.each_channel else "")
        if key not in self._turns:
            self._turns[key] = _Turns(pace, self._clock)
        return self._turns[key]
