"""The one HTTP server: how the bot is (/healthz, /readyz, /metrics), PagerDuty's webhooks and, in HTTP mode, Slack.

It is for an ingress and a monitoring system, never for the open network: it has no TLS and no login, and what it tells
of the bot is redacted. Whoever opens connections without asking anything is cut off.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiohttp import web

from bot.correlation import current_id
from bot.errors import VolatiError
from bot.health import Health
from bot.metrics import Metrics, Recorder
from bot.settings import ServerSettings
from diagnostics.observe import Cleaner
from handlers.http import PATH
from handlers.pagerduty import PATH as WEBHOOK

CONNECTIONS = 256
"""Open connections at once; further ones are closed unread. An ingress keeps a few dozen, and the process may have 1024
files open, of which its own clients need some."""

FIRST_REQUEST_SECONDS = 10.0
"""How long a connection may be open before its first request has come in, header and all."""

IDLE_SECONDS = 75.0
"""How long one is kept between requests: more than the 60 s of common ingresses, so that they are who closes it."""

HEADER_AT_MOST = 8190
"""Bytes of one header, and of the first line; and HEADERS_AT_MOST of them. Slack sends a dozen, below 1 kB together."""
HEADERS_AT_MOST = 64

LINGER_SECONDS = 1.0
"""How long the rest of a body is still read after its refusal, so that the refusal arrives."""

CLOSE_SECONDS = 3.0
"""How long answers under way may take when the server closes: what Slack waits for one."""

_log = structlog.get_logger()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PortTakenError(VolatiError):
    """The server cannot listen where it is to."""


class Site:
    """What the server answers: how the bot is, and what more is added to it."""

    def __init__(self, health: Health, metrics: Metrics, cleaner: Cleaner) -> None:
        self._health = health
        self._metrics = metrics
        self._cleaner = cleaner
        self._slack: Handler | None = None
        self._pagerduty: Handler | None = None
        self.silent: set[asyncio.BaseProtocol] = set()
        """The connections on which no whole request has come in yet."""

    def hear_slack(self, handler: Handler) -> None:
        """From now on what Slack posts is answered by this; until then it is told to come back."""
        self._slack = handler

    def hear_pagerduty(self, handler: Handler) -> None:
        """The same for PagerDuty's webhooks."""
        self._pagerduty = handler

    def app(self) -> web.Application:
        """The routes. Nothing is told in an error that whoever asked need not know."""
        app = web.Application(middlewares=[self._guarded])
        app.add_routes(
            [
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                web.get("/metrics", self._all_metrics),
                web.route("*", PATH, self._slack_events),
                web.route("*", WEBHOOK, self._pagerduty_webhook),
            ]
        )
        app.on_response_prepare.append(_anonymous)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every failure as a short answer; the reason stays in the log."""
        self.silent.discard(request.protocol)
        try:
            return await handler(request)
        except web.HTTPException as error:
            return web.Response(status=error.status, text=error.reason.lower(), headers=_allowed(error))
        except Exception:  # noqa: BLE001 the edge of the server: whoever asked gets an id, the log the reason
            error_id = current_id()
            _log.exception("a request failed", id=error_id, path=request.path[:80])
            self._metrics.error("http")
            return web.Response(status=500, text=f"failed {error_id}")

    async def _healthz(self, _: web.Request) -> web.Response:
        return _told(self._health.liveness(), well=self._health.alive)

    async def _readyz(self, _: web.Request) -> web.Response:
        return _told(self._cleaner.value(self._health.readiness()), well=self._health.ready)

    async def _all_metrics(self, _: web.Request) -> web.Response:
        body, kind = self._metrics.exposition()
        return web.Response(body=body, headers={"Content-Type": kind})

    async def _slack_events(self, request: web.Request) -> web.StreamResponse:
        if self._slack is None:
            raise web.HTTPServiceUnavailable
        return await self._slack(request)

    async def _pagerduty_webhook(self, request: web.Request) -> web.StreamResponse:
        if self._pagerduty is None:
            raise web.HTTPServiceUnavailable
        return await self._pagerduty(request)


@asynccontextmanager
async def serving(site: Site, settings: ServerSettings, recorder: Recorder) -> AsyncIterator[int]:
    """Serve it for as long as the block lasts; gives the port.

    Raises:
        PortTakenError: nothing can listen there.
    """
    runner = web.AppRunner(
        site.app(),
        access_log=None,
        shutdown_timeout=CLOSE_SECONDS,
        keepalive_timeout=IDLE_SECONDS,
        max_line_size=HEADER_AT_MOST,
        max_field_size=HEADER_AT_MOST,
        max_headers=HEADERS_AT_MOST,
        lingering_time=LINGER_SECONDS,
        auto_decompress=False,
        logger=_quiet(),
    )
    await runner.setup()
    try:
        server = await _listening(runner, site, settings, recorder)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _listening(runner: web.AppRunner, site: Site, settings: ServerSettings, recorder: Recorder) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(lambda: _admitted(runner, site, recorder), settings.host, settings.port)
    except OSError as error:
        raise PortTakenError(
            f"Nothing can listen at {settings.host}:{settings.port}: {error.strerror}. "
            "End what listens there, or set server.host and server.port to another place."
        ) from error


def _admitted(runner: web.AppRunner, site: Site, recorder: Recorder) -> asyncio.BaseProtocol:
    """What speaks on a new connection."""
    server = runner.server
    if server is None or len(server.connections) >= CONNECTIONS:
        recorder.request_refused("crowded")
        return _Refusal()
    connection = server()
    site.silent.add(connection)

    def look() -> None:
        if connection in site.silent:
            site.silent.discard(connection)
            if connection.transport is not None:
                recorder.request_refused("silent")
            connection.force_close()

    asyncio.get_running_loop().call_later(FIRST_REQUEST_SECONDS, look)
    return connection


class _Refusal(asyncio.Protocol):
    """Closes its connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def _told(document: dict[str, Any], *, well: bool) -> web.Response:
    text = json.dumps(document, indent=1) + "\n"
    return web.Response(status=200 if well else 503, text=text, content_type="application/json")


def _allowed(error: web.HTTPException) -> dict[str, str]:
    allow = error.headers.get("Allow")
    return {"Allow": allow} if allow else {}


async def _anonymous(_: web.Request, response: web.StreamResponse) -> None:
    """Name neither the library nor its version, which would only say what to try."""
    response.headers["Server"] = "volati"
    response.headers["X-Content-Type-Options"] = "nosniff"


def _quiet() -> logging.Logger:
    """A log for what aiohttp says of requests that are no HTTP: anyone could fill ours with them."""
    log = logging.getLogger("volati.http")
    log.setLevel(logging.CRITICAL)
    return log
