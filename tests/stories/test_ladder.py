"""Stories of one incident on its way up, through store, runner, PagerDuty and its webhooks; time is moved by hand.

Slack is a fake that remembers; stories through the real Slack side are in test_incidents.py.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.incidents import events as e
from bot.incidents.incident import Phase
from bot.incidents.kept import Kept, Opening
from bot.incidents.path import IncidentSeverity
from playground.world.pagerduty.account import USERS, PagedIncident, person
from tests.bot.incidents.stage import AT, Stage, stage
from tests.bot.incidents.things import ALICE, BOB, MINUTE

ALICE_THERE = person(USERS[0])
MINUTE_S = 60.0
A_LITTLE = 10.0
"""Seconds: more than the ticks by which time goes on while something is done."""


@pytest.fixture
async def one() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


async def climb(one: Stage, minutes: float) -> None:
    """Let so much time pass: nothing happens up to shortly before its end, and what is due then does."""
    before = sum(len(lines) for lines in one.seen.lines.values())
    await one.pass_time(minutes * MINUTE_S - A_LITTLE)
    assert sum(len(lines) for lines in one.seen.lines.values()) == before
    await one.pass_time(2 * A_LITTLE)


def pages(one: Stage) -> list[str]:
    """The levels that were paged, in order."""
    return [key.split(".", 2)[2] for key in one.world.account.opened]


def page(one: Stage, level: int) -> PagedIncident:
    """PagerDuty's incident of a level, the newest."""
    return next(each for each in reversed(one.world.account.incidents.values()) if each.key.split(".")[2] == str(level))


async def test_nobody_answers(one: Stage) -> None:
    """It goes from the thread to PagerDuty, to infrastructure and to the CTO, each at its time, each once."""
    kept = await one.opened()
    assert one.seen.said(kept) == ["hand-over 2", "call 2"]
    await climb(one, 10)
    assert pages(one) == ["3"]
    await climb(one, 15)
    assert pages(one) == ["3", "4"]
    await climb(one, 15)
    assert (await one.now(kept)).incident.level == 5
    for _ in range(3):
        await climb(one, 15)
    assert (await one.now(kept)).incident.phase is Phase.UNANSWERED
    await climb(one, 30)
    assert pages(one) == ["3", "4"]
    said = one.seen.said(kept)
    assert [line for line in said if line.startswith("hand-over")] == [f"hand-over {level}" for level in (2, 3, 4, 5)]
    assert [level for _, level in one.seen.calls] == [2, 3, 4, 5, 5, 5, 5, 5]
    assert [line.split(":")[0] for line in said if line.startswith("page taken")] == ["page taken", "page taken"]


async def test_acknowledged_in_slack(one: Stage) -> None:
    """It stops both pages when somebody acknowledges in Slack, and no time runs from then on."""
    kept = await one.opened()
    await climb(one, 10)
    await climb(one, 15)
    await one.happens(kept, e.Acknowledged(at=AT, by=ALICE))
    assert [each.status for each in one.world.account.incidents.values()] == ["acknowledged", "acknowledged"]
    await one.pass_time(24 * 60 * MINUTE_S)
    assert pages(one) == ["3", "4"]
    assert (await one.now(kept)).incident.holder == ALICE


async def test_acknowledged_in_pagerduty(one: Stage) -> None:
    """It stops in Slack, and in the other page, when somebody acknowledges in PagerDuty, by their name there."""
    kept = await one.opened()
    await climb(one, 10)
    await climb(one, 15)
    one.world.account.acknowledge(page(one, 4), ALICE_THERE)
    await one.world.delivered()
    await one.settle()
    now = (await one.now(kept)).incident
    assert (now.phase, now.due) == (Phase.ACKNOWLEDGED, None)
    assert now.holder is not None
    assert now.holder.name == "Alice Adams"
    assert page(one, 3).status == "acknowledged"
    assert one.seen.said(kept).count("acknowledged by Alice Adams") == 1
    assert one.seen.cards[kept.id] == "acknowledged 4"


async def test_a_snooze_runs_out(one: Stage) -> None:
    """It holds the clock as long as was said; then the same level is called again, and nobody is paged twice."""
    kept = await one.opened()
    await climb(one, 10)
    await one.happens(kept, e.Snoozed(at=AT, by=ALICE, until=AT + 20 * MINUTE))
    await climb(one, 20)
    assert one.seen.said(kept)[-2:] == ["snooze over by Alice", "call 3"]
    assert pages(one) == ["3"]
    await climb(one, 15)
    assert pages(one) == ["3", "4"]


async def test_a_resolve_beats_a_late_acknowledgement(one: Stage) -> None:
    """It is over for good, in PagerDuty too; what PagerDuty tells afterwards of an acknowledgement changes nothing."""
    kept = await one.opened()
    await climb(one, 10)
    await one.happens(kept, e.Resolved(at=AT, by=BOB))
    assert page(one, 3).status == "resolved"
    late = one.world.account
    late.emit("incident.acknowledged", page(one, 3), ALICE_THERE)
    await late_told(one)
    assert (await one.now(kept)).incident.phase is Phase.RESOLVED
    with pytest.raises(Exception, match="counts more than a late acknowledgement"):
        await one.happens(kept, e.Acknowledged(at=AT, by=ALICE))
    await one.pass_time(60 * MINUTE_S)
    assert pages(one) == ["3"]


async def late_told(one: Stage) -> None:
    """Hear what PagerDuty has to tell."""
    await one.world.delivered()
    await one.settle()


async def test_the_fault_comes_back(one: Stage) -> None:
    """It reopens the same incident when its fault is back soon, and pages anew; an hour later it is another one."""
    kept = await one.opened()
    await climb(one, 10)
    await one.happens(kept, e.Resolved(at=AT, by=BOB))
    await one.pass_time(10 * MINUTE_S)
    again = await one.opened()
    assert (again.id, again.joined, again.incident.round) == (kept.id, True, 2)
    await climb(one, 10)
    assert pages(one) == ["3", "3.2"]
    await one.happens(kept, e.Resolved(at=AT, by=BOB))
    await one.pass_time(60 * MINUTE_S)
    other = await one.opened()
    assert other.id != kept.id
    assert not other.joined


async def test_a_storm_of_one_cause(one: Stage) -> None:
    """It is one incident, however often its fault is seen, and as grave as the gravest sight of it."""
    kept = await one.opened(severity=IncidentSeverity.P2)
    seen: list[Kept] = [await one.opened(severity=IncidentSeverity.P1) for _ in range(20)]
    assert {each.id for each in seen} == {kept.id}
    assert (await one.now(kept)).incident.severity is IncidentSeverity.P1
    assert len(await one.bot.incidents.open_ones()) == 1
    assert [line for line in one.seen.said(kept) if line.startswith("hand-over")] == ["hand-over 1", "hand-over 2"]


async def test_graver_sights_at_once(one: Stage) -> None:
    """It stays one incident when several see the same fault as graver at the same moment, and each would say so."""
    kept = await one.opened(severity=IncidentSeverity.P2)
    opening = Opening(kept.about, IncidentSeverity.P0, ALICE, kept.shown)
    seen = await asyncio.gather(*(one.bot.incidents.open(opening) for _ in range(8)))
    assert {each.id for each in seen} == {kept.id}
    assert (await one.now(kept)).incident.severity is IncidentSeverity.P0
    assert len(await one.bot.incidents.open_ones()) == 1
