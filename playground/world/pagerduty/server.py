"""The simulated PagerDuty as a running server on loopback: Events, REST and webhooks, with trouble switched on and off.

Plain HTTP on 127.0.0.1, Events under /v2 and REST at the root. Nothing it does outlives it.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

from aiohttp import web

from playground.slack.clock import Clock, RealClock
from playground.world.pagerduty import rest
from playground.world.pagerduty.account import POLICIES, SERVICES, Account
from playground.world.pagerduty.calls import Call, Json, Said, refusal
from playground.world.pagerduty.enqueue import INVALID_KEY, enqueue
from playground.world.pagerduty.trouble import TROUBLES, WELL, Trouble
from playground.world.pagerduty.webhooks import Sender, Subscription

HOST = "127.0.0.1"
EVENTS_PER_MINUTE = 120  # for each integration key
CALLS_PER_MINUTE = 960  # for each REST key
MINUTE_S = 60.0
REMEMBERED = 10_000  # requests
FAREWELL_S = 0.1  # how long a request under way may still take when the server stops
SENDER = "volati@volaticloud.example"
WEBHOOK_SECRET = "playground-webhook-secret"  # noqa: S105 the playground's own, of no use elsewhere
_THROTTLED = {"status": "throttle exceeded", "message": "Requests for this service are arriving too quickly."}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


class SimulatedPagerDuty:
    """A PagerDuty to be used with `async with`; afterwards its port is gone."""

    def __init__(self, clock: Clock | None = None, key: str = rest.KEY) -> None:
        self._clock = clock or RealClock()
        self._key = key
        self._trouble = WELL
        self._runner: web.AppRunner | None = None
        self._port = 0  # chosen by the system at the first start, kept from then on
        self._sender: Sender | None = None
        self._sending: asyncio.Task[None] | None = None
        self._recent: dict[str, deque[float]] = {}
        self.account = Account(self._clock.now, self._told)
        self.asked: deque[Asked] = deque(maxlen=REMEMBERED)

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
        await self._hush()

    @property
    def url(self) -> str:
        """Where REST is; Events are under /v2."""
        return f"http://{HOST}:{self._port}"

    @property
    def trouble(self) -> Trouble:
        """What is wrong with it now."""
        return self._trouble

    async def suffer(self, trouble: Trouble | str) -> None:
        """Be ill in this way from now on, and in no other. Raises KeyError for a name that is not in the table."""
        self._trouble = TROUBLES[trouble] if isinstance(trouble, str) else trouble
        if self._sender is not None:
            self._sender.repeats = self._trouble.repeats
        await (self._hush() if self._trouble.down else self._listen())

    async def heal(self) -> None:
        """Be well again. What happened meanwhile stays."""
        await self.suffer(WELL)

    def subscribe(self, url: str, secrets: tuple[str, ...] = (WEBHOOK_SECRET,)) -> Subscription:
        """Have every event brought to an address from now on."""
        if self._sending is not None:
            self._sending.cancel()
        self._sender = Sender(Subscription(url, secrets), self._clock)
        self._sender.repeats = self._trouble.repeats
        self._sending = asyncio.create_task(self._sender.run(), name="pagerduty webhooks")
        return self._sender.subscription

    async def delivered(self) -> None:
        """Return when every event so far was brought or dropped."""
        if self._sender is not None:
            await self._sender.idle()

    def settings(self) -> dict[str, Any]:
        """This PagerDuty as the bot's settings describe it."""
        names = ("oncall", "infrastructure")
        return {
            "api_key": self._key,
            "from_email": SENDER,
            "api_url": self.url,
            "events_url": f"{self.url}/v2",
            "webhook_secrets": [WEBHOOK_SECRET],
            "routes": {
                name: {"routing_key": service.routing_key, "escalation_policy": policy.id}
                for name, service, policy in zip(names, SERVICES, POLICIES, strict=True)
            },
        }

    def _told(self, event: Json) -> None:
        if self._sender is not None:
            self._sender.send(event)

    async def _listen(self) -> None:
        if self._runner is not None:
            return
        app = web.Application(client_max_size=2 * 512_000)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=FAREWELL_S)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, self._port, reuse_address=True).start()
        self._port = runner.addresses[0][1]

    async def _hush(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = parse_qs(request.query_string, keep_blank_values=True)
        asked = Asked(request.method, request.path, query, headers, body)
        self.asked.append(asked)
        trouble = self._trouble
        if trouble.slow:
            await self._clock.sleep(trouble.slow)
        if trouble.page:
            return web.Response(text="<html><title>Corporate proxy</title></html>", content_type="text/html")
        said = _ill(trouble, asked) or self._done(asked)
        if trouble.loses_answers and request.transport is not None:
            request.transport.abort()
        return web.json_response(said.body, status=said.status, headers=dict(said.headers))

    def _done(self, asked: Asked) -> Said:
        if asked.path == "/v2/enqueue":
            if asked.method != "POST":
                return Said(405, {})
            return self._within_limit(_key_of(asked), EVENTS_PER_MINUTE) or enqueue(self.account, asked.body)
        limited = self._within_limit("rest", CALLS_PER_MINUTE)
        call = Call(asked.method, asked.path, asked.query, asked.headers, asked.body)
        return limited or rest.answer(self.account, call, self._key)

    def _within_limit(self, key: str, most: int) -> Said | None:
        """A refusal where a key was used too often within the last minute."""
        now = self._clock.now()
        recent = self._recent.setdefault(key, deque())
        while recent and now - recent[0] >= MINUTE_S:
            recent.popleft()
        if len(recent) >= most:
            wait = max(1, round(MINUTE_S - (now - recent[0])))
            return _throttled({"ratelimit-limit": str(most), "ratelimit-remaining": "0", "ratelimit-reset": str(wait)})
        recent.append(now)
        return None


def _key_of(asked: Asked) -> str:
    """Whose limit an event counts towards."""
    return next((one.routing_key for one in SERVICES if one.routing_key.encode() in asked.body), "other")


def _ill(trouble: Trouble, asked: Asked) -> Said | None:
    if trouble.status is not None:
        return Said(trouble.status, {})
    if trouble.throttled:
        return _throttled({} if trouble.retry_after is None else {"Retry-After": str(trouble.retry_after)})
    if trouble.refuses_key:
        return INVALID_KEY if asked.path == "/v2/enqueue" else refusal(401, "Authentication failed", 2006)
    if trouble.odd_key and trouble.odd_key in asked.query.get("incident_key", []):
        return refusal(400, "Invalid Input Provided", 2001)
    return None


def _throttled(headers: Mapping[str, str]) -> Said:
    return Said(429, {**_THROTTLED, "error": {"message": "Rate Limit Exceeded", "code": 2020}}, headers)
