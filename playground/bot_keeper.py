"""Keeps the bot running: starts it again whenever its process ends, as a supervisor or Kubernetes would."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

#: Seconds before a process that ended is started again; doubled while it ends at once, up to the most.
_PAUSE_SECONDS = 0.5
_PAUSE_MOST = 15.0
_STEADY_SECONDS = 10.0  # a process that lived this long was sound: the next pause is the short one again

Start = Callable[[], AbstractAsyncContextManager[asyncio.subprocess.Process]]


class BotKeeper:
    """The bot's process through all its lives: `async with keeper.keeping() as first`."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0
        self.ended = ""

    @property
    def pid(self) -> int | None:
        """The process id; None while it does not run."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    def kill(self) -> None:
        """End it without a word of warning."""
        self._signal(signal.SIGKILL)

    def restart(self) -> None:
        """Ask it to stop; what it does then is its own affair, and it is started again."""
        self._signal(signal.SIGTERM)

    def _signal(self, which: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself at this very moment
            if self._process is not None and self.pid is not None:
                self._process.send_signal(which)

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The bot, kept running until the end of the block; gives its first process."""
        loop = asyncio.get_running_loop()
        first: asyncio.Future[asyncio.subprocess.Process] = loop.create_future()
        keeper = asyncio.create_task(self._keep(first), name="keeper of the bot")
        try:
            either: set[asyncio.Future[Any]] = {keeper, first}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                await keeper  # it could not be started at all: what went wrong is raised here
            yield await first
        finally:
            keeper.cancel()
            await asyncio.wait({keeper})

    async def _keep(self, first: "asyncio.Future[asyncio.subprocess.Process]") -> None:
        pause = _PAUSE_SECONDS
        while True:
            began = asyncio.get_running_loop().time()
            async with self._start() as process:
                self._process = process
                self.starts += 1
                if not first.done():
                    first.set_result(process)
                self.ended = _how(await process.wait())
            steady = asyncio.get_running_loop().time() - began > _STEADY_SECONDS
            pause = _PAUSE_SECONDS if steady else min(pause * 2, _PAUSE_MOST)
            await asyncio.sleep(pause)


def _how(code: int) -> str:
    """How a process ended, in words: "killed (SIGKILL)", "stopped with exit code 0"."""
    if code >= 0:
        return f"stopped with exit code {code}"
    name = signal.Signals(-code).name
    return f"killed ({name})" if -code == signal.SIGKILL else f"ended by {name}"
