"""The simulated Kubernetes API server on loopback: HTTPS, bearer tokens, and switches to misbehave while it runs.

It answers from a `Store` that controllers write to as well; what the nodes' kubelets tell (logs, usage) it asks
`Kubelets` for. Nothing it does outlives it.
"""

import asyncio
import socket
import ssl
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from aiohttp import web

from playground.port import kept, number
from playground.world.certificates import Authority
from playground.world.kubernetes import kubeconfig, status
from playground.world.kubernetes.access import Tokens
from playground.world.kubernetes.calls import TEXT, Refuses, Reply, refused
from playground.world.kubernetes.kubelets import Kubelets, NoKubelets
from playground.world.kubernetes.requests import Desk, Following, Watching
from playground.world.kubernetes.store import Store
from playground.world.kubernetes.trouble import Trouble
from playground.world.kubernetes.watch import Pace, events

HOST = "127.0.0.1"
REMEMBERED = 20_000  # requests: more than a test makes, little enough for a playground left running
FAREWELL_S = 0.1  # how long a request under way may still take when the server stops
LARGEST_BODY = 3 * 1024 * 1024  # bytes: what a real API server takes


class Asked(NamedTuple):
    """One request that came in."""

    method: str
    path: str
    query: str


class SimulatedKubernetes:
    """An API server to be used with `async with`; afterwards its port and files are gone."""

    def __init__(
        self,
        store: Store,
        kubelets: Kubelets | None = None,
        *,
        authority: Authority | None = None,
        refuses: Refuses = lambda _kind, _thing: "",
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`authority` signs its certificate; `refuses` says what a quota refuses; `sleep` is how slowness passes."""
        self.store = store
        self.tokens = Tokens()
        self.trouble = Trouble()
        self.asked: deque[Asked] = deque(maxlen=REMEMBERED)
        self._desk = Desk(store, kubelets or NoKubelets(), self.tokens, refuses)
        self._authority = authority
        self.sleep = sleep
        self.pace = Pace()
        self._runner: web.AppRunner | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._context: ssl.SSLContext | None = None
        self._kept: socket.socket | None = None  # its port, chosen by the system at the first start
        self._port = 0
        self._met = 0  # how many requests the present trouble has met
        self._streams: dict[int, web.Request] = {}  # watches and followed logs that are open

    async def __aenter__(self) -> Self:
        try:
            self._context = await asyncio.to_thread(self._prepare)
            await self.listen()
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
        """Where it listens, without a slash at the end."""
        return f"https://{HOST}:{self._port}"

    @property
    def ca_file(self) -> Path:
        """The certificate to trust, in PEM form."""
        if self._authority is None:
            raise RuntimeError("the simulated Kubernetes is not running: use it with `async with`")
        return self._authority.ca_file

    def token(self, role: str) -> str:
        """The bearer token of `admin`, of a user, or of a service account (`namespace/name`)."""
        return self.tokens.of(role)

    def kubeconfig(self, role: str = "admin") -> Path:
        """A kubeconfig file that makes `kubectl` this role."""
        if self._folder is None:
            raise RuntimeError("the simulated Kubernetes is not running: use it with `async with`")
        file = Path(self._folder.name) / f"kubeconfig-{role.replace('/', '-')}.json"
        return kubeconfig.written(file, self.url, self.ca_file, self.token(role))

    def misbehave(self, trouble: Trouble) -> None:
        """Let something go wrong from the next request on, in place of what went wrong so far."""
        self.trouble = trouble
        self._met = 0

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self.misbehave(Trouble())

    async def listen(self) -> None:
        """Take connections, at the same port as before; it does from the start."""
        if self._runner is not None:
            return
        if self._kept is None:
            self._kept = kept()
            self._port = number(self._kept)
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=FAREWELL_S)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, self._port, ssl_context=self._context, reuse_address=True).start()

    async def hush(self) -> None:
        """Refuse connections, as an API server that is down, until `listen` is called."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def cut_streams(self) -> int:
        """Break the connection of every watch and every followed log. Gives how many there were."""
        transports = [one.transport for one in self._streams.values() if one.transport is not None]
        for transport in transports:
            transport.abort()
        return len(transports)

    def _prepare(self) -> ssl.SSLContext:
        self._folder = tempfile.TemporaryDirectory(prefix="volati-kubernetes-")
        if self._authority is None:
            self._authority = Authority.new(Path(self._folder.name))
        return self._authority.context("good")

    async def _close(self) -> None:
        await self.hush()
        if self._kept is not None:
            self._kept.close()
        if self._folder is not None:
            self._folder.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append(Asked(request.method, request.path, request.query_string))
        try:
            trouble = self._trouble_for(request)
            if not trouble.taken:
                await self._befall(request, trouble)
            answer = self._desk.answer(request, body, self.trouble)
            if trouble.taken:
                await self._befall(request, trouble)
        except status.RefusalError as error:
            return _response(refused(error))
        except status.NoSuchPageError:
            return web.Response(status=404, text=status.NOT_FOUND_PAGE, headers={"Content-Type": TEXT})
        if isinstance(answer, Reply):
            return _response(answer)
        return await self._stream(request, answer)

    def _trouble_for(self, request: web.Request) -> Trouble:
        """The present trouble where a request is met by it, else none."""
        if not self.trouble.meets(request.method, request.path, self._met):
            return Trouble()
        self._met += 1
        return self.trouble

    async def _befall(self, request: web.Request, trouble: Trouble) -> None:
        if trouble.silent:
            await asyncio.Event().wait()  # until the client goes, or the server ends
        if trouble.delay_s:
            await self.sleep(trouble.delay_s)
        if trouble.throttled_s is not None:
            raise status.too_many_requests(trouble.throttled_s)
        if trouble.broken:
            raise status.internal_error("etcdserver: request timed out")
        if trouble.torn:
            _tear(request)
        if trouble.pages is not None and request.query.get("continue"):
            self._die_between_pages(request, trouble.pages)

    def _die_between_pages(self, request: web.Request, pages: int) -> None:
        before = sum(1 for one in self.asked if one.path == request.path and "limit=" in one.query)
        if before > pages:
            _tear(request)

    async def _stream(self, request: web.Request, answer: Watching | Following) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": answer.content_type, "Cache-Control": "no-cache, private"}
        )
        response.enable_chunked_encoding()
        self._streams[id(request)] = request
        try:
            await response.prepare(request)
            lines = events(answer.watch, self.pace) if isinstance(answer, Watching) else answer.lines(self.sleep)
            async for line in lines:
                await response.write(line)
        except ConnectionError:
            return response  # the client went, or `cut_streams` was called: there is nobody left to tell
        finally:
            del self._streams[id(request)]
        return response


def _tear(request: web.Request) -> None:
    """Break the connection; nobody is left who could be answered."""
    if request.transport is not None:
        request.transport.abort()
        raise asyncio.CancelledError


def _response(reply: Reply) -> web.Response:
    headers = {"Cache-Control": "no-cache, private", "Content-Type": reply.content_type, **reply.headers}
    return web.Response(body=reply.body, status=reply.code, headers=headers)
