"""The audit read from the store: all of it in pages, the newest first, and no more of it than was asked for."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.check import Kind, Proof
from bot.audit.entry import head_of
from bot.audit.ledger import PAGE, Ledger, Unread, Wanted
from bot.store import Store, open_store
from tests.bot.audit.audits import AT, Held, chain, chained, entry, fill, lines

CHAIN = chain(PAGE + 40)
LINES = lines(CHAIN)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(None, tmp_path) as found:
        yield found


async def every(ledger: Ledger) -> list[bytes]:
    return [line async for page in ledger.pages() for line in page]


class TestAll:
    @pytest.mark.parametrize("length", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 3])
    async def test_in_pages(self, length: int) -> None:
        """It gives every line once and in order, in pages of bounded size."""
        held = [str(number).encode() for number in range(length)]
        ledger = Ledger(Held(held))
        assert await every(ledger) == held
        assert [len(page) async for page in ledger.pages()] == [PAGE] * (length // PAGE) + [length % PAGE] * (
            length % PAGE > 0
        )

    async def test_in_the_store(self, store: Store) -> None:
        """It reads what the store holds, and finds it sound; and broken once a line of it was changed."""
        await fill(store, LINES)
        ledger = Ledger(store)
        assert await ledger.length() == len(LINES)
        assert (await ledger.proved(Proof([head_of(CHAIN[-1])]))).sound
        await store.ask("LSET", "volati:_:audit", 7, LINES[6])
        report = await ledger.proved(Proof([head_of(CHAIN[-1])]))
        assert {fault.kind for fault in report.faults} == {Kind.INSERTED, Kind.REMOVED}

    async def test_none_yet(self, store: Store) -> None:
        """It has nothing where nothing was written, and that is sound."""
        ledger = Ledger(store)
        assert await every(ledger) == []
        assert (await ledger.newest(20)).entries == ()
        assert (await ledger.proved(Proof())).sound


class TestNewest:
    async def test_first(self) -> None:
        """It gives the newest first, says that there are more, and reads a page only."""
        held = Held(LINES)
        found = await Ledger(held).newest(3)
        assert found.entries == (CHAIN[-1], CHAIN[-2], CHAIN[-3])
        assert (found.of, found.older, found.cut) == (len(CHAIN), True, False)
        assert len(held.asked) == 2

    async def test_passing(self) -> None:
        """It goes on behind what was seen already, to the oldest."""
        ledger = Ledger(Held(LINES[:7]))
        found = await ledger.newest(3, passing=3)
        assert found.entries == (CHAIN[3], CHAIN[2], CHAIN[1])
        found = await ledger.newest(3, passing=6)
        assert (found.entries, found.older) == ((CHAIN[0],), False)
        assert (await ledger.newest(3, passing=60)).entries == ()

    async def test_wanted(self) -> None:
        """It finds those of a plan, a person, an environment and a time."""
        other = [entry(number, "staging") for number in range(13, 19)]
        some = chained([*(entry(number) for number in range(1, 13)), *other])
        ledger = Ledger(Held(lines(some)))

        async def numbers(wanted: Wanted) -> list[int]:
            found = await ledger.newest(100, wanted)
            return [one.number for one in found.entries if not isinstance(one, Unread)]

        assert await numbers(Wanted(plan="plan2")) == [12, 11, 10, 9, 8, 7]
        assert await numbers(Wanted(person="U0STRANGE")) == [14, 8, 2]
        assert await numbers(Wanted(environment="staging", person="volati")) == [18, 17, 16]
        assert await numbers(Wanted(since=AT + timedelta(seconds=30), until=AT + timedelta(seconds=50))) == [4, 3]

    async def test_a_search_has_an_end(self) -> None:
        """It looks through so many lines, and says that it did not look further."""
        found = await Ledger(Held(LINES)).newest(5, Wanted(plan="plan1"), lines=100)
        assert (found.entries, found.older, found.cut) == ((), True, True)
        found = await Ledger(Held(LINES)).newest(5, Wanted(plan="plan1"))
        assert (len(found.entries), found.older, found.cut) == (5, True, False)

    async def test_what_cannot_be_read(self) -> None:
        """It shows a line that cannot be read as one, whatever is wanted."""
        found = await Ledger(Held([*LINES[:2], b"\xff junk", *LINES[3:5]])).newest(5, Wanted(plan="no such"))
        assert found.entries == (Unread(3),)

    @given(st.integers(0, 30), st.integers(1, 12))
    async def test_pages_hold_each_entry_once(self, length: int, most: int) -> None:
        """It leaves nothing out and shows nothing twice, page after page, however many are on one."""
        ledger = Ledger(Held(LINES[:length]))
        seen: list[object] = []
        passing, older = 0, True
        while older:
            found = await ledger.newest(most, passing=passing)
            seen.extend(found.entries)
            passing, older = passing + most, found.older
        assert seen == list(reversed(CHAIN[:length]))
