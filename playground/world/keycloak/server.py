"""The simulated Keycloak as a running server on loopback: start, stop, and faults switched on and off.

It listens on 127.0.0.1 only, on a port of its own, over TLS with a certificate of the playground's own
authority. Nothing it does outlives it.
"""

import asyncio
import socket
import ssl
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import Self, get_args

from aiohttp import web

from playground.port import kept, number
from playground.world.certificates import Authority, Kind
from playground.world.faults.keycloak import KEYCLOAK_FAULTS
from playground.world.faults.model import Fault, named
from playground.world.keycloak import fronts, http
from playground.world.keycloak.realm import Realm
from playground.world.keycloak.state import State
from playground.world.keycloak.tokens import Ring, new_key
from playground.world.keycloak.volaticloud import ADMIN, API, REALM, Secrets, volaticloud

HOST = "127.0.0.1"
REMEMBERED = 10_000  # requests: more than a test makes, little enough for a playground left running
FAREWELL_S = 0.1  # how long a request under way may still take when the server stops


class SimulatedKeycloak:
    """A Keycloak to be used with `async with`; afterwards its port and files are gone."""

    def __init__(
        self,
        *,
        tls: bool = True,
        base_path: str = "",
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        authority: Authority | None = None,
    ) -> None:
        """`clock` gives seconds since 1970; `sleep` is how slowness passes; `authority` is shared or made."""
        self._tls = tls
        self._path = base_path
        self._clock = clock
        self._sleep = sleep
        self._authority = authority
        self._known = Secrets()
        self._faults: tuple[Fault[State], ...] = ()
        self._base: State | None = None
        self._runner: web.AppRunner | None = None
        self._kept: socket.socket | None = None  # its port, chosen by the system at the first start
        self._port = 0
        self._changed = asyncio.Condition()  # what is not answered waits for the next change
        self._contexts: dict[Kind, ssl.SSLContext] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.asked: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)  # what came in: method and path

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self._prepare)
            await self._adjust()
        except BaseException:  # whatever it was, nothing half-started stays behind
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    @property
    def url(self) -> str:
        """Where the platform is configured to look for it, base path included, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self._port}{self._path}"

    @property
    def ca_file(self) -> Path:
        """The certificate to trust, in PEM form."""
        if self._authority is None:
            raise RuntimeError("the simulated Keycloak is not running: use it with `async with`")
        return self._authority.ca_file

    @property
    def realm(self) -> str:
        """The realm's name."""
        return REALM

    @property
    def client_id(self) -> str:
        """The backend's client, a resource server."""
        return API

    @property
    def client_secret(self) -> str:
        """What the platform holds as that client's secret, whatever the realm thinks of it."""
        return self._known.api

    @property
    def admin_client_id(self) -> str:
        """A service client that may look at users, clients and authorization."""
        return ADMIN

    @property
    def admin_client_secret(self) -> str:
        """That client's secret."""
        return self._known.admin

    @property
    def passwords(self) -> Mapping[str, str]:
        """The people's passwords by user name."""
        return self._known.passwords

    @property
    def state(self) -> State:
        """The service as it is now: as built and written to, then through every fault that is on."""
        if self._base is None:
            raise RuntimeError("the simulated Keycloak is not running: use it with `async with`")
        return reduce(lambda state, fault: fault.apply(state), self._faults, self._base)

    @property
    def faults(self) -> tuple[str, ...]:
        """The names of the faults that are on, oldest first."""
        return tuple(fault.name for fault in self._faults)

    async def switch_on(self, fault: Fault[State] | str) -> None:
        """Break something. Faults combine. Raises KeyError for a name that is not in the table."""
        chosen = named(KEYCLOAK_FAULTS, fault)
        if chosen.name not in self.faults:
            self._faults = (*self._faults, chosen)
        await self._adjust()

    async def switch_off(self, fault: Fault[State] | str) -> None:
        """Mend it again; a fault that is not on is no error."""
        chosen = named(KEYCLOAK_FAULTS, fault)
        self._faults = tuple(one for one in self._faults if one.name != chosen.name)
        await self._adjust()

    async def heal(self) -> None:
        """Mend everything. What was registered meanwhile stays."""
        self._faults = ()
        await self._adjust()

    def amend(self, change: Callable[[Realm], Realm]) -> None:
        """Change the realm itself, as an administrator would."""
        if self._base is not None:
            self._base = self._base.with_realm(change)

    async def rotate_keys(self) -> None:
        """Rotate the signing key as it should be done: the new one is listed before it is used."""
        key = await asyncio.to_thread(new_key)
        if self._base is not None:
            self._base = replace(self._base, ring=self._base.ring.rotated(key))

    def _prepare(self) -> None:
        if self._authority is None:
            self._folder = tempfile.TemporaryDirectory(prefix="volati-keycloak-")
            self._authority = Authority.new(Path(self._folder.name))
        if self._tls:
            self._contexts = {kind: self._authority.context(kind) for kind in get_args(Kind)}
        self._base = State(realm=volaticloud(self._known), ring=Ring.new(), spare=new_key(), base_path=self._path)

    async def _adjust(self) -> None:
        state = self.state
        async with self._changed:
            self._changed.notify_all()
        if state.listening and self._runner is None:
            await self._listen()
        elif not state.listening:
            await self._hush()

    async def _listen(self) -> None:
        if self._kept is None:
            self._kept = kept()
            self._port = number(self._kept)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        app.on_response_prepare.append(_without_date)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=FAREWELL_S)
        await runner.setup()
        self._runner = runner
        context = self._shown() if self._tls else None
        site = web.TCPSite(runner, HOST, self._port, ssl_context=context, reuse_address=True)
        await site.start()

    async def _hush(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _close(self) -> None:
        await self._hush()
        if self._kept is not None:
            self._kept.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _shown(self) -> ssl.SSLContext:
        """A context that shows, for each new connection, the certificate of that moment."""

        def choose(handshake: ssl.SSLObject, _name: str, _context: ssl.SSLContext) -> None:
            handshake.context = self._contexts[self.state.certificate]

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose  # called without a name too, for clients that dial an address
        context.num_tickets = 0
        return context

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append((request.method, request.path))
        async with self._changed:
            await self._changed.wait_for(lambda: not self.state.hangs(request.path))
        state = self.state
        if state.delay_s:
            await self._sleep(state.delay_s)
        if state.front in fronts.ANSWERS:
            return fronts.ANSWERS[state.front](request)
        response, said = http.reply(state, request, body, self._clock())
        if said is not None and said.change is not None:
            self.amend(said.change)
        return response


async def _without_date(_request: web.Request, response: web.StreamResponse) -> None:
    # Keycloak sends neither; a client that reads the clock there must not find one here.
    response.headers.popall("Date", None)
    response.headers.popall("Server", None)
