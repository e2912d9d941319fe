"""Small servers on loopback for probes: each answers in one way, and remembers what it was sent."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.probe.order import Way, read
from bot.probe.result import Result
from bot.probe.road import Means
from bot.probe.run import Surroundings, probed
from playground.listener import Listener
from playground.port import LOOPBACK

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
#: PostgreSQL's own numbers.
SSL_REQUEST = struct.pack("!ii", 8, 80_877_103)


@dataclass
class Server:
    """A server that is listening. `heard` is everything it was sent."""

    port: int = 0
    heard: bytearray = field(default_factory=bytearray)
    lines: int = 0
    met: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def place(self) -> str:
        """Where it listens."""
        return f"{LOOPBACK}:{self.port}"


@asynccontextmanager
async def serving(talk: Callable[[Server], Talk], tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """A server that talks so with everybody, until the end of the block."""
    server = Server()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.lines += 1
        server.met.set()
        await talk(server)(reader, writer)

    listener = Listener(serve)
    server.port = await listener.open(tls=tls)
    try:
        yield server
    finally:
        await listener.hang_up()


def saying(answer: bytes) -> Callable[[Server], Talk]:
    """Reads once, answers this, and closes."""

    def talk(server: Server) -> Talk:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.heard += await reader.read(65_536)
            writer.write(answer)
            await writer.drain()

        return speak

    return talk


def silent(server: Server) -> Talk:
    """Reads for ever, and says nothing."""

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            server.heard += part

    return listen


def postgres(answer: bytes, *, tls: ssl.SSLContext | None = None) -> Callable[[Server], Talk]:
    """Answers TLS, then the start of a session with this message."""

    def talk(server: Server) -> Talk:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            assert await reader.readexactly(8) == SSL_REQUEST
            writer.write(b"S" if tls else b"N")
            if tls:
                await writer.start_tls(tls)
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            server.heard += await reader.readexactly(length - 4)
            writer.write(answer)
            await writer.drain()
            await reader.read(1)

        return speak

    return talk


def login(kind: int, rest: bytes = b"") -> bytes:
    """PostgreSQL's request for a login of a kind."""
    return b"R" + struct.pack("!ii", 8 + len(rest), kind) + rest


def refusal(code: str, message: str) -> bytes:
    """PostgreSQL's error."""
    body = b"".join(f"{letter}{text}\0".encode() for letter, text in (("S", "FATAL"), ("C", code), ("M", message)))
    return b"E" + struct.pack("!i", len(body) + 5) + body + b"\0"


def anywhere(seconds: float = 1.0, trust: ssl.SSLContext | None = None) -> Means:
    """Means that go to loopback too: that is where tests have their servers."""
    return Means(seconds, trust or ssl.create_default_context(), why_not=lambda _: "")


async def seen(way: Way, target: str, means: Means | None = None, **more: object) -> Result:
    """What a probe sees."""
    return await probed(read(way, target), Surroundings(means=means or anywhere(), **more))  # type: ignore[arg-type]  # the fields of Surroundings
