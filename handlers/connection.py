"""One connection of Socket Mode, from its one-time address to its end. It never connects again: sockets.py does.

The vendor's own client is not used: it closes before it connects anew, tries a spent address for ever, and writes a
traceback every few seconds while Slack is away. The protocol is small:
docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import contextlib
import json
import struct
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from bot.slack.errors import SlackUnreachable

CONNECT_SECONDS = 10.0
"""Longest time from an address to Slack's `hello`; it takes well below one, a slow way out some more."""

PING_SECONDS = 2.5
"""Time without a word after which we ask for one, and half of it is the time to answer: a half-open connection is
noticed within 4 s. The vendor's default of 10 would leave the bot deaf for 18 s."""

CLOSE_SECONDS = 1.0
"""Longest wait for the other side's goodbye; a connection that is gone has none."""

UNSURE_SECONDS = 1.0
"""How long ago something may have been sent that did not arrive when the connection ends: some round trips."""

LARGEST = 4 * 1024 * 1024
"""Bytes of one frame; aiohttp's own bound. Slack's largest payloads, of modals, are below 1 MB."""

_NORMAL_CLOSURE = struct.pack("!H", 1000)  # RFC 6455, section 7.4.1
_REMEDY = "Look at status.slack.com and at the way out of this network: wss:// to *.slack.com must be let through."


class Connection:
    """An open connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, number: int, peers: int) -> None:
        loop = asyncio.get_running_loop()
        self._socket = socket
        self._leaving = False
        self._broken = False
        self._ended = asyncio.Event()
        self._sent: deque[tuple[float, dict[str, Any]]] = deque()
        self.number = number
        """Counts the connections of this process, for the log."""
        self.peers = peers
        """How many connections the app had when this one was opened, by Slack's count, this one included."""
        self.opened_at = loop.time()
        self.heard_at = self.opened_at
        """When the last delivery came, by the loop's clock."""
        self.unheard = 0
        """Deliveries that came over other connections since the last one over this."""
        self.spent: asyncio.Future[str] = loop.create_future()
        """Done, with the reason, when another connection has to take this one's place."""

    @classmethod
    async def opened(
        cls,
        session: aiohttp.ClientSession,
        address: str,
        number: int,
        **way: Any,  # noqa: ANN401 aiohttp's own options
    ) -> "Connection":
        """Connect and wait for Slack's greeting. `way` are aiohttp's options for the way there: proxy, ssl.

        Raises:
            SlackUnreachable: there is no connection; the address is spent all the same.
        """
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                patience = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)
                options = {"heartbeat": PING_SECONDS, "max_msg_size": LARGEST, "timeout": patience, **way}
                return await cls._greeted(await session.ws_connect(address, **options), number)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SlackUnreachable(f"No connection to Slack ({_named(error)}). {_REMEDY}", sent=False) from None

    @classmethod
    async def _greeted(cls, socket: aiohttp.ClientWebSocketResponse, number: int) -> "Connection":
        try:
            hello = _greeting(await socket.receive())
            return cls(socket, number, _count(hello.get("num_connections")))
        except BaseException:  # also when cancelled: nothing half open may be left
            await socket.close()
            raise

    @property
    def open(self) -> bool:
        """Whether something can be sent over it."""
        return not (self._socket.closed or self._leaving or self._broken)

    def replace(self, reason: str) -> None:
        """Ask for another one in its place; only the first reason counts."""
        if not self.spent.done():
            self.spent.set_result(reason)

    async def frames(self) -> AsyncIterator[dict[str, Any]]:
        """What Slack sends, until the connection ends. What is no JSON object is passed over."""
        try:
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    yield self._heard(_object(message.data))
        finally:
            self._ended.set()

    def _heard(self, frame: dict[str, Any]) -> dict[str, Any]:
        if "envelope_id" in frame:
            self.heard_at = asyncio.get_running_loop().time()
            self.unheard = 0
        return frame

    async def send(self, frame: dict[str, Any]) -> bool:
        """Whether a frame could be sent. That it arrived is known to nobody: Socket Mode has no receipt for it."""
        if not self.open:
            return False
        self._sent.append((asyncio.get_running_loop().time(), frame))
        self._forget_the_sure()
        try:
            await self._socket.send_str(json.dumps(frame))
        except (aiohttp.ClientError, OSError):
            self._broken = True  # the end has not been read yet; nobody should try this one again
            return False
        return True

    def unsure(self) -> tuple[dict[str, Any], ...]:
        """The frames sent so lately that, the connection having ended, they may not have arrived."""
        self._forget_the_sure()
        return tuple(frame for _, frame in self._sent)

    def _forget_the_sure(self) -> None:
        since = asyncio.get_running_loop().time() - UNSURE_SECONDS
        while self._sent and self._sent[0][0] < since:
            self._sent.popleft()

    async def leave(self) -> None:
        """Say goodbye, and let `frames` go on until Slack has said it too: what it sent before that is not lost."""
        if not self.open:
            return
        self._leaving = True
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._socket.send_frame(_NORMAL_CLOSURE, aiohttp.WSMsgType.CLOSE)
                await self._ended.wait()
        await self.close()

    async def close(self) -> None:
        """End it now."""
        self._leaving = True
        await self._socket.close()


def _greeting(message: aiohttp.WSMessage) -> dict[str, Any]:
    """Slack's first frame; a connection that begins with another one is none."""
    hello = _object(message.data) if message.type is aiohttp.WSMsgType.TEXT else {}
    if hello.get("type") != "hello":
        raise aiohttp.ClientConnectionError("there was no greeting")
    return hello


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _count(number: object) -> int:
    return number if isinstance(number, int) else 0


def _named(error: Exception) -> str:
    """What went wrong; never the address, which is a ticket."""
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"HTTP {error.status}"
    return type(error).__name__
