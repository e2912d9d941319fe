"""A program of its own that ends PostgreSQL and removes its folder when the playground is gone, however it went.

It waits for the end of its standard input, which the kernel closes when the playground's process dies. It starts
nothing, and needs nothing but Python: `python -I -S keeper.py HOME`. Under HOME each server has a folder with its
data (`data`) and a lock (`server.lock`) that every process of it holds open.
"""

import fcntl
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

LOCK = "server.lock"
DATA = "data"
PATIENCE_S = 2.0
"""Seconds for an immediate shutdown, which takes a few milliseconds, before the processes are killed."""
LONGEST_S = 15.0
"""Seconds after which the folder is removed though something lives in it, and after which removing is given up."""
PAUSE_S = 0.01


def main(home: Path) -> None:
    """Wait for the end of the playground, then leave nothing of `home`."""
    sys.stdin.buffer.read()
    for lock in home.glob(f"*/{LOCK}"):
        _end(lock)
    began = time.monotonic()
    while home.exists() and time.monotonic() - began < LONGEST_S:
        shutil.rmtree(home, ignore_errors=True)  # again, where somebody was still writing


def _end(lock: Path) -> None:
    """End the server that holds this lock, and return when all its processes are gone."""
    began = time.monotonic()
    while _held(lock) and time.monotonic() - began < LONGEST_S:
        rough = time.monotonic() - began > PATIENCE_S
        with suppress(OSError, ValueError):  # it has not written its number yet, or is gone this moment
            os.kill(_postmaster(lock.parent / DATA), signal.SIGKILL if rough else signal.SIGQUIT)
        time.sleep(PAUSE_S)  # noqa: TID251 a process of its own, without an event loop


def _held(lock: Path) -> bool:
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _postmaster(data: Path) -> int:
    """The number of the server's first process, as the server itself has written it down."""
    return int((data / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
