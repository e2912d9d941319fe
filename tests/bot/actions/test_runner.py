"""The runner: every step once, whatever dies on the way, and the truth in journal, audit and thread."""

import asyncio
import contextlib
from collections import Counter
from typing import Any, cast

import msgspec
import pytest

from bot.actions.consent import Click
from bot.actions.journal import Journal, State
from bot.actions.kept import Kept, Turn
from bot.actions.runner import MUST_AT_MOST
from bot.audit.entry import BEGINNING, Deed, Linked, digest
from bot.errors import CannotAct
from bot.plans import Plans
from tests.bot.actions.toys import HOLD_S, Bench, LightAct, lapse, yes

CLICK = Click("U1", channel="C1")


async def audit(bench: Bench) -> list[Linked]:
    """The audit, its chain held to be whole."""
    lines = await bench.store.ask("LRANGE", "volati:_:audit", 0, -1)
    found = [msgspec.json.decode(line, type=Linked) for line in lines]
    before = BEGINNING
    for number, one in enumerate(found, start=1):
        assert (one.number, one.before) == (number, before)
        assert one.hash == digest(number, before, one.entry)
        before = one.hash
    return found


async def state_of(bench: Bench, kept: Kept) -> Journal:
    found = await bench.plans.find(kept.plan.id)
    assert found is not None
    return found.journal


async def test_a_plan_from_wish_to_end(bench: Bench) -> None:
    """It does each step once, in order, tells how it goes, and audits every deed."""
    kept = await bench.proposed()
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.runner.idle()
    assert (await state_of(bench, kept)).now == "lit for a while"
    await bench.settle()
    journal = await state_of(bench, kept)
    assert journal.state is State.DONE
    assert bench.lamp.deeds == ["on", "off"]
    assert [note.text for note in journal.notes] == ["it is lit", "it burns", "its time is over", "it is out"]
    (end,) = bench.watched.ends
    assert end.journal == journal
    audited = [one.entry for one in await audit(bench)]
    assert [one.deed for one in audited] == [Deed.PROPOSED, Deed.CONFIRMED, *[Deed.BEGUN, Deed.DONE] * 4, Deed.ENDED]
    assert audited[-1].detail == "done", "nothing was compared, so nothing is counted"


async def test_an_act_that_cannot_read_its_target(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends a plan whose act fails by a mistake of its own before anything was done, and says that nothing was."""

    async def facts(*_: object) -> None:
        raise KeyError("status")

    kept = await bench.proposed()
    monkeypatch.setattr(LightAct, "facts", facts)
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.runner.idle()
    journal = await state_of(bench, kept)
    assert journal.state is State.FAILED
    assert journal.outcome == "Nothing was changed: Volati itself failed here (KeyError); see its log"
    assert bench.lamp.deeds == []
    assert [one.entry.deed for one in await audit(bench)][-1] is Deed.FAILED
    assert await bench.plans.on("home", kept.plan.target) == ""
    assert len(bench.watched.ends) == 1


async def test_holding_is_ended_early(bench: Bench) -> None:
    """It puts the lamp out when somebody wants it now, long before its time; what does not hold is not hurried."""
    kept = await bench.proposed()
    with pytest.raises(CannotAct, match="waits for nothing"):
        await bench.lifecycle.hurry(kept.plan.id, "U2")
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.runner.idle()
    before = bench.clock.now()
    await bench.lifecycle.hurry(kept.plan.id, "U2")
    await bench.runner.idle()
    assert bench.lamp.deeds == ["on", "off"]
    assert (bench.clock.now() - before).total_seconds() < HOLD_S / 2
    assert Deed.HURRIED in [one.entry.deed for one in await audit(bench)]


async def test_a_plan_that_is_gone(bench: Bench) -> None:
    """It lets go of a plan that the store has no more, and leaves nothing behind for it that nobody would clean up."""
    kept = await bench.proposed()
    await bench.store.ask("DEL", f"volati:_:plan:{kept.plan.id}")
    await lapse(bench.store)
    assert await bench.plans.claim("bot9", 10) == ()
    assert await bench.store.ask("EXISTS", f"volati:_:plan:{kept.plan.id}", "volati:_:plans-due") == 0


async def test_stale(bench: Bench) -> None:
    """It does nothing when the target is not as it was planned for, and says what changed."""
    kept = await bench.proposed()
    bench.lamp.socket = "two"
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.settle()
    journal = await state_of(bench, kept)
    assert (journal.state, journal.outcome) == (State.STALE, "socket was one, and is two")
    assert bench.lamp.deeds == []
    assert await bench.plans.on("home", kept.plan.target) == ""


async def test_the_platform_is_away_before_anything_is_done(bench: Bench) -> None:
    """It tries for a while, then ends with nothing changed."""
    kept = await bench.proposed()
    bench.lamp.reachable = False
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.settle()
    journal = await state_of(bench, kept)
    assert (journal.state, journal.outcome) == (State.FAILED, "Nothing was changed: The lamp cannot be seen.")
    assert bench.lamp.deeds == []


@pytest.mark.parametrize("how", ["lost before", "lost after"])
@pytest.mark.parametrize("which", [1, 2])
async def test_an_answer_is_lost(bench: Bench, how: str, which: int) -> None:
    """It looks whether the write happened, and does it once, also when the answer is lost again."""
    bench.lamp.fails = {which: how, which + 1: how if how == "lost before" else ""}
    kept = await bench.proposed()
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.settle()
    assert (await state_of(bench, kept)).state is State.DONE
    assert bench.lamp.deeds == ["on", "off"]


async def test_a_first_step_that_fails(bench: Bench) -> None:
    """It goes on with what must be done, and ends as failed with the first reason."""
    bench.lamp.fails = {1: "refused"}
    kept = await bench.proposed()
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.settle()
    journal = await state_of(bench, kept)
    assert (journal.state, journal.outcome) == (State.FAILED, "the lamp says no")
    assert not bench.lamp.lit


async def test_what_must_be_done_is_tried_for_long(bench: Bench) -> None:
    """It tries what returns the platform to its safe state again and again, and gives up only after a day."""
    bench.lamp.fails = dict.fromkeys(range(2, 40), "refused")
    kept = await bench.proposed()
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.settle()
    assert (await state_of(bench, kept)).state is State.DONE
    assert bench.lamp.deeds == ["on", "off"]
    assert bench.lamp.attempts == 40


async def test_what_must_be_done_cannot(bench: Bench) -> None:
    """It says at last that it could not, and what is left."""
    bench.lamp.fails = dict.fromkeys(range(2, 100_000), "refused")
    bench.clock.pace = 200
    began = bench.clock.now()
    kept = await bench.proposed()
    await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.settle()
    journal = await state_of(bench, kept)
    assert (journal.state, journal.outcome) == (State.FAILED, "the lamp says no")
    assert bench.clock.now() - began > MUST_AT_MOST


async def test_expired(bench: Bench) -> None:
    """It ends a plan nobody confirmed in time, and shows it."""
    kept = await bench.proposed()
    await bench.settle()
    assert (await state_of(bench, kept)).state is State.EXPIRED
    assert [one.journal.state for one in bench.watched.ends] == [State.EXPIRED]


class Fatal:
    """Plans in a process that dies at one of its writes, before or after it is kept; counted from 1."""

    def __init__(self, inner: Plans, at: int, *, after: bool) -> None:
        self._inner = inner
        self._at = at
        self._after = after
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def record(self, kept: Kept, journal: Journal, turn: Turn, *entries: Any) -> Kept:
        """Keep it, unless it is time to die."""
        self.writes += 1
        if self.writes == self._at and not self._after:
            raise asyncio.CancelledError
        written = await self._inner.record(kept, journal, turn, *entries)
        if self.writes == self._at:
            raise asyncio.CancelledError
        return written


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_every_write_of_the_journal(bench: Bench, after: bool) -> None:  # noqa: FBT001 pytest's
    """It ends well after a death at any boundary: every effect once, the lamp out, one end shown, the audit whole."""
    place, reached = 0, True
    while reached:
        place += 1
        bench.lamp.deeds.clear()
        bench.watched.ends.clear()
        kept, reached = await _life(bench, place, after=after)
        journal = await state_of(bench, kept)
        taken = place > 1 or after
        assert journal.state is (State.DONE if taken else State.EXPIRED), place
        assert bench.lamp.deeds == (["on", "off"] if taken else []), place
        assert {one.journal.state for one in bench.watched.ends} == {journal.state}
        deeds = Counter(one.entry.deed for one in await audit(bench) if one.entry.plan == kept.plan.id)
        assert deeds[Deed.DONE] == deeds[Deed.BEGUN] == (4 if taken else 0)
        assert max(count for deed, count in deeds.items() if deed not in {Deed.DONE, Deed.BEGUN}) == 1
    assert place > 10  # every write had its death, the last of them too


async def _life(bench: Bench, place: int, *, after: bool) -> tuple[Kept, bool]:
    """A plan whose process dies at this write, and is gone on with by another; and whether there was such a write."""
    fatal = Fatal(bench.plans, place, after=after)
    bench.start(lambda _: cast(Plans, fatal))
    kept = await bench.proposed()
    with contextlib.suppress(asyncio.CancelledError):
        await bench.lifecycle.confirm(kept.plan.id, CLICK, yes)
    await bench.settle()
    bench.start()
    await bench.settle()
    return kept, fatal.writes >= place
