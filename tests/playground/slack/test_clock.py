"""The clock a test moves."""

import asyncio

from playground.slack.clock import ManualClock, RealClock, within


async def test_wakes_in_order(clock: ManualClock) -> None:
    """It wakes sleepers when their time has come, the earlier first, and no other."""
    woken: list[str] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    tasks = [asyncio.create_task(sleeper(name, seconds)) for name, seconds in (("b", 2), ("a", 1), ("c", 9))]
    await clock.until_someone_sleeps()
    await asyncio.sleep(0)
    clock.advance(2)
    await asyncio.gather(*tasks[:2])
    assert woken == ["a", "b"]
    tasks[2].cancel()


async def _seconds(clock: ManualClock, answer: asyncio.Future[int]) -> int | None:
    return await within(clock, 3, answer)


async def test_within(clock: ManualClock) -> None:
    """It gives the answer that came in time, and None for one that did not."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waiting: asyncio.Task[int | None] = asyncio.create_task(_seconds(clock, answer))
    await clock.until_someone_sleeps()
    clock.advance(3)
    assert await waiting is None
    answer.set_result(7)
    assert await within(clock, 3, answer) == 7


async def test_real_clock() -> None:
    """It is the time of day."""
    before = RealClock().now()
    await RealClock().sleep(0)
    assert RealClock().now() >= before > 1_700_000_000
