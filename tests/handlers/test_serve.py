"""The bot as a whole, from its settings, in a simulated Slack."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot.settings import Settings, SettingsError, parse
from bot.slack.errors import AccessLost
from handlers import serve as module
from handlers.serve import serve
from playground.slack.server import SimulatedSlack


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The bot sets up its log when it starts; the other tests get theirs back."""
    yield
    structlog.reset_defaults()


class Log:
    """Says when the bot begins to wait for Slack."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()

    def warning(self, event: str, **_: object) -> None:
        """Notice that it waits."""
        if event == "waiting for Slack":
            self.waiting.set()

    def info(self, *_: object, **__: object) -> None:
        """Nothing is made of it."""


def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings_for(slack: SimulatedSlack, folder: Path, **changes: str) -> Settings:
    own = {
        "bot_token": slack.bot_token,
        "app_token": slack.app_token,
        "channel": "C0ENGINE0",
        "api_url": slack.api_url.rstrip("/"),
    }
    keycloak = {"url": f"http://127.0.0.1:{unused_port()}", "client_secret": "a-secret-of-the-tests"}
    return parse(
        {
            "slack": own | changes,
            "environments": {"production": {"keycloak": keycloak}},
            "data_dir": str(folder),
            "store": {"url": f"redis://127.0.0.1:{unused_port()}/0"},
        },
        "the test",
    )


async def test_serves_until_stopped(tmp_path: Path) -> None:
    """It connects, carries a diagnosis to its verdict without its memory, and ends in order with 0."""
    async with SimulatedSlack() as slack:
        stop, ready = asyncio.Event(), asyncio.Event()
        bot = asyncio.create_task(serve(settings_for(slack, tmp_path), stop, ready.set))
        await asyncio.wait_for(ready.wait(), 10)
        outcome = await slack.person("oncall").command("engineering", "/volati diagnose keycloak")
        assert outcome.acknowledged
        await slack.until(lambda: any("is down" in one.text for one in slack.messages("C0ENGINE0")), seconds=20)
        stop.set()
        assert await asyncio.wait_for(bot, 10) == 0
        await slack.until(lambda: not slack.sockets.links)
        assert slack.ledger.rejected == []


async def test_says_when_the_token_is_wrong(tmp_path: Path) -> None:
    """It ends at once, in words, with a token Slack does not take."""
    async with SimulatedSlack() as slack:
        with pytest.raises(AccessLost, match="Install the app again"):
            await serve(settings_for(slack, tmp_path, bot_token="xoxb-wrong"), asyncio.Event())


async def test_waits_for_slack_and_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits while Slack is away, connects when it is back, and is stopped at any time."""
    log = Log()
    monkeypatch.setattr(module, "SLACK_AWAY_SECONDS", 0.05)
    monkeypatch.setattr(module, "_log", log)
    async with SimulatedSlack() as slack:
        settings = settings_for(slack, tmp_path)
        await slack.go_down()
        stop, ready = asyncio.Event(), asyncio.Event()
        bot = asyncio.create_task(serve(settings, stop, ready.set))
        await asyncio.wait_for(log.waiting.wait(), 10)
        assert not ready.is_set()
        await slack.come_back()
        await asyncio.wait_for(ready.wait(), 10)
        stop.set()
        assert await asyncio.wait_for(bot, 10) == 0
        await slack.go_down()
        log.waiting.clear()
        stop = asyncio.Event()
        bot = asyncio.create_task(serve(settings, stop))
        await asyncio.wait_for(log.waiting.wait(), 10)
        stop.set()
        assert await asyncio.wait_for(bot, 10) == 0


async def test_wants_slack_configured(tmp_path: Path) -> None:
    """It says what to set where Slack is not configured."""
    settings = parse({"environments": {"production": {}}, "data_dir": str(tmp_path)}, "the test")
    with pytest.raises(SettingsError, match=r"slack\.bot_token"):
        await serve(settings, asyncio.Event())
