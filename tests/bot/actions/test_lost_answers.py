"""Every act, while the API server loses or refuses the answer to one of its writes, before or after it took it."""

import pytest

from bot.actions.journal import State
from bot.store import Store
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import Stage
from tests.bot.actions.test_deaths import CLICK, STORIES, Bot, lasting
from tests.bot.actions.toys import Watched, yes

METHODS = {name: tuple(dict.fromkeys(story.writes)) for name, story in STORIES.items()}
LOSSES = [
    pytest.param(name, method, (how, taken), id=f"{name}-{method}-{how}-{'after' if taken else 'before'}")
    for name, methods in METHODS.items()
    for method in methods
    for how in ("torn", "broken")
    for taken in (False, True)
]


@pytest.mark.parametrize(("name", "method", "loss"), LOSSES)
async def test_an_answer_that_is_lost(
    here: Stage, store: Store, name: str, method: str, loss: tuple[str, bool]
) -> None:
    """It looks before it writes again, and comes to the same end: each effect once, nothing left behind."""
    story, (how, taken) = STORIES[name], loss
    story.prepared(here)
    bot, before = Bot(here, store, story, Watched()), lasting(here)
    kept = await bot.proposed()
    here.server.misbehave(
        Trouble(torn=how == "torn", broken=how == "broken", methods=(method,), taken=taken, at_most=1)
    )
    await bot.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bot.settle()
    here.pass_by(60)
    found = await bot.plans.find(kept.plan.id)
    assert found is not None
    assert (found.journal.state, found.journal.trouble) == (State.DONE, "")
    assert story.well(here, before)
