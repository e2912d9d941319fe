"""How long Slack waits for the bot's acknowledgement: 20 slash commands a second while diagnoses run."""

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.platform_process import separate_platform
from benchmarks.start_up import resident_mb
from playground.bot_process import running_bot
from playground.show import CHANNEL, PERSON, bot_settings, connected
from playground.slack.outcomes import Outcome
from playground.slack.server import SimulatedSlack

PER_SECOND = 20
#: One command in ten begins a diagnosis: two a second, each some 25 requests and several posts, overlap all the time.
DIAGNOSE_EVERY = 10


async def measure(seconds: int) -> list[Figure]:
    """Send commands for this long, and give the percentiles of their acknowledgement."""
    with tempfile.TemporaryDirectory(prefix="volati-bench-") as name:
        folder = Path(name)
        async with (
            separate_platform() as environment,
            SimulatedSlack() as slack,
            running_bot(bot_settings(environment, slack, folder), folder) as bot,
        ):
            slack.switches.strict_tiers = False  # the bot's own speed is measured, not Slack's brakes
            await connected(slack, bot, folder)
            outcomes = await _commands(slack, seconds)
            memory = await asyncio.to_thread(resident_mb, bot.pid)
    return _figures(outcomes, memory)


async def _commands(slack: SimulatedSlack, seconds: int) -> list[Outcome]:
    """Each command leaves at its own time, whether or not those before it were answered."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        tasks = []
        for number in range(PER_SECOND * seconds):
            await asyncio.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
            line = "/volati diagnose keycloak" if number % DIAGNOSE_EVERY == 0 else "/volati help"
            tasks.append(group.create_task(slack.person(PERSON).command(CHANNEL, line)))
    return [task.result() for task in tasks]


def _figures(outcomes: list[Outcome], memory: float) -> list[Figure]:
    took = [one.latency_ms for one in outcomes]
    lost = sum(not one.acknowledged for one in outcomes)
    return [
        Figure(f"acknowledgement of {len(outcomes)} commands at {PER_SECOND}/s, p50", percentile(took, 0.5), "ms"),
        Figure("  p99", percentile(took, 0.99), "ms", "under 50 ms"),
        Figure("  slowest", max(took), "ms", "under 3000 ms, Slack's limit"),
        Figure("  not acknowledged", lost, "commands", "0"),
        Figure("memory of the bot right after", memory, "MB"),
    ]
