"""Tests of `volati playground` as a new user runs it."""

import asyncio
import sys


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


async def test_unknown_scenario() -> None:
    """It names the scenarios there are, in a sentence, and exits 2."""
    code, shown = await _volati("playground", "--once", "--scenario", "nonsense")
    assert code == 2
    assert shown.startswith("There is no scenario 'nonsense'")
    assert "Traceback" not in shown
