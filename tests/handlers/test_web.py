"""The HTTP server: how the bot is, and who is cut off."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.health import Health, State
from bot.metrics import Metrics
from bot.settings import ServerSettings
from diagnostics.redaction import Redactor
from handlers import web as module
from handlers.web import PortTakenError, Site, serving
from tests.handlers.ear import Ear
from tests.handlers.site import HIDDEN, Post, post_to


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A server."""
    async with post_to(Ear().app()) as post:
        yield post


async def test_readyz_says_what_is_ill(post: Post) -> None:
    """It is not ready before its parts are well, and says of each how it is, since when, and what to do."""
    assert (await post.ask("GET", "/readyz"))[0] == 503
    post.health.report("slack", State.ILL, f"no connection with {HIDDEN}", "Look at status.slack.com.")
    status, text = await post.ask("GET", "/readyz")
    part = json.loads(text)["parts"]["slack"]
    assert (status, part["state"], part["remedy"]) == (503, "ill", "Look at status.slack.com.")
    assert HIDDEN not in text
    post.health.report("slack", State.WELL, "2 connections open, 2 wanted")
    assert (await post.ask("GET", "/readyz"))[0] == 200
    post.health.stop()
    status, text = await post.ask("GET", "/readyz")
    assert (status, json.loads(text)["stopping"]) == (503, True)


async def test_healthz_says_that_it_lives(post: Post) -> None:
    """It is alive whether or not Slack is there: a restart would not help."""
    status, text = await post.ask("GET", "/healthz")
    assert (status, json.loads(text)["alive"]) == (200, True)
    assert json.loads((await post.ask("GET", "/readyz"))[1])["ready"] is False


async def test_metrics_are_there(post: Post) -> None:
    """It gives its counts in Prometheus' format."""
    post.metrics.command("diagnose", "begun")
    status, text = await post.ask("GET", "/metrics")
    assert status == 200
    assert post.headers["Content-Type"].startswith("text/plain; version=")
    assert 'volati_commands_total{outcome="begun",word="diagnose"} 1.0' in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("GET", "/readyz/x", 404), ("POST", "/healthz", 405)]
)
async def test_errors_are_short(post: Post, method: str, path: str, status: int) -> None:
    """It says no more in an error than it must, and names no library."""
    got, text = await post.ask(method, path)
    assert got == status
    assert len(text) < 30
    assert post.headers["Server"] == "volati"


async def test_a_failure_has_an_id(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers a failure of its own with an id, and keeps the reason to itself."""

    def broken() -> tuple[bytes, str]:
        raise RuntimeError("the inside story")

    monkeypatch.setattr(post.metrics, "exposition", broken)
    status, text = await post.ask("GET", "/metrics")
    assert status == 500
    assert text.startswith("failed ")
    assert "inside" not in text


async def test_slack_is_told_to_come_back_before_the_bot_listens() -> None:
    """It answers 503 where nothing hears Slack yet, and in Socket Mode always."""
    site = Site(Health(SystemClock()), Metrics(), Redactor([]))
    async with (
        serving(site, ServerSettings(port=0), Metrics()) as port,
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/slack/events", data=b"x") as response,
    ):
        assert response.status == 503


async def test_a_taken_port_is_said_in_words(post: Post) -> None:
    """It says which port is taken, and what to do."""
    site = Site(post.health, post.metrics, Redactor([]))
    with pytest.raises(PortTakenError, match=f"127.0.0.1:{post.port}.*server.port"):
        async with serving(site, ServerSettings(port=post.port), post.metrics):
            pass


async def test_cuts_off_who_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes a connection on which no whole request comes in time, one that dribbles a header too."""
    monkeypatch.setattr(module, "FIRST_REQUEST_SECONDS", 0.1)
    async with post_to(Ear().app()) as post:
        silent, _one = await asyncio.open_connection("127.0.0.1", post.port)
        slow, writer = await asyncio.open_connection("127.0.0.1", post.port)
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nX-A: ")
        async with asyncio.timeout(5):
            assert (await silent.read(), await slow.read()) == (b"", b"")
        assert post.count('volati_requests_refused_total{reason="silent"}') == 2
        for one in (_one, writer):
            one.close()


async def test_keeps_who_has_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps a connection that has asked something, for the next request."""
    monkeypatch.setattr(module, "FIRST_REQUEST_SECONDS", 0.05)
    async with post_to(Ear().app()) as post:
        reader, writer = await asyncio.open_connection("127.0.0.1", post.port)
        for _ in range(2):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            await reader.readuntil(b"}\n")
            await asyncio.sleep(0.1)  # longer than a connection that had asked nothing would live
        writer.close()


async def test_refuses_a_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes connections above its number unread, and takes new ones when others have gone."""
    monkeypatch.setattr(module, "CONNECTIONS", 2)
    async with post_to(Ear().app()) as post:
        crowd = [await asyncio.open_connection("127.0.0.1", post.port) for _ in range(2)]
        reader, one_more = await asyncio.open_connection("127.0.0.1", post.port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert post.count('volati_requests_refused_total{reason="crowded"}') == 1
        for _, writer in [*crowd, (reader, one_more)]:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(5):
            while True:
                try:
                    assert (await post.ask("GET", "/healthz"))[0] == 200
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0)
