"""How long the bot takes from its start until it listens, and how much memory it then holds."""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure
from playground.bot_process import running_bot
from playground.show import bot_settings, connected
from playground.slack.server import SimulatedSlack
from playground.world.platform import running

#: Seconds after the start at which memory is read: what the start needed only for a moment is given back by then.
_SETTLE_SECONDS = 3.0


async def measure(starts: int) -> list[Figure]:
    """Start the bot this many times; medians."""
    seconds: list[float] = []
    memory: list[float] = []
    for _ in range(starts):
        took, resident = await _start()
        seconds.append(took)
        memory.append(resident)
    return [
        Figure(f"start until it listens, median of {starts}", median(seconds) * 1000, "ms", "under 1500 ms"),
        Figure("  slowest", max(seconds) * 1000, "ms"),
        Figure("idle memory of the bot, the embedded store apart", median(memory), "MB", "under 100 MB"),
    ]


async def _start() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="volati-bench-") as name:
        folder = Path(name)
        async with running() as platform, SimulatedSlack() as slack:
            began = time.monotonic()
            async with running_bot(bot_settings(platform.environment(), slack, folder), folder) as bot:
                await connected(slack, bot, folder)
                took = time.monotonic() - began
                await asyncio.sleep(_SETTLE_SECONDS)
                return took, await asyncio.to_thread(resident_mb, bot.pid)


def resident_mb(pid: int) -> float:
    """The resident memory of a process, in MB of a million bytes (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/{pid}/status names no VmRSS; this benchmark needs Linux")
