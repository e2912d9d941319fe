"""How late incidents are: two thousand open ones, of which some fall due all the time, and once all of them together.

The parts are the bot's own, in this process, over its embedded store with fsync always. Slack and PagerDuty answer at
once: what is measured is the ladder.
"""

import asyncio
import os
import tempfile
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path as Folder

from benchmarks.figures import Figure, percentile
from benchmarks.start_up import resident_mb
from bot.clock import SystemClock
from bot.incident_store import IncidentStore
from bot.incidents.desk import Around, Incidents
from bot.incidents.events import Person
from bot.incidents.fault import about_words
from bot.incidents.kept import Kept, OnDuty, Opening, Paged, Shown, Told
from bot.incidents.path import Climb, IncidentSeverity, Level, Path
from bot.incidents.runner import Runner
from bot.incidents.shop import Shop
from bot.metrics import Unrecorded
from bot.store import Store, open_store
from diagnostics.redaction import Redactor

OPEN = 2_000
SPREAD_S = 60.0
"""Seconds over which the first level of all of them falls due: 33 a second."""

PATIENCE_S = 120.0


@dataclass
class Outside:
    """Slack and PagerDuty, which answer at once, and when each incident was paged."""

    paged: dict[str, float] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    all_paged: asyncio.Event = field(default_factory=asyncio.Event)

    def planned(self, channel: str, thread: str = "") -> Shown:
        """Somewhere."""
        return Shown(channel=channel, card="L1", thread=thread)

    async def show(self, kept: Kept) -> str:
        """At once."""
        return f"1.{kept.id}"

    async def tell(self, kept: Kept, effect: Told, *, again: bool) -> None:
        """At once."""

    async def page(self, kept: Kept, effect: Paged, *, again: bool) -> None:  # noqa: ARG002 the Protocol's
        """Note when."""
        self.paged[kept.id] = time.time()
        if len(self.paged) == OPEN:
            self.all_paged.set()

    async def on_duty(self) -> tuple[OnDuty, ...]:
        """Nobody."""
        return ()

    async def known(self, person: Person) -> Person:
        """As given."""
        return person


def path(first: float) -> Path:
    """A path whose first level has so many seconds, and whose second pages."""
    levels = (
        Level("engineering", "#engineering", timedelta(seconds=first), announces=True),
        Level("oncall", "the on-call engineer", timedelta(hours=8), page="oncall"),
    )
    climb = Climb("engineering", "oncall", 1.0, timedelta(hours=8))
    return Path(levels, dict.fromkeys(IncidentSeverity, climb))


async def measure() -> list[Figure]:
    """Both: due ones all the time, and all at once."""
    spread, memory = await _late(SPREAD_S)
    return [
        Figure(f"{OPEN} open incidents, due over {SPREAD_S:.0f} s: paged late by, p50", percentile(spread, 0.5), "ms"),
        Figure("  p99", percentile(spread, 0.99), "ms", "under 1000 ms"),
        Figure("  the latest", max(spread), "ms", "under 1000 ms"),
        Figure("  memory that the process grew by meanwhile", memory, "MB", "steady"),
        Figure(f"{OPEN} due at once: all paged after", max((await _late(0.0))[0]), "ms"),
    ]


async def _late(spread: float) -> tuple[list[float], float]:
    """By how many ms each was paged late, and by how many MB memory grew while they were."""
    outside = Outside()
    with tempfile.TemporaryDirectory(prefix="volati-bench-") as name:
        async with open_store(None, Folder(name)) as memory:
            store = IncidentStore(memory, Redactor([]))
            runner = _runner(store, outside)
            for number in range(OPEN):
                await _opened(store, outside, number)
            begin = time.time() + 1.0
            await _due(memory, outside, begin, spread)
            before = resident_mb(os.getpid())
            running = asyncio.create_task(runner.run())
            async with asyncio.timeout(spread + PATIENCE_S):
                await outside.all_paged.wait()
            grew = resident_mb(os.getpid()) - before
            running.cancel()
            await asyncio.wait({running})
    return [1000 * (outside.paged[id] - due) for id, due in outside.due.items()], grew


def _runner(store: IncidentStore, outside: Outside) -> Runner:
    made: list[Runner] = []

    def wake() -> None:
        """As in the bot: whoever writes wakes the runner."""
        made[0].wake()

    incidents = Incidents(store, Around(path(3600), outside, Redactor([]), wake))

    async def say(_: str) -> None:
        """Nowhere."""

    made.append(Runner(Shop(incidents, store, outside, outside, Unrecorded(), "bench", say)))
    return made[0]


async def _opened(store: IncidentStore, outside: Outside, number: int) -> None:
    about = about_words("production", f"fault {number}", SystemClock().now())
    incidents = Incidents(store, Around(path(3600), outside, Redactor([])))
    kept = await incidents.open(Opening(about, IncidentSeverity.P1, None, outside.planned("C1")))
    outside.due[kept.id] = 0.0


async def _due(memory: Store, outside: Outside, begin: float, spread: float) -> None:
    """Have them fall due one after another from then on, and nothing else wait to be told."""
    await memory.ask("DEL", "volati:_:incident-lane:tell")
    for place, id in enumerate(outside.due):
        outside.due[id] = begin + spread * place / OPEN
        await memory.ask("ZADD", "volati:_:incident-lane:climb", outside.due[id], id)


if __name__ == "__main__":
    for row in asyncio.run(measure()):
        print(row)
