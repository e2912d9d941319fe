"""Signed HTTP delivery, to the vendor's own Bolt app on its own server."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from playground.slack.clock import ManualClock
from playground.slack.http_delivery import HttpCarrier, signed_headers
from playground.slack.server import SimulatedSlack


async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"


@pytest.fixture
async def over_http(slack: SimulatedSlack, app: AsyncApp) -> AsyncIterator[HttpCarrier]:
    """The workspace of `slack`, delivering to the Bolt app by HTTP."""
    runner, url = await serve(app.web_app(path="/slack/events", port=3000))
    yield slack.deliver_over_http(url)
    await runner.cleanup()


async def test_signature() -> None:
    """It signs the version, the time and the raw body."""
    headers = signed_headers(b"text=a%26b", "secret", 1_700_000_000)
    digest = hmac.new(b"secret", b"v0:1700000000:text=a%26b", hashlib.sha256).hexdigest()
    assert headers["X-Slack-Signature"] == f"v0={digest}"
    assert headers["X-Slack-Request-Timestamp"] == "1700000000"


async def test_command(slack: SimulatedSlack, app: AsyncApp, over_http: HttpCarrier) -> None:
    """It posts a command as a form Bolt accepts and shows what Bolt answers."""

    @app.command("/volati")
    async def run(ack: Any, body: Any) -> None:
        await ack(text=f"Looking at {body['text']}")

    outcome = await slack.person("oncall").command("#engineering", "/volati diagnose keycloak")
    assert outcome.acknowledged
    assert outcome.answer is not None
    assert outcome.answer.text == "Looking at diagnose keycloak"


async def test_plain_text_answer(slack: SimulatedSlack, app: AsyncApp, over_http: HttpCarrier) -> None:
    """It shows a plain answer as it is."""

    @app.command("/volati")
    async def run(ack: Any) -> None:
        await ack("yes")

    outcome = await slack.person("oncall").command("#engineering", "/volati help")
    assert outcome.answer is not None
    assert outcome.answer.text == "yes"


async def test_event_and_click(slack: SimulatedSlack, app: AsyncApp, over_http: HttpCarrier) -> None:
    """It posts events as JSON and interactions as a form with a payload."""

    @app.event("app_mention")
    async def mentioned(say: Any) -> None:
        button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
        await say(text="x", blocks=[{"type": "actions", "elements": [button]}])

    @app.action("go")
    async def go(ack: Any, respond: Any) -> None:
        await ack()
        await respond("gone", replace_original=True)

    record = await slack.person("oncall").mention("#engineering", "help")
    assert record.acknowledged
    messages = await slack.until(lambda: [one for one in slack.messages("#engineering") if one.by_app])
    outcome = await slack.person("oncall").click(messages[0], "Go")
    assert outcome.acknowledged
    await slack.until(lambda: messages[0].text == "gone")


async def test_url_verification(slack: SimulatedSlack, over_http: HttpCarrier) -> None:
    """It asks the app to repeat a challenge."""
    assert await over_http.verify_url()


async def test_wrong_secret(slack: SimulatedSlack, over_http: HttpCarrier) -> None:
    """It sees the app refuse what was signed with another secret."""
    over_http.secret = "another"
    outcome = await slack.person("oncall").command("#engineering", "/volati help")
    assert outcome.failure == "dispatch_failed"


async def test_retry_headers(still: SimulatedSlack) -> None:
    """It says with a retry which one it is and why, and obeys a request for no more."""
    heard: list[tuple[str | None, str | None]] = []

    async def take(request: web.Request) -> web.Response:
        heard.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"} if len(heard) == 2 else {})

    application = web.Application()
    application.add_routes([web.post("/slack/events", take)])
    runner, url = await serve(application)
    still.deliver_over_http(url)
    record = await still.person("oncall").mention("#engineering", "help")
    await still.until(lambda: record.done)
    await runner.cleanup()
    assert heard == [(None, None), ("1", "http_error")]


async def test_timeout(still: SimulatedSlack, clock: ManualClock) -> None:
    """It waits three seconds for the answer."""
    asked, ended = asyncio.Event(), asyncio.Event()

    async def take(_request: web.Request) -> web.Response:
        asked.set()
        await ended.wait()
        return web.Response()

    application = web.Application()
    application.add_routes([web.post("/slack/events", take)])
    runner, url = await serve(application)
    still.deliver_over_http(url)
    typing = asyncio.create_task(still.person("oncall").command("#engineering", "/volati help"))
    await asked.wait()
    clock.advance(3)
    assert (await typing).failure == "operation_timeout"
    ended.set()
    await runner.cleanup()


async def test_nobody_there(slack: SimulatedSlack) -> None:
    """It tells an app that is not there from one that is slow."""
    slack.deliver_over_http("http://127.0.0.1:1/slack/events")
    outcome = await slack.person("oncall").command("#engineering", "/volati help")
    assert outcome.failure == "dispatch_failed"
    slack.deliver_over_sockets()
    assert slack.courier.carrier is slack.sockets
