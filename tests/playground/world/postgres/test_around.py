"""Tests of the database and the cluster together: what breaks the one is felt by the other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.kubernetes.plane import is_ready
from playground.world.surroundings import ClusterAndSurroundings
from tests.playground.world.faults.signs import logged, pods
from tests.playground.world.postgres.client import Answer, asked

#: The first test provokes them all.
pytestmark = pytest.mark.timeout(200)
#: What the backend says at its end while a fault of the database is on, as its driver words it.
SAID = {
    "postgres-name-unknown": "dial tcp: lookup postgres.volaticloud.invalid: no such host",
    "postgres-no-route": "i/o timeout",  # a network policy lets it out to the database's true address only
    "postgres-stopped": "connect: connection refused",
    "postgres-silent": "i/o timeout",
    "postgres-without-tls": "pq: SSL is not enabled on the server",
    "postgres-starting-up": "pq: the database system is starting up",
    "postgres-hba-rejects": "pq: no pg_hba.conf entry for host",
    "postgres-password-wrong": 'pq: password authentication failed for user "volaticloud"',
    "postgres-secret-newline": 'pq: password authentication failed for user "volaticloud"',
    "postgres-slots-full": "pq: sorry, too many clients already",
}
HARMLESS = ("postgres-idle-in-transaction", "postgres-certificate-expired")
#: What a client is told while a fault of the cluster is on.
REALLY = {
    "database-refused": "Connection refused",
    "database-password-wrong": 'password authentication failed for user "volaticloud"',
}
CLUSTER = {fault.name: fault for fault in KUBERNETES_FAULTS}
SOUND = Answer(((1,),))


@dataclass(frozen=True)
class Felt:
    """Of one fault of the database: whether the backend says what is wrong, how many serve, how many once mended."""

    said: bool
    serving: int
    serving_again: int


def serving(around: ClusterAndSurroundings) -> int:
    """How many pods of the backend serve."""
    return sum(is_ready(pod) for pod in pods(around.cluster.world))


async def felt_by_the_backend() -> dict[str, Felt]:
    """Each fault, switched on and mended."""
    found = {}
    async with ClusterAndSurroundings("s3cr3t") as around:
        for name in (*SAID, *HARMLESS):
            await around.database.switch_on(name)
            await around.follow()
            said = name in SAID and logged(SAID[name], previous=True).seen(around.cluster.world)
            broken = serving(around)
            await around.heal()
            found[name] = Felt(said, broken, serving(around))
    return found


@pytest.fixture(scope="module")
def felt() -> dict[str, Felt]:
    """Every fault, felt once."""
    return asyncio.run(felt_by_the_backend())


@pytest.fixture
async def around() -> AsyncIterator[ClusterAndSurroundings]:
    """A cluster with its database."""
    async with ClusterAndSurroundings("s3cr3t") as made:
        yield made


@pytest.mark.parametrize("name", SAID)
def test_felt_by_the_backend(felt: dict[str, Felt], name: str) -> None:
    """Ends the backend, which says why as its driver does, and has it serve again when it is mended."""
    assert felt[name] == Felt(said=True, serving=0, serving_again=2)


@pytest.mark.parametrize("name", HARMLESS)
def test_not_felt_by_the_backend(felt: dict[str, Felt], name: str) -> None:
    """Leaves the backend alone where it gets its sessions as ever."""
    assert felt[name] == Felt(said=False, serving=2, serving_again=2)


@pytest.mark.parametrize("name", REALLY)
async def test_felt_by_the_database(around: ClusterAndSurroundings, name: str) -> None:
    """Really is so in the database where a fault of the cluster says so, and no more when it is mended."""
    around.cluster.switch_on(CLUSTER[name])
    await around.follow()
    await around.database.ready()
    assert REALLY[name] in (await asked(around.database)).refusal
    await around.heal()
    await around.database.ready()
    assert await asked(around.database) == SOUND


async def test_no_right_to_create(around: ClusterAndSurroundings) -> None:
    """Takes the right to create tables away in the database where the cluster's fault says so."""
    around.cluster.switch_on(CLUSTER["migration-failed"])
    await around.follow()
    await around.database.ready()
    assert "permission denied for schema public" in (await asked(around.database, "CREATE TABLE t ()")).refusal


async def test_a_sound_platform_starts_no_server(around: ClusterAndSurroundings) -> None:
    """Starts no server for a platform that nobody asks about its database."""
    await around.follow()
    assert around.database.server is None
