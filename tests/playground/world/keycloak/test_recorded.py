"""The simulated Keycloak answers what a real one was seen to answer."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.playground.world.keycloak.contract import CONTRACTS, Contract, seen
from tests.playground.world.keycloak.recorded import recorded
from tests.playground.world.keycloak.simulated import simulated
from tests.playground.world.keycloak.target import Target


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def target() -> AsyncIterator[Target]:
    """The simulated one, brought from state to state."""
    async with simulated() as keycloak, Target(keycloak, "simulated") as made:
        yield made


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.name)
async def test_answers_as_recorded(contract: Contract, target: Target) -> None:
    """It gives the status, the headers, the keys and the words that the real one gave."""
    await target.be(contract.state)
    assert seen(await contract.ask(target)) == recorded()[contract.name]


def test_recording_is_whole() -> None:
    """It has one recorded answer for each call, and none for a call that is gone."""
    names = [one.name for one in CONTRACTS]
    assert len(names) == len(set(names))
    assert set(names) == set(recorded())
