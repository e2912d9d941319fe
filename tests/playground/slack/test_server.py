"""The whole: down and back again, sockets lost and found by the vendor's client, waiting and watching."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.server import SimulatedSlack

Connect = Callable[[SimulatedSlack, AsyncApp], Awaitable[AsyncSocketModeHandler]]


def answering(app: AsyncApp) -> None:
    @app.command("/volati")
    async def run(ack: Any) -> None:
        await ack("yes")


async def test_own_port() -> None:
    """It listens on loopback, on a port of its own, known after the start."""
    async with SimulatedSlack() as one, SimulatedSlack() as other:
        assert one.url.startswith("http://127.0.0.1:")
        assert one.url != other.url
        assert one.api_url == f"{one.url}/api/"


async def test_refuses_while_down(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It refuses connections while it is down, and has everything as it was when it is back."""
    await client.chat_postMessage(channel="C0ENGINE0", text="before")
    await slack.go_down()
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.auth_test()
    await slack.come_back()
    await client.chat_postMessage(channel="C0ENGINE0", text="after")
    assert [one.text for one in slack.messages("#engineering")] == ["before", "after"]


async def test_unavailable(slack: SimulatedSlack) -> None:
    """It answers everything with 503 when told to."""
    await slack.go_down(refuse=False)
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{slack.api_url}auth.test") as response:
            assert response.status == 503
        await slack.come_back()
        async with session.post(f"{slack.api_url}auth.test") as response:
            assert response.status == 200


@pytest.mark.parametrize("how", ["refresh", "abort", "down"])
async def test_connects_again(slack: SimulatedSlack, app: AsyncApp, connect: Connect, how: str) -> None:
    """It is found again by the vendor's client after a refresh, a cut connection, or an outage."""
    answering(app)
    await connect(slack, app)
    first = slack.sockets.links[0]
    if how == "refresh":
        await slack.sockets.refresh(first)
    elif how == "abort":
        slack.sockets.abort(first)
    else:
        await slack.go_down()
        await slack.come_back()
    await slack.until(lambda: slack.sockets.links and slack.sockets.links[0] is not first, 10)
    assert (await slack.person("oncall").command("#engineering", "/volati help")).acknowledged


async def test_two_sockets_of_one_app(slack: SimulatedSlack, app: AsyncApp, connect: Connect) -> None:
    """It serves two sockets of one app: when one is cut, the other is used."""
    answering(app)
    await connect(slack, app)
    await connect(slack, app)
    slack.sockets.abort(slack.sockets.links[0])
    await slack.until(lambda: len(slack.sockets.links) == 1)
    assert (await slack.person("oncall").command("#engineering", "/volati help")).acknowledged


async def test_until(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It gives what a condition gives once it holds, and gives up in time."""
    waiting = asyncio.create_task(slack.until(lambda: slack.messages("#engineering")))
    await client.chat_postMessage(channel="C0ENGINE0", text="x")
    assert (await waiting)[0].text == "x"
    with pytest.raises(TimeoutError):
        await slack.until(lambda: slack.messages("#devops"), 0.01)


async def test_any_event(slack: SimulatedSlack, app: AsyncApp, connect: Connect) -> None:
    """It brings events that no person here causes, once the app subscribes to them."""
    heard: list[str] = []

    @app.event("app_uninstalled")
    async def gone(event: Any) -> None:
        heard.append(event["type"])

    await connect(slack, app)
    await slack.event({"type": "app_uninstalled"})
    assert heard == []
    slack.switches.events.add("app_uninstalled")
    record = await slack.event({"type": "app_uninstalled"})
    assert (record.acknowledged, heard) == (True, ["app_uninstalled"])


async def test_words(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It can say a message in words: its blocks' texts, else its own."""
    header = {"type": "header", "text": {"type": "plain_text", "text": "Down"}}
    plan = {"type": "plan", "title": "Sources", "tasks": []}
    await client.chat_postMessage(channel="C0ENGINE0", text="short", blocks=[header, plan])
    await client.chat_postMessage(channel="C0ENGINE0", text="only text")
    assert [one.words() for one in slack.messages("#engineering")] == ["Down\nSources", "only text"]
