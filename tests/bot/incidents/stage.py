"""Incidents on a store of their own, a clock moved by hand, a Slack that remembers and a simulated PagerDuty."""

import asyncio
import contextlib
import ssl
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path as Folder

from bot.clients.http import HttpClient
from bot.clients.pagerduty.calls import Calls
from bot.clients.pagerduty.calls import Time as CallTime
from bot.clients.pagerduty.events import PagerEvents
from bot.clients.pagerduty.rest import PagerApi
from bot.clients.valkey import EmbeddedValkey
from bot.clock import SystemClock
from bot.health import Health
from bot.incident_store import IncidentStore
from bot.incidents import events as e
from bot.incidents.desk import Around, Incidents
from bot.incidents.doing import NeverShown
from bot.incidents.effects import Notify, PostCard, TellThread
from bot.incidents.fault import about_words
from bot.incidents.inbox import Inbox
from bot.incidents.kept import Kept, Opening, Shown, Told
from bot.incidents.lanes import Time
from bot.incidents.path import IncidentSeverity, Path
from bot.incidents.runner import Runner
from bot.incidents.shop import Shop
from bot.metrics import Metrics
from bot.paging.pager import Emails, Line, Pager, Route
from bot.settings import PagerSettings, ServerSettings
from bot.slack.errors import SlackUnreachable
from bot.store import Store
from diagnostics.redaction import Redactor
from handlers.pagerduty import PATH as HOOK_PATH
from handlers.pagerduty import Hooks
from handlers.web import Site, serving
from playground.world.pagerduty.server import SimulatedPagerDuty
from tests.bot.incidents.deaths import Fragile, Life, MortalPages, MortalShows, mortal
from tests.bot.incidents.things import ALICE, PATH

CHANNEL = "C0ENGINEERING"
FOR_EVER = 10**9
PATIENCE_S = 20.0
"""How long the store may take: what it does not answer in time waits for a lease, also on a busy machine."""
TICK_S, SOON_S = 0.05, 0.25
"""Time stands still but for ticks while something is due: what a script calls now, another may call a moment ago."""


class Clock:
    """Time that stands still until it is moved by hand. `stepped` moves what clocks say, and not time."""

    def __init__(self) -> None:
        self.began = time.time()
        self.passed = 0.0
        self.stepped = 0.0

    def skew(self) -> float:
        """What the store's time is moved by: back by what has passed really, and on by what was moved."""
        return self.now() - time.time()

    def elapsed(self) -> float:
        """Seconds that only go forward."""
        return self.passed

    def now(self) -> float:
        """Seconds since 1970, as PagerDuty has them."""
        return self.began + self.passed + self.stepped

    async def wait(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.passed += seconds
        await asyncio.sleep(0)

    async def sleep(self, seconds: float) -> None:
        """Return after real seconds: what waits for PagerDuty's turn or its tries waits really."""
        await asyncio.sleep(seconds)


@dataclass
class Seen:
    """Slack, as far as incidents see it: what each thread says, once for each effect; it can be away, or refuse."""

    lines: dict[str, dict[str, str]] = field(default_factory=dict)
    order: dict[str, list[str]] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    away: bool = False
    refuses: bool = False

    def planned(self, channel: str, thread: str = "") -> Shown:
        """Where it will be."""
        return Shown(channel=channel, card=f"L{len(self.cards)}", thread=thread)

    async def show(self, kept: Kept) -> str:
        """Its card."""
        self._reach()
        self.cards[kept.id] = f"{kept.incident.phase} {kept.incident.level}"
        return f"1.{kept.id}"

    async def tell(self, kept: Kept, effect: Told, *, again: bool) -> None:
        """One line, unless it is there."""
        self._reach()
        if again:
            self.again.append(effect.id)
        if effect.id not in self.lines.setdefault(kept.id, {}):
            self.lines[kept.id][effect.id] = words(effect)
            self.order.setdefault(kept.id, []).append(effect.id)
            if isinstance(effect, Notify):
                self.calls.append((kept.id, effect.level))

    def said(self, kept: Kept) -> list[str]:
        """What its thread says, in order."""
        return list(self.lines.get(kept.id, {}).values())

    def _reach(self) -> None:
        if self.away:
            raise SlackUnreachable("Slack is away", sent=False)
        if self.refuses:
            raise NeverShown("The bot is not in the channel.")


def words(effect: Told) -> str:
    """An effect in short."""
    if isinstance(effect, TellThread):
        by = f" by {effect.by.name}" if effect.by else ""
        return f"{effect.tiding}{by}{f': {effect.words}' if effect.words else ''}"
    return f"{effect.card} {effect.level}" if isinstance(effect, PostCard) else f"call {effect.level}"


@dataclass
class Bot:
    """One bot: its incidents, and the runner at work on them."""

    incidents: Incidents
    runner: Runner
    inbox: Inbox
    store: IncidentStore
    said: list[str]
    clock: Clock

    async def settle(self) -> None:
        """Do all that is due."""
        await self.inbox.work()
        await self.sweep()

    async def sweep(self) -> None:
        """Look into every lane until nothing is due in any."""
        busy = True
        while busy:
            waits = [await one.once() for one in self.runner.sweeps]
            busy = min(waits) < SOON_S or any(one.busy for one in self.runner.sweeps)
            for one in self.runner.sweeps:
                await one.idle()
            self.clock.passed += TICK_S if busy else 0


@dataclass
class Stage:
    """All of it. `cleaner` is that of bots made from now on; their memory redacts nothing by itself."""

    memory: Store
    clock: Clock
    seen: Seen
    world: SimulatedPagerDuty
    line: Line
    path: Path
    emails: Emails | None = None
    cleaner: Redactor = field(default_factory=lambda: Redactor([]))
    fragile: Fragile = field(default_factory=Fragile)
    metrics: Metrics = field(default_factory=Metrics)
    bot: Bot = field(init=False)

    def __post_init__(self) -> None:
        self.bot = self.another("here")

    def another(self, owner: str, life: Life | None = None) -> Bot:
        """A bot that shares all but its process: another replica, or the same after a crash; it lives that long."""
        life = life or Life(FOR_EVER)
        memory = mortal(self.memory, life, self.fragile)
        store = IncidentStore(memory, Redactor([]), skew=self.clock.skew)
        pager = MortalPages(Pager(self.line, self.path, self.emails, self.clock.elapsed), life)
        shows = MortalShows(self.seen, life)
        incidents = Incidents(store, Around(self.path, pager, self.cleaner))
        said: list[str] = []

        async def say(line: str) -> None:
            said.append(line)

        shop = Shop(incidents, store, shows, pager, self.metrics, owner, say)
        runner = Runner(shop, Time(self.clock.elapsed, self.clock.sleep))
        return Bot(incidents, runner, Inbox(memory, self.cleaner, incidents), store, said, self.clock)

    async def opened(self, text: str = "Keycloak is down", severity: IncidentSeverity = IncidentSeverity.P1) -> Kept:
        """An incident, shown."""
        now = await self.bot.store.now()
        about = about_words("production", text, now)
        kept = await self.bot.incidents.open(Opening(about, severity, ALICE, self.seen.planned(CHANNEL)))
        await self.settle()
        return kept

    async def pass_time(self, seconds: float) -> None:
        """Let so much time pass, and do all that is due then."""
        self.clock.passed += seconds
        await self.settle()

    async def settle(self) -> None:
        """Do all that is due, and hear what PagerDuty tells of it, until nothing is left."""
        for _ in range(20):
            await self.bot.settle()
            await asyncio.wait_for(self.world.delivered(), 10)
            if not await self.memory.ask("LLEN", "volati:_:hooks"):
                return
        raise AssertionError("it does not come to rest")

    async def now(self, kept: Kept) -> Kept:
        """The incident as it is now."""
        found = await self.bot.incidents.find(kept.id)
        assert found is not None
        return found

    async def happens(self, kept: Kept, event: e.Event, who: str = "UALICE") -> Kept:
        """Let something happen, and do what it leads to."""
        await self.bot.incidents.event(kept.id, event, who)
        await self.settle()
        return await self.now(kept)


AT = datetime.fromisoformat("2026-01-05T12:00:00+00:00")
"""A time for events, which are set anew anyway."""


@asynccontextmanager
async def stage(path: Path = PATH) -> AsyncIterator[Stage]:
    """A stage whose PagerDuty calls back."""
    clock = Clock()
    metrics = Metrics()
    site = Site(Health(SystemClock()), metrics, Redactor([]))
    async with contextlib.AsyncExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="volati-inc-"))
        server = await stack.enter_async_context(EmbeddedValkey(Folder(name)))
        memory = await stack.enter_async_context(Store.at(server.url, deadline=PATIENCE_S, server=server))
        world = await stack.enter_async_context(SimulatedPagerDuty(clock))
        http = await stack.enter_async_context(HttpClient(ssl.create_default_context()))
        port = await stack.enter_async_context(serving(site, ServerSettings(port=0), metrics))
        one = Stage(memory, clock, Seen(), world, line_to(world, http, clock), path, metrics=metrics)
        settings = PagerSettings.model_validate(world.settings())
        site.hear_pagerduty(Hooks(settings.hook_secrets(), one.bot.inbox, metrics, time.monotonic).handle)
        world.subscribe(f"http://127.0.0.1:{port}{HOOK_PATH}")
        yield one


def line_to(world: SimulatedPagerDuty, http: HttpClient, clock: Clock) -> Line:
    """The connection to a simulated PagerDuty."""
    settings = PagerSettings.model_validate(world.settings())
    routes = {name: Route(one.key(), one.escalation_policy, one.schedule) for name, one in settings.routes.items()}
    when = CallTime(clock.elapsed, clock.wait)
    events = PagerEvents(Calls(http, settings.events, clock=when, patience=0.0))
    api = PagerApi(Calls(http, settings.rest, clock=when), settings.key(), settings.from_email)
    return Line(events, api, routes)
