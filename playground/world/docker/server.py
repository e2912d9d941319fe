"""The simulated Docker Engine API as a running server on loopback: start, stop, and faults switched on and off.

It only tells; it starts and stops nothing, and refuses what would change something as an unknown page.
"""

import json
import re
import time
from collections.abc import Callable
from functools import reduce
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from playground.world.docker import shapes
from playground.world.docker.logs import Choice, NoTimeError, sent, yes
from playground.world.docker.state import Container, State
from playground.world.docker.volaticloud import volaticloud
from playground.world.faults.docker import DOCKER_FAULTS
from playground.world.faults.model import Fault, named

HOST = "127.0.0.1"
FAREWELL_S = 0.1  # how long a request under way may still take when the server stops
_VERSIONED = re.compile(r"^/v(\d+)\.(\d+)(/.*)$")
_READ_DRIVERS = {"json-file", "local", "journald"}
_MULTIPLEXED_SINCE = (1, 42)  # from this version on the answer says whether it is framed


class SimulatedDocker:
    """A daemon to be used with `async with`; afterwards its port is gone."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives seconds since 1970."""
        self._clock = clock
        self._base = volaticloud(clock())
        self._faults: tuple[Fault[State], ...] = ()
        self._runner: web.AppRunner | None = None
        self._port = 0
        self.asked: list[tuple[str, str]] = []  # every request that came in: method and path

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=FAREWELL_S)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, 0).start()
        self._port = runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def host(self) -> str:
        """Where it listens, as DOCKER_HOST names it."""
        return f"tcp://{HOST}:{self._port}"

    @property
    def state(self) -> State:
        """The daemon as it is now, through every fault that is on."""
        return reduce(lambda state, fault: fault.apply(state), self._faults, self._base)

    @property
    def faults(self) -> tuple[str, ...]:
        """The names of the faults that are on, oldest first."""
        return tuple(fault.name for fault in self._faults)

    def switch_on(self, fault: Fault[State] | str) -> None:
        """Break something, at this moment. Raises KeyError for a name that is not in the table."""
        chosen = named(DOCKER_FAULTS, fault)
        if chosen.name not in self.faults:
            self.amend(lambda state: State(state.containers, self._clock()))
            self._faults = (*self._faults, chosen)

    def switch_off(self, fault: Fault[State] | str) -> None:
        """Mend it again; a fault that is not on is no error."""
        chosen = named(DOCKER_FAULTS, fault)
        self._faults = tuple(one for one in self._faults if one.name != chosen.name)

    def heal(self) -> None:
        """Mend everything."""
        self._faults = ()

    def amend(self, change: Callable[[State], State]) -> None:
        """Change the daemon itself, as somebody at its command line would."""
        self._base = change(self._base)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, request.path))
        versioned = _VERSIONED.match(request.path)
        version = (int(versioned[1]), int(versioned[2])) if versioned else _version(shapes.API)
        refusal = _unfit(version)
        if refusal is not None:
            return refusal
        path = versioned[3] if versioned else request.path
        return await self._page(request, path, version)

    async def _page(self, request: web.Request, path: str, version: tuple[int, int]) -> web.StreamResponse:
        if request.method not in {"GET", "HEAD"}:
            return _refused(404, "page not found")
        if path == "/_ping":
            return web.Response(text="" if request.method == "HEAD" else "OK", headers=_headers())
        if path == "/version":
            return _json(200, shapes.version())
        if path == "/containers/json":
            return self._list(request)
        found = re.match(r"^/containers/([^/]+)/(json|logs)$", path)
        return await self._container(request, found[1], found[2], version) if found else _refused(404, "page not found")

    def _list(self, request: web.Request) -> web.Response:
        everything = yes(request.query.get("all"))
        newest_first = sorted(self.state.containers, key=lambda one: -one.created_at_s)
        return _json(200, [shapes.listed(one) for one in newest_first if everything or one.status in shapes.ALIVE])

    async def _container(
        self, request: web.Request, name: str, what: str, version: tuple[int, int]
    ) -> web.StreamResponse:
        container = self.state.named(name)
        if container is None:
            return _refused(404, f"No such container: {name}")
        if what == "json":
            return _json(200, shapes.inspected(container))
        return await self._log(request, container, version)

    async def _log(self, request: web.Request, container: Container, version: tuple[int, int]) -> web.StreamResponse:
        try:
            choice = Choice.of(request.query, self._clock())
        except NoTimeError as error:
            return _refused(500, str(error))
        if not choice.streams:
            return _refused(400, "Bad parameters: you must choose at least one stream")
        if container.status in {"dead", "removing"}:
            return _refused(409, "can not get logs from container which is dead or marked for removal")
        if container.log_driver not in _READ_DRIVERS:
            return _refused(501, "configured logging driver does not support reading")
        framed = not container.tty and version >= _MULTIPLEXED_SINCE
        kind = f"application/vnd.docker.{'multiplexed' if framed else 'raw'}-stream"
        response = web.StreamResponse(headers={**_headers(), "Content-Type": kind})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in sent(container, choice):
            await response.write(piece)
        return response


def _version(words: str) -> tuple[int, int]:
    major, _, minor = words.partition(".")
    return int(major), int(minor)


def _unfit(version: tuple[int, int]) -> web.Response | None:
    """The refusal of a version that the daemon does not speak."""
    words = f"client version {version[0]}.{version[1]} is too"
    if version > _version(shapes.API):
        return _refused(400, f"{words} new. Maximum supported API version is {shapes.API}")
    if version < _version(shapes.API_LEAST):
        least = f"Minimum supported API version is {shapes.API_LEAST}"
        return _refused(400, f"{words} old. {least}, please upgrade your client to a newer version")
    return None


def _refused(status: int, message: str) -> web.Response:
    return _json(status, {"message": message})


def _json(status: int, body: Any) -> web.Response:  # noqa: ANN401 any JSON
    # The daemon names no charset, and its own command line reads the messages of exactly this type only.
    headers = {**_headers(), "Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode() + b"\n", status=status, headers=headers)


def _headers() -> dict[str, str]:
    return {
        "Api-Version": shapes.API,
        "Docker-Experimental": "false",
        "Ostype": "linux",
        "Server": f"Docker/{shapes.ENGINE} (linux)",
    }
