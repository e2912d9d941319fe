"""Owns the work that goes on after an answer has been given: keeps it alive, bounded, and ends it in order.

It never looks at what the work does. A job tells its own errors to people; what still escapes is only logged here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from bot.errors import VolatiError

AT_ONCE = 8
"""Jobs at work at the same time: a diagnosis has about ten requests open, and the loop must stay quick to answer."""

WAITING = 50
"""Jobs that may wait for a place: at some seconds each, the last of them is a minute or so away."""

AGAIN_SECONDS = 5.0
"""Before a loop that failed begins again: a fault that lasts must not fill the log."""

LAST_WORDS_SECONDS = 3.0
"""How long a cancelled job may take to tell people that it was stopped."""

_log = structlog.get_logger()


async def kept_going(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """Work that is to go on until it is cancelled. What escapes from it is logged, and it begins again.

    It ends where the work ends by itself.
    """
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 an edge: without this the work would be gone, and nobody would know
            with suppress(Exception):  # a log that cannot be written must not end what escalates
                _log.exception("it failed, and begins again", work=name)
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return


class TooBusyError(VolatiError):
    """No further job is taken on: too many wait, or the bot is stopping. The message says which."""


class Tasks:
    """The jobs under way and waiting."""

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def count(self) -> int:
        """How many jobs are under way or waiting."""
        return len(self._tasks)

    def start(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """Begin a job in the background.

        Raises:
            TooBusyError: it is not begun.
        """
        if self._closed:
            raise TooBusyError("Volati is stopping. Ask again when it is back, in a minute or so.")
        if len(self._tasks) >= self._most:
            raise TooBusyError(
                f"Volati has {len(self._tasks)} things to do, and takes on no more. Ask again in a minute."
            )
        task = asyncio.create_task(self._run(name, job), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        async with self._places:
            try:
                await job()
            except Exception:  # noqa: BLE001 the last edge: nobody awaits this task, only the log can still show it
                _log.exception("a job failed", job=name)

    async def drain(self, seconds: float) -> int:
        """Take no more, wait so long for what is under way, cancel the rest; gives how many were cancelled."""
        self._closed = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        late = tuple(self._tasks)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=LAST_WORDS_SECONDS)
        return len(late)
