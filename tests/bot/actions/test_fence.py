"""A process that stands still past its time, and goes on when its plan is another's: it writes nothing any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.actions.hands import Hands
from bot.actions.journal import Journal, State
from bot.actions.kept import Kept, Turn
from bot.plans import Plans
from bot.store import Store
from tests.bot.actions.stage import Stage
from tests.bot.actions.test_deaths import STORIES, Bot, lasting
from tests.bot.actions.toys import Watched


@dataclass
class Still:
    """Where a process stands still until it is woken."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def stand(self) -> None:
        """Stand still."""
        self.reached.set()
        await self.woken.wait()


class StillBeforeStep(Bot):
    """A bot that stands still when its first step is begun in the journal, and nothing was read for it."""

    still: Still

    def start(self, wrap: Any = lambda plans: plans) -> None:
        """Begin anew."""
        super().start(wrap)
        self.still, self.opened = Still(), 0

    @asynccontextmanager
    async def _open(self, name: str) -> AsyncIterator[Hands]:
        self.opened += 1
        if self.opened == 3:  # after the proposal, and after the facts were compared
            await self.still.stand()
        async with super()._open(name) as hands:
            yield hands


class StillBeforeNote(Plans):
    """Plans in a process that stands still when a step was done, before that is written down."""

    def __init__(self, inner: Plans, still: Still) -> None:
        self.__dict__.update(inner.__dict__)
        self._still = still

    async def record(self, kept: Kept, journal: Journal, turn: Turn, *entries: Any) -> Kept:
        """Keep it, later."""
        if journal.done == 1 and not journal.begun:
            await self._still.stand()
        return await super().record(kept, journal, turn, *entries)


@pytest.mark.parametrize("name", STORIES)
async def test_it_wakes_up_when_all_is_over(here: Stage, store: Store, name: str) -> None:
    """It writes nothing when another has carried the plan out meanwhile, even where all is again as it was."""
    story = STORIES[name]
    story.prepared(here)
    before = lasting(here)
    sleeper, other = StillBeforeStep(here, store, story, Watched(), 10), Bot(here, store, story, Watched())
    kept = await sleeper.begin()
    await sleeper.still.reached.wait()
    await other.settle()
    sleeper.still.woken.set()
    await sleeper.runner.idle()
    here.pass_by(60)
    found = await other.plans.find(kept.plan.id)
    assert found is not None
    assert found.journal.state is State.DONE
    assert tuple(one.method for one in here.writes()) == story.writes
    assert story.well(here, before)


async def test_it_wakes_up_before_the_other_has_written_it_down(here: Stage, store: Store) -> None:
    """It does not say that nothing was done, when the other has just done it."""
    story = STORIES["restart"]
    sleeper, other = StillBeforeStep(here, store, story, Watched(), 10), Bot(here, store, story, Watched())
    kept = await sleeper.begin()
    await sleeper.still.reached.wait()
    still = Still()
    other.start(lambda plans: StillBeforeNote(plans, still))
    ending = asyncio.create_task(other.settle())
    await still.reached.wait()
    sleeper.still.woken.set()
    await sleeper.runner.idle()
    still.woken.set()
    await ending
    found = await other.plans.find(kept.plan.id)
    assert found is not None
    assert found.journal.state is State.DONE
    assert len(here.writes()) == 1
