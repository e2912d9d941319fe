"""Starts and stops Redis servers of the tests' own, and gives Debian's Redis 7, or visibly says why it does not."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

import pytest

from bot.store import Store

MEMORIES = ("embedded", pytest.param("redis-7", marks=pytest.mark.live))
"""What the store must behave the same on."""

START_SECONDS = 10.0
"""Longest wait for a first answer, which takes some 30 ms: a busy machine needs patience."""

STOP_SECONDS = 10.0
"""Longest wait for a polite end, which takes some 20 ms, before the server is killed."""


class RedisServer:
    """A Redis that keeps everything it is given in a folder, for as long as the block lasts.

    It listens at a Unix socket in that folder, or on loopback where a port is given. Nothing that another Redis on the
    machine does reaches it: no configuration file is read, and no usual port is used.
    """

    def __init__(self, program: Path, folder: Path, port: int = 0) -> None:
        socket = folder / "redis.sock"
        self.url = f"redis://127.0.0.1:{port}/0" if port else f"unix://{socket}"
        self._command = (
            *(str(program), "--port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(socket)),
            *("--dir", str(folder), "--save", "", "--appendonly", "yes", "--appendfsync", "always"),
        )
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def start(self) -> None:
        """Start it, also again after it was killed; returns when it answers."""
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=subprocess.DEVNULL, env={})
        try:
            async with Store.at(self.url) as store, asyncio.timeout(START_SECONDS):
                while not await _answers(store):
                    assert self._process.returncode is None, f"{self._command} ended with {self._process.returncode}"
                    await asyncio.sleep(0.01)  # another process, which tells nobody when it is up
        except BaseException:
            await self._end()
            raise

    async def kill(self) -> None:
        """End it as a crash would."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _answers(store: Store) -> bool:
    try:
        return await store.ping() >= 0
    except Exception:  # noqa: BLE001 -- it is not up yet
        return False


@asynccontextmanager
async def redis_7(config: pytest.Config, port: int = 0) -> AsyncIterator[RedisServer]:
    """Debian's Redis 7 with files of its own; without one the test is skipped, or fails where that is required."""
    program = shutil.which("redis-server")
    if program is None:
        _without(config, "redis-server is not installed; the live tests of the store need Redis 7")
    with tempfile.TemporaryDirectory(prefix="volati-redis-") as folder:  # its path is short enough for a socket
        async with RedisServer(Path(program), Path(folder), port) as server:
            async with Store.at(server.url) as store:
                version = (await store.durability()).version
            if not str(version).startswith("7."):
                _without(config, f"{program} is version {version}; the live tests of the store are about Redis 7")
            yield server


def _without(config: pytest.Config, reason: str) -> NoReturn:
    if config.getoption("require_live"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(params=MEMORIES)
async def store_url(request: pytest.FixtureRequest) -> AsyncIterator[str | None]:
    """What `open_store` takes: None for the embedded server, or the address of a Redis 7 of its own."""
    if request.param == "embedded":
        yield None
        return
    async with redis_7(request.config) as server:
        yield server.url
