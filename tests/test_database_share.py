"""Tests of what the real database's faults do to the rest of the platform: to its speed, its API, its pods."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from diagnostics.model import Diagnosis
from playground.world.platform import SimulatedPlatform, running
from tests.test_scenarios import examined

#: Faults within PostgreSQL, and the check of `performance` that tells of each.
SLOWING = {
    "postgres-repeated-statements": "performance.database-repeated-statements",
    "postgres-index-missing": "performance.database-missing-index",
    "postgres-blocked-sessions": "performance.database-blocked-sessions",
    "postgres-slots-nearly-used": "performance.database-slots-nearly-used",
}
#: Faults by which the backend gets no session, and what its driver says.
BREAKING = {
    "postgres-password-wrong": "password authentication failed",
    "postgres-slots-full": "sorry, too many clients already",
    "postgres-stopped": "connection refused",
}

pytestmark = pytest.mark.timeout(600)


async def broken(simulated: SimulatedPlatform, *faults: str) -> None:
    await simulated.heal()
    for fault in faults:
        await simulated.switch_on(fault)
    await simulated.ripe()


async def all_seen() -> dict[str, Diagnosis]:
    """By fault and area, in one platform, one after another."""
    found: dict[str, Diagnosis] = {}
    async with AsyncExitStack() as stack:
        simulated = await stack.enter_async_context(running(cluster=True))
        for fault in SLOWING:
            await broken(simulated, fault)
            found[fault] = (await examined(simulated, "performance")).live
        await broken(simulated, "postgres-index-missing", "api-slow")
        found["slow for it"] = (await examined(simulated, "performance")).live
        for fault in BREAKING:
            await broken(simulated, fault)
            for area in ("server", "graphql"):
                found[f"{fault} {area}"] = (await examined(simulated, area)).live
    return found


@pytest.fixture(scope="module")
def seen() -> dict[str, Diagnosis]:
    """Everything, examined once."""
    return asyncio.run(all_seen())


@pytest.mark.parametrize("fault", SLOWING)
def test_its_share(seen: dict[str, Diagnosis], fault: str) -> None:
    """Names what is slow in the database first, and nothing else, where the database is slow."""
    assert ([cause.id for cause in seen[fault].causes], seen[fault].unobserved) == ([SLOWING[fault]], ())
    assert [one.cause for one in seen[fault].suggestions][:1] == [SLOWING[fault]]


def test_latency_is_explained(seen: dict[str, Diagnosis]) -> None:
    """Explains slow answers by the database where both are seen."""
    (cause,) = seen["slow for it"].causes
    assert (cause.id, cause.explains) == ("performance.database-missing-index", ("performance.endpoint-slow",))


@pytest.mark.parametrize("fault", BREAKING)
def test_pods_crash(seen: dict[str, Diagnosis], fault: str) -> None:
    """Crashes the backend's containers when its database gives it no session: their log says the driver's words."""
    found = seen[f"{fault} server"]
    (first, *_) = found.causes
    told = [fact.value for one in found.findings if one.id == first.id for fact in one.evidence]
    assert first.id == "server.database-connection-failed"
    assert any(BREAKING[fault] in value for value in told)


@pytest.mark.parametrize("fault", BREAKING)
def test_the_endpoint_breaks(seen: dict[str, Diagnosis], fault: str) -> None:
    """Breaks the health endpoint: no pod is ready, and the gateway answers in their place."""
    assert [cause.id for cause in seen[f"{fault} graphql"].causes][:1] == ["graphql.gateway-error"]
