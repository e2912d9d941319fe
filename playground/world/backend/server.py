"""The simulated backend's surface as a running server on loopback: health and GraphQL over TLS, faults on and off.

What it says of its database and of Keycloak it has asked them at that moment: whoever breaks those breaks it.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from functools import reduce
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, get_args

from aiohttp import web

from playground.world.backend import schema
from playground.world.backend.login import Identity, LoginError
from playground.world.backend.state import BackendState
from playground.world.certificates import Authority, Kind
from playground.world.faults.model import Fault
from playground.world.postgres import login

HOST = "127.0.0.1"
REMEMBERED = 1_000  # requests
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, BUSY, FAILED, UNAVAILABLE = 200, 401, 403, 404, 429, 500, 503
_FAREWELL_S = 0.1
_GATEWAY = {502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable", 504: "504 Gateway Time-out"}
_PAGE = "<!doctype html>\n<html><head><title>VolatiCloud</title></head><body><div id='root'></div></body></html>\n"

SOUND = BackendState()
#: Why the database cannot be used, in the backend's words; nothing when it can.
Database = Callable[[], Awaitable[str]]


class SimulatedBackend:
    """A backend to be used with `async with`; afterwards its port and files are gone.

    Args:
        identity: gives Keycloak as the backend knows it, of its state.
        database: asks the database.
        gateway: the status with which the way to the backend's pods ends; 200 where one of them is ready.
        sound: the surface as it is without faults.
        sleep: how slowness passes.
    """

    def __init__(
        self,
        identity: Callable[[BackendState], Identity],
        database: Database,
        gateway: Callable[[], int] = lambda: OK,
        sound: BackendState = SOUND,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._identity = identity
        self._database = database
        self._gateway = gateway
        self._sound = sound
        self._sleep = sleep
        self._faults: tuple[Fault[BackendState], ...] = ()
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._folder: TemporaryDirectory[str] | None = None
        self._contexts: dict[Kind, ssl.SSLContext] = {}
        self._healed = asyncio.Event()
        self.asked: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)  # method and path
        self.authority: Authority

    async def __aenter__(self) -> Self:
        self._folder = TemporaryDirectory(prefix="volati-backend-")
        await asyncio.to_thread(self._prepare, Path(self._folder.name))
        await self._adjust()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._healed.set()
        await self._hush()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def state(self) -> BackendState:
        """The surface as it is now: sound, then through every fault that is on."""
        return reduce(lambda state, fault: fault.apply(state), self._faults, self._sound)

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"https://{HOST}:{self._port}"

    def environment(self) -> dict[str, Any]:
        """It as the bot's settings describe it."""
        prefix = self._sound.prefix
        return {
            "health_url": f"{self.url}{prefix}/health",
            "graphql_url": f"{self.url}{prefix}/query",
            "schema_file": str(self._schema_file),
            "ca_file": str(self.authority.ca_file),
        }

    async def switch_on(self, fault: Fault[BackendState]) -> None:
        """Break something. Faults combine."""
        self._faults = (*(one for one in self._faults if one.name != fault.name), fault)
        await self._adjust()

    async def heal(self) -> None:
        """Mend everything."""
        self._faults = ()
        await self._adjust()

    def _prepare(self, folder: Path) -> None:
        self.authority = Authority.new(folder, "Volati playground backend CA")
        self._contexts = {kind: self.authority.context(kind) for kind in get_args(Kind)}
        self._schema_file = folder / "schema.graphql"
        self._schema_file.write_text(schema.SDL, encoding="utf-8")

    async def _adjust(self) -> None:
        self._healed.set()
        self._healed = asyncio.Event()
        await (self._listen() if self.state.listening else self._hush())

    async def _listen(self) -> None:
        if self._runner is not None:
            return
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=_FAREWELL_S)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, self._port, ssl_context=self._shown(), reuse_address=True).start()
        self._port = runner.addresses[0][1]

    async def _hush(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def _shown(self) -> ssl.SSLContext:
        """A context that shows, for each new connection, the certificate of that moment."""

        def choose(handshake: ssl.SSLObject, _name: str, _context: ssl.SSLContext) -> None:
            handshake.context = self._contexts[self.state.certificate]

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = choose
        context.num_tickets = 0
        return context

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        state = self.state
        before = self._before(request, state)
        if state.front == "silent":
            await self._healed.wait()
        if state.delay_s:
            await self._sleep(state.delay_s)
        if before is not None:
            return before
        if request.path == f"{state.prefix}/health":
            return await self._health(state)
        if request.path == f"{state.prefix}/query" and request.method == "POST":
            return await self._query(request, state)
        return web.Response(status=NOT_FOUND, text="404 page not found\n")

    def _before(self, request: web.Request, state: BackendState) -> web.Response | None:
        """What stands before the backend answers in its place; None where the request reaches it."""
        status = self._gateway()
        if state.fails_every and len(self.asked) % state.fails_every == 0:
            status = 502
        if status in _GATEWAY:
            words = _GATEWAY[status]
            page = f"<html>\r\n<head><title>{words}</title></head>\r\n<body>\r\n<center><h1>{words}</h1></center>\r\n"
            return web.Response(status=status, text=f"{page}</body>\r\n</html>\r\n", content_type="text/html")
        if state.front == "page":
            return web.Response(text=_PAGE, content_type="text/html")
        if state.front == "redirect":
            return web.Response(status=302, headers={"Location": f"{self.url}/oauth2/start?rd={request.path}"})
        if state.front == "limit":
            return web.Response(status=BUSY, text="Too Many Requests\n")
        if state.front == "cut" and request.transport is not None:
            request.transport.abort()
        return None

    async def _health(self, state: BackendState) -> web.Response:
        database, keycloak = await asyncio.gather(self._database(), self._identity(state).trouble())
        found = {"database": database, "keycloak": keycloak}
        if state.flaw == "error":
            return web.json_response({"error": "internal server error"}, status=FAILED)
        checks = {name: {"status": "down", "error": why} if why else {"status": "ok"} for name, why in found.items()}
        status = "unavailable" if any(found.values()) else "ok"
        return web.json_response({"status": status, "checks": checks}, status=OK if status == "ok" else UNAVAILABLE)

    async def _query(self, request: web.Request, state: BackendState) -> web.Response:
        if state.flaw == "error":
            return web.json_response({"error": "internal server error"}, status=FAILED)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            await self._identity(state).check(token, state.issuer)
        except LoginError as error:
            return _refused(UNAUTHORIZED, str(error), "UNAUTHENTICATED")
        if state.forbids:
            return _refused(FORBIDDEN, "permission denied: service account lacks view on platform", "FORBIDDEN")
        query = str((await request.json()).get("query", ""))
        return web.json_response(await self._carried_out(query, state))

    async def _carried_out(self, query: str, state: BackendState) -> dict[str, Any]:
        if state.flaw == "panic":
            return _errors("internal system error")
        if schema.asks_for_schema(query) and state.introspection != "on":
            return _errors("introspection disabled" if state.introspection == "off" else "internal system error")
        return schema.answer(query, older=state.older)


def _errors(message: str, code: str = "") -> dict[str, Any]:
    extensions = {"extensions": {"code": code}} if code else {}
    return {"errors": [{"message": message, **extensions}], "data": None}


def _refused(status: int, message: str, code: str) -> web.Response:
    return web.json_response(_errors(message, code), status=status)


def asked(secret: Callable[[], Awaitable[Mapping[str, str]]]) -> Database:
    """A database that counts as usable while what the platform's secret says leads to a session that answers."""

    async def trouble() -> str:
        why = await login.trouble(await secret())
        return f"failed opening connection to postgres: {why}" if why else ""

    return trouble


def wall_clock(ahead_s: float) -> Callable[[], float]:
    """The time in seconds since 1970, of a clock that is so far ahead."""
    return lambda: time.time() + ahead_s
