"""The check of the audit's chain: whatever is done to it is found, and nothing is found where nothing was done."""

import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.audit.check import (
    FAULTS_AT_MOST,
    HEADS_AT_MOST,
    Fault,
    Kind,
    Report,
    Stored,
    head_in,
    heads_in,
    verify,
)
from bot.audit.entry import Deed, Entry, Head, Linked, head_of, linked
from bot.errors import VolatiError

AT = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)


def entry(number: int) -> Entry:
    return Entry(
        AT + timedelta(seconds=number), f"U{number}", Deed.PROPOSED, "restart", "production", "a", f"p{number}"
    )


def chain(length: int) -> list[Linked]:
    found: list[Linked] = []
    for number in range(1, length + 1):
        found.append(linked(entry(number), head_of(found[-1]) if found else Head()))
    return found


def lines(some: list[Linked]) -> list[bytes]:
    return [msgspec.json.encode(one) for one in some]


LENGTH = 12
CHAIN = chain(LENGTH)
LINES = lines(CHAIN)
HEADS = [head_of(one) for one in CHAIN]
LAST = HEADS[-1:]


def kinds(report: Report) -> list[tuple[str, int, int]]:
    return [(fault.kind, fault.first, fault.last) for fault in report.faults]


def rehashed(entries: list[Entry]) -> list[bytes]:
    """What somebody who knows the way would write: a chain of their own."""
    found: list[Linked] = []
    for one in entries:
        found.append(linked(one, head_of(found[-1]) if found else Head()))
    return lines(found)


class TestSound:
    @pytest.mark.parametrize("length", [0, 1, 2, LENGTH])
    def test_unaltered(self, length: int) -> None:
        """It finds nothing in a chain as it was written, and gives its head."""
        report = verify(LINES[:length], HEADS[:length])
        assert report.sound
        assert report.lines == length
        assert report.head == (HEADS[length - 1] if length else Head())
        assert (report.heads, report.vouched) == (length, length)

    def test_newer_than_its_heads(self) -> None:
        """It is content with entries that came after the newest head, and says up to where that vouches."""
        report = verify(LINES, HEADS[4:5])
        assert report.sound
        assert report.vouched == 5

    def test_entries_of_a_newer_version(self) -> None:
        """It holds an entry it cannot read to its hash all the same, and counts it."""
        content = b'{"at":"2030-01-01T00:00:00Z","deed":"dreamt","mood":7}'
        first = Stored(1, "0" * 64, msgspec.Raw(content), "")
        first = replace(first, hash=first.true_hash)
        second = linked(entry(2), Head(1, first.hash))
        report = verify([msgspec.json.encode(first), msgspec.json.encode(second)], [head_of(second)])
        assert report.sound
        assert report.foreign == 1


class TestOneThingDone:
    @pytest.mark.parametrize("place", [0, 5, LENGTH - 1])
    @pytest.mark.parametrize(
        ("field", "value"),
        [("entry", entry(99)), ("hash", "f" * 64), ("before", "f" * 64), ("number", 3_000), ("number", -1)],
    )
    def test_altered(self, place: int, field: str, value: object) -> None:
        """It names the one entry of which anything was altered, whatever it was."""
        altered = replace(CHAIN[place], **{field: value})
        report = verify([*LINES[:place], msgspec.json.encode(altered), *LINES[place + 1 :]], LAST)
        assert kinds(report)[0] == ("altered", place + 1, place + 1)
        assert report.faults[0].line == place + 1
        assert place == LENGTH - 1 or len(report.faults) == 1

    @pytest.mark.parametrize("place", [0, 5])
    def test_altered_and_hashed_anew(self, place: int) -> None:
        """It names an entry that got a hash of its own: the next one does not follow from it."""
        forged = linked(entry(99), HEADS[place - 1] if place else Head())
        report = verify([*LINES[:place], msgspec.json.encode(forged), *LINES[place + 1 :]], LAST)
        assert kinds(report) == [("altered and hashed anew", place + 1, place + 1)]

    @pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 3), (4, 6), (LENGTH - 2, LENGTH - 2)])
    def test_removed(self, first: int, last: int) -> None:
        """It names the entries that were taken out, also from the beginning."""
        report = verify([*LINES[:first], *LINES[last + 1 :]], LAST)
        assert kinds(report) == [("removed", first + 1, last + 1)]

    @pytest.mark.parametrize("left", [0, 1, LENGTH - 1])
    def test_lost_at_the_end(self, left: int) -> None:
        """It names what a head from elsewhere says was there, and without one finds nothing wrong."""
        assert kinds(verify(LINES[:left], LAST)) == [("lost at the end", left + 1, LENGTH)]
        assert verify(LINES[:left]).sound

    @pytest.mark.parametrize(("one", "other"), [(0, 1), (4, 5), (LENGTH - 2, LENGTH - 1)])
    def test_neighbours_swapped(self, one: int, other: int) -> None:
        """It names one of two entries that changed places."""
        swapped = [*LINES]
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert [fault.kind for fault in verify(swapped, LAST).faults] == [Kind.MOVED]

    def test_distant_ones_swapped(self) -> None:
        """It names both of two entries that changed places."""
        swapped = [*LINES]
        swapped[2], swapped[8] = swapped[8], swapped[2]
        assert kinds(verify(swapped, LAST)) == [("moved", 9, 9), ("moved", 3, 3)]

    @pytest.mark.parametrize("place", [0, 3, 5, 8, LENGTH])
    def test_a_copy_put_in(self, place: int) -> None:
        """It names a copy of another entry, wherever it was put."""
        report = verify([*LINES[:place], LINES[5], *LINES[place:]], LAST)
        assert kinds(report) == [("inserted", 6, 6)]

    @pytest.mark.parametrize("place", [0, 5, LENGTH - 1])
    def test_a_forged_one_put_in(self, place: int) -> None:
        """It names two entries that claim one place."""
        forged = linked(entry(99), HEADS[place - 1] if place else Head())
        report = verify([*LINES[:place], msgspec.json.encode(forged), *LINES[place:]], LAST)
        assert ("inserted", place + 1, place + 1) in kinds(report)

    @pytest.mark.parametrize("junk", [b"", b"{}", b"\xff\xfe", b"null", b"[" * 5000, b'{"number":1}', LINES[5] + b" "])
    def test_unreadable(self, junk: bytes) -> None:
        """It names a line that is none of ours, whether it stands for an entry or was put in."""
        assert kinds(verify([*LINES[:5], junk, *LINES[6:]], LAST)) == [("unreadable", 6, 6)]
        put_in = verify([*LINES[:5], junk, junk, *LINES[5:]], LAST)
        assert [(fault.kind, fault.line) for fault in put_in.faults] == [("unreadable", 6), ("unreadable", 7)]

    def test_two_meanings_in_one_line(self) -> None:
        """It does not take a line that gives a field twice: readers would differ in what it says."""
        twice = LINES[5].replace(b'{"number":6', b'{"number":5,"number":6')
        assert [fault.kind for fault in verify([*LINES[:5], twice, *LINES[6:]]).faults] == [Kind.UNREADABLE]


class TestHashedAnew:
    def test_as_a_whole(self) -> None:
        """It tells by the heads between which entries a chain was hashed anew, and sees nothing without them."""
        entries = [one.entry for one in CHAIN]
        entries[6] = entry(99)
        forged = rehashed(entries)
        assert verify(forged).sound
        assert kinds(verify(forged, LAST)) == [("altered and hashed anew", 1, LENGTH)]
        assert kinds(verify(forged, HEADS[::4] + LAST)) == [("altered and hashed anew", 6, 9)]
        assert kinds(verify(forged, HEADS)) == [("altered and hashed anew", 7, 7)]

    def test_begun_anew(self) -> None:
        """It finds that a chain is not the one that the heads are of."""
        other = rehashed([entry(number) for number in range(50, 50 + 2 * LENGTH)])
        assert kinds(verify(other, LAST)) == [("altered and hashed anew", 1, LENGTH)]

    def test_heads_that_contradict_each_other(self) -> None:
        """It does not believe one head where another says otherwise."""
        report = verify(LINES, [HEADS[4], Head(5, "a" * 64)])
        assert kinds(report) == [("altered and hashed anew", 1, 5)]


def damaged(draw: st.DrawFn) -> list[bytes]:
    """The lines with one thing done to them that changes them."""
    place = draw(st.integers(0, LENGTH - 1))
    other = draw(st.integers(0, LENGTH - 1).filter(lambda found: found != place))
    some = [*LINES]
    match draw(st.sampled_from(["byte", "swap", "remove", "insert", "cut", "move", "forge", "anew"])):
        case "byte":
            at = draw(st.integers(0, len(some[place]) - 1))
            new = draw(st.integers(0, 255).filter(lambda byte: byte != some[place][at]))
            some[place] = some[place][:at] + bytes([new]) + some[place][at + 1 :]
        case "swap":
            some[place], some[other] = some[other], some[place]
        case "remove":
            del some[place]
        case "insert":
            some.insert(place, draw(st.binary() | st.sampled_from(LINES)))
        case "cut":
            del some[min(place, other) : max(place, other) + 1]
        case "move":
            some.insert(other, some.pop(place))
        case "forge":
            some[place] = msgspec.json.encode(linked(entry(77), HEADS[place - 1] if place else Head()))
        case _:
            some = rehashed([*(one.entry for one in CHAIN[:place]), entry(77), *(one.entry for one in CHAIN[place:])])
    return some


class TestWhatever:
    @given(st.composite(damaged)())
    def test_is_found(self, some: list[bytes]) -> None:
        """It finds whatever single thing is done to a chain, given its newest head, and given all heads."""
        assert not verify(some, LAST).sound
        assert not verify(some, HEADS).sound

    @given(st.lists(st.sampled_from(LINES) | st.binary(max_size=40), max_size=40), st.sampled_from([[], LAST, HEADS]))
    def test_never_fails(self, some: list[bytes], heads: list[Head]) -> None:
        """It has an answer for any lines, and calls only the beginning of the chain sound."""
        report = verify(some, heads)
        assert report.lines == len(some)
        assert report.sound == (some == LINES[: len(some)] and (not heads or len(some) == LENGTH))


class TestMuch:
    def test_a_long_chain(self) -> None:
        """It looks through 100,000 entries in seconds, and keeps none of them."""
        tracemalloc.start()
        began = time.perf_counter()
        report = verify(long_chain(100_000, tracemalloc.reset_peak))
        seconds = time.perf_counter() - began
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert report.sound
        assert report.head.number == 100_000
        assert peak < 1_000_000  # bytes
        assert seconds < 30

    def test_faults_without_end(self) -> None:
        """It lists so many faults, and counts the others."""
        report = verify([b"junk"] * (FAULTS_AT_MOST + 50))
        assert (len(report.faults), report.more) == (FAULTS_AT_MOST, 50)
        report = verify(lines(chain(2 * FAULTS_AT_MOST + 101))[::2])
        assert (len(report.faults), report.more) == (FAULTS_AT_MOST, 50)
        report = verify([LINES[0], *[LINES[0]] * (FAULTS_AT_MOST + 50)])
        assert (len(report.faults), report.more) == (FAULTS_AT_MOST, 50)

    def test_heads_without_end(self) -> None:
        """It lets every second head go where there are too many, and never the newest."""
        many = [*(Head(number, "e" * 64) for number in range(20, HEADS_AT_MOST + 60)), Head(10**6, "e" * 64)]
        report = verify(LINES, [*HEADS, *many])
        assert report.heads <= HEADS_AT_MOST
        assert kinds(report) == [("lost at the end", LENGTH + 1, 10**6)]


def long_chain(length: int, begun: object) -> Iterator[bytes]:
    head = Head()
    for number in range(1, length + 1):
        one = linked(entry(number), head)
        head = head_of(one)
        yield msgspec.json.encode(one)
        if number == 1:
            assert callable(begun)
            begun()


class TestHeads:
    def test_as_a_person_gives_it(self) -> None:
        """It reads a head as it prints one."""
        assert head_in(f" {HEADS[3]}\n") == HEADS[3]

    @pytest.mark.parametrize("text", ["", "5", "5:abc", f"x:{'a' * 64}", f"5:{'A' * 64}", f"-5:{'a' * 64}", "5:" * 900])
    def test_what_is_none(self, text: str) -> None:
        """It says what a head looks like, and does not repeat a long text."""
        with pytest.raises(VolatiError, match="as the bot's log has it after audit_head") as raised:
            head_in(text)
        assert len(str(raised.value)) < 300

    def test_in_a_log(self) -> None:
        """It finds heads in a log of either form, also in colours, and takes nothing else for one."""
        log = [
            f'{{"event":"audit","audit_head":"{HEADS[0]}"}}\n'.encode(),
            f'{{"event": "audit", "audit_head": "{HEADS[1]}"}}'.encode(),
            f"2026-11-05 [info] audit audit_head={HEADS[2]} more=1\n".encode(),
            f"audit \x1b[36maudit_head\x1b[0m=\x1b[35m{HEADS[3]}\x1b[0m\n".encode(),
            f"kubectl says: {HEADS[4]}, and audit_head=7:abc\n".encode(),
            f"audit_head={HEADS[5]}0\n".encode(),
            b"\xff\xfe audit_head \n",
        ]
        assert list(heads_in(log)) == HEADS[:4]


def test_a_fault_is_told_with_its_place() -> None:
    """It says of a fault at which line of the list it is."""
    assert verify([*LINES[:3], *LINES[4:]], LAST).faults == (Fault(Kind.REMOVED, 4, 4, 4),)
