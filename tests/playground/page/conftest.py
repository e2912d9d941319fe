"""What the tests of the page share: a stage, the page served, a client that brings its token, a Bolt app."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.page.server import serving
from playground.page.stage import Stage
from playground.slack.server import SimulatedSlack
from tests.playground.page.stand_ins import FakeBot, FakePlatform, showing, stage_of

ONCALL = "U0ONCALL0"
Event = dict[str, Any]


@dataclass
class Visitor:
    """A browser's share of the conversation with the page, without the browser."""

    address: str
    session: aiohttp.ClientSession
    stream: aiohttp.ClientResponse
    token: str = ""
    passed: list[tuple[str, Event]] = field(default_factory=list)

    async def next(self, wanted: str, fits: Callable[[Event], bool] = lambda _: True) -> Event:
        """The next event of this kind that fits; what is passed over stays for later."""
        for place, (kind, event) in enumerate(self.passed):
            if kind == wanted and fits(event):
                del self.passed[place]
                return event
        async with asyncio.timeout(5):
            while True:
                kind, event = await self._read()
                if kind == wanted and fits(event):
                    return event
                self.passed.append((kind, event))

    async def _read(self) -> tuple[str, Event]:
        kind = ""
        async for line in self.stream.content:
            name, _, value = line.decode().strip().partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                return kind, json.loads(value)
        raise AssertionError("The stream ended.")

    async def do(self, deed: str, /, **more: object) -> tuple[int, dict[str, Any]]:
        """Ask for a deed; gives the status and the answer."""
        async with self.session.post(f"{self.address}do", json={"do": deed, **more}, headers=self.headers) as response:
            return response.status, await response.json()

    @property
    def headers(self) -> dict[str, str]:
        """The header that lets a deed through."""
        return {"X-Playground-Token": self.token}


@pytest.fixture
async def slack() -> AsyncIterator[SimulatedSlack]:
    """A workspace on the real clock."""
    async with SimulatedSlack() as workspace:
        yield workspace


@pytest.fixture
def whole(slack: SimulatedSlack) -> tuple[Stage, FakePlatform, FakeBot]:
    """A stage and what stands in for the platform and the bot."""
    return stage_of(slack)


@pytest.fixture
async def address(whole: tuple[Stage, FakePlatform, FakeBot]) -> AsyncIterator[str]:
    """The page, served at any free port."""
    async with serving(whole[0], port=0) as served:
        yield served


@pytest.fixture
async def visitor(address: str) -> AsyncIterator[Visitor]:
    """Somebody who opened the page as the engineer on call, and was told everything."""
    timeout = aiohttp.ClientTimeout(total=20)  # seconds: far above what any test takes
    async with (
        aiohttp.ClientSession(timeout=timeout, read_bufsize=2**22) as session,
        session.get(f"{address}events?person=oncall") as stream,
    ):
        one = Visitor(address, session, stream)
        one.token = (await one.next("hello"))["token"]
        yield one


@pytest.fixture
async def app(slack: SimulatedSlack) -> AsyncIterator[AsyncApp]:
    """A connected app that shows every block and opens a modal."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    bolt = AsyncApp(client=client, signing_secret=slack.signing_secret)
    showing(bolt)
    handler = AsyncSocketModeHandler(bolt, slack.app_token, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.until(lambda: slack.sockets.links)
    yield bolt
    await handler.close_async()  # type: ignore[no-untyped-call]
    await asyncio.sleep(0)
