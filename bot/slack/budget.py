"""Says when the next call of each method of Slack's may be made, so that Slack never has to say no.

One budget serves the whole process: all threads of a workspace share Slack's limits. Replicas share one more, in the
store; while that is away, each keeps to its own. It never makes a call.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import structlog

from bot.errors import StoreError
from bot.slack.limits import OTHER_PACE, PACES, Pace

_MINUTE = 60.0  # seconds
_WHOLE = 1 - 1e-6  # a turn is there when it is there but for rounding
_log = structlog.get_logger()
T = TypeVar("T")


class SharedTurns(Protocol):
    """The part of the store in which replicas share turns. Each method may raise StoreError."""

    async def turn(self, name: str, pace: Pace, wanted: int, *, take: bool) -> float:
        """Seconds until so many turns are there; at 0, and with `take`, one of them is taken."""
        ...

    async def close_turns(self, name: str, pace: Pace, seconds: float) -> None:
        """No turns for so long, and then one."""
        ...


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
        self._shared: SharedTurns | None = None
        self._turns: dict[tuple[str, str], _Turns] = {}
        self._told = False

    def share(self, turns: SharedTurns) -> None:
        """Take every turn from these, too."""
        self._shared = turns

    async def turn(self, method: str, channel: str = "", *, urgent: bool = True) -> None:
        """Return when the method may be called; the call should follow at once."""
        await self._of(method, channel).take(urgent=urgent)
        wanted = 1 if urgent else 1 + _pace(method).kept
        while (wait := await self._elsewhere(method, channel, wanted, take=True)) > 0:
            await self._clock.sleep(wait)

    async def ahead(self, method: str, channel: str = "") -> float:
        """Seconds until the next turn, were nobody else waiting."""
        return max(self.wait(method, channel), await self._elsewhere(method, channel, 1, take=False))

    def wait(self, method: str, channel: str = "") -> float:
        """The same as far as this process knows."""
        return self._of(method, channel).wait()

    async def refused(self, method: str, channel: str, seconds: float) -> None:
        """Slack takes no more of this for so long (429 with Retry-After), from nobody who shares the budget."""
        self.close(method, channel, seconds)
        if self._shared is not None:
            await self._asked(self._shared.close_turns(_name(method, channel), _pace(method), seconds))

    def close(self, method: str, channel: str, seconds: float) -> None:
        """The same for this process alone."""
        self._of(method, channel).close(seconds)

    def _of(self, method: str, channel: str) -> _Turns:
        pace = _pace(method)
        key = (method, channel if pace.each_channel else "")
        if key not in self._turns:
            self._turns[key] = _Turns(pace, self._clock)
        return self._turns[key]

    async def _elsewhere(self, method: str, channel: str, wanted: int, *, take: bool) -> float:
        """Seconds to wait for the turn that replicas share; 0 where they share none, or the store is away."""
        if self._shared is None:
            return 0.0
        return await self._asked(self._shared.turn(_name(method, channel), _pace(method), wanted, take=take)) or 0.0

    async def _asked(self, asked: Awaitable[T]) -> T | None:
        """What the store says; None while it is away, which the log says once."""
        try:
            answer = await asked
        except StoreError as error:
            if not self._told:
                _log.warning("Slack's limits are kept by this process alone", reason=str(error))
            self._told = True
            return None
        self._told = False
        return answer


def _pace(method: str) -> Pace:
    return PACES.get(method, OTHER_PACE)


def _name(method: str, channel: str) -> str:
    return f"{method}+{channel}" if channel and _pace(method).each_channel else method
