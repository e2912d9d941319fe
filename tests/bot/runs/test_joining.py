"""Taking turns: one run of the same diagnosis at a time, in this process and over replicas."""

import asyncio

import pytest

from bot.errors import StoreUnreachable
from bot.runs.examiner import Order
from bot.runs.joining import RENEW_SECONDS, Joining
from bot.store import UnderWay
from tests.bot.slack.wire import Sleeper, settled
from tests.handlers.world import Memory

ORDER = Order("keycloak", "production")
RUN = UnderWay("theirs", "production", "C0ENGINE0", "1.2", 7.0, "keycloak")


async def test_the_first_has_the_turn() -> None:
    """It gives the turn to the first, and to nobody else until that is over."""
    joining = Joining(Memory())
    async with joining.turn(ORDER, "a") as mine:
        assert mine.mine
        mine.run = RUN
        assert joining.here(ORDER)
        async with joining.turn(ORDER, "b") as theirs:
            assert (theirs.mine, theirs.run) == (False, RUN)
    assert not joining.here(ORDER)
    async with joining.turn(ORDER, "c") as mine:
        assert mine.mine


@pytest.mark.parametrize("other", [Order("keycloak", "staging"), Order("keycloak", "production", deep=True)])
async def test_other_orders_are_other_turns(other: Order) -> None:
    """It lets another environment, and a deep look, run beside."""
    joining = Joining(Memory())
    async with joining.turn(ORDER, "a"), joining.turn(other, "b") as mine:
        assert mine.mine


async def test_turns_hold_over_replicas() -> None:
    """It leaves the turn to another replica, and gives what that noted of its run."""
    memory = Memory()
    async with Joining(memory).turn(ORDER, "theirs"):
        async with Joining(memory).turn(ORDER, "b") as second:
            assert (second.mine, second.run) == (False, None)
        memory.runs["theirs"] = RUN
        async with Joining(memory).turn(ORDER, "c") as second:
            assert (second.mine, second.run) == (False, RUN)
    assert memory.claims == {}


async def test_goes_by_itself_without_a_memory() -> None:
    """It gives turns in this process, while the memory is away and where there is none."""
    away = Memory()
    away.away = True
    for joining in (Joining(None), Joining(away)):
        async with joining.turn(ORDER, "a") as mine, joining.turn(ORDER, "b") as theirs:
            assert (mine.mine, theirs.mine) == (True, False)


async def test_keeps_its_claim() -> None:
    """It renews the claim for as long as the run goes on, and gives it back at the end."""
    memory, sleeper = Memory(), Sleeper()
    async with Joining(memory, sleeper).turn(ORDER, "a"):
        await settled()
        memory.claims.clear()
        await sleeper.wake()
        assert list(memory.claims.values()) == ["a"]
        assert sleeper.slept == [RENEW_SECONDS, RENEW_SECONDS]
    assert memory.claims == {}


async def test_gives_the_turn_back_when_cancelled() -> None:
    """It leaves no claim behind when the run is cancelled, or fails."""
    memory = Memory()
    joining, began = Joining(memory), asyncio.Event()

    async def run() -> None:
        async with joining.turn(ORDER, "a"):
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(run())
    await began.wait()
    task.cancel()
    await asyncio.wait({task})
    assert memory.claims == {}
    assert not joining.here(ORDER)


async def test_frees_the_turn_when_the_claim_fails() -> None:
    """It does not hold a turn that it could not even claim."""

    class Broken(Memory):
        async def claim(self, environment: str, name: str, owner: str, seconds: float) -> bool:
            raise RuntimeError("broken")

    joining = Joining(Broken())
    with pytest.raises(RuntimeError):
        async with joining.turn(ORDER, "a"):
            pass
    assert not joining.here(ORDER)


async def test_knows_the_dead() -> None:
    """It says that a run is over when its claim is, and says nothing while nobody can know."""
    memory = Memory()
    joining = Joining(memory)
    assert await joining.over(RUN)
    assert memory.claims == {}
    memory.claims["production", "diagnose-keycloak"] = "theirs"
    assert not await joining.over(RUN)
    await joining.forget(RUN)
    assert await joining.over(RUN)
    memory.away = True
    assert not await joining.over(RUN)
    assert not await Joining(None).over(RUN)


async def test_a_memory_that_fails_at_the_end_is_survived() -> None:
    """It lets a run end although its claim cannot be given back; that ends by itself."""

    class Forgetful(Memory):
        async def release(self, environment: str, name: str, owner: str) -> None:
            raise StoreUnreachable("Redis is away.")

    async with Joining(Forgetful()).turn(ORDER, "a") as turn:
        assert turn.mine
