"""Finds under which account PostgreSQL runs, because it refuses to run as root. It changes no account of the machine.

An ordinary user runs it as itself. Root runs it in a user namespace, in which root's own files belong to an
ordinary user; where the machine forbids that, as the user nobody, from a copy of the programs where it needs one.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playground.world.postgres.binaries import Binaries, NoPostgresError
from playground.world.postgres.threads import seen_through

NOBODY = 65534  # the user that owns nothing, by the kernel's own convention
_NAMESPACE = ("--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")


@dataclass(frozen=True, slots=True)
class Account:
    """How a program of PostgreSQL is started: what stands before it, and as whom (None: as we are)."""

    binaries: Binaries
    prefix: tuple[str, ...] = ()
    user: int | None = None

    async def start(self, program: str, *words: str, **more: Any) -> Process:  # noqa: ANN401 the pipes of a process
        """Start one of PostgreSQL's programs, with nothing of our environment."""
        command = [*self.prefix, self.binaries.program(program), *words]
        whom: dict[str, Any] = {}
        if self.user is not None:
            whom = {"user": self.user, "group": self.user, "extra_groups": []}
        return await asyncio.create_subprocess_exec(
            command[0],
            *command[1:],
            stdin=DEVNULL,
            start_new_session=True,  # the terminal's Ctrl-C is for the playground, which ends the server
            env={"LC_ALL": "C", "PATH": os.defpath},  # its messages in English, whatever the machine speaks
            umask=0o077,
            cwd="/",  # ours may be closed to it
            **whom,
            **more,
        )

    def give(self, path: Path) -> None:
        """Have what is at this path belong to whoever runs PostgreSQL."""
        if self.user is not None:
            for one in (path, *path.rglob("*")):
                os.chown(one, self.user, self.user, follow_symlinks=False)


async def account_for(binaries: Binaries, home: Path) -> Account:
    """The account for these programs; a copy of them, where one is needed, goes into `home`.

    Raises:
        NoPostgresError: they run under no account that can be had here.
    """
    async for account in _ways(binaries, home):
        if await _works(account):
            if account.user is not None:
                await seen_through(home.chmod, 0o711)  # to be passed through by nobody, not to be read
            return account
    raise NoPostgresError(f"The programs in {binaries.folder} do not run here, under no account that can be had.")


async def _ways(binaries: Binaries, home: Path) -> AsyncIterator[Account]:
    """The accounts to try, the best first; what only a later one needs is made when it comes to that."""
    if os.geteuid() != 0:
        yield Account(binaries)
        return
    if unshare := shutil.which("unshare"):
        yield Account(binaries, (unshare, *_NAMESPACE))
    yield Account(binaries, user=NOBODY)
    yield Account(await seen_through(_copied, binaries, home), user=NOBODY)


def _copied(binaries: Binaries, home: Path) -> Binaries:
    """The programs where nobody reaches them, with their libraries: they find those beside themselves."""
    copy = home / "programs"
    shutil.copytree(binaries.folder.parent, copy, symlinks=True)
    home.chmod(0o711)  # as above: what is in it is to be tried first
    return Binaries(copy / binaries.folder.name)


async def _works(account: Account) -> bool:
    try:
        process = await account.start("postgres", "--version", stdout=DEVNULL, stderr=DEVNULL)
    except (OSError, ValueError):  # no such program, or we may not become that user
        return False
    return await finished(process) == 0


async def finished(process: Process) -> int:
    """How a program ended; where we are not to wait for it any longer, it is ended with all it has started."""
    try:
        return await process.wait()
    except BaseException:  # cancelled: nobody will ask for it again
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
        await process.wait()
        raise
