"""The bot as a whole, from its settings, in a simulated Slack."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog

from bot.settings import Settings, SettingsError, parse
from bot.slack.errors import AccessLost
from bot.sole import AlreadyServingError
from handlers import serve as module
from handlers import sockets as sockets_module
from handlers import vitals
from handlers.http import PATH
from handlers.serve import GAVE_UP, serve
from handlers.web import PortTakenError
from playground.slack.server import SimulatedSlack
from tests.handlers.processes import COMMAND, document, stage, unused_port
from tests.handlers.world import world


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """The bot sets up its log when it starts; the other tests get theirs back."""
    yield
    structlog.reset_defaults()


class Log:
    """Says when the bot begins to wait for Slack, and keeps what it says last."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.last: dict[str, object] = {}

    def warning(self, event: str, **_: object) -> None:
        """Notice that it waits."""
        if event == "waiting for Slack":
            self.waiting.set()

    def info(self, event: str, **values: object) -> None:
        """Keep it."""
        self.last = {"event": event, **values}

    def error(self, event: str, **values: object) -> None:
        """Keep it."""
        self.last = {"event": event, **values}


def settings_for(slack: SimulatedSlack, folder: Path, /, **changes: Any) -> Settings:
    """Settings of a bot whose Keycloak and whose Redis nobody serves."""
    own = document(slack, folder, f"http://127.0.0.1:{unused_port()}", **changes)
    return parse({"store": {"url": f"redis://127.0.0.1:{unused_port()}/0"}} | own, "the test")


class Running:
    """A bot in this process."""

    def __init__(self, settings: Settings) -> None:
        self.stop, self.ready = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(serve(settings, self.stop, self.ready.set))

    async def until_ready(self) -> None:
        """Wait until it listens; where it fails instead, so does the test."""
        ready = asyncio.create_task(self.ready.wait())
        async with asyncio.timeout(20):
            await asyncio.wait({ready, self.task}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        assert self.ready.is_set(), self.task.result()

    async def ended(self) -> int:
        """Tell it to stop; gives its exit code."""
        self.stop.set()
        return await asyncio.wait_for(self.task, 20)


async def test_serves_until_stopped(tmp_path: Path) -> None:
    """It connects, carries a diagnosis to its verdict without its memory, and ends in order with 0."""
    async with SimulatedSlack() as slack:
        bot = Running(settings_for(slack, tmp_path))
        await bot.until_ready()
        outcome = await slack.person("oncall").command("engineering", COMMAND)
        assert outcome.acknowledged
        await slack.until(lambda: any("is down" in one.text for one in slack.messages("C0ENGINE0")), seconds=20)
        assert await bot.ended() == 0
        await slack.until(lambda: not slack.sockets.links)
        assert slack.ledger.rejected == []


async def test_says_when_the_token_is_wrong(tmp_path: Path) -> None:
    """It ends at once, in words, with a token Slack does not take."""
    async with SimulatedSlack() as slack:
        with pytest.raises(AccessLost, match="nstall"):
            await serve(settings_for(slack, tmp_path, slack={"bot_token": "xoxb-wrong"}), asyncio.Event())


async def test_waits_for_slack_and_can_be_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits while Slack is away, alive and not ready, connects when it is back, and is stopped at any time."""
    log = Log()
    monkeypatch.setattr(module, "SLACK_AWAY_SECONDS", 0.05)
    monkeypatch.setattr(module, "_log", log)
    async with SimulatedSlack() as slack, aiohttp.ClientSession() as session:
        port = unused_port()
        settings = settings_for(slack, tmp_path, server={"port": port})
        await slack.go_down()
        bot = Running(settings)
        await asyncio.wait_for(log.waiting.wait(), 10)
        for path, status in (("/healthz", 200), ("/readyz", 503)):
            async with session.get(f"http://127.0.0.1:{port}{path}") as response:
                assert response.status == status
        assert not bot.ready.is_set()
        await slack.come_back()
        await bot.until_ready()
        assert await bot.ended() == 0
        await slack.go_down()
        log.waiting.clear()
        bot = Running(settings)
        await asyncio.wait_for(log.waiting.wait(), 10)
        assert await bot.ended() == 0


@pytest.mark.parametrize("from_the_start", [True, False])
async def test_ends_itself_when_slack_stays_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, from_the_start: bool
) -> None:
    """It ends with a code of its own, and says why last, when Slack has been out of reach for long."""
    log = Log()
    for where in (module, sockets_module):
        monkeypatch.setattr(where, "GIVE_UP_SECONDS", 0.3)
    monkeypatch.setattr(module, "SLACK_AWAY_SECONDS", 0.05)
    monkeypatch.setattr(sockets_module, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(module, "_log", log)
    async with SimulatedSlack() as slack:
        settings = settings_for(slack, tmp_path)
        if from_the_start:
            await slack.go_down()
        bot = Running(settings)
        if not from_the_start:
            await bot.until_ready()
            await slack.go_down(refuse=False)
        assert await asyncio.wait_for(bot.task, 20) == GAVE_UP
        assert log.last["exit_code"] == GAVE_UP
        assert "status.slack.com" in str(log.last["remedy"])


async def test_closing_connections_takes_from_the_time_for_jobs() -> None:
    """It cuts jobs short at once when all the time there is was spent before: it promised to end within 20 s."""
    async with world() as here:
        here.examines.gate.clear()
        await here.slack.person("oncall").command("engineering", COMMAND)
        await here.examines.began.wait()
        await asyncio.wait_for(module._drained(here.desk, asyncio.Event(), module.DRAIN_SECONDS), 5)
        assert here.desk.tasks.count == 0
        assert "interrupted" in here.root()


async def test_wants_slack_configured(tmp_path: Path) -> None:
    """It says what to set where Slack is not configured."""
    settings = parse({"environments": {"production": {}}, "data_dir": str(tmp_path)}, "the test")
    with pytest.raises(SettingsError, match=r"slack\.bot_token"):
        await serve(settings, asyncio.Event())


async def test_says_when_its_port_is_taken(tmp_path: Path) -> None:
    """It ends at once, in words, where something else listens at its port."""
    async with SimulatedSlack() as slack:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            settings = settings_for(slack, tmp_path, server={"port": listener.getsockname()[1]})
            with pytest.raises(PortTakenError, match=r"server\.port"):
                await serve(settings, asyncio.Event())


async def test_one_bot_serves_from_a_folder(tmp_path: Path) -> None:
    """It refuses to start beside another one on the same data folder, and says what to do; later it starts."""
    async with SimulatedSlack() as slack:
        settings = parse(document(slack, tmp_path, "http://127.0.0.1:9"), "the test")
        bot = Running(settings)
        await bot.until_ready()
        with pytest.raises(AlreadyServingError, match=r"store\.url"):
            await serve(settings, asyncio.Event())
        assert await bot.ended() == 0
        again = Running(settings)
        await again.until_ready()
        assert await again.ended() == 0


async def test_serves_over_http(tmp_path: Path) -> None:
    """It carries a diagnosis through that Slack posts to it, opens no socket, and counts what it does."""
    async with SimulatedSlack() as slack, aiohttp.ClientSession() as session:
        port = unused_port()
        http = {"mode": "http", "signing_secret": slack.signing_secret}
        bot = Running(settings_for(slack, tmp_path, slack=http, server={"port": port}))
        await bot.until_ready()
        carrier = slack.deliver_over_http(f"http://127.0.0.1:{port}{PATH}")
        assert await carrier.verify_url()
        outcome = await slack.person("oncall").command("engineering", COMMAND)
        assert outcome.acknowledged
        assert outcome.latency_ms < 1_000
        await slack.until(lambda: any("is down" in one.text for one in slack.messages("C0ENGINE0")), seconds=20)
        record = await slack.person("oncall").mention("engineering", "help")
        assert record.acknowledged
        async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
            text = await response.text()
        assert 'volati_runs_total{area="keycloak",verdict="down"} 1.0' in text
        assert 'volati_deliveries_total{kind="slash_commands",outcome="answered"} 1.0' in text
        assert slack.sockets.links == []
        assert slack.ledger.calls["apps.connections.open"] == 0
        assert await bot.ended() == 0


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_knows_when_its_token_is_revoked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    """It is not ready while Slack does not take its token, though nothing is connected anew, and ready after that."""
    monkeypatch.setattr(vitals, "WEB_API_EVERY_SECONDS", 0.05)
    async with SimulatedSlack() as slack, aiohttp.ClientSession() as session:
        port = unused_port()
        how = {"mode": mode, "signing_secret": slack.signing_secret}
        bot = Running(settings_for(slack, tmp_path, slack=how, server={"port": port}))
        await bot.until_ready()

        async def until(status: int) -> str:
            async with asyncio.timeout(10):
                while True:
                    async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                        if response.status == status:
                            return await response.text()

        await until(200)
        slack.switches.fail_with["auth.test"] = "token_revoked"
        assert "Install the app again and give Volati the new token" in await until(503)
        slack.switches.fail_with.clear()
        assert "Slack takes the bot token" in await until(200)
        assert await bot.ended() == 0


async def test_while_it_stops_over_http_people_are_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not ready while a run comes to its end after a stop, and tells who asks that it is stopping."""
    async with stage() as here, aiohttp.ClientSession() as session:
        monkeypatch.setattr(module, "DRAIN_SECONDS", 0.5)
        port = unused_port()
        http = {"mode": "http", "signing_secret": here.slack.signing_secret}
        changes = {"slack": http, "server": {"port": port}, "store": {"url": f"redis://127.0.0.1:{unused_port()}/0"}}
        bot = Running(parse(document(here.slack, tmp_path, here.keycloak, **changes), "the test"))
        await bot.until_ready()
        here.slack.deliver_over_http(f"http://127.0.0.1:{port}{PATH}")
        await here.begin_a_run()
        bot.stop.set()
        status = 200
        while status == 200:
            async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
                status = response.status
        outcome = await here.slack.person("oncall").command("engineering", COMMAND)
        assert outcome.answer is not None
        assert "stopping" in outcome.answer.text
        assert await asyncio.wait_for(bot.task, 20) == 0
        assert any("Volati was stopped" in text for text in here.texts())


class TestSignals:
    async def test_sigterm_finishes_what_runs(self) -> None:
        """It takes nothing in after SIGTERM, brings its run to a verdict within twenty seconds, and ends with 0."""
        async with stage() as here, here.bot() as bot:
            assert (await bot.ask("/readyz"))[0] == 200
            await here.begin_a_run()
            began = time.monotonic()
            bot.process.send_signal(signal.SIGTERM)
            await here.slack.until(lambda: not here.slack.sockets.links)
            status, health = await bot.ask("/readyz")
            assert (status, health["stopping"]) == (503, True)
            assert (await bot.ask("/healthz"))[0] == 200
            assert await asyncio.wait_for(bot.process.wait(), 20) == 0
            assert time.monotonic() - began < 20
            assert any("is down" in text for text in here.texts())
            assert bot.log()[-1]["event"] == "ended"

    async def test_a_second_signal_ends_it_at_once(self) -> None:
        """It does not wait for runs any longer on a second signal, and still says in the thread that it was stopped."""
        async with stage() as here, here.bot() as bot:
            await here.begin_a_run()
            bot.process.send_signal(signal.SIGTERM)
            await here.slack.until(lambda: not here.slack.sockets.links)
            began = time.monotonic()
            bot.process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(bot.process.wait(), 10) == 0
            assert time.monotonic() - began < 7
            assert any("stopped" in text for text in here.texts())

    async def test_after_a_kill_the_thread_is_told(self) -> None:
        """It says in the thread of a run that kill -9 ended that it was interrupted, as soon as it is started again."""
        async with stage() as here:
            async with here.bot() as bot:
                await here.begin_a_run()
                bot.process.kill()
                await bot.process.wait()
            await here.slack.until(lambda: not here.slack.sockets.links)
            assert not any("interrupted" in text for text in here.texts())
            async with here.bot():
                await here.until_said("interrupted")
                assert len(here.slack.messages("C0ENGINE0")) == 1
