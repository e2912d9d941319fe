"""Tests of the watchdog, in processes of their own: one that stands still ends itself, and no other."""

import subprocess
import sys
from pathlib import Path

import pytest

from handlers.watchdog import STUCK, Watchdog, watchdog

ROOT = Path(__file__).parents[2]
CHILD = """
import asyncio, ctypes, sys, time
from handlers.watchdog import watchdog

def stand_still():
    {how}

async def main():
    with watchdog({seconds}) as dog:
        for _ in range(3):
            dog.beat()
            await asyncio.sleep({seconds} / 2)
        stand_still()
    print("went on")

asyncio.run(main())
"""


def child(how: str, seconds: float = 1.0) -> subprocess.CompletedProcess[str]:
    """A process whose loop comes to this."""
    program = CHILD.format(how=how, seconds=seconds)
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50)  # noqa: S603 ours


def test_a_loop_that_stands_still() -> None:
    """It ends the process, says why in a sentence, and shows what the loop was doing."""
    ended = child("time.sleep(60)")
    assert ended.returncode == STUCK
    assert ended.stderr.startswith("Volati ends itself (exit code 70): its event loop has stood still for 1 s. ")
    assert "in stand_still" in ended.stderr
    assert ended.stdout == ""


def test_foreign_code_that_keeps_the_lock() -> None:
    """It ends the process, later, even when no other thread gets to run."""
    ended = child("ctypes.PyDLL(None).sleep(60)")
    assert ended.returncode == 1
    assert "in stand_still" in ended.stderr


def test_a_loop_that_comes_round() -> None:
    """It leaves a process alone whose loop is only busy for a moment, and one that ends."""
    ended = child("time.sleep(0.2)")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "went on\n", "")


def test_looks_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts looks, not seconds, so that a machine that slept is not taken for one that stood still."""
    ends: list[int] = []
    dog = Watchdog(20.0)
    looks = iter([False] * 20 + [True])
    monkeypatch.setattr(dog, "_end", lambda: ends.append(1))
    monkeypatch.setattr(dog._over, "wait", lambda _: next(looks))
    dog._watch()
    assert ends == []
    looks = iter([False] * 1 + [True])
    dog._watch()
    assert ends == [1]


def test_nothing_is_left() -> None:
    """It leaves no thread behind."""
    with watchdog(30.0) as dog:
        assert dog._thread.is_alive()
    assert not dog._thread.is_alive()
