"""Tests of one examination from start to end."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from diagnostics.examine import Request, examine
from diagnostics.model import Evidence, Reason, Severity, Verdict
from diagnostics.observe import Seen, Source
from tests.diagnostics.toys import CONTEXT, Cellar, Cleaner, Door, FakeClock, Lamp, lookout, toy_area, toy_check

AREA = toy_area(toy_check(Cellar, "toy.rat", Severity.WARNING), requires=(Lamp,), optional=(Door,), deep=(Cellar,))


class Sources:
    """A source of every kind, which remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def all(self) -> list[Source[Evidence]]:
        """One for each kind."""
        return [Source(kind, self._of(kind)) for kind in (Lamp, Door, Cellar)]

    def _of(self, kind: type[Evidence]):  # type: ignore[no-untyped-def]  # noqa: ANN202 a closure of a test
        async def observe(_: Seen) -> Evidence:
            self.asked.append(kind.KIND)
            return kind()

        return observe


async def test_only_what_is_asked_for() -> None:
    """Leaves a deep look alone unless it is asked for, and says that it was not."""
    sources = Sources()
    run = await examine(Request("r1", "production", AREA), sources.all(), CONTEXT, lookout())
    assert sorted(sources.asked) == ["toy.door", "toy.lamp"]
    assert run.diagnosis.verdict is Verdict.HEALTHY
    assert [lack.reason for lack in run.diagnosis.unobserved] == [Reason.NOT_ASKED_FOR]
    assert (run.id, run.deep, run.diagnosis.environment) == ("r1", False, "production")


async def test_deep() -> None:
    """Takes the deep look when it is asked for, and judges it."""
    sources = Sources()
    run = await examine(Request("r1", "production", AREA, deep=True), sources.all(), CONTEXT, lookout())
    assert sorted(sources.asked) == ["toy.cellar", "toy.door", "toy.lamp"]
    assert run.diagnosis.verdict is Verdict.DEGRADED
    assert run.deep


async def test_kinds_of_other_areas() -> None:
    """Does not look at what another area is about."""
    sources = Sources()
    await examine(Request("r1", "production", toy_area(requires=(Door,))), sources.all(), CONTEXT, lookout())
    assert sources.asked == ["toy.door"]


async def test_duration() -> None:
    """Says when it began and how long it took, by the clock it was given."""
    clock = FakeClock()

    async def lamp(_: Seen) -> Lamp:
        clock.seconds += 0.25
        return Lamp()

    own = replace(lookout(), clock=clock)
    run = await examine(Request("r1", "production", toy_area()), [Source(Lamp, lamp)], CONTEXT, own)
    assert (run.diagnosis.started_at, run.diagnosis.duration_ms) == (CONTEXT.at, 250)


async def test_saved_as_it_was_judged() -> None:
    """Saves what passed the cleaner."""
    cleaner = Cleaner()
    run = await examine(
        Request("r1", "production", toy_area()), Sources().all(), CONTEXT, replace(lookout(), cleaner=cleaner)
    )
    assert cleaner.passed == [Lamp()]
    assert msgspec.json.decode(run.evidence["toy.lamp"].evidence) == {"lit": True, "label": ""}


async def test_cancelled() -> None:
    """Cancels its looks when it is cancelled."""
    looking, cancelled = asyncio.Event(), asyncio.Event()

    async def lamp(_: Seen) -> Lamp:
        looking.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return Lamp()

    task = asyncio.create_task(
        examine(Request("r1", "production", toy_area()), [Source(Lamp, lamp)], CONTEXT, lookout())
    )
    await looking.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()
