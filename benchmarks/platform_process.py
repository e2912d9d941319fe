"""The simulated platform as a process of its own, so that its work is not on the loop that measures.

Run as a module it prints the environment for the bot's settings as one line of JSON, and ends with its input.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playground.world.platform import running


@asynccontextmanager
async def separate_platform(*, cluster: bool = False) -> AsyncIterator[dict[str, Any]]:
    """The environment of a healthy platform, its cluster too if wanted, in another process until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.platform_process", *(["cluster"] if cluster else [])),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the platform's process has no pipes")
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def _serve(*, cluster: bool) -> None:
    async with running(cluster=cluster) as platform:
        print(json.dumps(platform.environment()), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(cluster="cluster" in sys.argv))
