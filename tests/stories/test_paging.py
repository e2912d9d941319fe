"""Stories of one incident between the machine, PagerDuty and its webhooks, with a clock that is moved by hand.

A few lines stand for the runner: they do the machine's effects on the simulated PagerDuty, and nothing else of it.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bot.clients.http import HttpClient
from bot.clients.pagerduty.calls import Calls
from bot.clients.pagerduty.events import Alert, PagerEvents
from bot.clock import SystemClock
from bot.errors import PagerUnreachable
from bot.health import Health
from bot.incidents import events as e
from bot.incidents.effects import AnyEffect, PageAcknowledge, PageResolve, PageTrigger, TellThread, still_wanted
from bot.incidents.inbound import meant
from bot.incidents.incident import Incident, Phase
from bot.incidents.machine import Step, advance
from bot.incidents.webhooks import Hook
from bot.metrics import Metrics
from bot.settings import PagerSettings, ServerSettings
from diagnostics.redaction import Redactor
from handlers.pagerduty import PATH, Hooks
from handlers.web import Site, serving
from playground.world.pagerduty.account import USERS, person
from playground.world.pagerduty.server import SimulatedPagerDuty
from tests.bot.incidents.things import ALICE, MINUTE, START, opened
from tests.bot.incidents.things import PATH as LADDER

ALICE_THERE = person(USERS[0])


@dataclass
class Story:
    """An incident, a PagerDuty, and what passes between them."""

    world: SimulatedPagerDuty
    events: PagerEvents
    settings: PagerSettings
    incident: Incident = field(default_factory=lambda: Incident(id="i1"))
    minutes: float = 0.0
    outstanding: tuple[AnyEffect, ...] = ()
    told: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    async def keep(self, hook: Hook) -> bool:
        """Hear a webhook, as an inbox."""
        if event := meant(hook, START + self.minutes * MINUTE):
            self.hear(event)
        return True

    def hear(self, event: e.Event) -> None:
        """Let something happen; what it leads to waits to be done."""
        made = advance(self.incident, event, LADDER)
        if isinstance(made, Step):
            self.incident = made.to
            self.outstanding = (*still_wanted(self.outstanding, made.effects), *made.effects)
        else:
            self.refused.append(made.why)

    async def settle(self) -> None:
        """Do what waits, and let PagerDuty tell what it has to tell, until nothing is left."""
        while self.outstanding:
            effects, self.outstanding = self.outstanding, ()
            for effect in effects:
                await self._done(effect)
            await asyncio.wait_for(self.world.delivered(), 10)

    async def _done(self, effect: AnyEffect) -> None:
        if isinstance(effect, TellThread):
            self.told.append(effect.tiding)
        if not isinstance(effect, PageTrigger | PageAcknowledge | PageResolve):
            return
        route = self.settings.routes[LADDER.level(effect.level).page].key()
        if isinstance(effect, PageTrigger):
            await self.events.trigger(route, Alert(effect.dedup_key, "Keycloak is down", "volaticloud"))
        elif isinstance(effect, PageAcknowledge):
            await self.events.acknowledge(route, effect.dedup_key)
        else:
            await self.events.resolve(route, effect.dedup_key)

    async def open_and_climb(self, levels: int) -> None:
        """Open it, and let so many times run out."""
        self.hear(opened())
        for _ in range(levels):
            assert self.incident.due is not None
            self.minutes = (self.incident.due - START) / MINUTE
            self.hear(e.TimeUp(at=self.incident.due, level=self.incident.level))
            await self.settle()


@asynccontextmanager
async def story() -> AsyncIterator[Story]:
    metrics = Metrics()
    site = Site(Health(SystemClock()), metrics, Redactor([]))
    async with (
        SimulatedPagerDuty() as world,
        HttpClient(ssl.create_default_context()) as http,
        serving(site, ServerSettings(port=0), metrics) as port,
    ):
        settings = PagerSettings.model_validate(world.settings())
        one = Story(world, PagerEvents(Calls(http, settings.events)), settings)
        site.hear_pagerduty(Hooks(settings.hook_secrets(), one, metrics, time.monotonic).handle)
        world.subscribe(f"http://127.0.0.1:{port}{PATH}")
        yield one


async def test_nobody_answers() -> None:
    """It pages on-call and infrastructure once each, in order, and PagerDuty's numbers come back into the thread."""
    async with story() as one:
        await one.open_and_climb(6)
        assert one.incident.phase is Phase.UNANSWERED
        assert one.world.account.opened == ["volati.i1.3", "volati.i1.4"]
        assert one.told.count("page taken") == 2


async def test_acknowledged_in_pagerduty() -> None:
    """It stops when somebody acknowledges in PagerDuty, also the other page, whose echo changes nothing."""
    async with story() as one:
        await one.open_and_climb(2)
        account = one.world.account
        first, second = account.incidents.values()
        account.acknowledge(second, ALICE_THERE)
        await asyncio.wait_for(one.world.delivered(), 10)
        await one.settle()
        assert (one.incident.phase, one.incident.due) == (Phase.ACKNOWLEDGED, None)
        assert one.incident.holder is not None
        assert one.incident.holder.name == "Alice Adams"
        assert [first.status, second.status] == ["acknowledged", "acknowledged"]
        assert one.told.count("acknowledged") == 1
        assert one.refused == []


async def test_acknowledged_in_slack() -> None:
    """It stops PagerDuty when somebody acknowledges in Slack, and keeps that person's name."""
    async with story() as one:
        await one.open_and_climb(1)
        one.hear(e.Acknowledged(at=START + 11 * MINUTE, by=ALICE))
        await one.settle()
        (incident,) = one.world.account.incidents.values()
        assert incident.status == "acknowledged"
        assert one.incident.holder == ALICE


async def test_resolved_and_back_again() -> None:
    """It resolves there what it resolves here; when the fault is back, pages anew, and the late echo harms nothing."""
    async with story() as one:
        await one.open_and_climb(1)
        one.hear(e.Resolved(at=START + 12 * MINUTE, by=ALICE))
        one.hear(e.Recurred(at=START + 13 * MINUTE))  # before PagerDuty has told of its resolve
        await one.settle()
        assert (one.incident.phase, one.incident.round) == (Phase.WAITING, 2)
        assert one.refused == ["That page is of an earlier round of this incident."]
        assert one.incident.due is not None
        one.hear(e.TimeUp(at=one.incident.due, level=2))
        await one.settle()
        assert one.world.account.opened == ["volati.i1.3", "volati.i1.3.2"]


async def test_resolved_in_pagerduty_beats_a_late_acknowledgement() -> None:
    """It is over when PagerDuty says so, and whoever acknowledges afterwards is told."""
    async with story() as one:
        await one.open_and_climb(2)
        account = one.world.account
        first, second = account.incidents.values()
        account.resolve(first, ALICE_THERE)
        await asyncio.wait_for(one.world.delivered(), 10)
        one.hear(e.Acknowledged(at=START + 30 * MINUTE, by=ALICE))
        await one.settle()
        assert one.incident.phase is Phase.RESOLVED
        assert second.status == "resolved"
        assert one.refused[0].startswith("It was resolved already")


async def test_an_answer_that_is_lost() -> None:
    """It sends a page again whose answer was lost, and nobody is paged twice."""
    async with story() as one:
        one.hear(opened())
        one.hear(e.TimeUp(at=START + 10 * MINUTE, level=2))
        waiting = one.outstanding
        await one.world.suffer("pagerduty-loses-answers")
        with pytest.raises(PagerUnreachable):
            await one.settle()
        await one.world.heal()
        one.outstanding = waiting
        await one.settle()
        assert one.world.account.opened == ["volati.i1.3"]
