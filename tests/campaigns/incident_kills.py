"""The campaign of kills during incidents: the real bot is killed with SIGKILL while incidents climb, again and again.

Each round: the bot starts on the same data folder, somebody opens some incidents, and some moments later the process is
gone. After the last round a bot is left alone until every ladder is at its end. Then PagerDuty, the channel and the
incidents must agree: each level paged once, no page missing, each thread in order.

Levels have seconds here, so that ladders climb while the bot lives. Slack's messages may be repeated where the bot was
killed between Slack's taking one and its noting that; each such repeat is marked as one.
"""

import asyncio
import contextlib
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.incident_store import IncidentStore
from bot.incidents.kept import Kept
from bot.slack.letters import REPEAT
from bot.store import open_store
from diagnostics.redaction import Redactor
from playground.bot_process import running_bot
from playground.show import CHANNEL, bot_settings, connected
from playground.slack.messages import Message
from playground.slack.server import SimulatedSlack
from playground.world.pagerduty.server import SimulatedPagerDuty
from playground.world.platform import SimulatedPlatform, running

PERSON = "oncall"
LATEST_KILL_SECONDS = 6.0
"""From the first incident of a round: two levels fall due within it."""

LEVEL_MINUTES = 0.05
REMIND_MINUTES = 1440
"""Longer than the campaign: a reminder says again what "nobody answered" says, and would look like a repeat."""

FINISH_SECONDS = 20.0
"""Real seconds for each incident within which the bot left alone must have brought every ladder to its end, and told
it: PagerDuty takes two events a second, and Slack one of the sixteen messages of an incident."""


@dataclass
class Campaign:
    """What came of it, counted."""

    kills: int
    seed: int
    incidents: int = 0
    pages: int = 0
    repeats: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = f"{self.pages} pages opened, {self.repeats} marked repeats in Slack; {len(self.wrong)} wrong"
        return f"{self.kills} kills (seed {self.seed}), {self.incidents} incidents: {told}"


@dataclass
class _World:
    platform: SimulatedPlatform
    slack: SimulatedSlack
    pager: SimulatedPagerDuty
    folder: Path

    def settings(self) -> dict[str, Any]:
        """The bot's, with levels of seconds."""
        document = bot_settings(self.platform.environment(), self.slack, self.folder)
        names = ("engineering", "oncall", "infrastructure", "cto")
        levels: dict[str, Any] = {name: {"within_minutes": LEVEL_MINUTES} for name in names}
        levels["cto"]["mentions"] = ["U0CTO000"]
        escalation = {"levels": levels, "severities": {"P1": {"remind_minutes": REMIND_MINUTES}}}
        return {**document, "pagerduty": self.pager.settings(), "escalation": escalation}


async def run(kills: int, seed: int, incidents: int) -> Campaign:
    """Carry the campaign out and hold what is left against what was to happen."""
    chance = random.Random(seed)  # noqa: S311 it chooses moments, it guards nothing
    campaign = Campaign(kills, seed)
    with tempfile.TemporaryDirectory(prefix="volati-inck-") as name:
        async with running() as platform, SimulatedSlack() as slack, SimulatedPagerDuty() as pager:
            slack.switches.strict_tiers = False  # rounds follow each other faster than Slack would let people ask
            world = _World(platform, slack, pager, Path(name))
            for _ in range(kills):
                wanted = min(incidents - campaign.incidents, -(-incidents // kills))
                await _round(world, chance, campaign, wanted)
            await _finish(world, patience=max(incidents, 12) * FINISH_SECONDS)
            _hold(world, await _kept(world.folder), campaign)
    return campaign


async def _round(world: _World, chance: random.Random, campaign: Campaign, wanted: int) -> None:
    async with running_bot(world.settings(), world.folder) as bot:
        await connected(world.slack, bot, world.folder)
        asked = [asyncio.create_task(_open(world, campaign.incidents + number)) for number in range(wanted)]
        campaign.incidents += wanted
        await asyncio.sleep(chance.uniform(0.2, LATEST_KILL_SECONDS))  # the moment is what the campaign is about
        bot.kill()
        await bot.wait()
        await world.slack.sockets.close()
        for one in asked:
            one.cancel()
        await asyncio.wait(asked)


async def _open(world: _World, number: int) -> None:
    await world.slack.person(PERSON).command(CHANNEL, f"/volati escalate new P1 fault number {number} is seen")


async def _finish(world: _World, patience: float) -> None:
    async with running_bot(world.settings(), world.folder) as bot:
        await connected(world.slack, bot, world.folder)
        with contextlib.suppress(TimeoutError):  # what is left is what is counted
            await world.slack.until(lambda: _at_their_ends(world.slack), patience)
        await _nothing_left(world.folder, patience)


async def _nothing_left(folder: Path, patience: float) -> None:
    """Wait until every effect is done, for so long at most. The store is another process's, which gives no event."""
    for _ in range(int(patience)):
        if not any(kept.outstanding for kept in await _kept(folder)):
            return
        await asyncio.sleep(1.0)


def _at_their_ends(slack: SimulatedSlack) -> bool:
    """Whether every thread says that nobody answered; a reply that the channel sees, too, is none of its own."""
    roots = [one for one in slack.messages(CHANNEL) if "fault number" in one.words() and not one.thread_ts]
    threads = [slack.thread(CHANNEL, root.ts) for root in roots]
    return bool(roots) and all(any("Nobody answered" in one.words() for one in thread) for thread in threads)


async def _kept(folder: Path) -> tuple[Kept, ...]:
    async with open_store(None, folder / "data") as store:
        return await IncidentStore(store, Redactor([])).open_ones()


def _hold(world: _World, every: tuple[Kept, ...], campaign: Campaign) -> None:
    opened = world.pager.account.opened
    campaign.pages = len(opened)
    campaign.wrong += [f"{key} was opened twice" for key in set(opened) if opened.count(key) > 1]
    for kept in every:
        called = [page.key for page in kept.incident.pages if not page.void]
        campaign.wrong += [f"{key} was never opened" for key in called if key not in opened]
        if kept.outstanding:
            left = ", ".join(f"{type(one).__name__} {one.id}" for one in kept.outstanding)
            campaign.wrong.append(f"{kept.id}: left are {left}, {kept.incident.phase}")
        if kept.incident.phase != "unanswered":
            campaign.wrong.append(f"{kept.id} is {kept.incident.phase} at level {kept.incident.level}")
        campaign.wrong += _threads(world.slack, kept, campaign)


def _threads(slack: SimulatedSlack, kept: Kept, campaign: Campaign) -> list[str]:
    """What is wrong with an incident's thread: none, a message twice without a mark, or levels out of order."""
    thread = slack.thread(CHANNEL, kept.ts)
    if not thread:
        return [f"{kept.id} has no thread"]
    marked = [one for one in thread if REPEAT in one.words()]
    campaign.repeats += len(marked)
    said = [one.words() for one in thread if one not in marked]
    # The incident's own card says what the card of its present level says.
    return [
        f"{kept.id} says at {' and '.join(_when(thread, line))}: {line[:80]}"
        for line in set(said)
        if said.count(line) > _most(line)
    ]


def _when(thread: list[Message], line: str) -> list[str]:
    """The times at which Slack took a line, in seconds."""
    return [one.ts for one in thread if one.words() == line]


def _most(line: str) -> int:
    return 2 if "\nLevel " in line else 1
