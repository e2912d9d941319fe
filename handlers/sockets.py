"""The way in: connections to Slack over Socket Mode, opened, kept and closed in order. It knows no command."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient

SOCKETS = 1
"""Connections kept open. Slack gives each delivery to any one of them."""

PING_SECONDS = 2.5
"""Time between pings. A cut connection is noticed at the next one, a half-open one after about two: the vendor's
default of 10 leaves the bot deaf for that long."""

TICKET_SECONDS = 10.0
"""How long an address for a connection is used. It is good once and for about half a minute, and the vendor's client
would try a spent one for ever."""

LISTENERS_SECONDS = 2.0
"""How long listeners may take to acknowledge what came in before a stop; they take milliseconds."""

Address = Callable[[], Awaitable[str]]


class _Client(SocketModeClient):
    """The vendor's client, with addresses that expire, and listeners that are kept track of."""

    def __init__(self, app: AsyncApp, app_token: str, address: Address) -> None:
        self.listening: set[asyncio.Task[Any]] = set()
        self._ask = address
        self._address: str | None = None
        self._given_at = 0.0
        super().__init__(app_token, app.logger, app.client, ping_interval=PING_SECONDS)

    @property  # type: ignore[override] # the vendor has a plain attribute, which may be None as well
    def wss_uri(self) -> str | None:
        """The address of the connection, while it may still be used."""
        fresh = time.monotonic() - self._given_at < TICKET_SECONDS
        return self._address if fresh else None

    @wss_uri.setter
    def wss_uri(self, address: str | None) -> None:
        self.use(address)

    def use(self, address: str | None) -> None:
        """Connect to this address next."""
        self._address, self._given_at = address, time.monotonic()

    async def issue_new_wss_url(self) -> str:
        """A new address."""
        return await self._ask()

    async def run_message_listeners(self, message: dict[str, Any], raw_message: str) -> None:
        """Run them as ever; the vendor keeps no reference to their task, and one without may be lost half-way."""
        task = asyncio.current_task()
        if task is not None:
            self.listening.add(task)
            task.add_done_callback(self.listening.discard)
        await super().run_message_listeners(message, raw_message)


class Socket(AsyncSocketModeHandler):
    """One connection for the app."""

    client: _Client

    def __init__(self, app: AsyncApp, app_token: str, address: Address) -> None:
        # The vendor's own constructor would make the vendor's own client, session and all.
        self.app = app
        self.app_token = app_token
        self.client = _Client(app, app_token, address)
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type] # as the vendor does

    async def fall_silent(self) -> None:
        """Take nothing more in, and let what came in be acknowledged."""
        self.client.default_auto_reconnect_enabled = self.client.auto_reconnect_enabled = False
        if self.client.listening:
            await asyncio.wait(self.client.listening, timeout=LISTENERS_SECONDS)
        await self.disconnect_async()  # type: ignore[no-untyped-call]


class Sockets:
    """All connections. Made inside a running loop; `close` gives back what the making of it took."""

    def __init__(self, app: AsyncApp, app_token: str, address: Callable[[str], Awaitable[str]]) -> None:
        self._address: Address = partial(address, app_token)
        self._sockets = tuple(Socket(app, app_token, self._address) for _ in range(SOCKETS))

    async def open(self) -> None:
        """Connect; from then on each connection is kept by itself.

        Raises:
            SlackError: there is no address to connect to, such as when Slack does not take the token.
        """
        for socket in self._sockets:
            socket.client.use(await self._address())
            await socket.connect_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Take nothing more in, then close."""
        for socket in self._sockets:
            await socket.fall_silent()
        for socket in self._sockets:
            await socket.close_async()  # type: ignore[no-untyped-call]
