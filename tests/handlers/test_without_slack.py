"""What a bot does that is started while Slack is away: it calls people all the same, and hears PagerDuty."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.clients.valkey import EmbeddedValkey
from bot.incident_store import IncidentStore
from bot.incidents.desk import Around, Incidents
from bot.incidents.events import Person
from bot.incidents.fault import about_words
from bot.incidents.kept import Opening, Shown
from bot.incidents.path import IncidentSeverity
from bot.settings import Settings, parse
from bot.slack.errors import SlackBusy
from bot.slack.transport import Transport
from bot.store import Store, open_store
from diagnostics.redaction import Redactor
from handlers import serve as module
from handlers.pagerduty import PATH
from playground.slack.server import SimulatedSlack
from playground.world.pagerduty.server import WEBHOOK_SECRET, SimulatedPagerDuty
from playground.world.pagerduty.webhooks import signatures
from tests.bot.incidents.hooks import acknowledged, body_of
from tests.handlers.processes import document, unused_port
from tests.handlers.test_serve import Running

LEVELS = {"engineering": {"within_minutes": 0.01}, "oncall": {"page": "oncall", "within_minutes": 60}}


class Nobody:
    """Pages and knows nobody: the incident is only written down."""

    async def known(self, person: Person) -> Person:
        """The same person."""
        return person


@dataclass
class Scene:
    """A store with an open incident, a PagerDuty, and a Slack that is away."""

    slack: SimulatedSlack
    pager: SimulatedPagerDuty
    store: Store
    settings: Settings
    port: int

    async def paged(self) -> None:
        """Wait until somebody is called."""
        async with asyncio.timeout(20):
            while not self.pager.account.opened:  # noqa: ASYNC110 the simulated account tells nobody
                await asyncio.sleep(0.05)

    async def acknowledge(self) -> int:
        """Have PagerDuty tell that somebody took a page; gives the answer's status, once there is one but 503."""
        body = body_of(acknowledged())
        headers = {"Content-Type": "application/json", "X-PagerDuty-Signature": signatures(body, [WEBHOOK_SECRET])}
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.post(f"http://127.0.0.1:{self.port}{PATH}", data=body, headers=headers) as got:
                        if got.status != 503:
                            return got.status
                except aiohttp.ClientConnectorError:  # it does not listen yet
                    await asyncio.sleep(0.05)


@asynccontextmanager
async def scene(folder: Path, **more: Any) -> AsyncIterator[Scene]:
    port = unused_port()
    (folder / "store").mkdir()
    async with (
        SimulatedSlack() as slack,
        SimulatedPagerDuty() as pager,
        EmbeddedValkey(folder / "store") as server,
        open_store(server.url, folder) as store,
    ):
        own = {"store": {"url": server.url}, "server": {"port": port}, "pagerduty": pager.settings()}
        changes = {**own, "escalation": {"levels": LEVELS}, **more}
        settings = parse(document(slack, folder, f"http://127.0.0.1:{unused_port()}", **changes), "the test")
        around = Around(settings.incident_path, Nobody(), Redactor([]))  # type: ignore[arg-type]
        keeps = IncidentStore(store, Redactor([]))
        about = about_words("production", "nobody can trade", await keeps.now())
        card = Shown(channel="C0ENGINE0", card="L1")
        await Incidents(keeps, around).open(Opening(about, IncidentSeverity.P1, Person("a", slack="UA"), card))
        await slack.go_down()
        yield Scene(slack, pager, store, settings, port)


async def test_calls_people_and_hears_pagerduty(tmp_path: Path) -> None:
    """It climbs, pages and takes PagerDuty's word while Slack is away from its start on; later it serves as ever."""
    async with scene(tmp_path) as here:
        bot = Running(here.settings)
        await here.paged()
        assert await here.acknowledge() == 202
        assert not bot.ready.is_set()
        await here.slack.come_back()
        await bot.until_ready()
        await here.slack.until(lambda: bool(here.slack.messages("C0ENGINE0")))
        assert await bot.ended() == 0
        assert len(here.pager.account.opened) == 1


async def test_ends_while_slack_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It still gives up on Slack, and ends when it is told to, with incidents at work."""
    monkeypatch.setattr(module, "GIVE_UP_SECONDS", 0.3)
    monkeypatch.setattr(module, "SLACK_AWAY_SECONDS", 0.05)
    async with scene(tmp_path) as here:
        assert await asyncio.wait_for(Running(here.settings).task, 20) == module.GAVE_UP
        monkeypatch.setattr(module, "GIVE_UP_SECONDS", 900.0)
        bot = Running(here.settings)
        await here.paged()
        assert await bot.ended() == 0


async def test_waits_while_slack_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks again when Slack says, where Slack has too much to do at the start."""
    asked: list[float] = []
    identity = Transport.identity

    async def busy(self: Transport) -> Any:
        asked.append(0.0)
        if len(asked) <= 2:
            raise SlackBusy("Slack takes no more calls for a while.", 0.01)
        return await identity(self)

    monkeypatch.setattr(Transport, "identity", busy)
    async with scene(tmp_path) as here:
        await here.slack.come_back()
        bot = Running(here.settings)
        await bot.until_ready()
        assert len(asked) >= 3
        assert await bot.ended() == 0
