"""The address at which the platform's database is reached: speaks TLS as PostgreSQL does and passes the rest on.

The wheel's server has no TLS of its own. What is asked of the server, and what it answers, is not looked into, but
for one word: the server says "no encryption" of a connection whose TLS ended here.
"""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from playground.listener import Listener
from playground.world.certificates import Authority, Kind
from playground.world.postgres.state import Front as Manner

HOST = "127.0.0.1"
_SSL_REQUEST = 80877103  # the codes that stand where a protocol's version would (PostgreSQL's protocol, "SSLRequest")
_GSS_REQUEST = 80877104
_CHUNK = 1 << 16  # bytes passed on at once
_HEAD = struct.Struct("!II")  # how long the first message is, and its code
_QUEUE = 3  # connections that fill a queue of length 0, which takes one, with some to spare
_PLAIN, _TLS = b"no encryption", b"SSL encryption"

Inner = Callable[[], Awaitable[int]]


class Front:
    """A port on loopback, the same for as long as it lives: `async with Front(authority, inner)`.

    `inner` gives the server's own port, and waits for the server where it must. `manner` and `certificate` may be
    changed at any time; `adjust` has them take effect, also on connections that are open.
    """

    def __init__(self, authority: Authority, inner: Inner) -> None:
        self.port = 0
        self.manner: Manner = "serving"
        self.certificate: Kind | None = "good"
        self._authority = authority
        self._inner = inner
        self._listener = Listener(self._attend)
        self._plugs: tuple[socket.socket, ...] = ()
        self._reserved: socket.socket | None = None

    async def __aenter__(self) -> Self:
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind((HOST, 0))
        self.port = self._reserved.getsockname()[1]
        await self.adjust()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()
        if self._reserved is not None:
            self._reserved.close()

    async def adjust(self) -> None:
        """Behave as `manner` says from now on; whoever is connected is cut off."""
        await self._close()
        if self.manner == "dropping":
            self._plugs = await asyncio.to_thread(_plugged, self.port)
        elif self.manner != "refusing":
            await self._listener.open(self.port)

    async def _close(self) -> None:
        for plug in self._plugs:
            plug.close()
        self._plugs = ()
        await self._listener.close()

    async def _attend(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        finally:
            writer.transport.abort()  # as a killed backend does: without a farewell, also in the middle of TLS

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self.manner == "silent":
            await asyncio.Event().wait()
        first, over_tls = await self._greeted(reader, writer)
        inner_reader, inner_writer = await asyncio.open_connection(HOST, await self._inner())
        try:
            inner_writer.write(first)
            away = asyncio.create_task(_pass_on(reader, inner_writer))
            try:
                await _pass_on(inner_reader, writer, _retold if over_tls else None)
            finally:
                away.cancel()
                await asyncio.wait({away})
        finally:
            inner_writer.transport.abort()

    async def _greeted(self, reader: StreamReader, writer: StreamWriter) -> tuple[bytes, bool]:
        """The first message that is for the server, and whether it came over TLS."""
        over_tls = False
        while True:
            head = await reader.readexactly(_HEAD.size)
            _, code = _HEAD.unpack(head)
            if code == _SSL_REQUEST and self.certificate is not None and not over_tls:
                context = await asyncio.to_thread(self._authority.context, self.certificate)
                writer.write(b"S")
                await writer.start_tls(context)
                vars(writer.transport.get_protocol())["_over_ssl"] = True  # Python 3.11 forgets it, and then complains
                over_tls = True
            elif code in {_SSL_REQUEST, _GSS_REQUEST}:
                writer.write(b"N")
            else:
                return head, over_tls


async def _pass_on(reader: StreamReader, writer: StreamWriter, retold: Callable[[bytes], bytes] | None = None) -> None:
    """Pass on what comes until it ends; `retold` is given the first piece, and gives what is to be passed on of it."""
    while piece := await reader.read(_CHUNK):
        writer.write(retold(piece) if retold else piece)
        retold = None
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


def _retold(piece: bytes) -> bytes:
    """A server's first answer with its word on encryption put right, where it refuses at once."""
    if piece[:1] != b"E" or _PLAIN not in piece:
        return piece
    (length,) = struct.unpack_from("!I", piece, 1)
    body = piece[5 : 1 + length].replace(_PLAIN, _TLS)
    return piece[:1] + struct.pack("!I", len(body) + 4) + body + piece[1 + length :]


def _plugged(port: int) -> tuple[socket.socket, ...]:
    """A listener whose queue is full, so that the kernel drops all further attempts, and what fills it."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(0)
    filling = [socket.socket() for _ in range(_QUEUE)]
    for one in filling:
        one.setblocking(False)  # noqa: FBT003 the parameter has no name
        one.connect_ex((HOST, port))
    return (listener, *filling)
