"""The campaign of kills during acts: the bot is killed with SIGKILL while it carries out guarded acts.

Each round: the bot starts on the same data folder, somebody asks for an act and confirms it, or one of an earlier
round is gone on with, and some moments later the process is gone. After the last round a bot is left alone to finish.
Then cluster, audit and channel must agree: every confirmed plan came to one end, every write happened once.
"""

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bot.audit.check import verify
from bot.audit.entry import Deed, Entry, Linked
from bot.store import open_store
from playground.bot_process import running_bot
from playground.show import CHANNEL, bot_settings, connected
from playground.slack.messages import Message
from playground.slack.outcomes import NotPossibleError
from playground.slack.server import SimulatedSlack
from playground.world.kubernetes.kinds import kind_named
from playground.world.platform import SimulatedPlatform, running

PERSON = "approver"
SPACE, BACKEND = "volaticloud", "volaticloud-backend"
LINES = ("/volati restart backend", "/volati scale backend 3", "/volati scale backend 2")
LATEST_KILL_SECONDS = 4.0
"""From a confirmation: a restart takes some fifteen seconds here, so that most kills are in the midst of one."""

FINISH_SECONDS = 120.0
"""Real seconds within which the bot left alone must have brought every plan to its end."""


_GOING = ("under way", "is confirmed", "looking")


@dataclass
class Campaign:
    """What came of it, counted."""

    kills: int
    seed: int
    deeds: Counter[Deed] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counted = ", ".join(f"{count} {deed}" for deed, count in sorted(self.deeds.items()))
        return f"{self.kills} kills (seed {self.seed}): {counted}; {len(self.wrong)} wrong"


async def run(kills: int, seed: int) -> Campaign:
    """Carry the campaign out and hold what is left against what was told."""
    chance = random.Random(seed)  # noqa: S311 it chooses moments and acts, it guards nothing
    campaign = Campaign(kills, seed)
    with tempfile.TemporaryDirectory(prefix="volati-acts-") as name:
        folder = Path(name)
        async with running(cluster=True) as platform, SimulatedSlack() as slack:
            slack.switches.strict_tiers = False  # rounds follow each other faster than Slack would let people ask
            for _ in range(kills):
                await _round(slack, platform, folder, chance)
            await _finish(slack, platform, folder)
            entries = await _audited(folder, campaign)
            _hold(platform, slack, entries, campaign)
    return campaign


async def _round(slack: SimulatedSlack, platform: SimulatedPlatform, folder: Path, chance: random.Random) -> None:
    async with running_bot(bot_settings(platform.environment(), slack, folder), folder) as bot:
        await connected(slack, bot, folder)
        acting = asyncio.create_task(_act(slack, chance.choice(LINES)))
        await asyncio.sleep(chance.uniform(0.2, LATEST_KILL_SECONDS))  # the moment is what the campaign is about
        bot.kill()
        await bot.wait()
        await slack.sockets.close()
        acting.cancel()
        await asyncio.wait({acting})


async def _act(slack: SimulatedSlack, line: str) -> None:
    """Ask for an act, and confirm what is shown."""
    person = slack.person(PERSON)
    before = {one.ts for one in slack.messages(CHANNEL)}
    await person.command(CHANNEL, line)
    await slack.until(lambda: _new(slack, before), FINISH_SECONDS)  # where the kill comes first, this is cancelled
    (found, *_) = _new(slack, before)
    with contextlib.suppress(NotPossibleError):  # the button may be gone by the time it is pressed
        await person.click(found, _labels(found)[0])


def _new(slack: SimulatedSlack, before: set[str]) -> list[Message]:
    return [one for one in slack.messages(CHANNEL) if one.ts not in before and "waits for a yes" in one.text]


async def _finish(slack: SimulatedSlack, platform: SimulatedPlatform, folder: Path) -> None:
    async with running_bot(bot_settings(platform.environment(), slack, folder), folder) as bot:
        await connected(slack, bot, folder)
        with contextlib.suppress(TimeoutError):  # what is left is what is counted
            await slack.until(lambda: not _going(slack), FINISH_SECONDS)


def _going(slack: SimulatedSlack) -> list[Message]:
    return [
        one
        for one in slack.messages(CHANNEL)
        if any(word in one.text for word in ("under way", "is confirmed", "looking"))
    ]


def _open(message: Message) -> bool:
    return "waits for a yes" in message.text


def _labels(message: Message) -> list[str]:
    rows = [block for block in message.content.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


async def _audited(folder: Path, campaign: Campaign) -> list[Entry]:
    """The audit, its chain held to be whole."""
    async with open_store(None, folder / "data") as store:
        lines = await store.ask("LRANGE", "volati:_:audit", 0, -1)
    report = verify(lines, ())
    if not report.sound:
        campaign.wrong.append(f"the audit is not sound: {report}")
    return [msgspec.json.decode(line, type=Linked).entry for line in lines]


def _hold(platform: SimulatedPlatform, slack: SimulatedSlack, entries: list[Entry], campaign: Campaign) -> None:
    plans: dict[str, Counter[Deed]] = {}
    for entry in entries:
        campaign.deeds[entry.deed] += 1
        plans.setdefault(entry.plan, Counter())[entry.deed] += 1
    for plan, deeds in plans.items():
        ends = deeds[Deed.ENDED] + deeds[Deed.FAILED] + deeds[Deed.STALE]
        if deeds[Deed.CONFIRMED] != ends or deeds[Deed.CONFIRMED] > 1:
            campaign.wrong.append(f"plan {plan}: confirmed {deeds[Deed.CONFIRMED]} times, ended {ends} times")
    campaign.wrong += [f"still going: {one.text}" for one in _going(slack)]
    restarts = sum(entry.deed is Deed.DONE and "Marked" in entry.detail for entry in entries)
    revision = int(_backend(platform)["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    if revision != restarts + 1:
        campaign.wrong.append(f"{restarts} restarts were told, and the backend has revision {revision}")


def _backend(platform: SimulatedPlatform) -> Any:
    return platform.around.cluster.world.store.read(kind_named("Deployment"), SPACE, BACKEND)
