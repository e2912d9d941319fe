"""When the next call may be made."""

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.errors import StoreUnreachable
from bot.slack.budget import Budget, _Turns
from bot.slack.limits import OTHER_PACE, PACES, Pace
from bot.slack.poster import Place, Poster
from playground.slack.tiers import CALLS_A_MINUTE
from playground.slack.webapi import METHODS
from tests.bot.slack.stage import CHANNEL, StageTime, says, stage

EDIT, POST = "chat.update", "chat.postMessage"


class Log:
    """Takes turns and remembers when."""

    def __init__(self) -> None:
        self.clock = StageTime()
        self.budget = Budget(self.clock)
        self.began = self.clock.now()
        self.at: list[tuple[str, float]] = []

    def take(self, name: str, method: str = EDIT, *, urgent: bool = True, channel: str = "") -> asyncio.Task[None]:
        """Wait for a turn in the background."""

        async def turn() -> None:
            await self.budget.turn(method, channel, urgent=urgent)
            self.at.append((name, round(self.clock.now() - self.began, 3)))

        return asyncio.create_task(turn())

    async def run(self, *tasks: asyncio.Task[None]) -> None:
        """Let time pass until all have had their turn."""
        await asyncio.sleep(0)
        while not all(task.done() for task in tasks):
            for _ in range(5):
                await asyncio.sleep(0)
            if not all(task.done() for task in tasks):
                self.clock.advance(self.clock.next)


async def test_a_burst_and_then_its_pace() -> None:
    """It gives some turns at once, and then one every second and a half."""
    log = Log()
    await log.run(*(log.take(str(number)) for number in range(9)))
    assert [at for _, at in log.at] == [0, 0, 0, 0, 0, 0, 1.5, 3.0, 4.5]
    assert [name for name, _ in log.at] == [str(number) for number in range(9)]


async def test_what_is_urgent_goes_first() -> None:
    """It serves what cannot wait before what waits already, and keeps some turns for it."""
    log = Log()
    patient = [log.take(f"progress {number}", urgent=False) for number in range(8)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(log.at) == 3, "of six turns, three are kept"
    await log.run(*(log.take(f"verdict {number}") for number in range(4)), *patient)
    assert [name for name, _ in log.at[3:7]] == [f"verdict {number}" for number in range(4)]
    assert [at for _, at in log.at[3:7]] == [0, 0, 0, 1.5]
    assert [name for name, _ in log.at[7:]] == [f"progress {number}" for number in range(3, 8)], "none is passed over"


async def test_waits_as_long_as_slack_says() -> None:
    """It gives no turn before the time that Slack names, and no burst after it."""
    log = Log()
    log.budget.close(EDIT, "C1", 30.0)
    await log.run(*(log.take(str(number)) for number in range(3)))
    assert [at for _, at in log.at] == [30.0, 31.5, 33.0]


async def test_counts_as_slack_does() -> None:
    """It counts edits over the whole workspace, and posts by channel."""
    log = Log()
    log.budget.close(POST, "C1", 9.0)
    await log.run(log.take("C1", POST, channel="C1"), log.take("C2", POST, channel="C2"))
    assert log.at == [("C2", 0.0), ("C1", 9.0)]
    log.budget.close(EDIT, "C1", 9.0)
    assert log.budget.wait(EDIT, "C2") == 9.0


async def test_gives_a_turn_back_to_the_next() -> None:
    """It serves who comes after one that gave up."""
    log = Log()
    log.budget.close(EDIT, "", 5.0)
    gone, other = log.take("gone"), log.take("other")
    await asyncio.sleep(0)
    gone.cancel()
    await log.run(other)
    assert log.at == [("other", 5.0)]


@pytest.mark.parametrize("method", PACES)
def test_stays_within_slacks_limits(method: str) -> None:
    """It allows less in any minute, burst included, than Slack's own limit; posts are by the second."""
    pace, tier = PACES[method], METHODS[method].tier
    if tier is None:
        assert (pace.a_minute, pace.each_channel) == (60, True)
        return
    assert pace.a_minute + pace.burst < CALLS_A_MINUTE[tier]


def test_assumes_the_least_of_what_it_does_not_know() -> None:
    """It calls a method it has no pace for as if it were of the lowest tier in use."""
    assert OTHER_PACE.a_minute + OTHER_PACE.burst < CALLS_A_MINUTE[2]


class Common:
    """What replicas share, under the clock of the test; it may be away. It remembers who asked for what."""

    # ruff: noqa: D102 -- each does as the store's

    def __init__(self, clock: StageTime) -> None:
        self.clock = clock
        self.away = False
        self.turns: dict[str, _Turns] = {}

    async def turn(self, name: str, pace: Pace, wanted: int, *, take: bool) -> float:
        turns = self._of(name, pace)
        wait = turns.wait(wanted)
        if wait == 0 and take:
            turns._left -= 1
        return wait

    async def close_turns(self, name: str, pace: Pace, seconds: float) -> None:
        self._of(name, pace).close(seconds)

    def _of(self, name: str, pace: Pace) -> _Turns:
        if self.away:
            raise StoreUnreachable("Redis is away.")
        return self.turns.setdefault(name, _Turns(pace, self.clock))


def replicas(log: Log, common: Common) -> tuple[Log, Log]:
    """Two replicas that write into one log."""
    other = Log()
    other.clock, other.began, other.at, other.budget = log.clock, log.began, log.at, Budget(log.clock)
    for replica in (log, other):
        replica.budget.share(common)
    return log, other


async def test_replicas_share_one_budget() -> None:
    """It gives two replicas together the turns of one."""
    log = Log()
    one, other = replicas(log, Common(log.clock))
    await log.run(*(replica.take("", urgent=True) for _ in range(5) for replica in (one, other)))
    assert [at for _, at in log.at] == [0] * 6 + [1.5, 3.0, 4.5, 6.0]


async def test_what_is_urgent_goes_first_on_every_replica() -> None:
    """It leaves turns for what is urgent on another replica, too."""
    log = Log()
    one, other = replicas(log, Common(log.clock))
    await log.run(*(one.take("spare", urgent=False) for _ in range(3)))
    await log.run(*(other.take("urgent") for _ in range(3)))
    assert log.at == [("spare", 0)] * 3 + [("urgent", 0)] * 3


async def test_a_refusal_is_heard_by_all() -> None:
    """It stops every replica when Slack wants no more from one of them."""
    log = Log()
    one, other = replicas(log, Common(log.clock))
    await one.budget.refused(EDIT, "C1", 30.0)
    assert await other.budget.ahead(EDIT, "C2") == 30.0
    assert await other.budget.ahead(POST, "C1") == 0.0
    await log.run(other.take("late"))
    assert log.at == [("late", 30.0)]


async def test_channels_are_counted_apart_where_slack_does() -> None:
    """It shares the turns of a channel with those who post in the same one."""
    log = Log()
    one, other = replicas(log, Common(log.clock))
    await log.run(*(one.take("", POST, channel="C1") for _ in range(4)))
    assert await other.budget.ahead(POST, "C1") == pytest.approx(1.0)
    assert await other.budget.ahead(POST, "C2") == 0.0


async def test_each_keeps_to_its_own_while_the_store_is_away() -> None:
    """It falls back to the process's own turns, says so once, and shares again when the store is back."""
    log = Log()
    common = Common(log.clock)
    one, other = replicas(log, common)
    common.away = True
    with capture_logs() as logged:
        await log.run(*(replica.take("") for _ in range(7) for replica in (one, other)))
    assert [at for _, at in log.at] == [0] * 12 + [1.5, 1.5]
    assert [entry["event"] for entry in logged] == ["Slack's limits are kept by this process alone"] * 2
    common.away = False
    log.clock.advance(600)
    log.at.clear()
    log.began = other.began = log.clock.now()
    await log.run(*(replica.take("") for _ in range(4) for replica in (one, other)))
    assert [at for _, at in log.at] == [0] * 6 + [1.5, 3.0]


async def test_two_replicas_at_full_pace_are_never_refused() -> None:
    """It has Slack refuse nothing when two replicas edit as fast as they may, counted at the simulated Slack."""
    async with stage() as here:
        common = Common(here.clock)
        posters = [here.poster() for _ in range(2)]
        for poster in posters:
            poster.share_limits(common)
        places = [await poster.post(CHANNEL, says("one")) for poster in posters]
        edits: list[asyncio.Task[None]] = []
        for number in range(60):
            for poster, place in zip(posters, places, strict=True):
                edits.append(asyncio.create_task(edited(poster, place, f"edit {number}")))
        await here.until(lambda: all(edit.done() for edit in edits))
        assert here.slack.ledger.calls["chat.update"] == 120
        assert here.slack.ledger.rejected == []


async def edited(poster: Poster, place: Place, text: str) -> None:
    await poster.spare_turn()
    await poster.try_update(place, says(text))
