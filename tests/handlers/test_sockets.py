"""The way in, over Socket Mode, against a Slack that refreshes, cuts, delays and falls silent."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from bot.clock import SystemClock
from bot.health import Health, State
from bot.metrics import Metrics
from bot.slack.errors import AccessLost, SlackBusy, SlackError, SlackUnreachable
from bot.slack.transport import Transport, open_transport
from handlers import connection as one_module
from handlers import sockets as module
from handlers.sockets import Around, Sockets, _improbable
from playground.slack.server import SimulatedSlack
from playground.slack.sockets import Link
from tests.handlers.ear import Campaign, Ear


class Told(Health):
    """Health that can be waited for."""

    def __init__(self) -> None:
        super().__init__(SystemClock(), ("slack",))
        self._changed = asyncio.Event()

    def report(self, name: str, state: State, said: str, remedy: str = "") -> None:
        """As ever, and wake whoever waits."""
        super().report(name, state, said, remedy)
        self._changed.set()

    async def until_of(self, name: str, state: State) -> None:
        """Wait until a part is as wanted."""
        async with asyncio.timeout(5):
            while (part := self.of(name)) is None or part.state is not state:
                self._changed.clear()
                await self._changed.wait()

    async def until(self, *, ready: bool) -> None:
        """Wait until the bot is ready, or is not."""
        async with asyncio.timeout(5):
            while self.ready is not ready:
                self._changed.clear()
                await self._changed.wait()


@dataclass
class Line:
    """Connections to a simulated Slack, what listens at their end, and what they tell of themselves."""

    slack: SimulatedSlack
    transport: Transport
    sockets: Sockets
    ear: Ear
    health: Told
    metrics: Metrics
    checks: list[str] = field(default_factory=list)

    @property
    def links(self) -> list[Link]:
        """The connections as Slack sees them."""
        return self.slack.sockets.links

    async def until_open(self, count: int, seconds: float = 5.0) -> None:
        """Wait until Slack has so many connections."""
        await self.slack.until(lambda: len(self.links) == count, seconds)

    async def say(self, text: str) -> bool:
        """Whether a command was acknowledged with what the app answers."""
        outcome = await self.slack.person("oncall").command("engineering", f"/volati {text}")
        return outcome.acknowledged and outcome.answer is not None and outcome.answer.text == f"heard {text}"

    def counted(self, line: str) -> bool:
        """Whether the metrics have this line."""
        return line in self.metrics.exposition()[0].decode().splitlines()


Address = Callable[[str], Awaitable[str]]


@asynccontextmanager
async def line(
    count: int = 2, address: Address | None = None, token: str = "", *, opened: bool = True
) -> AsyncIterator[Line]:
    """A bot's ear, connected."""
    async with SimulatedSlack() as slack, open_transport(slack.bot_token, slack.api_url) as transport:
        health, metrics, ear = Told(), Metrics(), Ear()
        checks: list[str] = []

        async def checked() -> None:
            with contextlib.suppress(SlackError):
                checks.append((await transport.identity()).user_id)

        slack.switches.strict_tiers = False
        sockets = Sockets(
            ear.app(),
            token or slack.app_token,
            address or transport.socket_address,
            count,
            Around(health, metrics, checked),
        )
        here = Line(slack, transport, sockets, ear, health, metrics, checks)
        try:
            if opened:
                await sockets.open()
                await here.until_open(count)
            yield here
        finally:
            await sockets.close()


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits long between tries, and no connection counts as flapping; a test that wants it says so."""
    monkeypatch.setattr(module, "PAUSES_SECONDS", (0.0, 0.02))
    monkeypatch.setattr(module, "STEADY_SECONDS", 0.0)
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.02)


class TestOpening:
    async def test_keeps_as_many_as_are_wanted(self) -> None:
        """It opens two connections, tells health and metrics, and asks the Web API after each."""
        async with line() as here:
            assert here.health.ready
            assert (await here.say("hello"), here.ear.commands) == (True, ["hello"])
            await here.slack.until(lambda: here.slack.ledger.calls["auth.test"] == 2)
            assert here.counted('volati_sockets{state="open"} 2.0')
            assert here.counted('volati_deliveries_total{kind="slash_commands",outcome="answered"} 1.0')

    async def test_says_when_the_token_is_wrong(self) -> None:
        """It fails at the start, in words, with a token Slack does not take."""
        async with line(opened=False, token="xoxb-of-the-wrong-kind") as here:
            with pytest.raises(AccessLost):
                await here.sockets.open()
            assert not here.health.ready

    async def test_asks_for_a_new_address_when_one_is_spent(self) -> None:
        """It does not try a spent address for ever."""
        asked: list[str] = []
        async with line(opened=False) as here:

            async def address() -> str:
                asked.append("one more")
                given = await here.transport.socket_address(here.slack.app_token)
                return given if len(asked) > 1 else given.replace("ticket=", "ticket=spent")

            here.sockets._address = address
            await here.sockets.open()
            await here.until_open(2)
            assert len(asked) == 3

    async def test_outlives_tickets_that_expire(self) -> None:
        """It goes on asking while every ticket has expired by the time it is used, and says so once."""
        async with line() as here:
            here.slack.switches.expire_tickets = True
            with capture_logs() as logs:
                here.slack.sockets.cut()
                await here.slack.until(lambda: here.slack.ledger.calls["apps.connections.open"] > 8)
                said = here.health.of("slack")
                here.slack.switches.expire_tickets = False
                await here.until_open(2)
                await here.health.until(ready=True)
            assert said is not None
            assert said.state is State.ILL
            assert "HTTP 403" in said.said
            assert "ticket" not in said.said
            assert [entry["state"] for entry in logs if entry["event"] == "health"] == ["ill", "well"]
            assert await here.say("again")

    async def test_waits_as_long_as_slack_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It waits the time of a 429 before it asks for another address."""
        waits: list[float] = []
        sleep = asyncio.sleep

        async def noted(seconds: float) -> None:
            waits.append(seconds)
            await sleep(0)

        async with line() as here:
            given = iter([SlackBusy("Slack takes no more calls.", 17.0), SlackUnreachable("away", sent=False)])

            async def address() -> str:
                if error := next(given, None):
                    raise error
                return await here.transport.socket_address(here.slack.app_token)

            here.sockets._address = address
            monkeypatch.setattr(asyncio, "sleep", noted)
            here.slack.sockets.abort(here.links[0])
            await here.slack.until(lambda: 17.0 in waits and len(here.links) == 2)


class TestOthers:
    @pytest.mark.parametrize("alone", [True, False])
    async def test_says_when_another_process_is_connected(self, *, alone: bool) -> None:
        """It says that somebody else is connected with the app, where nothing is shared, and when they have gone."""
        async with line() as here:
            health = Told()
            around = Around(health, alone=alone)
            ours = Sockets(Ear().app(), here.slack.app_token, here.transport.socket_address, 2, around)
            try:
                await ours.open()
                await here.until_open(4)
                part = health.of("other replicas")
                assert (part is not None) is alone
                if part is not None:
                    assert "of them not this process's" in part.said
                    assert health.ready
                    await here.sockets.close()
                    await here.until_open(2)
                    here.slack.sockets.abort(here.links[0])
                    await health.until_of("other replicas", State.WELL)
            finally:
                await ours.close()

    async def test_does_not_take_its_own_for_others(self) -> None:
        """It counts its own connections, those that are being replaced too."""
        async with line() as here:
            here.sockets._around = Around(here.health, alone=True)
            for _ in range(5):
                await here.slack.sockets.refresh(here.links[0], close=False)
                await here.slack.until(lambda: len(here.links) == 3)
                await here.links[0].socket.close()
                await here.until_open(2)
            assert here.health.of("other replicas") is None


class TestLosing:
    @pytest.mark.parametrize("count", [1, 2])
    async def test_comes_back_after_slack_was_away(self, count: int, caplog: pytest.LogCaptureFixture) -> None:
        """It is ill while Slack is away, connects again by itself, and logs a line for each change, no traceback."""
        async with line(count) as here:
            with capture_logs() as logs, caplog.at_level(logging.WARNING):
                await here.slack.go_down()
                await here.health.until(ready=False)
                await asyncio.sleep(0.2)  # some ten tries, each of which must stay silent
                await here.slack.come_back()
                await here.until_open(count)
                await here.health.until(ready=True)
            assert await here.say("back")
            assert len(logs) == 2 + count  # ill, well, and a replacement each
            assert [entry for entry in logs if "exc_info" in entry] == []
            assert caplog.records == []

    async def test_loses_nothing_while_refreshed(self) -> None:
        """It acknowledges every command while Slack refreshes one connection after the other, and acts on each once."""
        async with line() as here:
            campaign = Campaign(here.slack, here.ear)
            typing = asyncio.create_task(campaign.type_many(200))
            refreshed = 0
            while not typing.done():
                if len(here.links) >= 2:
                    await here.slack.sockets.refresh(here.links[0])
                    refreshed += 1
                await asyncio.sleep(0.002)
            await typing
            assert (len(campaign.acknowledged), campaign.undelivered, campaign.lost) == (200, [], [])
            assert (len(here.ear.commands), campaign.heard_twice) == (200, [])
            assert refreshed > 10

    async def test_loses_nothing_while_slack_goes_on_delivering(self) -> None:
        """It reads a connection that is to be replaced until Slack closes it, with one connection too."""
        async with line(1) as here:
            campaign = Campaign(here.slack, here.ear)
            for _ in range(20):
                old = here.links[0]
                await here.slack.sockets.refresh(old, close=False)
                typing = asyncio.create_task(campaign.type_many(8))
                await here.until_open(2)
                await old.socket.close()
                await here.until_open(1)
                await typing
            assert (len(campaign.acknowledged), campaign.undelivered, campaign.lost) == (160, [], [])

    async def test_opens_another_before_it_lets_go(self) -> None:
        """It has its new connection on Slack's warning, while the old one still delivers."""
        async with line(1) as here:
            (old,) = here.links
            await here.slack.sockets._say_disconnect(old, "warning")
            await here.until_open(2)
            assert old.open
            assert await here.say("in between")
            await here.slack.sockets.refresh(old)
            await here.until_open(1)
            assert here.counted('volati_socket_replacements_total{reason="warning"} 1.0')

    async def test_lets_go_of_what_slack_forgets_to_close(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It ends a replaced connection itself when Slack does not, and loses nothing of what is still sent over it."""
        monkeypatch.setattr(module, "FAREWELL_SECONDS", 0.05)
        async with line(1) as here:
            campaign = Campaign(here.slack, here.ear)
            (old,) = here.links
            await here.slack.sockets.refresh(old, close=False)
            typing = asyncio.create_task(campaign.type_many(100))
            await here.slack.until(lambda: old not in here.links)
            await typing
            assert (len(campaign.acknowledged), campaign.lost) == (100, [])

    async def test_nothing_that_arrived_is_lost_while_cut(self) -> None:
        """It acts at most once on each command while connections are cut without a word, and mostly answers them."""
        async with line() as here:
            campaign = Campaign(here.slack, here.ear)
            typing = asyncio.create_task(campaign.type_many(100))
            cuts = 0
            while not typing.done():
                if len(here.links) == 2:
                    here.slack.sockets.abort(here.links[cuts % 2])
                    cuts += 1
                await asyncio.sleep(0.005)
            await typing
            # What Slack wrote into a connection that it then cut never came; nothing else may go unanswered.
            assert set(campaign.acknowledged) <= set(here.ear.commands)
            assert set(campaign.lost).isdisjoint(here.ear.commands)
            assert campaign.undelivered == []
            assert campaign.heard_twice == []
            assert cuts > 3

    async def test_acknowledges_over_another_connection(self) -> None:
        """It sends an acknowledgement over another connection when the one it belongs to is gone."""
        async with line() as here:
            here.ear.gate.clear()
            saying = asyncio.create_task(here.say("careful"))
            await here.ear.began.wait()
            (link,) = [link for link in here.links if link.delivered]
            here.slack.sockets.abort(link)
            await here.slack.until(lambda: link not in here.links)
            here.ear.gate.set()
            assert await saying

    async def test_notices_a_half_open_connection(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It replaces a connection whose other side has vanished without a word."""
        monkeypatch.setattr(one_module, "PING_SECONDS", 0.1)
        async with line() as here:
            (first, second) = here.links
            here.slack.sockets.freeze(first)
            await here.slack.until(lambda: any(link not in {first.number, second.number} for link in numbers(here)))
            assert await here.say("still here")

    async def test_does_not_open_in_a_tight_loop(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It waits ever longer before it opens a connection again that ends as soon as it is open."""
        monkeypatch.setattr(module, "STEADY_SECONDS", 10.0)
        monkeypatch.setattr(module, "PAUSES_SECONDS", (0.0, 0.1, 60.0))
        async with line(1) as here:
            for _ in range(2):
                await here.slack.sockets.disable()
                await here.until_open(0)
                if _ == 0:
                    await here.until_open(1)
            await asyncio.sleep(0.2)
            assert here.links == []

    async def test_does_as_told_where_there_are_too_many(self) -> None:
        """It closes a connection that is one too many before it asks for another."""
        async with line(1) as here:
            (old,) = here.links
            await here.slack.sockets._say_disconnect(old, "too_many_websockets")
            await here.slack.until(lambda: here.links and here.links[0] is not old)
            assert len(here.links) == 1


def numbers(here: Line) -> set[int]:
    return {link.number for link in here.links}


class TestDeafness:
    async def test_replaces_one_that_delivers_nothing(self) -> None:
        """It replaces a connection that answers pings while only the other brings anything; then nothing is lost."""
        async with line() as here:
            deaf = here.links[0]
            deaf.deaf = True
            heard = Campaign(here.slack, here.ear)
            typing = [asyncio.create_task(heard.type(f"n{number}")) for number in range(60)]
            await here.slack.until(lambda: deaf not in here.links)
            assert here.counted('volati_socket_replacements_total{reason="deaf"} 1.0')
            for task in typing:
                task.cancel()
            await here.until_open(2)
            assert all([await here.say(f"later{number}") for number in range(20)])

    @pytest.mark.parametrize(("count", "deliveries"), [(2, 10), (3, 18), (10, 66)])
    def test_is_not_fooled_by_chance(self, count: int, deliveries: int) -> None:
        """It takes a silence for deafness only where chance is one in a thousand."""
        assert _improbable(count) == deliveries
        assert (1 - 1 / count) ** deliveries <= 0.001 < (1 - 1 / count) ** (deliveries - 1)

    async def test_replaces_quiet_ones_in_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It replaces a connection after a long silence, one at a time, so that one is always open."""
        async with line() as here:
            before = numbers(here)
            fewest = 2
            monkeypatch.setattr(module, "QUIET_SECONDS", 0.1)
            while numbers(here) & before:
                fewest = min(fewest, len(here.links))
                await asyncio.sleep(0.005)
            assert fewest == 2
            assert "quiet" in here.metrics.exposition()[0].decode()

    async def test_ends_when_nothing_can_be_heard(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It says that it is lost when no connection has been open for long, and not before."""
        async with line() as here:
            monkeypatch.setattr(module, "GIVE_UP_SECONDS", 0.2)
            await asyncio.sleep(0.3)
            assert not here.sockets.lost.is_set()
            await here.slack.go_down()
            await asyncio.wait_for(here.sockets.lost.wait(), 5)
            assert not here.health.ready

    async def test_ends_when_it_fails_itself(self) -> None:
        """It would rather end than go on deaf when keeping a connection fails in a way nobody foresaw."""
        async with line() as here:

            async def broken() -> str:
                raise RuntimeError("a fault")

            here.sockets._address = broken
            with capture_logs() as logs:
                here.slack.sockets.abort(here.links[0])
                await asyncio.wait_for(here.sockets.lost.wait(), 5)
            assert "the connections to Slack failed" in [entry["event"] for entry in logs]
            assert here.counted('volati_errors_total{where="sockets"} 1.0')


class TestDeliveries:
    async def test_hears_a_repeated_event_once(self) -> None:
        """It acts once on an event that Slack delivers three times, and acknowledges each."""
        async with line() as here:
            here.slack.switches.duplicates = 2
            record = await here.slack.person("oncall").mention("engineering", "hello")
            assert len(here.ear.events) == 1
            assert [receipt.acknowledged for receipt in record.receipts] == [True, True, True]
            assert here.counted('volati_deliveries_total{kind="events_api",outcome="repeated"} 2.0')

    async def test_acknowledges_what_nobody_listens_for(self) -> None:
        """It lets Slack forget an event that no handler wants."""
        async with line() as here:
            here.slack.switches.events.add("app_uninstalled")
            record = await here.slack.event({"type": "app_uninstalled"})
            assert record.acknowledged
            assert here.counted('volati_deliveries_total{kind="events_api",outcome="unhandled"} 1.0')

    @pytest.mark.parametrize(
        "frame",
        ["", "no JSON", "[1]", "{", '{"type":"slash_commands"}', '{"type":"slash_commands","payload":[]}', "[" * 9999],
    )
    async def test_passes_over_what_makes_no_sense(self, frame: str) -> None:
        """It goes on over the same connection after a frame that is no delivery."""
        async with line(1) as here:
            (link,) = here.links
            await link.socket.send_str(frame)
            assert await here.say("on")
            assert here.links == [link]


class TestClosing:
    async def test_takes_nothing_after_closing(self) -> None:
        """It is gone once closed, and does not connect again."""
        async with line() as here:
            await here.sockets.close()
            await here.until_open(0)
            await asyncio.sleep(0.05)
            assert here.links == []

    async def test_acknowledges_what_came_before(self) -> None:
        """It acknowledges what is being answered before it closes."""
        async with line() as here:
            here.ear.gate.clear()
            saying = [asyncio.create_task(here.say(f"n{number}")) for number in range(10)]
            await here.slack.until(lambda: len(here.ear.commands) == 10)
            closing = asyncio.create_task(here.sockets.close())
            here.ear.gate.set()
            await closing
            assert all([await one for one in saying])

    async def test_closes_while_it_cannot_connect(self) -> None:
        """It can be closed while Slack is away, at once."""
        async with line() as here:
            await here.slack.go_down()
            await here.health.until(ready=False)
            async with asyncio.timeout(2):
                await here.sockets.close()
