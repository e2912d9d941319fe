"""What a namespace of 5,000 pods and 2,000 events costs: time, memory, the longest stall; and kubectl beside it."""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which

from benchmarks.crowded import EVENTS, PODS, crowded_cluster
from benchmarks.figures import Figure
from benchmarks.start_up import resident_mb
from bot.bootstrap import Services, open_services
from bot.runs.examiner import Order
from bot.settings import parse
from playground.world.kubernetes.volaticloud import SPACE

#: How often the loop is asked whether it still comes round, in seconds.
_BEAT = 0.005
#: Without the database's: its address is looked at over the network, which has no place in a measurement.
_SECRETS = [{"name": f"{SPACE}/keycloak-client-secret", "keys": ["client-secret"]}]


async def measure() -> list[Figure]:
    """Look at the crowded cluster by the bot's own engine, and list its pods by kubectl."""
    async with crowded_cluster() as kubeconfig:
        looked = await _in_a_process("look", kubeconfig)
        listed = await _in_a_process("kubectl", kubeconfig) if which("kubectl") else {}
    figures = [
        Figure(f"diagnosis of {PODS:,} pods and {EVENTS:,} events, of 3 the middle", looked["took_ms"], "ms"),
        Figure("  memory above idle, at most", looked["memory_mb"], "MB", "under 60 MB"),
        Figure("  longest stall of the loop", looked["stall_ms"], "ms", "under 50 ms"),
    ]
    if listed:
        figures += [
            Figure("kubectl get pods -o json, of 3 the middle", listed["took_ms"], "ms"),
            Figure("  its memory", listed["memory_mb"], "MB"),
        ]
    return figures


async def _in_a_process(what: str, kubeconfig: Path) -> dict[str, float]:
    """A measurement in a process of its own, so that nothing else is in its memory."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.cluster", what, str(kubeconfig), stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    found: dict[str, float] = json.loads(told)
    return found


async def _look(kubeconfig: Path) -> dict[str, float]:
    environment = {"kubernetes": {"kubeconfig": str(kubeconfig), "secrets": _SECRETS}}
    document = {"environments": {"crowded": environment}, "data_dir": str(kubeconfig.parent / "bench")}
    took: list[float] = []
    stalls: list[float] = []
    async with open_services(parse(document, "the benchmark"), memory_required=False) as services:
        idle = resident_mb(os.getpid())
        for _ in range(3):
            async with _beating(stalls):
                took.append(await _looked(services))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return {"took_ms": sorted(took)[1], "memory_mb": most - idle, "stall_ms": max(stalls) * 1000}


async def _looked(services: Services) -> float:
    """How many ms a look took. Its run is let go here, as the bot lets it go: the next look does not pay for it."""
    began = time.monotonic()
    run = await services.examiner.examine(Order("server", "crowded"))
    if lacks := [one for one in run.diagnosis.unobserved if one.reason.counts]:
        raise RuntimeError(f"not all was seen: {lacks}")
    return (time.monotonic() - began) * 1000


@asynccontextmanager
async def _beating(stalls: list[float]) -> AsyncIterator[None]:
    """Note how much later than asked for the loop comes round, for as long as the block lasts."""

    async def beat() -> None:
        while True:
            asked = time.perf_counter()
            await asyncio.sleep(_BEAT)
            stalls.append(time.perf_counter() - asked - _BEAT)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


async def _kubectl(kubeconfig: Path) -> dict[str, float]:
    took = []
    for _ in range(3):
        began = time.monotonic()
        words = ("--kubeconfig", str(kubeconfig), "get", "pods", "-n", SPACE, "-o", "json")
        process = await asyncio.create_subprocess_exec("kubectl", *words, stdout=asyncio.subprocess.DEVNULL)
        await process.wait()
        took.append((time.monotonic() - began) * 1000)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    return {"took_ms": sorted(took)[1], "memory_mb": most}


if __name__ == "__main__":
    print(json.dumps(asyncio.run({"look": _look, "kubectl": _kubectl}[sys.argv[1]](Path(sys.argv[2])))))
