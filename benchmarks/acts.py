"""How long it takes from `/volati restart backend` to its plan in the channel: read, tried for show, kept, posted."""

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure, percentile
from benchmarks.platform_process import separate_platform
from playground.bot_process import running_bot
from playground.show import CHANNEL, PERSON, bot_settings, connected
from playground.slack.server import SimulatedSlack

TIMES = 20
_PATIENCE_SECONDS = 30.0
#: Between two plans: Slack takes a message a second in a channel, and the bot keeps to that.
_APART_SECONDS = 1.5


async def measure() -> list[Figure]:
    """Ask for plans one after another; the first one has the Kubernetes library loaded and is told apart."""
    with tempfile.TemporaryDirectory(prefix="volati-bench-") as name:
        folder = Path(name)
        async with (
            separate_platform(cluster=True) as environment,
            SimulatedSlack() as slack,
            running_bot(bot_settings(environment, slack, folder), folder) as bot,
        ):
            slack.switches.strict_tiers = False  # the bot's own speed is measured, not Slack's brakes
            await connected(slack, bot, folder)
            first, *took = [await _plan(slack) for _ in range(TIMES + 1)]
    return [
        Figure(f"/volati restart backend until its plan is shown, of {TIMES} p50", percentile(took, 0.5), "ms"),
        Figure("  p95", percentile(took, 0.95), "ms", "under 300 ms"),
        Figure("  the first after a start, which loads the cluster's library", first, "ms"),
    ]


async def _plan(slack: SimulatedSlack) -> float:
    """From the typing of the command to the message with the plan, in ms."""
    await asyncio.sleep(_APART_SECONDS)
    before = len(slack.messages(CHANNEL))
    began = time.monotonic()
    asked = asyncio.create_task(slack.person(PERSON).command(CHANNEL, "/volati restart backend"))
    await slack.until(lambda: len(slack.messages(CHANNEL)) > before, _PATIENCE_SECONDS)
    took = (time.monotonic() - began) * 1000
    await asked
    return took
