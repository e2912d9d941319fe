"""The campaign of deaths in a storm: many incidents climb while the bot dies again and again, at any moment.

The bot is made of its real parts, over a real store and a simulated PagerDuty that calls back; Slack is a fake that
remembers. Time is moved by hand, so that hours pass in seconds. People acknowledge and resolve, here and there;
PagerDuty and Slack are away at times. In the end nothing may be missing and nothing doubled.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.errors import IncidentError
from bot.incidents import events as e
from bot.incidents.fault import about_words
from bot.incidents.incident import Phase
from bot.incidents.keeping import Outrun
from bot.incidents.kept import Kept, Opening
from bot.incidents.path import IncidentSeverity
from playground.world.pagerduty.account import USERS, person
from tests.bot.incidents.deaths import Killed, Life
from tests.bot.incidents.stage import AT, CHANNEL, Stage, stage
from tests.bot.incidents.things import ALICE, BOB

LONGEST_LIFE = 600
"""Moments that a bot lives at most: some dozen incidents' worth of work."""

ROUND_S = 47.0
"""Seconds that pass in a round: so odd that levels fall due at all moments of it."""


@dataclass
class Campaign:
    """What came of it, counted."""

    incidents: int
    kills: int
    seed: int
    died: int = 0
    rounds: int = 0
    pages: int = 0
    lines: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = f"{self.pages} pages opened, {self.lines} lines in threads; {len(self.wrong)} wrong"
        return f"{self.incidents} incidents, {self.died} deaths (seed {self.seed}), {self.rounds} rounds: {told}"


async def run(incidents: int, kills: int, seed: int) -> Campaign:
    """Carry the campaign out, and hold what is left against what had to happen."""
    campaign = Campaign(incidents, kills, seed)
    async with stage() as one:
        storm = _Storm(one, campaign, random.Random(seed))  # noqa: S311 it chooses moments, it guards nothing
        await storm.rages()
        await storm.calms()
        await storm.held()
    return campaign


@dataclass
class _Storm:
    one: Stage
    campaign: Campaign
    chance: random.Random
    opened: int = 0

    async def rages(self) -> None:
        """Round by round, until every incident was opened and the bot has died often enough."""
        self._born()
        while self.opened < self.campaign.incidents or self.campaign.died < self.campaign.kills:
            self.campaign.rounds += 1
            for _ in range(self.chance.randint(0, 1 + self.campaign.incidents // 20)):
                await self._lived(self._opens)
            await self._lived(self._meddles)
            await self._weather()
            self.one.clock.passed += ROUND_S
            await self._lived(self._settles)

    async def calms(self) -> None:
        """All is well again, and time passes until every ladder is at its end."""
        self.one.seen.away = False
        await self.one.world.heal()
        self.one.bot = self.one.another("last")
        await self.one.bot.store.free()
        for _ in range(60):
            self.one.clock.passed += 2 * ROUND_S
            await self.one.settle()

    async def held(self) -> None:
        """Compare."""
        account, wrong = self.one.world.account, self.campaign.wrong
        wrong += [f"{key} was opened twice" for key in set(account.opened) if account.opened.count(key) > 1]
        every = [await self._found(f"fault {number}") for number in range(self.opened)]
        for kept in every:
            wrong += self._held(kept, set(account.opened))
        self.campaign.pages = len(account.opened)
        self.campaign.lines = sum(len(lines) for lines in self.one.seen.lines.values())

    def _held(self, kept: Kept, opened: set[str]) -> list[str]:
        order = self.one.seen.order.get(kept.id, [])
        missing = [page.key for page in kept.incident.pages if page.key not in opened and not page.void]
        there = {page.key: page.status for page in self.one.world.account.incidents.values()}
        over = kept.incident.phase is Phase.RESOLVED
        found = [f"{kept.id}: {len(kept.outstanding)} effects are left"] if kept.outstanding else []
        found += [f"{key} was never opened" for key in missing if not over]
        found += [
            f"{page.key} is {there[page.key]}"
            for page in kept.incident.pages
            if over and page.key in opened and there[page.key] != "resolved"
        ]
        if order != sorted(order, key=lambda id: [int(part) for part in id.split(".")[1:]]):
            found.append(f"{kept.id}: its thread is out of order")
        if kept.incident.phase is Phase.WAITING:
            found.append(f"{kept.id} stands still at level {kept.incident.level}")
        return found

    async def _lived(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do something; where the bot dies of it, another is born."""
        try:
            await act()
        except Killed:
            self.campaign.died += 1
            self._born()
            await self.one.bot.store.free()

    def _born(self) -> None:
        name = f"bot{self.campaign.died}"
        left = self.campaign.died < self.campaign.kills
        life = Life(self.chance.randint(20, LONGEST_LIFE)) if left else None
        self.one.bot = self.one.another(name, life)

    async def _opens(self) -> None:
        if self.opened >= self.campaign.incidents:
            return
        about = about_words("production", f"fault {self.opened}", AT)
        shown = self.one.seen.planned(CHANNEL)
        await self.one.bot.incidents.open(Opening(about, IncidentSeverity.P1, ALICE, shown))
        self.opened += 1

    async def _meddles(self) -> None:
        """Somebody does something about one of them, in Slack or in PagerDuty."""
        if not self.opened or self.chance.random() < 0.4:
            return
        kept = await self._found(f"fault {self.chance.randrange(self.opened)}")
        event = self.chance.choice((e.Acknowledged(at=AT, by=BOB), e.Resolved(at=AT, by=BOB), None))
        if event is None:
            self._in_pagerduty(kept)
            return
        try:
            await self.one.bot.incidents.event(kept.id, event, "UBOB")
        except (IncidentError, Outrun):
            return

    def _in_pagerduty(self, kept: Kept) -> None:
        account = self.one.world.account
        mine = [page for page in account.incidents.values() if page.key.startswith(f"volati.{kept.id}.")]
        if mine:
            act = self.chance.choice((account.acknowledge, account.resolve))
            act(self.chance.choice(mine), person(USERS[1]))

    async def _weather(self) -> None:
        """Slack and PagerDuty come and go."""
        if self.chance.random() < 0.1:
            self.one.seen.away = not self.one.seen.away
        if self.chance.random() < 0.1:
            ill = self.chance.choice(("pagerduty-down", "pagerduty-failing", "pagerduty-loses-answers", ""))
            await (self.one.world.suffer(ill) if ill else self.one.world.heal())

    async def _settles(self) -> None:
        await self.one.bot.settle()

    async def _found(self, name: str) -> Kept:
        """An incident as it is; whoever looks does not die."""
        reader = self.one.another("reader").incidents
        holder = await self.one.another("reader").store.holder(about_words("production", name, AT))
        kept = await reader.find(holder)
        assert kept is not None
        return kept
