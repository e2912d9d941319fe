"""Tests of two replicas that share lanes, under a clock of the test's: one sends at a time, and in order."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.keys import LANE
from bot.queued import Queued
from bot.slack.boxes import Boxes, MemoryBox
from bot.slack.budget import Budget
from bot.slack.courier import Courier
from bot.slack.holding import RENEW_SECONDS, LaneLostError, holding
from bot.slack.letters import Letter, new_id
from bot.slack.outbox import Outbox
from bot.slack.transport import Identity
from tests.bot.slack.stage import StageTime

CHANNEL = "C0ENGINE0"


@dataclass
class Shared:
    """What two replicas share: letters, who holds which lane and until when, and what arrived at Slack."""

    clock: StageTime
    box: MemoryBox = field(default_factory=MemoryBox)
    held: dict[str, tuple[str, float]] = field(default_factory=dict)
    sending: set[str] = field(default_factory=set)
    arrived: list[tuple[str, str, float]] = field(default_factory=list)


class View:
    """The store and Slack as one replica sees them. When it is killed, nothing answers it any more."""

    # ruff: noqa: D102 -- each does as the store's, or Slack's

    def __init__(self, shared: Shared, name: str, seconds: float) -> None:
        self.shared = shared
        self.name = name
        self.seconds = seconds
        """How long Slack takes to answer it."""
        self.killed = False

    async def _alive(self) -> None:
        if self.killed:
            await asyncio.Event().wait()

    def _holder(self, lane: str) -> str:
        owner, until = self.shared.held.get(lane, ("", 0.0))
        return owner if self.shared.clock.now() < until else ""

    def _hold(self, lane: str, owner: str) -> None:
        self.shared.held[lane] = owner, self.shared.clock.now() + (LANE.seconds or 0)

    def _leave(self, lane: str, owner: str) -> None:
        if self._holder(lane) == owner:
            del self.shared.held[lane]

    async def queue_letter(self, lane: str, letter: str, document: bytes) -> bool:
        await self._alive()
        return await self.shared.box.queue_letter(lane, letter, document)

    async def change_letter(self, letter: str, document: bytes) -> bool:
        await self._alive()
        return await self.shared.box.change_letter(letter, document)

    async def first_letter(self, lane: str) -> Queued | None:
        await self._alive()
        return await self.shared.box.first_letter(lane)

    async def take_letter(self, lane: str, letter: str, owner: str) -> Queued | None:
        await self._alive()
        if self._holder(lane) not in {"", owner}:
            return None
        taken = await self.shared.box.take_letter(lane, letter)
        if taken is not None:
            self._hold(lane, owner)
        return taken

    async def renew_lane(self, lane: str, letter: str, owner: str) -> bool:
        await self._alive()
        if self._holder(lane) not in {"", owner}:
            return False
        if self.shared.box.holds(lane, letter):
            self._hold(lane, owner)
        return True

    async def return_letter(self, lane: str, letter: str, owner: str, *, begun: bool) -> None:
        await self._alive()
        if self._holder(lane) == owner:
            await self.shared.box.return_letter(lane, letter, begun=begun)
        self._leave(lane, owner)

    async def settle_letter(self, lane: str, taken: Queued, owner: str, ts: str) -> bool:
        await self._alive()
        self._leave(lane, owner)
        return await self.shared.box.settle_letter(lane, taken, ts)

    async def drop_letter(self, lane: str, letter: str, owner: str) -> None:
        await self._alive()
        self._leave(lane, owner)
        await self.shared.box.drop_letter(lane, letter)

    async def letter(self, letter: str) -> bytes | None:
        await self._alive()
        return await self.shared.box.letter(letter)

    async def letter_ts(self, letter: str) -> str | None:
        await self._alive()
        return await self.shared.box.letter_ts(letter)

    async def lanes(self) -> tuple[str, ...]:
        await self._alive()
        return await self.shared.box.lanes()

    async def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        await self._alive()
        if method != "chat.postMessage":
            return {"messages": []}
        assert not self.shared.sending, "two send at the same time"
        self.shared.sending.add(self.name)
        try:
            await self.shared.clock.sleep(self.seconds)
            await self._alive()
        finally:
            self.shared.sending.discard(self.name)
        self.shared.arrived.append((str(arguments["text"]), self.name, self.shared.clock.now()))
        return {"ts": f"1.{len(self.shared.arrived)}"}

    async def answer(self, url: str, body: dict[str, Any]) -> None: ...

    async def upload(self, url: str, content: bytes) -> None: ...

    async def identity(self) -> Identity:
        raise NotImplementedError


class Replica:
    """One replica: its outbox, which delivers as `serve` has it."""

    def __init__(self, shared: Shared, name: str, seconds: float) -> None:
        self.view = View(shared, name, seconds)
        self.outbox = Outbox(Boxes(self.view), Courier(self.view, Budget(shared.clock)), shared.clock)
        self.delivering = asyncio.create_task(self.outbox.deliver())

    async def write(self, *texts: str) -> None:
        for text in texts:
            letter = Letter(new_id(), CHANNEL, text, since=self.view.shared.clock.wall())
            await self.view.queue_letter(CHANNEL, letter.id, letter.document())

    def kill(self) -> None:
        """From now on nothing answers it, and what it had in hand at Slack is gone."""
        self.view.killed = True
        self.view.shared.sending.discard(self.view.name)

    async def end(self) -> None:
        workers = [self.delivering, *self.outbox._workers.values()]
        for task in workers:
            task.cancel()
        await asyncio.wait(workers)


async def passing(clock: StageTime, done: Callable[[], bool], most: float) -> float:
    """Let time pass until it is done; gives the seconds that took."""
    began = clock.now()
    while not done():
        for _ in range(100):
            await asyncio.sleep(0)
        if done():
            break
        assert clock.now() - began <= most, "it takes too long"
        clock.advance(min(clock.next, 1.0))
    return clock.now() - began


async def test_one_sends_however_long_it_takes() -> None:
    """It lets nobody else send while a slow letter is under way, and keeps the order."""
    shared = Shared(StageTime())
    one, other = Replica(shared, "one", 45.0), Replica(shared, "other", 0.5)
    try:
        await one.write("a", "b", "c")
        await passing(shared.clock, lambda: len(shared.arrived) == 3, 300)
    finally:
        await one.end()
        await other.end()
    assert [text for text, _, _ in shared.arrived] == ["a", "b", "c"]
    assert await shared.box.lanes() == ()


async def test_a_killed_one_is_soon_replaced() -> None:
    """It goes on with a killed replica's lane within 15 seconds: in order, and with what was in hand marked."""
    shared = Shared(StageTime())
    one = Replica(shared, "one", 20.0)
    try:
        await one.write("a", "b", "c")
        await passing(shared.clock, lambda: bool(shared.sending), 5)
        for _ in range(9):  # it renews its lane, and dies in the middle of sending
            shared.clock.advance(1.0)
            await asyncio.sleep(0)
        one.kill()
        died = shared.clock.now()
        other = Replica(shared, "other", 0.5)
        await passing(shared.clock, lambda: len(shared.arrived) == 3, 60)
    finally:
        await one.end()
        await other.end()
    assert [name for _, name, _ in shared.arrived] == ["other"] * 3
    assert [text[0] for text, _, _ in shared.arrived] == ["a", "b", "c"]
    assert shared.arrived[0][0] != "a", "nobody knows whether the killed one sent it"
    assert shared.arrived[0][2] - died <= 15
    assert shared.clock.now() - died <= 15 + 3


async def test_who_loses_its_lane_stops() -> None:
    """It stops sending as soon as it learns that another has the lane."""
    clock, stopped = StageTime(), asyncio.Event()

    async def send() -> str:
        try:
            await clock.sleep(100)
        finally:
            stopped.set()
        return "1.1"

    async def renew() -> bool:
        return clock.now() < began + 3 * RENEW_SECONDS

    began = clock.now()
    work = asyncio.create_task(holding(send(), renew, clock))
    await passing(clock, work.done, 50)
    assert clock.now() - began == pytest.approx(3 * RENEW_SECONDS)
    assert stopped.is_set()
    with pytest.raises(LaneLostError):
        await work


async def test_nothing_is_left_at_the_end() -> None:
    """It ends both its tasks when it is cancelled, and when the letter is sent."""
    clock = StageTime()

    async def renew() -> bool:
        return True

    async def send() -> str:
        await clock.sleep(100)
        return "1.1"

    before = asyncio.all_tasks()
    work = asyncio.create_task(holding(send(), renew, clock))
    await clock.until_someone_sleeps()
    work.cancel()
    await asyncio.wait({work})
    assert asyncio.all_tasks() == before
    work = asyncio.create_task(holding(send(), renew, clock))
    await passing(clock, work.done, 200)
    assert await work == "1.1"
    assert asyncio.all_tasks() == before
