"""Tests of the simulated backend: it stands on its database and Keycloak, and answers as its state says."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from playground.world.backend.login import Identity
from playground.world.backend.schema import answer, asks_for_schema
from playground.world.backend.server import SimulatedBackend, asked, wall_clock
from playground.world.backend.state import BackendState
from playground.world.faults.backend import BACKEND_FAULTS
from playground.world.faults.model import Fault
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.postgres.simulated import SimulatedPostgres

BY_NAME = {fault.name: fault for fault in BACKEND_FAULTS}


class World:
    """A backend with what it stands on, and somebody who asks it."""

    def __init__(self, backend: SimulatedBackend, keycloak: SimulatedKeycloak, database: SimulatedPostgres) -> None:
        self.backend, self.keycloak, self.database = backend, keycloak, database

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON, or text, of a page."""
        return await self._asked("GET", path)

    async def query(self, query: str, token: str = "") -> tuple[int, Any]:
        """Status and JSON of a query."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self._asked("POST", "/gateway/v1/query", headers=headers, json={"query": query})

    async def token(self) -> str:
        """A token of the platform's own client."""
        trust = ssl.create_default_context(cafile=self.keycloak.ca_file)
        url = f"{self.keycloak.url}/realms/{self.keycloak.realm}/protocol/openid-connect/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": self.keycloak.client_id,
            "client_secret": self.keycloak.client_secret,
        }
        async with aiohttp.ClientSession() as session, session.post(url, data=form, ssl=trust) as reply:
            token: str = (await reply.json())["access_token"]
            return token

    async def _asked(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        trust = ssl.create_default_context(cafile=self.backend.authority.ca_file)
        url = f"{self.backend.url}{path}"
        async with aiohttp.ClientSession() as session, session.request(method, url, ssl=trust, **more) as reply:
            return reply.status, await (reply.json() if "json" in reply.content_type else reply.text())


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A sound backend on a sound database and Keycloak."""
    async with SimulatedKeycloak() as keycloak, SimulatedPostgres() as database:

        def identity(state: BackendState) -> Identity:
            return Identity(lambda: keycloak.url, keycloak.ca_file, wall_clock(state.clock_ahead_s))

        async def secret() -> dict[str, str]:
            await database.ready()
            return database.secret()

        async with SimulatedBackend(identity, asked(secret)) as backend:
            yield World(backend, keycloak, database)


async def test_well(world: World) -> None:
    """It is well while both it stands on are."""
    status, report = await world.get("/gateway/v1/health")
    assert (status, report["status"]) == (200, "ok")
    assert (await world.get("/health"))[0] == 404


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("postgres-stopped", "dial tcp 127.0.0.1:{port}: connect: connection refused"),
        ("postgres-silent", "dial tcp 127.0.0.1:{port}: i/o timeout"),
        ("postgres-without-tls", "pq: SSL is not enabled on the server"),
        ("postgres-password-wrong", 'pq: password authentication failed for user "volaticloud"'),
        ("postgres-database-missing", 'pq: database "volaticloud" does not exist'),
        ("postgres-slots-full", "pq: sorry, too many clients already"),
        ("postgres-starting-up", "pq: the database system is starting up"),
    ],
)
async def test_the_database_breaks_it(world: World, fault: str, says: str) -> None:
    """It says in the backend's words why it gets no session with the real database, and is well again with it."""
    await world.database.switch_on(fault)
    status, report = await world.get("/gateway/v1/health")
    why = says.format(port=world.database.port)
    assert status == 503
    assert report["checks"]["database"]["error"] == f"failed opening connection to postgres: {why}"
    assert report["checks"]["keycloak"] == {"status": "ok"}
    await world.database.heal()
    assert (await world.get("/gateway/v1/health"))[0] == 200


async def test_keycloak_breaks_it(world: World) -> None:
    """It takes no login while Keycloak is away, not even a token that was taken before."""
    token = await world.token()
    assert (await world.query("{ __typename }", token))[0] == 200
    await world.keycloak.switch_on(Fault("x", "x", "x", "x", None, lambda state: replace(state, listening=False)))
    status, refused = await world.query("{ __typename }", token)
    assert status == 401
    assert refused["errors"][0]["message"].startswith("keycloak unavailable: ")
    assert (await world.get("/gateway/v1/health"))[1]["checks"]["keycloak"]["status"] == "down"


async def test_logins(world: World) -> None:
    """It answers who brings a token of this Keycloak, and refuses everybody else."""
    assert (await world.query("{ __typename }"))[0] == 401
    assert (await world.query("{ __typename }", "nonsense"))[0] == 401
    status, found = await world.query("{ __typename bots { id } }", await world.token())
    assert (status, found["data"]) == (200, {"__typename": "Query", "bots": []})


async def test_queries_that_do_not_fit(world: World) -> None:
    """It refuses a field that the schema does not have, in GraphQL's own words; an older release refuses more."""
    token = await world.token()
    _, found = await world.query("{ bots { nonsense } }", token)
    assert found["errors"][0]["message"].startswith("Cannot query field 'nonsense' on type 'Bot'")
    assert "errors" not in (await world.query("{ bots { leverage } }", token))[1]
    await world.backend.switch_on(BY_NAME["graphql-schema-older"])
    assert "errors" in (await world.query("{ bots { leverage } }", token))[1]


async def test_introspection(world: World) -> None:
    """It tells its schema, refuses to, or fails over it, and answers all else meanwhile."""
    token, ask = await world.token(), "{ __schema { types { name } } }"
    assert (await world.query(ask, token))[1]["data"]["__schema"]
    for name, words in (("off", "introspection disabled"), ("broken", "internal system error")):
        await world.backend.heal()
        await world.backend.switch_on(BY_NAME[f"graphql-introspection-{name}"])
        assert (await world.query(ask, token))[1]["errors"][0]["message"] == words
        assert (await world.query("{ __typename }", token))[1]["data"]


async def test_faults_combine_and_heal(world: World) -> None:
    """It is broken by every fault that is on, and sound again once healed, at the same address."""
    before = world.backend.url
    await world.backend.switch_on(BY_NAME["graphql-wrong-path"])
    await world.backend.switch_on(BY_NAME["graphql-error"])
    assert (await world.get("/api/v2/health"))[0] == 500
    await world.backend.switch_on(BY_NAME["graphql-down"])
    with pytest.raises(aiohttp.ClientConnectorError):
        await world.get("/")
    await world.backend.heal()
    assert (await world.get("/gateway/v1/health"))[0] == 200
    assert world.backend.url == before


@pytest.mark.parametrize("fault", BACKEND_FAULTS, ids=lambda fault: fault.name)
def test_every_fault_changes_something(fault: Fault[BackendState]) -> None:
    """It is another surface under each fault, and the same fault twice changes nothing more."""
    broken = fault.apply(BackendState())
    assert broken != BackendState()
    assert fault.apply(broken) == broken


def test_what_asks_for_the_schema() -> None:
    """Knows introspection wherever it stands in a query, and does not take `__typename` for it."""
    assert asks_for_schema("query A { a: __schema { types { name } } }")
    assert asks_for_schema('{ __type(name: "Bot") { name } }')
    assert not asks_for_schema("{ __typename bots { __typename } }")
    assert answer("{ __typename }") == {"data": {"__typename": "Query"}}
