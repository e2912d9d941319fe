"""Acts under the real runner, whose process dies once at every boundary: all is done once, and nothing is left."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

import pytest

from bot.actions.act import Act
from bot.actions.configured import Configured, ProbeConfigured
from bot.actions.consent import Click
from bot.actions.debug_logs import DebugLogs
from bot.actions.failed_pods import DeleteFailedPods
from bot.actions.hands import Hands
from bot.actions.journal import Journal, State
from bot.actions.kept import Kept, Turn
from bot.actions.lifecycle import Lifecycle, Workshop
from bot.actions.plan import Request, Requester, Shown
from bot.actions.probe import Probe
from bot.actions.restart import Restart
from bot.actions.rollback import Rollback
from bot.actions.runner import Runner
from bot.actions.scale import Scale
from bot.actions.table import ACTIONS
from bot.plans import Plans
from bot.store import Store
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.probing import IMAGE
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import BACKEND, SPACE, Stage
from tests.bot.actions.test_failed_pods import fail
from tests.bot.actions.toys import Looks, Plain, Watched, lapse, yes

CLICK = Click("U1", channel="C1")
HOW = Configured(probe=ProbeConfigured(f"{IMAGE}:latest", SPACE))


@dataclass(frozen=True)
class Story:
    """An act to be carried out: what is asked for, how many steps it has, and the writes that its effects are.

    `prepared` makes the cluster one in which it can be done; `left` tells what must be so afterwards, and is by default
    that all is as it was before.
    """

    act: Act
    target: str
    settings: dict[str, str]
    steps: int
    writes: tuple[str, ...]
    prepared: Callable[[Stage], object] = lambda _: None
    left: Callable[[Stage], bool] | None = None

    def well(self, here: Stage, before: tuple[Any, list[str]]) -> bool:
        """Whether the cluster is as it must be at the end."""
        return self.left(here) if self.left else lasting(here) == before


def released(here: Stage) -> None:
    """A second revision of the backend."""
    here.change("Deployment", BACKEND, lambda thing: thing["spec"]["template"]["metadata"]["labels"].update(two="2"))
    here.pass_by(120)


def revisions(here: Stage) -> int:
    """How many the backend has had."""
    return sum(
        one["metadata"]["name"].startswith(BACKEND) for one in here.world.store.listed(kind_named("ReplicaSet"), SPACE)
    )


def failing(here: Stage) -> None:
    """Two pods that have failed for good."""
    for name in ("old-1", "old-2"):
        fail(here, name)


def failed_pods(here: Stage) -> list[str]:
    """The pods that have failed."""
    pods = here.world.store.listed(kind_named("Pod"), SPACE)
    return [one["metadata"]["name"] for one in pods if one["status"]["phase"] == "Failed"]


STORIES = {
    "restart": Story(Restart(), "backend", {}, 2, ("PATCH",), left=lambda here: revisions(here) == 2),
    "scale": Story(Scale(), "backend", {"replicas": "3"}, 2, ("PUT",), left=lambda here: len(here.pods()) == 3),
    "rollback": Story(
        Rollback(),
        "backend",
        {},
        2,
        ("PUT",),
        released,
        lambda here: "two" not in here.found("Deployment", BACKEND)["spec"]["template"]["metadata"]["labels"],
    ),
    "delete-failed-pods": Story(
        DeleteFailedPods(), "", {}, 2, ("DELETE",) * 2, failing, lambda here: not failed_pods(here)
    ),
    "debug-logs": Story(DebugLogs(), "backend", {"for": "2m"}, 5, ("PATCH", "PATCH")),
    "probe": Story(Probe(), BACKEND, {"way": "tcp"}, 4, ("POST", "DELETE")),
}


@dataclass
class WorldTime:
    """The cluster's time, which passes while somebody sleeps."""

    here: Stage

    def now(self) -> datetime:
        """The time."""
        return self.here.world.clock.now()

    def monotonic(self) -> float:
        """Seconds."""
        return self.here.world.clock.now_s

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.here.pass_by(max(seconds, 0.1))
        await asyncio.sleep(0)


class Mortal:
    """Plans in a process that dies once, when a journal first comes to a boundary: before it is kept, or after."""

    def __init__(self, inner: Plans, boundary: tuple[int, bool], *, after: bool) -> None:
        self._inner = inner
        self._boundary = boundary
        self._after = after
        self.died = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def record(self, kept: Kept, journal: Journal, turn: Turn, *entries: Any) -> Kept:
        """Keep it, unless it is time to die."""
        fatal = not self.died and journal.state.under_way and (journal.done, journal.begun) == self._boundary
        if fatal and not self._after:
            self.died = True
            raise asyncio.CancelledError
        written = await self._inner.record(kept, journal, turn, *entries)
        if fatal:
            self.died = True
            raise asyncio.CancelledError
        return written


@dataclass
class Bot:
    """A process of the bot on a stage; another one begins where it left."""

    here: Stage
    store: Store
    story: Story
    watched: Watched
    number: int = 1

    def __post_init__(self) -> None:
        self.start()

    def start(self, wrap: Callable[[Plans], Any] = lambda plans: plans) -> None:
        """Begin anew: nothing is left of the process before."""
        self.number += 1
        self.clock = WorldTime(self.here)
        self.plans = wrap(Plans(self.store, cast(Any, Plain())))
        acts = {self.story.act.name: self.story.act}
        self.shop = Workshop(self.plans, self._open, acts, self.clock, cast(Any, Plain()), f"bot{self.number}")
        self.runner = Runner(self.shop, self.watched, Looks(), self.clock.sleep)
        self.lifecycle = Lifecycle(self.shop, self.runner.begin)

    @asynccontextmanager
    async def _open(self, _: str) -> AsyncIterator[Hands]:
        yield replace(self.here.hands, configured=HOW)

    async def proposed(self) -> Kept:
        """Propose it."""
        request = Request(self.story.act.name, "production", self.story.target, self.story.settings)
        return await self.lifecycle.propose(request, Requester("U1", "C1"), Shown("C1", "a", "", "b"))

    async def begin(self) -> Kept:
        """Propose and confirm it."""
        kept = await self.proposed()
        with contextlib.suppress(asyncio.CancelledError):
            await self.lifecycle.confirm(kept.plan.id, CLICK, yes)
        return kept

    async def settle(self) -> None:
        """Let everything that is due be done, time passing, until nothing is."""
        while True:
            await self.runner.idle()
            await lapse(self.store)
            due = await self.plans.claim(self.shop.owner, 10)
            if not due:
                return
            for plan_id in due:
                kept = await self.plans.find(plan_id)
                if kept and kept.journal.due:
                    self.here.pass_by(max(0.1, (kept.journal.due - self.clock.now()).total_seconds()))
                self.runner.begin(plan_id)


def lasting(here: Stage) -> tuple[Any, list[str]]:
    """What an act must leave as it was: the backend's template, and no job."""
    jobs = here.world.store.listed(kind_named("Job"), SPACE)
    return here.found("Deployment", BACKEND)["spec"]["template"], [one["metadata"]["name"] for one in jobs]


DEATHS = [
    pytest.param(
        name, (done, begun), after, id=f"{name}-{done}{'-begun' if begun else ''}-{'after' if after else 'before'}"
    )
    for name, story in STORIES.items()
    for done in range(story.steps + 1)
    for begun in ((False, True) if done < story.steps else (False,))
    for after in (False, True)
    if (done, begun, after) != (0, False, False)  # nobody has confirmed it then
]


@pytest.mark.parametrize(("name", "boundary", "after"), DEATHS)
async def test_a_death(here: Stage, store: Store, name: str, boundary: tuple[int, bool], after: bool) -> None:  # noqa: FBT001 pytest's
    """It comes to its end after a death at any boundary: each effect once, nothing left behind, one end shown."""
    story = STORIES[name]
    story.prepared(here)
    bot = Bot(here, store, story, Watched())
    before = lasting(here)
    mortal = Mortal(bot.plans, boundary, after=after)
    bot.start(lambda _: mortal)
    kept = await bot.begin()
    with contextlib.suppress(asyncio.CancelledError):
        await bot.settle()
    assert mortal.died
    bot.start()
    await bot.settle()
    here.pass_by(60)
    found = await bot.plans.find(kept.plan.id)
    assert found is not None
    assert (found.journal.state, found.journal.trouble) == (State.DONE, "")
    assert len(found.journal.notes) == story.steps
    assert tuple(one.method for one in here.writes()) == story.writes
    assert story.well(here, before)
    assert {one.journal.state for one in bot.watched.ends} == {State.DONE}


def test_every_act_dies_here() -> None:
    """It leaves no act out; those on a database die in test_session_deaths.py."""
    assert set(STORIES) == {name for name, act in ACTIONS.items() if act.area != "database"}


@pytest.mark.parametrize("name", STORIES)
async def test_without_a_death(here: Stage, store: Store, name: str) -> None:
    """It comes to the same end when nobody dies."""
    STORIES[name].prepared(here)
    bot = Bot(here, store, STORIES[name], Watched())
    before = lasting(here)
    kept = await bot.begin()
    await bot.settle()
    here.pass_by(60)
    found = await bot.plans.find(kept.plan.id)
    assert found is not None
    assert found.journal.state is State.DONE
    assert tuple(one.method for one in here.writes()) == STORIES[name].writes
    assert STORIES[name].well(here, before)


async def test_debug_logs_end_early(here: Stage, store: Store) -> None:
    """It goes back long before its time when somebody wants that."""
    bot = Bot(here, store, replace(STORIES["debug-logs"], settings={"for": "4h"}), Watched())
    before, began = lasting(here), bot.clock.now()
    kept = await bot.begin()
    await bot.runner.idle()
    await bot.lifecycle.hurry(kept.plan.id, "U2")
    await bot.settle()
    here.pass_by(60)
    assert lasting(here) == before
    assert (bot.clock.now() - began).total_seconds() < 1800


async def test_a_right_withdrawn_while_it_is_on(here: Stage, store: Store) -> None:
    """It goes on trying to put debug logs back, says why it cannot, and does so as soon as it may again."""
    bot = Bot(here, store, STORIES["debug-logs"], Watched())
    before = lasting(here)
    kept = await bot.begin()
    await bot.runner.idle()
    here.server.misbehave(Trouble(forbidden=(Forbidden(("patch",), ("deployments",), SPACE),)))
    granting = asyncio.create_task(_granted_at_last(bot, kept))
    await bot.lifecycle.hurry(kept.plan.id, "U2")
    await bot.settle()
    here.pass_by(60)
    assert "Grant the right to patch deployments.apps" in await granting
    assert lasting(here) == before


async def _granted_at_last(bot: Bot, kept: Kept) -> str:
    """Give the right back after some tries in vain; what was told until then."""
    while True:
        found = await bot.plans.find(kept.plan.id)
        if found and found.journal.tries >= 7:
            bot.here.server.heal()
            return str(found.journal.now)
