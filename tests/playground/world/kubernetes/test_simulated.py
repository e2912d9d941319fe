"""The cluster with its API server: what lives in the one is seen through the other."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.faults.model import named
from playground.world.kubernetes.simulated import SimulatedCluster
from playground.world.platform import running

PODS = "/api/v1/namespaces/volaticloud/pods"
OF_BACKEND = {"labelSelector": "app=volaticloud-backend"}


@pytest.fixture
async def cluster() -> AsyncIterator[SimulatedCluster]:
    async with SimulatedCluster() as one:
        yield one


async def get(cluster: SimulatedCluster, path: str, **query: str) -> httpx.Response:
    context = await asyncio.to_thread(ssl.create_default_context, cafile=str(cluster.server.ca_file))
    headers = {"Authorization": f"Bearer {cluster.server.token('admin')}"}
    async with httpx.AsyncClient(base_url=cluster.server.url, verify=context, headers=headers) as http:
        return await http.get(path, params=query)


async def pods(cluster: SimulatedCluster) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await get(cluster, PODS, **OF_BACKEND)).json()["items"]
    return found


async def test_logs_and_metrics(cluster: SimulatedCluster) -> None:
    """Serves what the pods log and use."""
    first = (await pods(cluster))[0]["metadata"]["name"]
    told = await get(cluster, f"{PODS}/{first}/log", tailLines="2")
    assert len(told.text.splitlines()) == 2
    used = (await get(cluster, f"/apis/metrics.k8s.io/v1beta1/namespaces/volaticloud/pods/{first}")).json()
    assert used["containers"][0]["name"] == "volaticloud"


async def test_a_fault_is_seen(cluster: SimulatedCluster) -> None:
    """Serves the symptoms of a fault, with the log of the run before; and none of them once healed."""
    cluster.switch_on(named(KUBERNETES_FAULTS, "database-refused"))
    broken = (await pods(cluster))[0]
    assert broken["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    told = await get(cluster, f"{PODS}/{broken['metadata']['name']}/log", previous="true")
    assert "connect: connection refused" in told.text
    cluster.heal()
    assert all(one["status"]["containerStatuses"][0]["ready"] for one in await pods(cluster))


async def test_it_is_part_of_the_platform() -> None:
    """Runs beside the platform's other systems where it is asked for, shares their secrets, and breaks and heals."""
    async with running(cluster=True) as platform:
        world = platform.around.cluster.world
        held = world.plane.read("Secret", "volaticloud", "keycloak-client-secret")
        assert held is not None
        assert base64.b64decode(held["data"]["client-secret"]).decode() == platform.keycloak.client_secret
        await platform.switch_on("deployment-missing")
        assert world.plane.read("Deployment", "volaticloud", "volaticloud-backend") is None
        await platform.heal()
        assert world.plane.read("Deployment", "volaticloud", "volaticloud-backend") is not None


async def test_it_is_there_inside_the_block_alone() -> None:
    """Says how it is used when it is not running."""
    with pytest.raises(RuntimeError, match="async with"):
        _ = SimulatedCluster().world
