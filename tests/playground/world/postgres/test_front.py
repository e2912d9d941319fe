"""Tests of what stands in front of the server: TLS as PostgreSQL begins it, and each way of not serving."""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from playground.listener import Listener
from playground.world.certificates import Authority
from playground.world.postgres.front import HOST, Front, _retold

SSL_REQUEST = struct.pack("!II", 8, 80877103)
GSS_REQUEST = struct.pack("!II", 8, 80877104)
STARTUP = struct.pack("!II", 8, 196608)
REFUSAL = b'FATAL: no entry for host "127.0.0.1", no encryption\x00'


def refused(words: bytes) -> bytes:
    """A server's refusal as it is sent."""
    return b"E" + struct.pack("!I", len(words) + 4) + words


@asynccontextmanager
async def fronted(folder: Path) -> AsyncIterator[Front]:
    """A front before a server that takes eight bytes, refuses, and echoes whatever comes after."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(refused(REFUSAL))
        while piece := await reader.read(100):
            writer.write(piece)

    async with Listener(serve) as listener:
        port = await listener.open()

        async def inner() -> int:
            return port

        async with Front(Authority.new(folder), inner) as front:
            yield front


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    """As `fronted`."""
    async with fronted(tmp_path) as made:
        yield made


async def test_without_tls(front: Front) -> None:
    """Passes on word for word what comes and goes without TLS."""
    reader, writer = await asyncio.open_connection(HOST, front.port)
    writer.write(STARTUP + b"more")
    assert await reader.readexactly(len(refused(REFUSAL)) + 4) == refused(REFUSAL) + b"more"
    writer.close()


async def test_over_tls(front: Front, tmp_path: Path) -> None:
    """Speaks TLS when it is asked to, and says of a refusal over it that the connection was encrypted."""
    reader, writer = await asyncio.open_connection(HOST, front.port)
    writer.write(GSS_REQUEST)
    assert await reader.readexactly(1) == b"N"
    writer.write(SSL_REQUEST)
    assert await reader.readexactly(1) == b"S"
    context = await asyncio.to_thread(ssl.create_default_context, cafile=str(tmp_path / "ca.pem"))
    await writer.start_tls(context, server_hostname="localhost")
    writer.write(STARTUP)
    told = refused(REFUSAL.replace(b"no encryption", b"SSL encryption"))
    assert await reader.readexactly(len(told)) == told
    writer.transport.abort()


async def test_no_tls_to_be_had(front: Front) -> None:
    """Says no to TLS where the server has none, and goes on without."""
    front.certificate = None
    reader, writer = await asyncio.open_connection(HOST, front.port)
    writer.write(SSL_REQUEST)
    assert await reader.readexactly(1) == b"N"
    writer.write(STARTUP)
    assert await reader.readexactly(1) == b"E"
    writer.transport.abort()


async def test_cut_off(front: Front) -> None:
    """Cuts off who is connected when it stops serving, and keeps its port for when it serves again."""
    reader, writer = await asyncio.open_connection(HOST, front.port)
    writer.write(STARTUP)
    await reader.readexactly(1)
    front.manner = "refusing"
    await front.adjust()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, front.port)
    front.manner = "serving"
    await front.adjust()
    again, other = await asyncio.open_connection(HOST, front.port)
    other.write(STARTUP)
    assert await again.readexactly(1) == b"E"
    for one in (writer, other):
        one.transport.abort()


async def test_dropped(front: Front) -> None:
    """Does not even take a connection where a firewall drops it."""
    front.manner = "dropping"
    await front.adjust()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await asyncio.open_connection(HOST, front.port)


async def test_nonsense(front: Front) -> None:
    """Parts from whoever hangs up within the first message."""
    reader, writer = await asyncio.open_connection(HOST, front.port)
    writer.write(b"GET ")
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("piece", [b"R\x00\x00\x00\x08no encryption", b"E\x00\x00\x00\x06ab", b""])
def test_what_is_left_alone(piece: bytes) -> None:
    """Leaves every other answer as it is."""
    assert _retold(piece) == piece


def test_what_comes_after_a_refusal() -> None:
    """Keeps what stands behind a refusal in the same piece."""
    assert _retold(refused(REFUSAL) + b"rest").endswith(b"SSL encryption\x00rest")
