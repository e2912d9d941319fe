"""The address of the platform's database: something that listens there, or nothing. It speaks no protocol yet."""

import asyncio
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"


class SimulatedDatabase:
    """A port on loopback, to be used with `async with`. While it does not listen, the port refuses."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def listen(self) -> None:
        """Accept connections, at the same port as before."""
        if self._server is None:
            self._server = await asyncio.start_server(_part, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None


async def _part(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a connection and end it."""
    writer.close()
