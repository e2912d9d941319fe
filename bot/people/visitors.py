"""Remembers who opened the Home tab lately, so that a new verdict reaches those tabs, and no others.

Kept in the store; where that is away, each process knows those that it saw itself.
"""

from collections import OrderedDict
from typing import Protocol

import msgspec
import structlog

from bot.errors import StoreError
from bot.keys import VISITORS, VISITORS_AT_MOST
from bot.slack.asker import Asker
from diagnostics.examine import WallClock

RECENT_SECONDS = float(VISITORS.seconds or 0)
"""How long a tab is kept up to date after it was opened; opening it again begins anew."""

_log = structlog.get_logger()


class Guestbook(Protocol):
    """The part of the store that is needed here. Each method may raise StoreError."""

    async def visit(self, visitor: bytes) -> None:
        """Note who came."""
        ...

    async def visitors(self) -> tuple[bytes, ...]:
        """Who came lately, the latest last."""
        ...


class Visitors:
    """Who looks at the board, each as they asked for it."""

    def __init__(self, clock: WallClock, guestbook: Guestbook | None = None) -> None:
        self._clock = clock
        self._guestbook = guestbook
        self._came: OrderedDict[str, tuple[Asker, float]] = OrderedDict()

    async def came(self, asker: Asker) -> None:
        """Somebody opened the tab."""
        self._came[asker.person] = (asker, self._clock.monotonic())
        self._came.move_to_end(asker.person)
        if len(self._came) > VISITORS_AT_MOST:
            self._came.popitem(last=False)
        if self._guestbook is not None:
            try:
                await self._guestbook.visit(msgspec.json.encode(asker))
            except StoreError as error:
                _log.info("other replicas do not know of an open home tab", reason=str(error))

    async def recent(self) -> tuple[Asker, ...]:
        """Those whose tab is kept up to date, the latest last."""
        found = {asker.person: asker for asker in await self._noted()}
        here = {asker.person: asker for asker in self._here()}
        return tuple((found | here).values())[-VISITORS_AT_MOST:]

    def _here(self) -> list[Asker]:
        since = self._clock.monotonic() - RECENT_SECONDS
        return [asker for asker, at in self._came.values() if at >= since]

    async def _noted(self) -> list[Asker]:
        if self._guestbook is None:
            return []
        try:
            return [msgspec.json.decode(visitor, type=Asker) for visitor in await self._guestbook.visitors()]
        except (StoreError, msgspec.DecodeError) as error:  # written by another version
            _log.info("home tabs that other replicas saw opened are not refreshed", reason=str(error))
            return []
