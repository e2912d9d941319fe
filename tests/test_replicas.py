"""Several bots of one Slack app: any number on a shared Redis, and one alone without."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.clients.valkey import server_binary
from bot.settings import SettingsError, parse
from handlers.http import PATH
from playground.slack.delivery import Delivery, Receipt
from playground.slack.http_delivery import HttpCarrier
from tests.handlers.processes import CHANNEL, COMMAND, Bot, Stage, stage, unused_port
from tests.redis_server import RedisServer, redis_7

ENVIRONMENTS: dict[str, Any] = {"production": {}}


@pytest.fixture(params=["valkey", pytest.param("redis-7", marks=pytest.mark.live)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a server that the replicas share: the Valkey that comes with the bot, or Redis 7."""
    port = unused_port()
    if request.param == "redis-7":
        async with redis_7(request.config, port) as server:
            yield server.url
        return
    async with RedisServer(await asyncio.to_thread(server_binary), tmp_path, port) as server:
        yield server.url


@asynccontextmanager
async def two(here: Stage, url: str, **changes: Any) -> AsyncIterator[tuple[Bot, Bot]]:
    """Two replicas as processes, each with a data folder of its own."""
    shared = {"store": {"url": url}, "replicas": 2, **changes}
    async with here.bot("one", **shared) as one, here.bot("other", **shared) as other:
        yield one, other


async def test_each_request_is_acted_on_once(url: str) -> None:
    """It answers every command on whichever replica it reaches, and diagnoses once for a mention that reaches both."""
    async with stage() as here, two(here, url) as (one, other):
        oncall = here.slack.person("oncall")
        outcomes = [await oncall.command("engineering", "/volati help") for _ in range(40)]
        assert all(outcome.acknowledged for outcome in outcomes)
        await here.slack.until(lambda: len(here.slack.ephemerals("oncall")) == 40)
        by_link = [len(link.delivered) for link in here.slack.sockets.links]
        assert len(by_link) == 4
        assert min(by_link) > 0
        here.slack.switches.duplicates = 5
        record = await oncall.mention("engineering", "diagnose keycloak")
        assert len(record.receipts) == 6
        assert record.acknowledged
        await here.until_said("is down")
        here.slack.switches.duplicates = 0
        assert (await one.ask("/readyz"))[0] == (await other.ask("/readyz"))[0] == 200
        assert len([text for text in here.texts() if text.startswith("Keycloak in production is down")]) <= 2
        assert here.slack.ledger.calls["chat.postMessage"] <= 3  # what the person said is no call of the bot's


async def test_goes_on_when_one_is_killed(url: str) -> None:
    """It goes on answering over the replica that is left."""
    async with stage() as here, two(here, url) as (one, other):
        one.process.kill()
        await one.process.wait()
        await here.slack.until(lambda: len(here.slack.sockets.links) == 2, seconds=10)
        for _ in range(10):
            outcome = await here.slack.person("oncall").command("engineering", "/volati help")
            assert outcome.acknowledged
        assert await other.ready()


class BothWays:
    """Slack's deliveries to two addresses, as an ingress spreads them: each event to both, as if repeated elsewhere."""

    def __init__(self, ways: list[HttpCarrier]) -> None:
        self._ways = ways

    async def carry(self, delivery: Delivery) -> Receipt:
        """To one and to the other; gives what the first answered."""
        first, second = [await way.carry(delivery) for way in self._ways]
        assert second.acknowledged
        return first


async def test_over_http_a_repeat_at_another_replica_is_recognised(url: str) -> None:
    """It runs one diagnosis for a command that reaches both replicas, and acknowledges both times."""
    async with stage() as here:
        http = {"mode": "http", "signing_secret": here.slack.signing_secret}
        ports = (unused_port(), unused_port())
        async with (
            here.posted_to("one", ports[0], slack=http, store={"url": url}, replicas=2) as one,
            here.posted_to("other", ports[1], slack=http, store={"url": url}, replicas=2) as other,
        ):
            ways = [here.slack.deliver_over_http(f"http://127.0.0.1:{port}{PATH}") for port in ports]
            here.slack.courier.carrier = BothWays(ways)
            outcome = await here.slack.person("oncall").command("engineering", COMMAND)
            assert outcome.acknowledged
            await here.until_said("is down")
            assert len(here.slack.messages(CHANNEL)) == 1
            assert [bot.process.returncode for bot in (one, other)] == [None, None]


class TestWithoutRedis:
    @pytest.mark.parametrize("replicas", [2, 3, 100])
    def test_several_refuse_to_start(self, replicas: int) -> None:
        """It says that several replicas need a Redis that they share."""
        with pytest.raises(SettingsError, match=rf"replicas is {replicas}.*store\.url.*share"):
            parse({"environments": ENVIRONMENTS, "replicas": replicas}, "the test")

    def test_the_deployment_may_say_how_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It takes the number from the environment, where a deployment puts it."""
        monkeypatch.setenv("VOLATI_REPLICAS", "2")
        with pytest.raises(SettingsError, match="replicas is 2"):
            parse({"environments": ENVIRONMENTS}, "the test")

    @pytest.mark.parametrize("document", [{}, {"replicas": 1}, {"replicas": 5, "store": {"url": "redis://r/0"}}])
    def test_one_alone_and_several_with_redis_may(self, document: dict[str, Any]) -> None:
        """It starts alone without a Redis, and in any number with one."""
        assert parse({"environments": ENVIRONMENTS, **document}, "the test").replicas == document.get("replicas", 1)

    @pytest.mark.parametrize("replicas", [0, -1, "many"])
    def test_nonsense_is_refused(self, replicas: object) -> None:
        """It takes no number that is none."""
        with pytest.raises(SettingsError, match="replicas"):
            parse({"environments": ENVIRONMENTS, "replicas": replicas}, "the test")

    async def test_the_process_says_it_in_a_sentence(self) -> None:
        """It ends with 2 and one clear sentence when a second bot is started on the same data folder."""
        async with stage() as here, here.bot() as bot:
            second = await asyncio.create_subprocess_exec(
                *_again(bot), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            _, said = await asyncio.wait_for(second.communicate(), 20)
            assert second.returncode == 2
            assert b"Another Volati serves from" in said
            assert b"Traceback" not in said
            assert bot.process.returncode is None


def _again(bot: Bot) -> tuple[str, ...]:
    return (sys.executable, "-m", "bot", "serve", "--config", str(bot.folder / "volati.yaml"))
