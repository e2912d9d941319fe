"""When the next call may be made."""

import asyncio

import pytest

from bot.slack.budget import Budget
from bot.slack.limits import OTHER_PACE, PACES
from playground.slack.tiers import CALLS_A_MINUTE
from playground.slack.webapi import METHODS
from tests.bot.slack.stage import StageTime

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
