"""Small servers on loopback, for tests of the clients: one that answers, and those that behave badly."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache

from aiohttp import web

from playground.listener import Listener
from playground.port import kept, number

HOST = "127.0.0.1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(
    handler: Handler, tls: ssl.SSLContext | None = None, *, host: str = HOST, port: int = 0
) -> AsyncIterator[str]:
    """A server that answers every request by this handler; gives its address."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        shown = f"[{host}]" if ":" in host else host
        yield f"{'https' if tls else 'http'}://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def talking(talk: Talk, scheme: str = "http") -> AsyncIterator[str]:
    """A server that does with each connection what `talk` says, then hangs up; gives its address."""
    async with Listener(talk) as listener:
        yield f"{scheme}://{HOST}:{await listener.open()}"


async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Say nothing until the other side has gone."""
    while await reader.read(1000):
        pass


def says(words: bytes) -> Talk:
    """Read what comes first, say these bytes, hang up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(words)
        await writer.drain()

    return talk


def nobody(scheme: str = "http") -> str:
    """An address at which nothing listens, for as long as this process lasts."""
    return f"{scheme}://{HOST}:{forsaken_port()}"


def forsaken_port() -> int:
    """A port of loopback that refuses, and that no server of another test is given meanwhile."""
    return number(_forsaken())


@cache
def _forsaken() -> socket.socket:
    return kept()


@asynccontextmanager
async def dropping() -> AsyncIterator[int]:
    """A port whose queue is full, so that the system drops whoever else connects, as a firewall does."""
    with socket.socket() as full:
        full.bind((HOST, 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)  # noqa: FBT003 the standard library's own signature
            with contextlib.suppress(BlockingIOError):
                one.connect((HOST, port))
        try:
            yield port
        finally:
            for one in waiting:
                one.close()
