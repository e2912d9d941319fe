"""The simulated Docker answers as a real daemon does, call by call."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.live.docker_containers import settle
from tests.live.docker_daemon import Daemon
from tests.playground.world.docker.contract import CONTRACTS, Contract, seen, shape
from tests.playground.world.docker.recorded import record, recorded
from tests.playground.world.docker.simulated import simulated

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]
Both = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(real_docker: Daemon) -> AsyncIterator[Both]:
    """Plain HTTP to the real one and to the simulated one."""
    way = httpx.AsyncHTTPTransport(uds=str(real_docker.socket))
    async with (
        simulated() as docker,
        httpx.AsyncClient(transport=way, base_url="http://docker") as real,
        httpx.AsyncClient(base_url=docker.host.replace("tcp://", "http://")) as pretended,
    ):
        yield real, pretended


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.name)
async def test_answers(contract: Contract, real_docker: Daemon, both: Both, pytestconfig: pytest.Config) -> None:
    """It answers as the real one, and the real one still answers as written down."""
    settle(real_docker)
    real, pretended = [await http.request(contract.method, contract.path) for http in both]
    truth = seen(real)
    if pytestconfig.getoption("record"):
        record(contract.name, truth)
    assert seen(pretended) == truth
    assert recorded()[contract.name] == truth


@pytest.mark.parametrize("path", ["/version", "/v1.41/containers/running/json", "/v1.41/containers/json"])
async def test_shapes(path: str, both: Both) -> None:
    """It says nothing that the real one does not say, and nothing of another type."""
    real, pretended = [(await http.get(path)).json() for http in both]
    assert shape(pretended).items() <= shape(real).items()
