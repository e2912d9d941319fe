"""Tests of the keeper that starts the bot again."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from playground import bot_keeper
from playground.bot_keeper import BotKeeper


@asynccontextmanager
async def _sleeper() -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that waits to be ended."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import signal; signal.pause()")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_starts_again_after_a_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts the process again after `kill -9`, says how it ended, and stops it at the end."""
    monkeypatch.setattr(bot_keeper, "_PAUSE_SECONDS", 0.0)
    starts: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()

    @asynccontextmanager
    async def noted() -> AsyncIterator[asyncio.subprocess.Process]:
        async with _sleeper() as process:
            starts.put_nowait(process)
            yield process

    keeper = BotKeeper(noted)
    async with keeper.keeping() as first:
        assert keeper.pid == first.pid
        keeper.kill()
        assert await first.wait() == -9
        await starts.get()
        second = await starts.get()
        await asyncio.sleep(0)
        assert (keeper.pid, keeper.starts, keeper.ended) == (second.pid, 2, "killed (SIGKILL)")
    assert second.returncode is not None


async def test_cannot_start() -> None:
    """It passes on what kept the first process from starting."""

    def broken() -> AbstractAsyncContextManager[asyncio.subprocess.Process]:
        raise FileNotFoundError("no such program")

    keeper = BotKeeper(broken)
    with pytest.raises(FileNotFoundError, match="no such program"):
        await keeper.keeping().__aenter__()
    assert keeper.pid is None
