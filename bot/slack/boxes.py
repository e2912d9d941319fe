"""Keeps letters until they are sent: in the store; in memory while there is none, and for what is private.

It never sends. Letters kept in memory go to the store as soon as it answers again, so that order is kept.
"""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Protocol, TypeVar

import structlog

from bot.errors import StoreError
from bot.queued import Queued
from bot.slack.letters import PRIVATE

LETTERS_IN_MEMORY = 300
"""Most letters kept in memory: 5 MB or so, and what people would still read when Slack is back."""

_SETTLED = 1000
"""Letters remembered as posted; the oldest are forgotten first."""

_log = structlog.get_logger()
T = TypeVar("T")


class Keeps(Protocol):
    """The part of the store that keeps letters. Each method may raise StoreError."""

    async def queue_letter(self, lane: str, letter: str, document: bytes) -> bool:
        """Put at the end, or change where it stands; False when full."""
        ...

    async def change_letter(self, letter: str, document: bytes) -> bool:
        """Change one that waits; False when it does not."""
        ...

    async def first_letter(self, lane: str) -> Queued | None:
        """The next of a lane."""
        ...

    async def take_letter(self, lane: str, letter: str, owner: str) -> Queued | None:
        """The next of a lane, for one owner alone."""
        ...

    async def renew_lane(self, lane: str, letter: str, owner: str) -> bool:
        """Hold the lane for longer; False when another has it."""
        ...

    async def return_letter(self, lane: str, letter: str, owner: str, *, begun: bool) -> None:
        """Give it back unsent."""
        ...

    async def settle_letter(self, lane: str, taken: Queued, owner: str, ts: str) -> bool:
        """Note that it is posted; False when it was changed meanwhile."""
        ...

    async def drop_letter(self, lane: str, letter: str, owner: str) -> None:
        """Forget it."""
        ...

    async def letter(self, letter: str) -> bytes | None:
        """What one that waits says."""
        ...

    async def letter_ts(self, letter: str) -> str | None:
        """Where it was posted; empty when dropped."""
        ...

    async def lanes(self) -> tuple[str, ...]:
        """Where letters wait."""
        ...


class MemoryBox:
    """Letters in memory, for this process alone. It works as the store does, and forgets with the process."""

    def __init__(self) -> None:
        self._lanes: dict[str, dict[str, Queued]] = {}
        self._posted: dict[str, str] = {}

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    async def queue_letter(self, lane: str, letter: str, document: bytes) -> bool:
        """Put at the end, or change where it stands; False when full."""
        if await self.change_letter(letter, document):
            return True
        if len(self) >= LETTERS_IN_MEMORY:
            return False
        self._lanes.setdefault(lane, {})[letter] = Queued(letter, document)
        return True

    async def change_letter(self, letter: str, document: bytes) -> bool:
        """Change one that waits."""
        for kept in self._lanes.values():
            if letter in kept:
                kept[letter] = replace(kept[letter], document=document, revision=kept[letter].revision + 1)
                return True
        return False

    async def first_letter(self, lane: str) -> Queued | None:
        """The next of a lane."""
        return next(iter(self._lanes.get(lane, {}).values()), None)

    async def take_letter(self, lane: str, letter: str) -> Queued | None:
        """The next; in one process, a lane has one sender anyway."""
        found = await self.first_letter(lane)
        if found is None or found.letter != letter:
            return None
        self._lanes[lane][letter] = replace(found, begun=True)
        return found

    async def return_letter(self, lane: str, letter: str, *, begun: bool) -> None:
        """Give it back unsent."""
        if letter in self._lanes.get(lane, {}):
            self._lanes[lane][letter] = replace(self._lanes[lane][letter], begun=begun)

    async def settle_letter(self, lane: str, taken: Queued, ts: str) -> bool:
        """Note that it is posted."""
        self._remember(taken.letter, ts)
        now = self._lanes.get(lane, {}).get(taken.letter)
        if now is None or now.revision == taken.revision:
            self.forget(lane, taken.letter)
            return True
        self._lanes[lane][taken.letter] = replace(now, begun=False, ts=ts)
        return False

    async def drop_letter(self, lane: str, letter: str) -> None:
        """Forget it, and remember that."""
        self._remember(letter, "")
        self.forget(lane, letter)

    async def letter(self, letter: str) -> bytes | None:
        """What one that waits says."""
        return next((kept[letter].document for kept in self._lanes.values() if letter in kept), None)

    async def letter_ts(self, letter: str) -> str | None:
        """Where it was posted."""
        return self._posted.get(letter)

    async def lanes(self) -> tuple[str, ...]:
        """Where letters wait."""
        return tuple(self._lanes)

    def holds(self, lane: str, letter: str) -> bool:
        """Whether the letter is here."""
        return letter in self._lanes.get(lane, {})

    def waiting(self) -> list[tuple[str, Queued]]:
        """What may go to the store: each with its lane; what is private or being sent stays."""
        open_lanes = [(lane, kept) for lane, kept in self._lanes.items() if not lane.startswith(PRIVATE)]
        return [(lane, one) for lane, kept in open_lanes for one in kept.values() if not one.begun and not one.ts]

    def forget(self, lane: str, letter: str) -> None:
        """Take a letter out."""
        kept = self._lanes.get(lane, {})
        kept.pop(letter, None)
        if not kept:
            self._lanes.pop(lane, None)

    def _remember(self, letter: str, ts: str) -> None:
        self._posted[letter] = ts
        while len(self._posted) > _SETTLED:
            del self._posted[next(iter(self._posted))]


class Boxes:
    """The store where it answers, memory where it does not. No method raises for the store's sake."""

    def __init__(self, store: Keeps | None) -> None:
        self._store = store
        self._memory = MemoryBox()
        self._unnoted: dict[str, tuple[int, str]] = {}
        self._told = False

    @property
    def away(self) -> bool:
        """Whether the store did not answer when it was asked last."""
        return self._told

    @property
    def in_memory(self) -> int:
        """How many letters would be lost if the process ended now."""
        return len(self._memory)

    async def queue(self, lane: str, letter: str, document: bytes) -> bool:
        """Keep a letter; False when there is no more room."""
        if self._store is not None and not lane.startswith(PRIVATE):
            await self._hand_over()
            kept = await self._try(self._store.queue_letter(lane, letter, document))
            if kept is not None:
                return kept
        return await self._memory.queue_letter(lane, letter, document)

    async def change(self, letter: str, document: bytes) -> bool:
        """Put a newer document into a waiting letter; False when it waits no longer."""
        if await self._memory.change_letter(letter, document):
            return True
        return bool(self._store and await self._try(self._store.change_letter(letter, document)))

    async def first(self, lane: str) -> Queued | None:
        """The letter to be sent next; None when none waits."""
        await self._hand_over()
        found = await self._memory.first_letter(lane)  # what is still here is older, or the store is away
        if found is not None or self._store is None or lane.startswith(PRIVATE):
            return found
        found = await self._try(self._store.first_letter(lane))
        if found is not None and found.letter in self._unnoted:
            await self._note_late(lane, found)
            return await self.first(lane)
        return found

    async def take(self, lane: str, letter: str, owner: str) -> Queued | None:
        """The letter, for this owner alone to send; None when it is not next, or another sends."""
        if self._memory.holds(lane, letter):
            return await self._memory.take_letter(lane, letter)
        return await self._try(self._store.take_letter(lane, letter, owner)) if self._store else None

    def shares(self, lane: str, letter: str) -> bool:
        """Whether other replicas see the letter, so that its lane has to be held while it is sent."""
        return self._store is not None and not self._memory.holds(lane, letter)

    async def renew(self, lane: str, letter: str, owner: str) -> bool:
        """Hold the lane of a letter that is being sent; False when another replica has it for certain."""
        if self._store is None:
            return True
        return await self._try(self._store.renew_lane(lane, letter, owner)) is not False

    async def give_back(self, lane: str, letter: str, owner: str, *, begun: bool) -> None:
        """The letter was not sent; `begun` when it may have been."""
        if self._memory.holds(lane, letter):
            await self._memory.return_letter(lane, letter, begun=begun)
        elif self._store is not None:
            await self._try(self._store.return_letter(lane, letter, owner, begun=begun))

    async def settle(self, lane: str, taken: Queued, owner: str, ts: str) -> bool:
        """The letter is posted; False when a newer revision of it is still to be sent."""
        if self._store is None or self._memory.holds(lane, taken.letter):
            return await self._memory.settle_letter(lane, taken, ts)
        whole = await self._try(self._store.settle_letter(lane, taken, owner, ts))
        if whole is None:  # the store does not know yet, and would have it sent again
            self._unnoted[taken.letter] = (taken.revision, ts)
            await self._memory.settle_letter(lane, taken, ts)
        return whole is not False

    async def drop(self, lane: str, letter: str, owner: str) -> None:
        """The letter cannot be sent."""
        if self._store is None or self._memory.holds(lane, letter):
            await self._memory.drop_letter(lane, letter)
        else:
            await self._try(self._store.drop_letter(lane, letter, owner))

    async def read(self, letter: str) -> bytes | None:
        """What a letter says that waits; None when it waits no longer."""
        found = await self._memory.letter(letter)
        return found if found is not None or self._store is None else await self._try(self._store.letter(letter))

    async def ts(self, letter: str) -> str | None:
        """Where a letter was posted; empty when it was dropped, None when it waits or is not known."""
        found = await self._memory.letter_ts(letter)
        if found is not None or self._store is None:
            return found
        return await self._try(self._store.letter_ts(letter))

    async def lanes(self) -> tuple[str, ...]:
        """Where letters wait."""
        stored = await self._try(self._store.lanes()) if self._store else None
        return tuple(dict.fromkeys((*(stored or ()), *await self._memory.lanes())))

    async def _note_late(self, lane: str, found: Queued) -> None:
        """Tell the store of a letter that was posted while it was away."""
        revision, ts = self._unnoted.pop(found.letter)
        await self.settle(lane, replace(found, revision=revision), "", ts)

    async def _hand_over(self) -> None:
        """Bring to the store what had to be kept in memory, in its order, as far as the store takes it."""
        for lane, kept in self._memory.waiting() if self._store else ():
            if self._store is None or not await self._try(self._store.queue_letter(lane, kept.letter, kept.document)):
                return
            self._memory.forget(lane, kept.letter)

    async def _try(self, asked: Awaitable[T]) -> T | None:
        """What the store says; None while it is away, which the log says once."""
        try:
            answer = await asked
        except StoreError as error:
            if not self._told:
                _log.warning("letters to Slack are kept in memory only", reason=str(error))
            self._told = True
            return None
        self._told = False
        return answer
