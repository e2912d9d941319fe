"""The simulated Slack as a whole: one server on loopback, and the handles by which tests and the page use it."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from aiohttp import web

from playground.port import LOOPBACK, kept, number
from playground.slack.clock import Clock, RealClock
from playground.slack.core import Core, assemble
from playground.slack.delivery import Background, Courier, EventRecord
from playground.slack.events import bring_event
from playground.slack.feed import Seen
from playground.slack.http_delivery import HttpCarrier
from playground.slack.ledger import Entry
from playground.slack.manifest import install
from playground.slack.messages import Message
from playground.slack.outcomes import NotPossibleError
from playground.slack.response_urls import ResponseUrls
from playground.slack.seat import Seat
from playground.slack.shapes import Json
from playground.slack.webapi import WebApi, token_of

T = TypeVar("T")
BODY_LIMIT = 64 * 1024 * 1024  # bytes of one request: room for an uploaded file
SHUTDOWN_S = 0.1  # seconds open requests get when the server stops
UNAVAILABLE = 503
FOUND = 302


class SimulatedSlack:
    """A Slack workspace on loopback: `async with SimulatedSlack() as slack`.

    `api_url` goes to the web client as `base_url`; `bot_token`, `app_token` and `signing_secret` to the app.
    `core` holds the state: people, switches, the books of calls (`core.ledger`), open sockets (`core.sockets`).
    """

    def __init__(self, clock: Clock | None = None, *, seed: int = 0, port: int = 0) -> None:
        self.core: Core = assemble(clock or RealClock(), seed)
        self.switches = self.core.switches
        self.ledger = self.core.ledger
        self.workspace = self.core.workspace
        self.sockets = self.core.sockets
        self._background = Background()
        self.courier = Courier(self.core.clock, self.switches, self.core.feed, self.sockets, self._background)
        self._port = port
        self._kept: socket.socket | None = None  # its port, also while it is down
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._seats: dict[str, Seat] = {}
        self._unavailable = False

    # Life

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._background.close()
        finally:
            await self._stop_listening()
            if self._kept is not None:
                self._kept.close()
            if self._session is not None:
                await self._session.close()

    async def _listen(self) -> None:
        if self._kept is None:
            self._kept = kept(self._port)
            self._port = number(self._kept)
        self._runner = web.AppRunner(self._build(), shutdown_timeout=SHUTDOWN_S, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, self._port)
        await site.start()
        self.core.listen_at(f"http://{LOOPBACK}:{self._port}")

    async def _stop_listening(self) -> None:
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def go_down(self, *, refuse: bool = True) -> None:
        """Be gone: refuse connections, or answer everything with 503; all sockets are cut."""
        self._unavailable = True
        self.sockets.cut()
        if refuse:
            await self._stop_listening()

    async def come_back(self) -> None:
        """Be there again, at the same address, with everything as it was."""
        self._unavailable = False
        if self._runner is None:
            await self._listen()

    def _build(self) -> web.Application:
        urls: ResponseUrls = self.core.response_urls
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[self._gate])
        app.add_routes(
            [
                web.route("*", "/api/{method}", WebApi(self.core).handle),
                web.get("/link/", self.sockets.connect),
                web.post("/actions/{team}/{ticket}/{tail}", urls.answer),
                web.post("/upload/v1/{file}", self._take_upload),
                web.get("/files-pri/{file}/{name}", self._give_file),
                web.get("/signin", self._sign_in),
            ]
        )
        return app

    @web.middleware
    async def _gate(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self._unavailable:
            return web.Response(status=UNAVAILABLE, text="Service Unavailable")
        return await handler(request)

    # What the app is given

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.core.origin

    @property
    def api_url(self) -> str:
        """The base of the Web API, with its slash."""
        return f"{self.core.origin}/api/"

    @property
    def bot_token(self) -> str:
        """The bot's token."""
        return self.core.credentials.bot

    @property
    def app_token(self) -> str:
        """The app-level token, for Socket Mode."""
        return self.core.credentials.app

    @property
    def signing_secret(self) -> str:
        """What HTTP deliveries are signed with."""
        return self.core.credentials.signing

    def install(self, manifest: Json) -> None:
        """Install the app from its manifest: from now on it has what the manifest asks for, and nothing else."""
        install(manifest, self.switches)

    # People, and what is seen

    def person(self, name: str) -> Seat:
        """A person's client, by id or by name.

        Raises:
            NotPossibleError: nobody has that name.

        """
        found = self.workspace.person(name)
        if found is None:
            known = ", ".join(sorted(one.name for one in self.workspace.people.values()))
            raise NotPossibleError(f"Nobody is called {name}; there are {known}.")
        return self._seats.setdefault(found.id, Seat(self.core, self.courier, found))

    def messages(self, channel: str) -> list[Message]:
        """What everyone sees in a channel outside of threads, oldest first."""
        return [one for one in self._in(channel) if not one.thread_ts or one.broadcast]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """A thread, its root first."""
        return [one for one in self._in(channel) if ts in (one.ts, one.thread_ts)]

    def ephemerals(self, person: str) -> list[Message]:
        """What only this person sees, oldest first."""
        return self.person(person).private

    def _in(self, channel: str) -> list[Message]:
        place = self.workspace.channel(channel)
        if place is None:
            raise NotPossibleError(f"There is no channel {channel}.")
        return self.workspace.visible(place.id)

    def events(self) -> AsyncIterator[Seen]:
        """Everything people see from now on."""
        return self.core.feed.listen()

    async def until(self, predicate: Callable[[], T], seconds: float = 5.0) -> T:
        """What the predicate gives once it is truthy, asked again after each change.

        Raises:
            TimeoutError: it was not within this many real seconds.

        """
        return await self.core.feed.until(predicate, seconds)

    # How things get to the app

    def deliver_over_http(self, url: str) -> HttpCarrier:
        """From now on bring everything to this address, signed."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
        carrier = HttpCarrier(url, self.signing_secret, self.core.clock, self._session)
        self.courier.carrier = carrier
        return carrier

    def deliver_over_sockets(self) -> None:
        """From now on bring everything over Socket Mode, as at the start."""
        self.courier.carrier = self.sockets

    async def event(self, event: Json) -> EventRecord:
        """Bring an event that no person here causes, such as `app_uninstalled`."""
        return await bring_event(self.core, self.courier, event)

    # Files

    async def _take_upload(self, request: web.Request) -> web.Response:
        stored = self.core.files.files.get(request.match_info["file"])
        data = await request.read()
        good = stored is not None and stored.data is None and len(data) == stored.size
        error = None if good else "upload_refused"
        self.ledger.record(Entry("upload", {"size": len(data)}, self.core.clock.now(), error))
        if stored is None or error:
            return web.Response(status=400, text="Bad upload")
        stored.data = data
        return web.Response(text=f"OK - {len(data)}")

    async def _give_file(self, request: web.Request) -> web.Response:
        allowed = token_of(request, {}) == self.bot_token and "files:read" in self.switches.scopes
        if not allowed:
            return web.Response(status=FOUND, headers={"Location": "/signin"})
        stored = self.core.files.files.get(request.match_info["file"])
        if stored is None or stored.data is None:
            return web.Response(status=404)
        return web.Response(body=stored.data, content_type="application/octet-stream")

    async def _sign_in(self, _request: web.Request) -> web.Response:
        return web.Response(text="<!DOCTYPE html><title>Sign in</title>", content_type="text/html")
