"""Writes at the audit's end: links entries to the last one, and has a script put them there with what they tell of.

It keeps nothing but where the end was; another replica may have moved it, which the script notices.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import structlog

from bot.audit.entry import Entry, Head, Linked, head_of, linked
from bot.errors import StoreError, StoreRefused
from bot.keys import AUDIT
from bot.store import Store
from diagnostics.observe import Cleaner

TRIES = 2_000
"""How often the audit's end may have moved before a write gives up. A replica that has much to write, as after a
thousand clicks, needs one call for each; who looks where the end is first needs two, and comes last, after a second."""

WRITTEN, MOVED = "ok", "audit"
"""What a script says: it is written; or nothing was, since the audit's end is somewhere else."""

_LAST = "return {redis.call('LLEN', KEYS[1]), redis.call('LINDEX', KEYS[1], -1)}"
Write = Callable[[int, tuple[bytes, ...]], Awaitable[str]]
"""Writes, given how many entries there are and the lines to be put behind them; gives WRITTEN, MOVED, or why not."""


_log = structlog.get_logger()


class AuditBroken(StoreRefused):
    """Somebody else has changed the audit. `length` is how many lines it has."""

    def __init__(self, message: str, length: int) -> None:
        super().__init__(message)
        self.length = length


class AuditEnd:
    """The audit's end. `saw` is told of every new head, which is kept elsewhere too."""

    def __init__(self, store: Store, cleaner: Cleaner, saw: Callable[[Head], None] = lambda _: None) -> None:
        self._store = store
        self._cleaner = cleaner
        self._saw = saw
        self._writing = asyncio.Lock()
        self._head: Head | None = None

    async def written(self, entries: Sequence[Entry], write: Write, *, needed: bool = True) -> str:
        """Have entries written; gives WRITTEN, or why nothing was. Raises StoreError.

        Where somebody else has changed the audit nothing may be added to it. What does not need it is then written
        without: people are called all the same.
        """
        async with self._writing:
            for _ in range(TRIES):
                try:
                    head = await self._end()
                except AuditBroken as error:
                    if needed:
                        raise
                    _log.error("it goes on without being audited", reason=str(error))
                    return await write(error.length, ())
                links = self._links(entries, head)
                said = await write(head.number, tuple(msgspec.json.encode(one) for one in links))
                if said == WRITTEN:
                    self._ends(head_of(links[-1]) if links else head)
                    return said
                self._head = None
                if said != MOVED:
                    return said
        raise StoreError(f"The audit's end moved {TRIES} times while it was written to. Try again in a moment.")

    def _links(self, entries: Sequence[Entry], head: Head) -> tuple[Linked, ...]:
        links: list[Linked] = []
        for entry in entries:
            links.append(linked(self._cleaner.value(entry), head_of(links[-1]) if links else head))
        return tuple(links)

    async def _end(self) -> Head:
        """The audit's end: remembered, or looked up where another replica may have written.

        Raises:
            AuditBroken: somebody else has written to it: nothing may be added to a chain that is broken.
        """
        if self._head is None:
            length, last = await self._store.script(_LAST, (AUDIT.of(),))
            self._head = _end_of(length, last)
        return self._head

    def _ends(self, head: Head) -> None:
        if head != self._head:
            self._head = head
            self._saw(head)


def _end_of(length: int, last: bytes | None) -> Head:
    if last is None:
        return Head()
    try:
        head = head_of(msgspec.json.decode(last, type=Linked))
    except msgspec.DecodeError as error:
        raise AuditBroken(f"{_BROKEN}: its last entry cannot be read. {_MEND}", length) from error
    if head.number != length:
        said = f"{_BROKEN}: it has {length} entries, and the last one is number {head.number}. {_MEND}"
        raise AuditBroken(said, length)
    return head


_BROKEN = f"The audit ({AUDIT.of()}) was changed by somebody else"
_MEND = (
    "Acts are refused until a person has looked: `volati audit verify` says what is wrong; keep it with `volati audit "
    "export`, then rename the key, and a new audit begins."
)
