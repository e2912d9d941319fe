"""Knows the folder the embedded Valkey lives in: its locks, its socket's path and its log.

It never starts, asks or ends a server: that is bot/clients/valkey.py's.
"""

import errno
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.errors import StoreFolderUnusable

OWNER_LOCK = "owner.lock"
"""Held by the one process that starts, watches and ends the server."""

SERVER_LOCK = "server.lock"
"""Held by the server itself, which inherits it: free means that no server is alive here."""

SOCKET_PATH_BYTES = 103
"""A socket's path may take 108 bytes on Linux and 104 on macOS, its closing zero included (unix(7))."""

FREE_BYTES = 16 * 1024 * 1024
"""Least free disk to start with: room to rewrite an append-only file of ordinary size (a few MiB) twice."""

LOG_BYTES = 1024 * 1024
"""The log is put aside at this size (about 10,000 lines), and one older log is kept."""

_SOCKET = "valkey.sock"
_SOCKET_RECORD = "socket.folder"
_LOG = "valkey.log"
_LOG_TAIL_BYTES = 2048  # enough for the last few lines, which say why a server gave up
_REMEDY = "Make it a folder this user can write, choose another data folder, or set a Redis address."


@dataclass(frozen=True, slots=True)
class StoreFolder:
    """The embedded server's folder: `store` inside the bot's data folder, readable by this user alone."""

    path: Path

    @classmethod
    def prepared(cls, data_dir: Path) -> "StoreFolder":
        """The folder, made where missing and seen to be writable.

        Raises StoreFolderUnusable: not a folder, no permission, read-only, or less than FREE_BYTES free.
        """
        path = data_dir.absolute() / "store"
        with _explained(path):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=path) as probe:
                probe.write(b"writable")
            free = shutil.disk_usage(path).free
        if free < FREE_BYTES:
            raise StoreFolderUnusable(_almost_full(path, free))
        return cls(path)

    def hold(self, lock: str) -> int | None:
        """A descriptor that holds the named lock until its last copy is closed; None when another holds it.

        The kernel frees the lock of a process that dies, however it dies (flock(2)). The file is never
        removed: a lock on a removed file excludes nobody.
        """
        with _explained(self.path):
            descriptor = os.open(self.path / lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(descriptor)
                if isinstance(error, BlockingIOError):
                    return None
                raise
        return descriptor

    def socket(self) -> Path | None:
        """Where the server listens; None while no owner has settled it."""
        here = self.path / _SOCKET
        if _fits(here):
            return here
        short = self._recorded()
        return short / _SOCKET if short else None

    def settled_socket(self) -> Path:
        """Where the server listens, settled now where it was not. Only the owner may ask.

        A path too long for a socket moves to a private folder of its own, whose name is recorded here.
        That folder stays, empty, so that the address is the same after a restart.
        """
        if (known := self.socket()) is not None:
            return known
        with _explained(self.path):
            short = Path(tempfile.mkdtemp(prefix="volati-"))  # mode 700, a name nobody can guess
            draft = self.path / f"{_SOCKET_RECORD}.new"
            draft.write_bytes(os.fsencode(short))
            draft.replace(self.path / _SOCKET_RECORD)
        if not _fits(short / _SOCKET):
            raise StoreFolderUnusable(
                f"The socket's path {short / _SOCKET} is longer than {SOCKET_PATH_BYTES} bytes, and so is the "
                f"one in {self.path}. Set TMPDIR to a shorter path, or set the address of a Redis."
            )
        return short / _SOCKET

    @property
    def log(self) -> Path:
        """The file the server writes its log to."""
        return self.path / _LOG

    def bound_log(self) -> None:
        """Put the log aside when it has grown past LOG_BYTES; the server opens it anew for every line."""
        with _explained(self.path):
            self.log.touch(mode=0o600)
            if self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))

    def opened_log(self) -> BinaryIO:
        """The log, put aside where too long, to be written to by this user alone."""
        self.bound_log()
        with _explained(self.path):
            self.log.touch(mode=0o600)
            return self.log.open("ab")

    def last_words(self) -> str:
        """The last three lines of the log, on one line; empty without a log."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - _LOG_TAIL_BYTES))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return " | ".join(line.strip() for line in lines[-3:])

    def _recorded(self) -> Path | None:
        """The recorded short folder, when it is still there and nobody else's."""
        try:
            short = Path(os.fsdecode((self.path / _SOCKET_RECORD).read_bytes()))
            found = short.lstat()
        except OSError:
            return None
        private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == stat.S_IRWXU
        return short if private and found.st_uid == os.geteuid() else None


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_BYTES


def _almost_full(path: Path, free: int) -> str:
    mib = 1024 * 1024
    return (
        f"The disk of {path} is almost full: {free // mib} MiB free, {FREE_BYTES // mib} MiB needed. "
        "Make room, choose another data folder, or set the address of a Redis."
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the system says about the folder into an error with a remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFolderUnusable(_almost_full(path, 0)) from error
        raise StoreFolderUnusable(f"The bot's memory cannot live in {path}: {error}. {_REMEDY}") from error
