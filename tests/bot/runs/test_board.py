"""The last known verdicts, read from the memory."""

from datetime import timedelta

from bot.runs.board import board
from diagnostics.model import Verdict
from tests.bot.slack import samples
from tests.handlers.world import Memory

PLACES = ("production", "staging")


async def test_reads_the_last_verdicts() -> None:
    """It gives one row for each area and environment, with the verdict and when the run ended."""
    memory = Memory()
    memory.last["production", "keycloak"] = samples.run().encode()
    known = await board(memory, PLACES, samples.AT)
    first, second = (row for row in known.rows if row.area == "keycloak")
    assert first.diagnosis is not None
    assert first.diagnosis.verdict is Verdict.DOWN
    assert first.ended == samples.AT + timedelta(milliseconds=1240)
    assert (second.environment, second.diagnosis) == ("staging", None)


async def test_says_what_it_cannot_read() -> None:
    """It does not take what it cannot read for never looked at."""
    memory = Memory()
    memory.last["production", "keycloak"] = b"{}"
    rows = (await board(memory, PLACES, samples.AT)).rows
    row = next(one for one in rows if one.area == "keycloak")
    assert row.environment == "production"
    assert row.diagnosis is None
    assert "cannot read" in row.trouble


async def test_says_that_it_has_no_memory() -> None:
    """It says that nothing is known, and why, where the memory is away or was never there."""
    memory = Memory()
    memory.away = True
    assert "cannot reach its memory" in (await board(memory, PLACES, samples.AT)).trouble
    assert "has no memory" in (await board(None, PLACES, samples.AT)).trouble
