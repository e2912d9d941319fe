"""Tests of `volati playground` as a new user runs it."""

import asyncio
import os
import re
import shlex
import signal
import sys
import tempfile

import pytest


@pytest.mark.usefixtures("hearing_children")
@pytest.mark.parametrize(
    ("more", "code", "order"),
    [((), 0, signal.SIGTERM), ((), 0, signal.SIGHUP), (("--once",), 1, signal.SIGTERM)],
)
@pytest.mark.parametrize("at", ["Starting", "The bot is connected"])
async def test_told_to_end(at: str, more: tuple[str, ...], code: int, order: signal.Signals) -> None:
    """It ends at whatever point it is told to, does not begin what comes next, and leaves nothing behind."""
    words = ("-u", "-m", "bot", "playground", "--scenario", "hanging", *more)
    with tempfile.TemporaryDirectory() as folder:  # a short path: in a long one the store's socket has none
        own = {**os.environ, "TMPDIR": folder}  # noqa: TID251 a child's own
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=own
        )
        assert process.stdout is not None
        shown = b""
        while at.encode() not in shown:
            shown += await process.stdout.readline()
        process.send_signal(order)
        rest = await process.stdout.read()
        assert await process.wait() == code
        assert b"The bot is connected" not in rest
        assert await asyncio.to_thread(os.listdir, folder) == []


async def _volati(*words: str) -> tuple[int, str]:
    """The exit code and the output of a command."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_once() -> None:
    """It shows the command, the thread and the verdict, and exits 0."""
    code, shown = await _volati("playground", "--once")
    assert code == 0, shown
    assert "oncall > /volati diagnose keycloak" in shown
    assert "volati in the thread" in shown
    assert (
        "Keycloak in playground is down. Keycloak knows client volaticloud-api and rejects Volati's copy of its secret"
        in shown
    )


async def test_another_area() -> None:
    """It asks the area in which the fault shows, once it does."""
    code, shown = await _volati("playground", "--once", "--scenario", "rollout-past-deadline")
    assert code == 0, shown
    assert "oncall > /volati diagnose server" in shown
    assert "Server in playground is degraded." in shown


async def test_unknown_scenario() -> None:
    """It names the scenarios there are, in a sentence, and exits 2."""
    code, shown = await _volati("playground", "--once", "--scenario", "nonsense")
    assert code == 2
    assert shown.startswith("There is no scenario 'nonsense'")
    assert "Traceback" not in shown


async def test_the_command_line_finds_the_run() -> None:
    """It says in another terminal's own words how to judge the run again, and these words do it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "bot", "playground"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        stdin=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    shown = ""
    while "In another terminal: " not in shown:
        shown += (await process.stdout.readline()).decode()
    try:
        run = re.findall("volati replay ([0-9a-f]{12})", shown)[0]
        words = shlex.split(shown.partition("In another terminal: ")[2].replace("RUN", run))
        again = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        said, _ = await again.communicate()
        assert said.startswith(b"Keycloak in playground: DOWN")
        assert again.returncode == 1
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()
