"""The simulated Docker answers what a real daemon was seen to answer."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.playground.world.docker.contract import CONTRACTS, Contract, seen
from tests.playground.world.docker.recorded import recorded
from tests.playground.world.docker.simulated import simulated


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Plain HTTP to the simulated one."""
    async with simulated() as docker, httpx.AsyncClient(base_url=docker.host.replace("tcp://", "http://")) as client:
        yield client


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.name)
async def test_answers_as_recorded(contract: Contract, http: httpx.AsyncClient) -> None:
    """It gives the status, the facts, the words and the pieces of a log that the real one gave."""
    assert seen(await http.request(contract.method, contract.path)) == recorded()[contract.name]


def test_recording_is_whole() -> None:
    """It has one recorded answer for each call, and none for a call that is gone."""
    names = [one.name for one in CONTRACTS]
    assert len(names) == len(set(names))
    assert set(names) == set(recorded())
