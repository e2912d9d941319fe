"""Who is on call is asked now and then, and remembered with its age."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.incidents.kept import NOBODY, OnDuty
from bot.incidents.roster import ASK_SECONDS, Roster
from tests.bot.incidents.things import ALICE, BOB, START

ALONE = OnDuty(3, "oncall", "the on-call engineer", (ALICE,), until=START + timedelta(hours=1))
SILENT = replace(ALONE, people=(), until=None, why_not="PagerDuty gave no answer to GET /oncalls.")


@dataclass
class Asked:
    """PagerDuty that answers as told, and a clock moved by hand."""

    answer: OnDuty | Exception = ALONE
    at: datetime = START
    times: int = 0
    slept: list[float] = field(default_factory=list)

    async def ask(self) -> tuple[OnDuty, ...]:
        """The answer."""
        self.times += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return (self.answer,)

    def now(self) -> datetime:
        """The time."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Let the time pass; the second time ends the work."""
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)
        if len(self.slept) > 1:
            raise asyncio.CancelledError


async def seen(*answers: OnDuty, apart: timedelta = timedelta(minutes=2)) -> OnDuty:
    """What is known after these answers, so far apart."""
    asked = Asked()
    roster = Roster(asked.ask, asked.now)
    for answer in answers:
        asked.answer = answer
        await roster.look()
        asked.at += apart
    (duty,) = roster.rota.duty
    return duty


async def test_before_it_was_asked() -> None:
    """It knows nobody and no time before the first answer, and looking at it asks nobody."""
    asked = Asked()
    assert Roster(asked.ask, asked.now).rota.at is None
    assert asked.times == 0


async def test_it_goes_on() -> None:
    """It asks at once and then at its pace, also after a question that broke, which the log tells."""
    asked = Asked(RuntimeError("odd"))
    roster = Roster(asked.ask, asked.now)
    with capture_logs() as log, pytest.raises(asyncio.CancelledError):
        await roster.run(asked.sleep)
    assert (asked.times, asked.slept) == (2, [ASK_SECONDS, ASK_SECONDS])
    assert [entry["event"] for entry in log] == ["who is on call could not be asked"] * 2
    asked.answer, asked.slept = ALONE, []
    with pytest.raises(asyncio.CancelledError):
        await roster.run(asked.sleep)
    assert roster.rota.duty == (ALONE,)
    assert roster.rota.at == START + timedelta(seconds=3 * ASK_SECONDS)


async def test_no_answer() -> None:
    """It keeps whom it knew while PagerDuty gives no answer, with the time of the last one and the reason."""
    duty = await seen(ALONE, SILENT, SILENT)
    assert (duty.people, duty.until) == ((ALICE,), ALONE.until)
    assert duty.why_not == "As of 12:00 UTC. PagerDuty gave no answer to GET /oncalls."


async def test_no_answer_until_the_turn_is_over() -> None:
    """It names nobody any more whose turn has ended, nor where there never was an answer."""
    assert await seen(ALONE, SILENT, apart=timedelta(hours=1)) == SILENT
    assert await seen(SILENT) == SILENT


async def test_what_is_answered_counts() -> None:
    """It takes every answer for what is so: another person, or nobody."""
    other = replace(ALONE, people=(BOB,))
    nobody = replace(SILENT, why_not=NOBODY)
    assert await seen(ALONE, other) == other
    assert await seen(ALONE, nobody) == nobody
    assert await seen(ALONE, nobody, SILENT) == SILENT
