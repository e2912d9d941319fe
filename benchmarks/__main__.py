"""Runs every benchmark and prints one table: `python -m benchmarks [--seconds 30]`."""

import argparse
import asyncio
import os
import platform

from benchmarks import acknowledgement, acts, cluster, database, incidents, start_up


def main() -> None:
    """Run them one after another; each starts its own bot."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=30, help="how long commands are sent (default 30)")
    options.add_argument("--starts", type=int, default=5, help="how many starts are measured (default 5)")
    chosen = options.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores\n")
    for row in asyncio.run(start_up.measure(chosen.starts)):
        print(row)
    for row in asyncio.run(cluster.measure()):
        print(row)
    for row in asyncio.run(acts.measure()):
        print(row)
    for row in asyncio.run(incidents.measure()):
        print(row)
    for row in asyncio.run(database.measure(2 * chosen.seconds)):
        print(row)
    for row in asyncio.run(acknowledgement.measure(chosen.seconds)):
        print(row)


if __name__ == "__main__":
    main()
