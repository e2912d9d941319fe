"""Keeps the audit's head outside of the store: in the log and, where one is configured, in a channel.

Who can write to the store can cut the audit off or make it anew, but not change what was logged and posted before.
It decides when to say it, and says it; it never reads the store, and nobody waits for the channel.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import structlog

from bot.audit.entry import Head

LOG_SECONDS = 60.0
"""A new head is in the log after at most so long: only a loss within a minute, of an act under way, goes unseen."""

POST_SECONDS = 60 * 60.0
"""A new head is in the channel after at most so long, and at every act's end. Replicas each post what they saw."""

RETRY_SECONDS = 10 * 60.0
"""Time until a head that could not be posted is tried again: what Slack refuses waits for a person to mend it."""

_log = structlog.get_logger()


class Time(Protocol):
    """What the keeper needs of a clock."""

    def now(self) -> float:
        """Seconds that only go forward."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when so many have passed."""
        ...


class Posts(Protocol):
    """A channel that keeps heads."""

    async def post(self, head: Head) -> None:
        """Put a head there."""
        ...


class HeadKeeper:
    """Is told of each new head, and keeps it elsewhere. Get one from `keeping`, which has it work while it lasts.

    Args:
        time: the clock, and how to wait.
        channel: where heads are posted; None for nowhere.
    """

    def __init__(self, time: Time, channel: Posts | None = None) -> None:
        self._time = time
        self._channel = channel
        self._head = self._logged = self._posted = Head()
        self._log_at = self._post_at = time.now()
        self._changed = asyncio.Event()

    def saw(self, head: Head) -> None:
        """The audit ends with this now. It only gets longer: where it does not, somebody else wrote to the store."""
        if head == self._head:
            return
        if head.number <= self._head.number:
            _log.error("the audit is shorter than it was", was=str(self._head), audit_head=str(head))
        self._head = head
        if self._time.now() >= self._log_at:
            self._write()
        self._changed.set()

    def act_ended(self) -> None:
        """An act is over: what was seen until now is logged at once, and posted as soon as the channel takes it."""
        self.close()
        self._post_at = self._time.now()
        self._changed.set()

    def close(self) -> None:
        """Log what was not logged yet. The channel is left alone: who ends the bot is not kept waiting."""
        if self._head != self._logged:
            self._write()

    async def run(self) -> None:
        """Keep what could not be kept at once, until cancelled."""
        while True:
            self._changed.clear()
            if self._time.now() >= self._log_at:
                self.close()
            if self._head != self._posted and self._time.now() >= self._post_at:
                await self._post(self._head)
            await self._wait()

    def _write(self) -> None:
        _log.info("audit", audit_head=str(self._head))
        self._logged, self._log_at = self._head, self._time.now() + LOG_SECONDS

    async def _post(self, head: Head) -> None:
        self._post_at = self._time.now() + POST_SECONDS  # before the wait: an act that ends meanwhile brings it forward
        try:
            if self._channel is not None:
                await self._channel.post(head)
        except Exception as error:  # noqa: BLE001 an edge: without this task heads would be kept no more, and nobody told
            _log.warning("the audit's head could not be posted", audit_head=str(head), reason=str(error))
            self._post_at = self._time.now() + RETRY_SECONDS
        else:
            self._posted = head

    async def _wait(self) -> None:
        """Until there is something to do: a newer head, an act's end, or the time for what waits."""
        due = [at for at, kept in ((self._log_at, self._logged), (self._post_at, self._posted)) if kept != self._head]
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._changed.wait())]
        if due:
            waits.append(asyncio.create_task(self._time.sleep(max(0.0, min(due) - self._time.now()))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.wait(waits)


@asynccontextmanager
async def keeping(time: Time, channel: Posts | None = None) -> AsyncIterator[HeadKeeper]:
    """A keeper at work for as long as the block lasts; what it still has to say, it logs at the end."""
    keeper = HeadKeeper(time, channel)
    task = asyncio.create_task(keeper.run(), name="keep the audit's head")
    try:
        yield keeper
    finally:
        task.cancel()
        await asyncio.wait({task})
        keeper.close()
