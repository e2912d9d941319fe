"""A crowded cluster in a process of its own: as a module it prints a kubeconfig, and serves until it is ended."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.volaticloud import SPACE

PODS, EVENTS = 5_000, 2_000


def crowd(world: World) -> None:
    """Add pods of a workload that is well, and events about them. Nobody controls them: the cluster stays as it is."""
    model = json.dumps(next(iter(world.store.listed(kind_named("Pod"), SPACE))))
    for number in range(PODS):
        world.store.create(kind_named("Pod"), _pod(json.loads(model), number))
    when = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for number in range(EVENTS):
        world.store.create(kind_named("Event"), _event(number, when))


def _pod(made: Any, number: int) -> Any:  # noqa: ANN401 an object of the API
    made["metadata"]["name"] = f"volaticloud-bot-{number:05d}-x7x2p"
    for word in ("uid", "resourceVersion"):
        made["metadata"].pop(word, None)
    made["status"]["podIP"] = f"10.{100 + number // 62_500}.{number // 250 % 250}.{number % 250}"
    return made


def _event(number: int, when: str) -> dict[str, Any]:
    return {
        "metadata": {"name": f"volaticloud-bot-{number:05d}.{number:x}", "namespace": SPACE},
        "involvedObject": {"kind": "Pod", "namespace": SPACE, "name": f"volaticloud-bot-{number:05d}-x7x2p"},
        "reason": "Unhealthy",
        "message": f"Readiness probe failed: HTTP probe failed with statuscode: 503 ({number})",
        "type": "Warning",
        "count": 3,
        "firstTimestamp": when,
        "lastTimestamp": when,
        "source": {"component": "kubelet"},
    }


@asynccontextmanager
async def crowded_cluster() -> AsyncIterator[Path]:
    """The crowded cluster, as the kubeconfig that leads to it."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.crowded", stdout=asyncio.subprocess.PIPE
    )
    try:
        if server.stdout is None:
            raise RuntimeError("the cluster's process has no pipe")
        line = await asyncio.wait_for(server.stdout.readline(), 120)
        yield Path(line.decode().strip())
    finally:
        server.terminate()
        await server.wait()


async def _serve() -> None:
    world = World()
    crowd(world)
    async with SimulatedKubernetes(world.store, world.kubelets) as server:
        print(server.kubeconfig(), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
