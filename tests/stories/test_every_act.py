"""Every guarded act as a person asks for it, against everybody who may not, and whatever else may go wrong first."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.actions.plan import LIFETIME
from bot.actions.table import ACTIONS
from bot.audit.entry import Deed
from playground.slack.messages import Message as Shown
from tests.stories.meanwhile import (
    AGAIN,
    EFFECTS,
    MEANWHILE,
    SESSIONS,
    Report,
    failed_pod,
    reporting,
    revisions,
    writes,
)
from tests.stories.test_acts import ACCESS, audit, change, deeds, labels, pressed, said
from tests.stories.world import Story, story

LINES = {
    "restart": "/volati restart backend",
    "rollback": "/volati rollback backend",
    "scale": "/volati scale backend 3",
    "delete-failed-pods": "/volati delete-failed-pods",
    "debug-logs": "/volati debug-logs backend on 30m",
    "probe": "/volati probe tcp volaticloud-backend",
    "cancel-query": "/volati cancel-query {pid}",
    "end-session": "/volati end-session {pid}",
}
STRANGERS = ("guest", "guest1", "gone", "stranger", "engineer")
EFFECT_S = 20
"""Seconds for a first step: it takes less than one, on a machine on which nothing else runs."""


@dataclass(frozen=True)
class Scene:
    """A plan that waits for a yes; `report` is the session that it is on, where it is on one."""

    act: str
    story: Story
    plan: Shown
    report: Report | None

    @property
    def label(self) -> str:
        """The word on its button."""
        return labels(self.plan)[0]

    def effects(self) -> list[str]:
        """All that was done to the platform, by whomever it was asked for."""
        return [*writes(self.story), *(self.report.met if self.report else ())]

    async def becomes_another(self) -> str:
        """Have its target changed by somebody else; gives the words by which that is told."""
        if self.report:
            anew, told = AGAIN[self.act]
            await anew(self.report)
            return told
        how, told = MEANWHILE[self.act]
        how(self.story)
        return told


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Story]:
    """The bot in its world, whose backend has an older revision and a failed pod."""
    async with story("sockets", tmp_path, ACCESS, cluster=True) as found:
        await found.slack.until(lambda: found.desk.gate._people.groups.snapshot is not None)  # type: ignore[attr-defined]
        change(found, lambda thing: thing["spec"]["template"]["metadata"]["labels"].update(two="2"))
        await found.slack.until(lambda: len(revisions(found)) == 2)
        failed_pod(found)
        yield found
        assert found.slack.ledger.rejected == []


@pytest.fixture(params=LINES)
async def scene(here: Story, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """Each act, asked for."""
    async with AsyncExitStack() as stack:
        act: str = request.param
        report = await stack.enter_async_context(reporting(here)) if act in SESSIONS else None
        assert await here.typed("oncall", LINES[act].format(pid=report and report.pid)) == []
        yield Scene(act, here, _card(here), report)


def test_no_act_is_left_out() -> None:
    """It knows of each act how it is asked for, what would make its plan stale, and what it does."""
    assert set(LINES) == set(ACTIONS) == set(EFFECTS) == {*MEANWHILE, *AGAIN}
    assert set(AGAIN) == set(SESSIONS) == {name for name, act in ACTIONS.items() if act.area == "database"}


async def test_who_may_not_and_when_nobody_may(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does nothing for who may not, for who may no more, without memory, or too late; and says and audits why."""
    here, plan, label = scene.story, scene.plan, scene.label
    wrong = (*STRANGERS, *(() if "risk low" in said(plan) else ("oncall",)))
    for person in wrong:
        assert len(await pressed(here, person, label, plan)) == 1
    refused = [one.who for one in await audit(here) if one.deed is Deed.REFUSED]
    assert refused == [here.slack.person(one).person.id for one in wrong]
    assert labels(_card(here)) == labels(plan)
    async with _without_groups(here):
        (told,) = await pressed(here, "approver", label, plan)
        assert "needs the role" in told
    with _without_memory(here):
        (told,) = await pressed(here, "approver", label, plan)
        assert "Redis" in told
    now = here.services.clock.now() + LIFETIME
    monkeypatch.setattr(type(here.services.clock), "now", lambda _: now)
    (told,) = await pressed(here, "approver", label, plan)
    assert "too old" in told
    assert scene.effects() == []
    assert {one.deed for one in await audit(here)} <= {Deed.PROPOSED, Deed.REFUSED, Deed.EXPIRED}


async def test_stale(scene: Scene) -> None:
    """It does nothing once the target is another than was planned for, says what differs, and audits it."""
    here = scene.story
    told = await scene.becomes_another()
    before = scene.effects()
    assert await pressed(here, "approver", scene.label, scene.plan) == []
    await here.slack.until(lambda: "not as it was planned for" in _card(here).text, EFFECT_S)
    assert told in said(_card(here))
    assert labels(_card(here)) == ["Plan it again…"]
    assert scene.effects() == before
    assert writes(here) == []
    assert await deeds(here) == [Deed.PROPOSED, Deed.CONFIRMED, Deed.STALE]


async def test_taken_twice(scene: Scene) -> None:
    """It is done once when two say yes at the same moment; the other is told, and the audit has one yes."""
    here, people = scene.story, ("approver", "admin")
    await asyncio.gather(*(here.slack.person(one).click(scene.plan, scene.label) for one in people))
    await here.done()
    told = {one: [message.text for message in here.slack.ephemerals(one)] for one in people}
    (late,) = (one for one in people if told[one])
    (words,) = told[late]
    assert "nothing was done twice" in words
    async with asyncio.timeout(EFFECT_S):
        while Deed.DONE not in await deeds(here) or not scene.effects():  # noqa: ASYNC110 it happens in other processes
            await asyncio.sleep(0.05)
    done = scene.effects()
    assert done == EFFECTS[scene.act][: len(done)]
    yes = [one.who for one in await audit(here) if one.deed is Deed.CONFIRMED]
    assert yes == [here.slack.person(one).person.id for one in people if one != late]
    refused = [one.who for one in await audit(here) if one.deed is Deed.REFUSED]
    assert refused == [here.slack.person(late).person.id]


def _card(here: Story) -> Shown:
    (found,) = [one for one in here.roots() if "Plan" in said(one)]
    return found


@asynccontextmanager
async def _without_groups(here: Story) -> AsyncIterator[None]:
    """Nobody is in any user group meanwhile."""
    groups = dict(here.slack.workspace.groups)
    here.slack.workspace.groups.update({id: replace(group, users=()) for id, group in groups.items()})
    await here.desk.gate._people.groups.refresh()  # type: ignore[attr-defined]
    yield
    here.slack.workspace.groups.update(groups)
    await here.desk.gate._people.groups.refresh()  # type: ignore[attr-defined]


@contextmanager
def _without_memory(here: Story) -> Iterator[None]:
    """The store is there, and answers nothing meanwhile."""
    assert here.services.store is not None
    assert here.services.store.server is not None
    assert here.services.store.server.pid is not None
    os.kill(here.services.store.server.pid, signal.SIGSTOP)
    yield
    os.kill(here.services.store.server.pid, signal.SIGCONT)
