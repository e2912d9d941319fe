"""The simulated Keycloak answers as a real one does, call by call."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.live.keycloak_realm import RealKeycloak
from tests.playground.world.keycloak.contract import CONTRACTS, Contract, seen
from tests.playground.world.keycloak.recorded import record, recorded
from tests.playground.world.keycloak.simulated import simulated
from tests.playground.world.keycloak.target import Target

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def targets(real_keycloak: RealKeycloak) -> AsyncIterator[tuple[Target, Target]]:
    """The real one and the simulated one, side by side."""
    async with (
        simulated() as pretended,
        Target(real_keycloak, "real") as real,
        Target(pretended, "simulated") as sim,
    ):
        yield real, sim
        await real_keycloak.heal()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.name)
async def test_answers(contract: Contract, targets: tuple[Target, Target], pytestconfig: pytest.Config) -> None:
    """It answers as the real one, and the real one still answers as written down."""
    real, pretended = targets
    for target in targets:
        await target.be(contract.state)
    truth = seen(await contract.ask(real))
    if pytestconfig.getoption("record"):
        record(contract.name, truth)
    assert seen(await contract.ask(pretended)) == truth
    assert recorded()[contract.name] == truth
