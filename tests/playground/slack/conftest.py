"""What the tests of the simulated Slack share: a workspace, a web client, and a real Bolt app connected to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.clock import ManualClock
from playground.slack.server import SimulatedSlack

Connect = Callable[[AsyncApp], Awaitable[AsyncSocketModeHandler]]


@pytest.fixture
async def slack() -> AsyncIterator[SimulatedSlack]:
    """A workspace on the real clock."""
    async with SimulatedSlack() as workspace:
        yield workspace


@pytest.fixture
def clock() -> ManualClock:
    """A clock the test moves."""
    return ManualClock()


@pytest.fixture
async def still(clock: ManualClock) -> AsyncIterator[SimulatedSlack]:
    """A workspace whose time stands still until the test moves it."""
    async with SimulatedSlack(clock) as workspace:
        yield workspace


def client_of(workspace: SimulatedSlack, token: str | None = None) -> AsyncWebClient:
    """The vendor's own client, speaking to the workspace."""
    return AsyncWebClient(token=token or workspace.bot_token, base_url=workspace.api_url)


@pytest.fixture
def client(slack: SimulatedSlack) -> AsyncWebClient:
    """The client of the bot."""
    return client_of(slack)


@pytest.fixture
def still_client(still: SimulatedSlack) -> AsyncWebClient:
    """The client of the bot in the still workspace."""
    return client_of(still)


def app_of(workspace: SimulatedSlack) -> AsyncApp:
    """A Bolt app of the vendor, speaking to the workspace."""
    return AsyncApp(client=client_of(workspace), signing_secret=workspace.signing_secret)


@pytest.fixture
def app(slack: SimulatedSlack) -> AsyncApp:
    """A Bolt app without listeners."""
    return app_of(slack)


@pytest.fixture
def still_app(still: SimulatedSlack) -> AsyncApp:
    """A Bolt app in the still workspace."""
    return app_of(still)


async def _connected(workspace: SimulatedSlack, app: AsyncApp) -> AsyncSocketModeHandler:
    already = len(workspace.sockets.links)
    handler = AsyncSocketModeHandler(app, workspace.app_token, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await workspace.until(lambda: len(workspace.sockets.links) > already)
    return handler


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[SimulatedSlack, AsyncApp], Awaitable[AsyncSocketModeHandler]]]:
    """Connects an app over Socket Mode; every connection is closed at the end."""
    handlers: list[AsyncSocketModeHandler] = []

    async def connected(workspace: SimulatedSlack, app: AsyncApp) -> AsyncSocketModeHandler:
        handlers.append(await _connected(workspace, app))
        return handlers[-1]

    yield connected
    for handler in handlers:
        await handler.close_async()  # type: ignore[no-untyped-call]
    await asyncio.sleep(0)
