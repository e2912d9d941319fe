"""Tests of the listener: whatever happens to a talk, its connection is closed with it."""

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest

from playground.listener import Listener
from playground.port import LOOPBACK

ANSWER = b"x" * 1_000_000
"""More than fits into the kernel's buffers: it is sent while the talk is over already."""


async def silent(reader: StreamReader, writer: StreamWriter) -> None:
    """Say nothing for ever, and do not look whether anybody is there."""
    del reader, writer
    await asyncio.Event().wait()


async def answering(reader: StreamReader, writer: StreamWriter) -> None:
    """Answer one line with much, and do not wait until it is sent."""
    await reader.readuntil(b"\n")
    writer.write(ANSWER)


async def hung_up(reader: StreamReader) -> bool:
    """Whether the other side is gone."""
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


async def test_everything_said_arrives() -> None:
    """It sends all that a talk wrote before it closes the connection."""
    async with Listener(answering) as listener:
        reader, writer = await asyncio.open_connection(LOOPBACK, await listener.open())
        writer.write(b"hello\n")
        assert await reader.read(-1) == ANSWER
        writer.close()


@pytest.mark.parametrize("turns", range(8))
async def test_closed_at_any_moment(turns: int) -> None:
    """It leaves no connection open, however far the connection has come when the listener is closed."""
    listener = Listener(silent)
    port = await listener.open()
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    for _ in range(turns):
        await asyncio.sleep(0)
    await listener.close()
    assert await hung_up(reader)
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(LOOPBACK, port)


async def test_a_talk_that_never_began(monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes the connection of a talk that was cancelled before its first step."""
    begun = asyncio.Event()

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        del reader, writer
        begun.set()

    listener = Listener(talk)
    accept = listener._accept

    def accepted_and_cancelled(reader: StreamReader, writer: StreamWriter) -> None:
        accept(reader, writer)
        for one in listener._talks:
            one.cancel()

    monkeypatch.setattr(listener, "_accept", accepted_and_cancelled)
    async with listener:
        reader, writer = await asyncio.open_connection(LOOPBACK, await listener.open())
        assert await hung_up(reader)
        writer.close()
    assert not begun.is_set()


async def test_who_hangs_up() -> None:
    """It takes no harm from somebody who goes in the middle."""
    async with Listener(answering) as listener:
        port = await listener.open()
        _, rude = await asyncio.open_connection(LOOPBACK, port)
        rude.transport.abort()
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.write(b"hello\n")
        assert len(await reader.read(-1)) == len(ANSWER)
        writer.close()


async def test_hanging_up_lets_talks_end() -> None:
    """It lets a talk read what has come, and end by itself."""
    heard = bytearray()
    came = asyncio.Event()

    async def listen(reader: StreamReader, writer: StreamWriter) -> None:
        del writer
        while piece := await reader.read(10):
            came.set()
            heard.extend(piece)

    listener = Listener(listen)
    _, writer = await asyncio.open_connection(LOOPBACK, await listener.open())
    writer.write(b"some words that take three reads")
    await came.wait()
    await listener.hang_up()
    assert heard == b"some words that take three reads"
    writer.close()


async def test_opened_again(tmp_path: Path) -> None:
    """It can listen at the same port again after it was closed, and on a socket of the file system."""
    async with Listener(answering) as listener:
        port = await listener.open()
        await listener.close()
        assert await listener.open(port) == port
        await listener.close()
        await listener.open_at(tmp_path / "socket")
        reader, writer = await asyncio.open_unix_connection(tmp_path / "socket")
        writer.write(b"hello\n")
        assert len(await reader.read(-1)) == len(ANSWER)
        writer.close()
