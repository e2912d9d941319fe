"""The folder in which everything of one PostgreSQL lies, and the process that removes it, however the playground ends.

It starts no server.
"""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from types import TracebackType
from typing import Self

from playground.world.postgres import keeper
from playground.world.postgres.binaries import NoPostgresError

LONGEST_SOCKET = 100
"""Bytes of a socket's path: the kernel takes 107, of which one ends it; a few are left for good measure."""
_KEEPER = Path(keeper.__file__).resolve()
_SOCKET_NAME = len("/.s.PGSQL.65535.lock")


class Home:
    """A fresh folder, to be used with `async with`; afterwards nothing of it is left, nor of what ran in it."""

    def __init__(self) -> None:
        self.path = Path()
        self._keeper: Process | None = None

    async def __aenter__(self) -> Self:
        self.path = await asyncio.to_thread(_fresh)
        try:
            self._keeper = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_KEEPER), str(self.path)),
                stdin=PIPE,
                start_new_session=True,  # whatever ends the playground must not end this
                env={},
                cwd="/",
            )
        except BaseException:  # also when cancelled: the folder is still empty
            self.path.rmdir()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.close()
            await self._keeper.wait()


def _fresh() -> Path:
    """A folder whose sockets have short enough a path: in the machine's folder for such things, or in /tmp."""
    for place in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 made by mkdtemp, for us alone
        made = Path(tempfile.mkdtemp(prefix="volati-pg-", dir=place))
        if len(os.fsencode(made)) + _SOCKET_NAME <= LONGEST_SOCKET:
            return made
        made.rmdir()
    raise NoPostgresError(f"No folder for sockets has a short enough path: {LONGEST_SOCKET} bytes are the most.")
