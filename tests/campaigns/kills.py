"""The campaign of kills: the bot is killed with SIGKILL at a random moment of a run, again and again.

Each round: the bot starts on the same data folder, somebody asks for a diagnosis, and some milliseconds later the
process is gone. After the last round a bot is left alone to clear up. Then the channel must tell the truth: every
thread ends in a verdict or in words that it was interrupted, and no thread holds two verdicts.

A kill between Slack's taking a message and the bot's noting it leaves a message the bot does not know. With the
optional history scopes it finds it again. Without them it repeats it, marked as a repeat, and the first one stays as it
was: such orphans are counted apart, and there may be no more of them than marked repeats.
"""

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from playground.bot_process import running_bot
from playground.show import CHANNEL, PERSON, bot_settings, connected
from playground.slack.messages import Message
from playground.slack.server import SimulatedSlack
from playground.world.platform import SimulatedPlatform, running

#: A run takes some 200 ms here, its posts included; moments are drawn from before its beginning to after its end.
LATEST_KILL_SECONDS = 0.6
#: Real seconds within which the bot left alone must have cleared up: it does so at its start.
CLEAR_UP_SECONDS = 30.0


HISTORY = {"channels:history", "groups:history"}


@dataclass
class Campaign:
    """What came of it, counted."""

    kills: int
    seed: int
    may_look: bool
    repeats: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    hanging: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items()))
        told = f"{len(self.hanging)} hanging, {len(self.doubled)} doubled, {self.repeats} marked repeats"
        return f"{self.kills} kills (seed {self.seed}): {ends}; {told}"


async def run(kills: int, seed: int, *, may_look: bool) -> Campaign:
    """Carry the campaign out and count; `may_look`: the bot has the optional history scopes."""
    chance = random.Random(seed)  # noqa: S311 it chooses moments, it guards nothing
    campaign = Campaign(kills, seed, may_look)
    with tempfile.TemporaryDirectory(prefix="volati-kills-") as name:
        folder = Path(name)
        async with running() as platform, SimulatedSlack() as slack:
            if may_look:
                slack.switches.scopes |= HISTORY
            slack.switches.strict_tiers = False  # rounds follow each other faster than Slack would let people ask
            for _ in range(kills):
                await _round(slack, platform, folder, chance.uniform(0, LATEST_KILL_SECONDS))
            await _clear_up(slack, platform, folder)
            _count(slack, campaign)
    return campaign


async def _round(slack: SimulatedSlack, platform: SimulatedPlatform, folder: Path, moment: float) -> None:
    async with running_bot(bot_settings(platform.environment(), slack, folder), folder) as bot:
        await connected(slack, bot, folder)
        asked = asyncio.create_task(slack.person(PERSON).command(CHANNEL, "/volati diagnose keycloak"))
        await asyncio.sleep(moment)  # the moment is what the campaign is about
        bot.kill()
        await bot.wait()
        await slack.sockets.close()
        await asyncio.wait({asked})


async def _clear_up(slack: SimulatedSlack, platform: SimulatedPlatform, folder: Path) -> None:
    async with running_bot(bot_settings(platform.environment(), slack, folder), folder) as bot:
        await connected(slack, bot, folder)
        with contextlib.suppress(TimeoutError):  # what is left waiting is what is counted
            await slack.until(lambda: not _waiting(slack), CLEAR_UP_SECONDS)


def _waiting(slack: SimulatedSlack) -> list[str]:
    return [root.ts for root in slack.messages(CHANNEL) if _end(slack, root) == "hanging"]


def _count(slack: SimulatedSlack, campaign: Campaign) -> None:
    for root in slack.messages(CHANNEL):
        campaign.repeats += "may be a repeat" in root.words()
        end = _end(slack, root)
        campaign.ends[end] += 1
        if end == "hanging":
            campaign.hanging.append(root.words())
        if sum(is_verdict(one) for one in slack.thread(CHANNEL, root.ts)) > 1:
            campaign.doubled.append(root.words())


def _end(slack: SimulatedSlack, root: Message) -> str:
    """How a thread ended, by what its root says: a verdict, interrupted, or nothing yet."""
    words = root.words().lower()
    if "looking" in words:
        return "hanging"
    if "interrupted" in words or "stopped" in words or "broken off" in words:
        return "interrupted"
    return "verdict" if any(is_verdict(one) for one in slack.thread(CHANNEL, root.ts)) else "other"


def is_verdict(message: Message) -> bool:
    """Whether a message is a verdict: only those name the way to judge the run again."""
    return "volati replay" in message.words()
