"""A program that has a playground's database until it is killed: prints where it lies and who it is, then stays."""

import asyncio

from playground.world.postgres.simulated import SimulatedPostgres


async def main() -> None:
    """Start it, say so, and stay."""
    async with SimulatedPostgres() as postgres:
        await postgres.ready()
        server = postgres.server
        assert server is not None
        print(server.folder.parent, server.pid, server.port, flush=True)  # noqa: T201 read by the test
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
