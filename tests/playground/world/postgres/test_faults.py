"""Tests of the database's faults: each is seen by a plain client of a real server, and is gone when it is mended."""

import asyncio

import pytest

from playground.world.faults.model import Fault
from playground.world.faults.postgres import POSTGRES_FAULTS
from playground.world.postgres.binaries import embedded
from playground.world.postgres.simulated import SimulatedPostgres, sound
from playground.world.postgres.state import State
from playground.world.postgres.work import rush
from tests.playground.world.postgres.client import Answer, asked, watched
from tests.playground.world.postgres.provoking import MENDED, Seen, one_after_another, shows
from tests.playground.world.postgres.signs import SIGNS

#: All faults are provoked by the first test, one after another, for as long as a busy machine takes.
pytestmark = pytest.mark.timeout(300)
every_fault = pytest.mark.parametrize("fault", POSTGRES_FAULTS, ids=lambda fault: fault.name)
questions = pytest.mark.parametrize("name", [name for name, sign in SIGNS.items() if sign.question])


#: Questions that the platform's client asks one after another while it is busy: a second or two in all.
RUSHED = 50


async def busy() -> dict[str, Answer]:
    """What the watcher sees of a sound database while the backend asks as fast as it can."""
    async with SimulatedPostgres(sound=lambda: sound().with_work(rush)) as postgres:
        await postgres.ready()
        for _ in range(RUSHED):
            await asked(postgres, "SELECT count(*) FROM bots")
        return {name: await watched(postgres, sign.question) for name, sign in SIGNS.items() if sign.question}


@pytest.fixture(scope="module")
def seen() -> dict[str, Seen]:
    """Every fault, provoked once."""
    return asyncio.run(one_after_another(POSTGRES_FAULTS, embedded()))


@pytest.fixture(scope="module")
def sound_and_busy() -> dict[str, Answer]:
    """The answers of a sound database that is busy."""
    return asyncio.run(busy())


@every_fault
def test_its_sign(seen: dict[str, Seen], fault: Fault[State]) -> None:
    """Shows itself to a plain client as a real PostgreSQL shows it."""
    assert shows(fault, seen[fault.name])


@pytest.mark.parametrize("name", MENDED)
def test_mended(seen: dict[str, Seen], name: str) -> None:
    """Is gone when it is mended: the platform's own client gets in at the same address."""
    assert seen[name].mended == Answer(((1,),))


@questions
def test_no_sign_of_it_in_a_busy_database(sound_and_busy: dict[str, Answer], name: str) -> None:
    """Is not to be seen in a sound database, however much the backend asks."""
    assert sound_and_busy[name] == Answer(((False,),))


def test_every_fault_has_its_sign() -> None:
    """Has a name and a sign of its own for each of at least eighteen faults."""
    assert [fault.name for fault in POSTGRES_FAULTS] == list(SIGNS)
    assert len(SIGNS) >= 18


def test_their_causes() -> None:
    """Owes the bot a cause of the database's area, each kind of cause provoked at least once."""
    assert {fault.area for fault in POSTGRES_FAULTS} == {"database"}
    assert len({fault.expect for fault in POSTGRES_FAULTS}) == len(POSTGRES_FAULTS) - 2
