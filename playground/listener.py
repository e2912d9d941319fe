"""A listener on loopback that leaves no connection behind. It knows no protocol: what is said is its owner's.

asyncio's own server does not end the talks it began, and a talk that is cancelled before its first step never gets to
close its connection. Here every connection is closed with its talk, also one that comes at the very last moment.
"""

import asyncio
import contextlib
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from playground.port import LOOPBACK

Talk = Callable[[StreamReader, StreamWriter], Awaitable[None]]


class Listener:
    """Runs `talk` for everybody who connects, and closes the connection when it ends: `async with Listener(talk)`.

    It listens from `open` (a port on loopback) or `open_at` (a socket of the file system) until `close`, and may be
    opened again. Who hangs up in the middle of a talk ends it: that is no error.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._listening = False
        self._server: asyncio.Server | None = None
        self._talks: dict[asyncio.Task[None], StreamWriter] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self, port: int = 0, *, tls: ssl.SSLContext | None = None) -> int:
        """Listen on a port of loopback, any free one by default; gives its number. Raises OSError where it is taken."""
        self._listening = True
        self._server = await asyncio.start_server(self._accept, LOOPBACK, port, ssl=tls)
        return int(self._server.sockets[0].getsockname()[1])

    async def open_at(self, path: Path) -> None:
        """Listen on a socket of the file system. Raises OSError where there is something already."""
        self._listening = True
        self._server = await asyncio.start_unix_server(self._accept, path)

    async def close(self) -> None:
        """Stop listening, and end every talk where it is."""
        self._stop()
        for talk in self._talks:
            talk.cancel()
        await self._silence()

    async def hang_up(self) -> None:
        """Stop listening, hang up on everybody, and return when the talks have noticed and ended by themselves."""
        self._stop()
        for writer in self._talks.values():
            writer.close()
        await self._silence()

    def _stop(self) -> None:
        self._listening = False
        server, self._server = self._server, None
        if server is not None:
            server.close()

    async def _silence(self) -> None:
        if self._talks:
            await asyncio.wait(tuple(self._talks))
        await asyncio.sleep(0)  # what was closed is let go of before the port is said to be gone

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        if not self._listening:  # it was on its way in when the door was shut
            writer.transport.abort()
            return
        talk = asyncio.create_task(self._attend(reader, writer), name="a connection to a listener of the playground")
        self._talks[talk] = writer
        talk.add_done_callback(self._ended)

    async def _attend(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):  # whoever asked has gone
            await self._talk(reader, writer)
            writer.close()
            await writer.wait_closed()

    def _ended(self, talk: asyncio.Task[None]) -> None:
        self._talks.pop(talk).transport.abort()  # also where the talk was cancelled before it began
