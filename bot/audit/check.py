"""Holds the audit's chain to its hashes, and to heads kept elsewhere. Pure: it reads nothing and mends nothing.

By itself a chain shows what was altered, moved, taken out or put in. That it was hashed anew as a whole, or ends too
early, only a head from elsewhere shows. What somebody appended in good order looks like an entry of the bot.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

import msgspec

from bot.audit.entry import BEGINNING, Entry, Head, digest_of
from bot.errors import VolatiError
from diagnostics.model import Value

FAULTS_AT_MOST = 1_000
"""Faults of a kind that are told one by one, the others are counted: a person reads a dozen, and memory has an end."""

HEADS_AT_MOST = 100_000
"""Heads that are held against the chain, about 20 MB. Of more, from a long log, every second one is let go: the newest
vouches for all before it, the others tell where a chain was hashed anew."""

_HEAD = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")
#: In a line of the bot's log, as JSON or as text, which on a terminal is coloured.
_LOGGED = re.compile(rb"""audit_head(?:["' :=]|\x1b\[[0-9;]*m){1,40}([0-9]{1,15}:[0-9a-f]{64})(?![0-9a-f])""")


class Kind(StrEnum):
    """What is wrong."""

    UNREADABLE = "unreadable"
    ALTERED = "altered"
    REWRITTEN = "altered and hashed anew"
    REMOVED = "removed"
    INSERTED = "inserted"
    MOVED = "moved"
    LOST = "lost at the end"


class Fault(Value, frozen=True):
    """One thing that is wrong with the entries of these numbers, seen at this line of the list (0: at none)."""

    kind: Kind
    first: int
    last: int
    line: int = 0


class Report(Value, frozen=True):
    """What a look at a whole chain found.

    Fields:
        lines: how many there are.
        head: the chain's own.
        faults: in the chain's order; `more` counts those that are not listed.
        heads: how many heads from elsewhere were given.
        vouched: the highest number of those that are on the chain; 0 for none.
        foreign: entries that are whole, and that this version cannot read: a newer one wrote them.
    """

    lines: int
    head: Head
    faults: tuple[Fault, ...] = ()
    more: int = 0
    heads: int = 0
    vouched: int = 0
    foreign: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class Stored(Value, frozen=True):
    """A line as it is kept: what its entry says stays the bytes that were hashed, whichever version wrote them."""

    number: int
    before: str
    entry: msgspec.Raw
    hash: str

    @property
    def true_hash(self) -> str:
        """The hash that it should have."""
        return self.hash_at(self.number)

    def hash_at(self, number: int) -> str:
        """The hash that it would have under another number."""
        return digest_of(number, self.before, bytes(self.entry))


def stored(line: bytes) -> Stored | None:
    """A line taken apart; None for one that is not as the bot writes it."""
    try:
        found = msgspec.json.decode(line, type=Stored)
        return found if msgspec.json.encode(found) == line else None
    except (msgspec.DecodeError, UnicodeError):
        return None


def verify(lines: Iterable[bytes], heads: Iterable[Head] = ()) -> Report:
    """What is wrong with a chain, given line by line, the oldest first."""
    proof = Proof(heads)
    for line in lines:
        proof.add(line)
    return proof.report()


def head_in(text: str) -> Head:
    """A head as a person gives it.

    Raises:
        VolatiError: it is none.
    """
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise VolatiError(
            f"{text[:80]!r} is no head of the audit. It is a number, a colon and 64 digits of a hash, as the bot's log "
            "has it after audit_head."
        )
    return Head(int(found[1]), found[2])


def heads_in(lines: Iterable[bytes]) -> Iterator[Head]:
    """Every head in the lines of a log, in its order."""
    for line in lines:
        yield from (head_in(found[1].decode()) for found in _LOGGED.finditer(line))


class Proof:
    """A check under way. It remembers the heads, the faults and one line, however long the chain is."""

    def __init__(self, heads: Iterable[Head] = ()) -> None:
        self._heads = _by_number(heads)
        self._given = sum(len(hashes) for hashes in self._heads.values())
        self._faults = _Faults()
        self._lines = 0
        self._foreign = 0
        self._vouched = 0
        self._doubted = False
        self._next = 1
        self._tips: set[str] | None = {BEGINNING}
        self._tip = BEGINNING
        self._held: tuple[int, Stored] | None = None
        self._unreadable = 0

    def add(self, line: bytes) -> None:
        """The next line."""
        found = stored(line)
        self._settle(found)
        self._lines += 1
        if found is None:
            self._unreadable += 1
        elif found.number == self._next:
            self._follow(self._lines, found)
        else:
            self._held = (self._lines, found)  # the line after it tells what this is

    def report(self) -> Report:
        """What was found, now that there are no more lines."""
        self._settle(None)
        self._pass_unreadable(None)
        while self._faults.strayed(self._next):
            self._faults.gap(self._next, self._next, 0)  # the last ones are here, in another order
            self._next += 1
        beyond = [number for number in self._heads if number >= self._next]
        if beyond:
            self._faults.add(Fault(Kind.LOST, self._next, max(beyond), 0))
        faults, more = self._faults.settled()
        head = Head(self._next - 1, self._tip)
        return Report(self._lines, head, faults, more, self._given, self._vouched, self._foreign)

    def _settle(self, following: Stored | None) -> None:
        """Judge what had to wait for the line after it."""
        if self._held is not None:
            at, found = self._held
            self._held = None
            self._place(at, found, following)
        if following is not None:
            self._pass_unreadable(following)

    def _pass_unreadable(self, following: Stored | None) -> None:
        """Lines that cannot be read stand for the entries that are missing here, and for none when none is."""
        count, self._unreadable = self._unreadable, 0
        if not count:
            return
        missing = count if following is None else min(count, max(0, following.number - self._next))
        first = self._lines - count + 1
        for place in range(count):
            number = self._next + min(place, max(missing - 1, 0))
            self._faults.add(Fault(Kind.UNREADABLE, number, number, first + place))
        if missing:
            self._next += missing
            self._tips = None

    def _place(self, at: int, found: Stored, following: Stored | None) -> None:
        """An entry whose number is not the next one: its number is false, or it is out of place, or there is a gap."""
        after = following.number if following else None
        if found.hash != found.true_hash and after in {None, self._next + 1}:
            self._follow(at, found)
        elif found.number < self._next or (after is not None and after < found.number and after - self._next in {0, 1}):
            self._faults.stray(found.number, at)
            if found.number == self._next - 1 and self._tips is not None:
                self._tips.add(found.hash)  # of two with one number, either may be the one that the next one names
        else:
            self._faults.gap(self._next, found.number - 1, at)
            self._next, self._tips = found.number, None
            self._follow(at, found)

    def _follow(self, at: int, found: Stored) -> None:
        """The entry that stands in the next place."""
        true = found.true_hash
        if found.hash != true:
            self._faults.add(Fault(Kind.ALTERED, self._next, self._next, at))
            hashes = {found.hash, true, found.hash_at(self._next)}
        else:
            if self._tips is not None and found.before not in self._tips:
                number = max(1, self._next - 1)
                self._faults.add(Fault(Kind.REWRITTEN, number, number, at))
            hashes = {found.hash}
        self._hold_to_heads(at, hashes)
        self._foreign += not _readable(found)
        self._tips, self._tip = hashes, found.hash
        self._next += 1

    def _hold_to_heads(self, at: int, hashes: set[str]) -> None:
        """A head that says otherwise: something since the last one that agreed was hashed anew. It is told once."""
        known = self._heads.get(self._next)
        if known is None:
            return
        if not known <= hashes and not self._doubted:
            self._faults.add(Fault(Kind.REWRITTEN, self._vouched + 1, self._next, at))
        self._doubted = not known <= hashes
        if known & hashes:
            self._vouched = self._next


def _readable(found: Stored) -> bool:
    try:
        msgspec.json.decode(found.entry, type=Entry)
    except (msgspec.DecodeError, UnicodeError):
        return False
    return True


def _by_number(heads: Iterable[Head]) -> dict[int, set[str]]:
    """The heads by their numbers, thinned out where they are too many; two of one number are both kept."""
    found: dict[int, set[str]] = {}
    for head in heads:
        if head.number:
            found.setdefault(head.number, set()).add(head.hash)
        if len(found) > HEADS_AT_MOST:
            newest_first = sorted(found, reverse=True)
            found = {number: found[number] for number in newest_first[::2]}
    return found


class _Faults:
    """The faults as they are met; gaps and strays are matched at the end, since a thing moved is both."""

    def __init__(self) -> None:
        self._others: list[Fault] = []
        self._gaps: list[Fault] = []
        self._strays: list[tuple[int, int]] = []
        self._more = 0

    def add(self, fault: Fault) -> None:
        """Something wrong. What a head says of a range, and a link of its last entry, is one thing."""
        last = self._others[-1] if self._others else None
        if last and last.kind is fault.kind is Kind.REWRITTEN and last.last == fault.first:
            self._others[-1] = fault
        elif len(self._others) < FAULTS_AT_MOST:
            self._others.append(fault)
        else:
            self._more += 1

    def gap(self, first: int, last: int, line: int) -> None:
        """Entries that are not where they should be, before this line."""
        if len(self._gaps) < FAULTS_AT_MOST:
            self._gaps.append(Fault(Kind.REMOVED, first, last, line))
        else:
            self._more += 1

    def stray(self, number: int, line: int) -> None:
        """An entry that is where it should not be."""
        if len(self._strays) < FAULTS_AT_MOST:
            self._strays.append((number, line))
        else:
            self._more += 1

    def strayed(self, number: int) -> bool:
        """Whether an entry of this number stands where it should not be."""
        return any(number == one for one, _ in self._strays)

    def settled(self) -> tuple[tuple[Fault, ...], int]:
        """Every fault, in the order of the list, and how many more there were."""
        moved: set[int] = set()
        found = list(self._others)
        for number, line in self._strays:
            fills = number not in moved and any(gap.first <= number <= gap.last for gap in self._gaps)
            moved |= {number} if fills else set()
            found.append(Fault(Kind.MOVED if fills else Kind.INSERTED, number, number, line))
        found.extend(left for gap in self._gaps for left in _without(gap, sorted(moved)))
        return tuple(sorted(found, key=lambda fault: (fault.line or float("inf"), fault.first))), self._more


def _without(gap: Fault, moved: list[int]) -> Iterator[Fault]:
    """What is left of a gap when some of its entries were found elsewhere."""
    begin = gap.first
    for number in (*(one for one in moved if gap.first <= one <= gap.last), gap.last + 1):
        if begin < number:
            yield Fault(gap.kind, begin, number - 1, gap.line)
        begin = number + 1
