"""One PostgreSQL process on one data folder: started, found ready, ended. It knows no table and no fault."""

import asyncio
import contextlib
import fcntl
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from pathlib import Path

from bot.errors import VolatiError
from playground.world.postgres.account import Account, finished
from playground.world.postgres.keeper import DATA, LOCK
from playground.world.postgres.threads import seen_through

HOST = "127.0.0.1"
START_S = 30.0
"""Longest wait for a server that starts; it takes about 0.1 s, and a busy machine needs patience."""
STOP_S = 10.0
"""Longest wait for a server that was told to end; an immediate end takes some milliseconds."""
POLL_S = 0.01
"""Pause between two looks at the file in which a starting server writes how far it is."""
ATTEMPTS = 5
"""Ports to try: another process may take a free one before the server does."""

#: What every server of ours has. Nothing of it survives the playground, so nothing waits for a disk.
OPTIONS: Mapping[str, str] = {
    "listen_addresses": HOST,
    "shared_preload_libraries": "pg_stat_statements",
    "password_encryption": "scram-sha-256",
    "max_connections": "40",
    "superuser_reserved_connections": "3",
    "shared_buffers": "16MB",
    "max_wal_size": "128MB",
    "fsync": "off",
    "log_min_duration_statement": "1000",  # milliseconds; what the runbook advises
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %q%a@%d ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresDidNotStartError(VolatiError):
    """The server does not come up; the message holds the last lines of its log."""


class Server:
    """A server in `folder`: its data in `data`, its log, its socket, and the lock that its processes hold."""

    def __init__(self, folder: Path, account: Account) -> None:
        self.folder = folder
        self.data = folder / DATA
        self.port = 0
        self._account = account
        self._process: Process | None = None

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int | None:
        """The number of its first process while it lives."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and alive else None

    async def initialise(self) -> None:
        """Make a fresh, empty cluster of databases.

        Raises:
            PostgresDidNotStartError: it could not be made.
        """
        words = ("--pgdata", str(self.data), "--username=postgres", "--auth=trust", "--encoding=UTF8")
        await self.run("initdb", *words, "--no-sync", "--locale=C.UTF-8", "--wal-segsize=1")

    async def run(self, program: str, *words: str) -> None:
        """Run one of the programs beside the server to its end.

        Raises:
            PostgresDidNotStartError: it failed.
        """
        if await finished(await self._spawned(program, *words)) != 0:
            raise PostgresDidNotStartError(f"{program} failed in {self.folder}; its log ends: {self.last_words()}")

    async def start(self, options: Mapping[str, str], until: str = "ready") -> None:
        """Start it and return when it is as far as `until`: the word it writes into its file of state.

        Raises:
            PostgresDidNotStartError: it ended instead, or took too long.
        """
        try:
            await self._started(options, until)
        except BaseException:  # also when cancelled: it is not left half started
            await self.stop()
            raise

    async def _started(self, options: Mapping[str, str], until: str) -> None:
        for attempt in range(ATTEMPTS):
            self.port = _free_port()
            words = [w for name, value in {**OPTIONS, **options}.items() for w in ("-c", f"{name}={value}")]
            places = ("-D", str(self.data), "-k", str(self.folder), "-p", str(self.port))
            self._process = await self._spawned("postgres", *places, *words)
            if await self._reached(self._process, until):
                return
            if attempt == ATTEMPTS - 1 or "Address already in use" not in self.last_words():
                break
        raise PostgresDidNotStartError(f"PostgreSQL in {self.folder} did not start; its log ends: {self.last_words()}")

    async def _spawned(self, program: str, *words: str) -> Process:
        await seen_through(self._prepare)
        with self.log.open("ab") as log, (self.folder / LOCK).open("wb") as lock:
            await _taken(lock.fileno())  # from here on it is held for as long as any process of it lives
            return await self._account.start(program, *words, stdout=DEVNULL, stderr=log, pass_fds=(lock.fileno(),))

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._account.give(self.folder)

    async def _reached(self, process: Process, until: str) -> bool:
        """Whether it comes as far as that; False when it ends or takes too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                while process.returncode is None:
                    if self.stage() == until:
                        return True
                    await asyncio.sleep(POLL_S)
        return False

    def stage(self) -> str:
        """How far the server says it is: "starting", "ready", "standby", "stopping"; "" before it says anything."""
        with contextlib.suppress(OSError, IndexError):
            lines = (self.data / "postmaster.pid").read_text("utf-8").split("\n")
            return lines[7].strip() if lines[0] == str(self.pid) else ""
        return ""

    async def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: at once, without a last checkpoint, unless told otherwise. No error where it does not run."""
        if self._process is None:
            return
        self.send(how)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)  # its other processes end when they see it gone
            await self._process.wait()
        self._process = None

    async def ended(self) -> None:
        """Return when its first process has ended."""
        if self._process is not None:
            await self._process.wait()

    def send(self, which: signal.Signals) -> None:
        """Send its first process a signal."""
        with contextlib.suppress(ProcessLookupError):  # it ended this very moment
            if self._process is not None and self._process.returncode is None:
                self._process.send_signal(which)

    def last_words(self) -> str:
        """The end of its log."""
        with contextlib.suppress(OSError):
            return self.log.read_text("utf-8", "replace")[-800:].strip()
        return ""


async def _taken(lock: int) -> None:
    """Take the lock as soon as the last process of an earlier server is gone."""
    async with asyncio.timeout(STOP_S):
        while True:
            with contextlib.suppress(BlockingIOError):
                return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            await asyncio.sleep(POLL_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
