"""The bot's HTTP server on loopback, and requests to it as Slack would sign them."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp

from bot.clock import SystemClock
from bot.health import Health
from bot.metrics import Metrics
from bot.settings import ServerSettings
from diagnostics.redaction import KnownSecret, Redactor
from handlers.http import PATH, SlackRequests
from handlers.intake import Intake
from handlers.web import Site, serving
from playground.slack.http_delivery import signed_headers

SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"
HIDDEN = "a-secret-in-the-health"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass
class Post:
    """What can be asked of the server, and what it counts."""

    url: str
    session: aiohttp.ClientSession
    health: Health
    metrics: Metrics
    site: Site
    intake: Intake
    port: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    async def signed(self, body: bytes, kind: str = FORM, **more: str) -> tuple[int, str]:
        """Post a body as Slack would; gives the status and the text of the answer."""
        headers = {"Content-Type": kind, **signed_headers(body, SIGNING, int(time.time())), **more}
        return await self.ask("POST", PATH, data=body, headers=headers)

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """Ask anything; gives the status and the text of the answer, and keeps its headers."""
        async with self.session.request(method, f"{self.url}{path}", **options) as response:
            self.headers = dict(response.headers)
            return response.status, await response.text()

    def count(self, series: str) -> float:
        """What the metrics say of one series."""
        lines = self.metrics.exposition()[0].decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == series), 0.0)


@asynccontextmanager
async def post_to(app: AsyncApp) -> AsyncIterator[Post]:
    """A server that takes what Slack posts for an app."""
    health, metrics = Health(SystemClock(), ("slack",)), Metrics()
    site = Site(health, metrics, Redactor([KnownSecret("health secret", HIDDEN)]))
    intake = Intake(app, metrics)
    site.hear_slack(SlackRequests(intake, SIGNING, metrics, time.time).handle)
    async with serving(site, ServerSettings(port=0), metrics) as port, aiohttp.ClientSession() as session:
        yield Post(f"http://127.0.0.1:{port}", session, health, metrics, site, intake, port)
