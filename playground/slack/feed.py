"""What people would see happen, as a stream: so that a page can show it and a test can await it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

from playground.slack.messages import Message
from playground.slack.shapes import Json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing seen.

    `kind` is posted, edited, deleted, ephemeral, reaction, view_opened, view_updated, view_closed or home.
    `at` is in seconds since 1970; `person` is who alone sees it, None for everyone in `channel`.
    """

    kind: str
    at: float
    channel: str | None = None
    person: str | None = None
    message: Message | None = None
    view: Json | None = None


class Feed:
    """Tells every listener what was seen, and wakes whoever waits for a condition."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[Seen]] = set()
        self._changed = asyncio.Event()

    def tell(self, seen: Seen) -> None:
        """Something was seen."""
        for queue in self._listeners:
            queue.put_nowait(seen)
        self.stir()

    def stir(self) -> None:
        """Something changed that waiting conditions may look at, though nobody sees it (a call, a socket)."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def listen(self) -> AsyncIterator[Seen]:
        """Everything seen from now on."""
        queue: asyncio.Queue[Seen] = asyncio.Queue()
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    async def until(self, predicate: Callable[[], T], seconds: float) -> T:
        """What the predicate gives once it is truthy; it is asked again after every change.

        Raises:
            TimeoutError: it was not within this many real seconds.

        """
        async with asyncio.timeout(seconds):
            while not (found := predicate()):
                await self._changed.wait()
        return found
