"""Reads the audit from the store, page by page, however long it is. It never writes there.

What it gives is as it was stored: who shows it has it redacted at their outlet.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from bot.audit.check import Proof, Report
from bot.audit.entry import Entry, Linked
from bot.keys import AUDIT
from diagnostics.model import Value

PAGE = 500
"""Lines asked for at once: some 250 kB, which the store gives within milliseconds."""

SEARCHED = 20_000
"""Lines that a search in Slack looks through, the newest: about a second."""


class Asks(Protocol):
    """The part of the store that is needed. May raise StoreError."""

    async def ask(self, *command: Any) -> Any:  # noqa: ANN401 Redis answers what the command says
        """The server's answer."""
        ...


class Wanted(Value, frozen=True):
    """Which entries: of a plan, a person, an environment, a time (from `since`, to before `until`). Empty: of every."""

    plan: str = ""
    person: str = ""
    environment: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def has(self, entry: Entry) -> bool:
        """Whether an entry is one of them."""
        return (
            self.plan in {"", entry.plan}
            and self.person in {"", entry.who}
            and self.environment in {"", entry.environment}
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


class Unread(Value, frozen=True):
    """A line of the audit that cannot be read as an entry, by its number in the list from 1."""

    line: int


class Recent(Value, frozen=True):
    """The newest entries that were wanted, newest first, each as it is or as one that cannot be read.

    `of` is how many entries there are in all; `older` whether there are more that were wanted, or, with `cut`, may be:
    the search ended after so many lines.
    """

    entries: tuple[Linked | Unread, ...]
    of: int
    older: bool = False
    cut: bool = False


class Ledger:
    """The audit, for reading. Every method may raise StoreError."""

    def __init__(self, store: Asks) -> None:
        self._store = store

    async def length(self) -> int:
        """How many entries there are."""
        return int(await self._store.ask("LLEN", AUDIT.of()))

    async def pages(self) -> AsyncIterator[list[bytes]]:
        """Every line, the oldest first, in pages."""
        first = 0
        while page := await self._lines(first, first + PAGE):
            yield page
            first += len(page)

    async def proved(self, proof: Proof) -> Report:
        """What is wrong with it."""
        async for page in self.pages():
            for line in page:
                proof.add(line)
        return proof.report()

    async def newest(self, most: int, wanted: Wanted = Wanted(), passing: int = 0, lines: int = SEARCHED) -> Recent:  # noqa: B008 a frozen value
        """The newest that are wanted, at most so many, after passing over as many as told; `lines` are looked through.

        A line that cannot be read is always among them: nobody can say that it is not wanted.
        """
        length = await self.length()
        found: list[Linked | Unread] = []
        end, begin = length, max(0, length - lines)
        while end > begin and len(found) <= passing + most:
            first = max(begin, end - PAGE)
            page = await self._lines(first, end)
            found.extend(one for one in _read(page, first) if isinstance(one, Unread) or wanted.has(one.entry))
            end = first
        more = len(found) > passing + most
        cut = not more and begin > 0
        return Recent(tuple(found[passing : passing + most]), length, more or cut, cut)

    async def _lines(self, first: int, end: int) -> list[bytes]:
        """The lines from this index to before that one."""
        found: list[bytes] = await self._store.ask("LRANGE", AUDIT.of(), first, end - 1)
        return found


def linked_or_not(line: bytes, number: int) -> Linked | Unread:
    """A line as an entry in its place, or as one that this version cannot read."""
    try:
        return msgspec.json.decode(line, type=Linked)
    except (msgspec.DecodeError, UnicodeError):
        return Unread(number)


def _read(page: Sequence[bytes], first: int) -> list[Linked | Unread]:
    """A page's entries, newest first."""
    return [linked_or_not(line, first + place + 1) for place, line in reversed(list(enumerate(page)))]
