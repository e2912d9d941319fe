"""One pass over what PagerDuty is to hear: it ends in time, and every try of it counts. More is in the stories."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from bot.clients.pagerduty.calls import CALL_SECONDS
from bot.errors import PagerError, PagerUnreachable
from bot.incident_store import LEASE_SECONDS, Lane, paged
from bot.incidents import events as e
from bot.incidents import ringing
from bot.incidents.events import Person
from bot.incidents.kept import Kept, OnDuty, Paged
from bot.incidents.lanes import PASS_SECONDS
from bot.incidents.ringing import MORE_SECONDS, PAGE_SECONDS
from bot.paging.pager import ARRIVED_SECONDS
from bot.store import DEADLINE_SECONDS
from tests.bot.incidents.stage import AT, Bot, Stage, stage
from tests.bot.incidents.things import ALICE, BOB


@pytest.fixture
async def one() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


@dataclass
class Line:
    """A PagerDuty that says of each try how it goes, the last of them from then on; it remembers what was asked."""

    goes: Sequence[PagerError | float | None]
    asked: list[tuple[str, bool]] = field(default_factory=list)

    async def page(self, kept: Kept, effect: Paged, *, again: bool) -> None:
        """Take it, raise, or take so many seconds."""
        assert kept.id
        self.asked.append((effect.dedup_key, again))
        how = self.goes[min(len(self.asked), len(self.goes)) - 1]
        if isinstance(how, PagerError):
            raise how
        await asyncio.sleep(how or 0.0)

    async def on_duty(self) -> tuple[OnDuty, ...]:
        """Nobody."""
        return ()

    async def known(self, person: Person) -> Person:
        """As it is."""
        return person


@dataclass
class Breaks(Line):
    """It takes a while, and for one key a fault of ours breaks it at once."""

    key: str = ""
    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    async def page(self, kept: Kept, effect: Paged, *, again: bool) -> None:
        """Take it in a while, or break."""
        if effect.dedup_key == self.key:
            raise KeyError("a fault of ours")
        self.begun.append(effect.dedup_key)
        await asyncio.sleep(0.1)
        self.ended.append(effect.dedup_key)


def pages_by(bot: Bot, line: Line) -> Bot:
    """The bot, which pages by this from now on."""
    bot.runner.shop = replace(bot.runner.shop, pages=line)
    return bot


async def escalated(one: Stage, *levels: int) -> Kept:
    """An incident that a person has had called at these levels, one after another."""
    kept = await one.opened()
    for level in levels:
        await one.bot.incidents.event(kept.id, e.EscalatedNow(at=AT, by=ALICE, reason="x", level=level), "UALICE")
    return kept


def test_a_pass_ends_in_time() -> None:
    """It leaves a call, and the look before it, their own deadlines, and a pass all that is begun in it."""
    assert ARRIVED_SECONDS + CALL_SECONDS < PAGE_SECONDS
    store = 2 * DEADLINE_SECONDS  # to find it, and to let it go
    assert MORE_SECONDS + PAGE_SECONDS + store < PASS_SECONDS < LEASE_SECONDS


async def test_a_try_that_does_not_end(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends a try after its time, counts it, and says after three of them that the page is not accepted."""
    monkeypatch.setattr(ringing, "PAGE_SECONDS", 0.05)
    line = Line((3600.0,))
    pages_by(one.bot, line)
    kept = await escalated(one, 3)
    for pause in (0.0, 2.0, 8.0):
        assert not [said for said in one.seen.said(kept) if said.startswith("page not")]
        await one.pass_time(pause)
    assert "page not accepted: PagerDuty gave no answer within 0 s." in one.seen.said(kept)
    assert (await one.now(kept)).incident.level == 4
    assert [again for key, again in line.asked if key.endswith(".3")] == [False, True, True]


async def test_another_goes_on_counting(one: Stage) -> None:
    """It counts the tries of other replicas, and those from before a restart; and asks whether theirs arrived."""
    line = Line((PagerUnreachable("no answer"),))
    pages_by(one.bot, line)
    kept = await escalated(one, 3)
    for name, pause in (("here", 0.0), ("there", 2.0), ("afterwards", 8.0)):
        one.bot = pages_by(one.another(name), line)
        assert not [said for said in one.seen.said(kept) if said.startswith("page not")]
        await one.pass_time(pause)
    assert [again for key, again in line.asked if key.endswith(".3")] == [False, True, True]
    assert "page not accepted: no answer" in one.seen.said(kept)


async def test_a_page_waits_for_its_own_pause(one: Stage) -> None:
    """It tries no page before its pause is over, whatever else happens to the incident."""
    line = Line((PagerUnreachable("no answer"),))
    pages_by(one.bot, line)
    kept = await escalated(one, 3)
    for _ in range(5):
        await one.happens(kept, e.Annotated(at=AT, text="a note", by=ALICE))
    assert line.asked == [(f"volati.{kept.id}.3", False)]
    assert (await one.now(kept)).tried[f"{kept.id}.2.2"].fails == 1


async def test_a_page_that_breaks(one: Stage) -> None:
    """It ends and writes down every other page where one breaks by a fault of ours, and tries that one again."""
    kept = await escalated(one, 3, 4)
    line = Breaks((), key=f"volati.{kept.id}.3")
    pages_by(one.bot, line)
    await one.settle()
    assert (line.begun, line.ended) == ([f"volati.{kept.id}.4"], [f"volati.{kept.id}.4"])
    assert [effect.dedup_key for effect in paged(await one.now(kept))] == [f"volati.{kept.id}.3"]
    assert not [task for task in asyncio.all_tasks() if "_key" in repr(task.get_coro())]
    pages_by(one.bot, whole := Line((None,)))
    await one.pass_time(LEASE_SECONDS + 1)
    assert [key for key, _ in whole.asked] == [f"volati.{kept.id}.3"]
    assert paged(await one.now(kept)) == ()


async def test_more_than_a_pass_can_do(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins nothing more late in a pass, and goes on at once in another."""
    line = Line((None,))
    pages_by(one.bot, line)
    kept = await escalated(one, 3)
    await one.settle()
    for person in (ALICE, BOB):
        await one.bot.incidents.event(kept.id, e.Snoozed(at=AT, by=person, until=AT.replace(hour=13)), person.slack)
    monkeypatch.setattr(ringing, "MORE_SECONDS", -1.0)  # all is late
    (sweep,) = (each for each in one.bot.runner.sweeps if each.work.lane is Lane.PAGE)
    await sweep.once()
    await sweep.idle()
    assert len(line.asked) == 1
    assert len((await one.now(kept)).outstanding) >= 2
    monkeypatch.undo()
    await one.settle()
    assert len(line.asked) == 3
