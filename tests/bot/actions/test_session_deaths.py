"""Acts on sessions under the real runner, whose process dies once at every boundary: one session is hit, once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest

from bot.actions.act import Act
from bot.actions.hands import Hands
from bot.actions.journal import State
from bot.actions.kept import Kept
from bot.actions.lifecycle import Lifecycle, Workshop
from bot.actions.plan import Request, Requester, Shown
from bot.actions.runner import Runner
from bot.actions.sessions import CancelQuery, EndSession
from bot.actions.table import ACTIONS
from bot.clock import SystemClock
from bot.plans import Plans
from bot.store import Store
from tests.bot.actions.playbill import Played, hands_on, played
from tests.bot.actions.test_deaths import CLICK, Mortal
from tests.bot.actions.toys import Looks, Plain, Watched, lapse, yes
from tests.postgres_server import PostgresServer, postgres

SHORT_S = 0.05
"""Seconds that stand for every wait of the runner's: PostgreSQL needs some, and tells nobody when."""

STORIES: dict[str, tuple[Act, str]] = {
    "cancel-query": (CancelQuery(), "57014"),
    "end-session": (EndSession(), "57P01"),
}
"""Each act on a session, and what its application is told."""

STEPS = 2


@pytest.fixture(scope="module")
def database(postgres_template: Path) -> Iterator[PostgresServer]:
    """A server in which the bot's role has just what it needs, and all that is signalled is logged."""
    with postgres(postgres_template) as server:
        server.run("GRANT pg_monitor, pg_signal_backend TO watcher")
        yield server


@dataclass
class Victim:
    """An application that works on, in session after session, and remembers how each of its statements was ended."""

    here: Played
    ends: list[str] = field(default_factory=list)

    async def work(self, began: asyncio.Future[int]) -> None:
        """Run a long statement; where it is ended, run it again, in the same session if that is still there."""
        session = await self.here.session()
        while True:
            pid = session.info.backend_pid
            if not began.done():
                began.set_result(pid)
            try:
                await session.execute("SELECT pg_sleep(300)")
            except psycopg.Error as error:
                self.ends.append(error.sqlstate or "")
            if session.closed:
                session = await self.here.session()


@dataclass
class Bot:
    """A process of the bot; another one begins where it left."""

    here: Played
    store: Store
    act: Act
    watched: Watched = field(default_factory=Watched)
    number: int = 0

    def start(self, wrap: Callable[[Plans], Any] = lambda plans: plans) -> None:
        """Begin anew: nothing is left of the process before."""
        self.number += 1
        self.plans = wrap(Plans(self.store, cast(Any, Plain())))
        acts = {self.act.name: self.act}
        self.shop = Workshop(self.plans, self._open, acts, SystemClock(), cast(Any, Plain()), f"bot{self.number}")
        self.runner = Runner(self.shop, self.watched, Looks(), self._sleep)
        self.lifecycle = Lifecycle(self.shop, self.runner.begin)

    async def _sleep(self, _: float) -> None:
        await asyncio.sleep(SHORT_S)

    @asynccontextmanager
    async def _open(self, _: str) -> AsyncIterator[Hands]:
        async with hands_on(self.here.server) as hands:
            yield hands

    async def begin(self, pid: int) -> Kept:
        """Propose and confirm it."""
        request = Request(self.act.name, "here", str(pid))
        kept = await self.lifecycle.propose(request, Requester("U1", "C1"), Shown("C1", "a", "", "b"))
        with contextlib.suppress(asyncio.CancelledError):
            await self.lifecycle.confirm(kept.plan.id, CLICK, yes)
        return kept

    async def settle(self) -> None:
        """Let everything that is due be done, until nothing is."""
        while True:
            await self.runner.idle()
            await lapse(self.store)
            due = await self.plans.claim(self.shop.owner, 10)
            if not due:
                return
            for plan_id in due:
                self.runner.begin(plan_id)


@asynccontextmanager
async def at_work(here: Played) -> AsyncIterator[tuple[Victim, int]]:
    """Somebody at work, and the pid of their first session."""
    victim, began = Victim(here), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(victim.work(began))
    pid = await began
    try:
        await here.active(pid)
        yield victim, pid
    finally:
        task.cancel()
        await asyncio.wait({task})


DEATHS = [
    pytest.param(
        name, (done, begun), after, id=f"{name}-{done}{'-begun' if begun else ''}-{'after' if after else 'before'}"
    )
    for name in STORIES
    for done in range(STEPS + 1)
    for begun in ((False, True) if done < STEPS else (False,))
    for after in (False, True)
    if (done, begun, after) != (0, False, False)  # nobody has confirmed it then
]


@pytest.mark.parametrize(("name", "boundary", "after"), DEATHS)
async def test_a_death(
    database: PostgresServer,
    store: Store,
    name: str,
    boundary: tuple[int, bool],
    after: bool,  # noqa: FBT001 pytest's
) -> None:
    """It comes to its end after a death at any boundary, and hits the one statement or session once.

    Whoever is hit works on at once, under the same pid or another: that work is not touched.
    """
    act, told = STORIES[name]
    async with played(database) as here, at_work(here) as (victim, pid):
        bot = Bot(here, store, act)
        mortal: list[Mortal] = []

        def wrap(plans: Plans) -> Any:
            mortal.append(Mortal(plans, boundary, after=after))
            return mortal[0]

        bot.start(wrap)
        kept = await bot.begin(pid)
        with contextlib.suppress(asyncio.CancelledError):
            await bot.settle()
        assert mortal[0].died
        bot.start()
        await bot.settle()
        found = await bot.plans.find(kept.plan.id)
        assert found is not None
        assert (found.journal.state, found.journal.trouble) == (State.DONE, "")
        assert len(found.journal.notes) == STEPS
        assert victim.ends == [told]
        assert {one.journal.state for one in bot.watched.ends} == {State.DONE}


def test_every_act_dies_here() -> None:
    """It leaves no act on a database out."""
    assert set(STORIES) == {name for name, act in ACTIONS.items() if act.area == "database"}
