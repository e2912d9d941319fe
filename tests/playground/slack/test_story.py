"""The main path with the vendor's own Bolt app: a command, an acknowledgement, a thread, an edit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from playground.slack.server import SimulatedSlack

Connect = Callable[[SimulatedSlack, AsyncApp], Awaitable[AsyncSocketModeHandler]]


def diagnosing(app: AsyncApp) -> None:
    """Teach the app a command that opens a thread and edits one message in it."""

    @app.command("/volati")
    async def run(ack: Any, body: Any, client: Any) -> None:
        await ack(f"Looking at {body['text']}")
        section = {"type": "section", "text": {"type": "mrkdwn", "text": "*keycloak*"}}
        root = await client.chat_postMessage(channel=body["channel_id"], text="run", blocks=[section])
        line = await client.chat_postMessage(channel=body["channel_id"], text="0 of 2", thread_ts=root["ts"])
        await client.chat_update(channel=body["channel_id"], ts=line["ts"], text="2 of 2")


async def test_command_to_thread(slack: SimulatedSlack, app: AsyncApp, connect: Connect) -> None:
    """It carries a command to a Bolt app and shows its answer, its thread, and every version of an edit."""
    diagnosing(app)
    await connect(slack, app)
    outcome = await slack.person("oncall").command("#engineering", "/volati diagnose keycloak")
    assert outcome.acknowledged
    assert outcome.latency_ms < 3000
    assert outcome.answer is not None
    assert outcome.answer.text == "Looking at diagnose keycloak"
    assert outcome.answer.to == "U0ONCALL0"
    await slack.until(lambda: slack.ledger.of("chat.update"))
    root = slack.messages("#engineering")[0]
    assert root.words() == "*keycloak*"
    reply = slack.thread("#engineering", root.ts)[1]
    assert [version.content.text for version in reply.versions] == ["0 of 2", "2 of 2"]
    assert slack.ledger.rejected == []
    assert slack.ledger.calls["chat.postMessage"] == 2


async def test_stream_of_what_is_seen(slack: SimulatedSlack, app: AsyncApp, connect: Connect) -> None:
    """It tells what people see as it happens."""
    diagnosing(app)
    await connect(slack, app)
    kinds: list[str] = []

    async def watch() -> None:
        async for seen in slack.events():
            kinds.append(seen.kind)
            if {"edited", "ephemeral"} <= set(kinds):  # Bolt acknowledges beside the listener: either may be first
                return

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await slack.person("oncall").command("#engineering", "/volati diagnose keycloak")
    await asyncio.wait_for(watching, 5)
    assert [kind for kind in kinds if kind != "ephemeral"] == ["posted", "posted", "edited"]


async def test_nobody_connected(slack: SimulatedSlack) -> None:
    """It lets Slackbot say that the app is not there."""
    outcome = await slack.person("oncall").command("#engineering", "/volati help")
    assert not outcome.acknowledged
    assert outcome.answer is not None
    assert outcome.answer.text == '/volati failed with the error "dispatch_failed"'


async def test_slow_acknowledgement(still: SimulatedSlack, still_app: AsyncApp, connect: Connect, clock: Any) -> None:
    """It waits three seconds and no longer."""
    heard = asyncio.Event()

    @still_app.command("/volati")
    async def silent() -> None:
        heard.set()

    await connect(still, still_app)
    typing = asyncio.create_task(still.person("oncall").command("#engineering", "/volati help"))
    await heard.wait()
    clock.advance(2.9)
    await asyncio.sleep(0)
    assert not typing.done()
    clock.advance(0.1)
    outcome = await typing
    assert outcome.failure == "operation_timeout"
    assert outcome.latency_ms == 3000
    assert still.ephemerals("oncall")[0].text == '/volati failed with the error "operation_timeout"'


async def test_unknown_command(slack: SimulatedSlack) -> None:
    """It knows only the app's commands."""
    outcome = await slack.person("oncall").command("#engineering", "/volatii help")
    assert outcome.failure == "unknown_command"


async def test_invalid_acknowledgement(slack: SimulatedSlack, app: AsyncApp, connect: Connect) -> None:
    """It holds the message inside an acknowledgement to the same limits."""

    @app.command("/volati")
    async def run(ack: Any) -> None:
        await ack(blocks=[{"type": "section"}])

    await connect(slack, app)
    outcome = await slack.person("oncall").command("#engineering", "/volati help")
    assert outcome.acknowledged
    assert [entry.error for entry in slack.ledger.rejected] == ["invalid_blocks"]
    assert outcome.answer is not None
    assert outcome.answer.author == "USLACKBOT"
