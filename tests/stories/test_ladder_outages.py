"""Stories of incidents while something is gone: PagerDuty, Slack, memory, the bot itself; or the clock is stepped."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.clients.http import HttpClient
from bot.clients.pagerduty.calls import CALL_SECONDS
from bot.errors import StoreError
from bot.incidents import events as e
from bot.incidents import lanes, ringing
from bot.incidents.auditor import Auditor
from bot.incidents.effects import PageTrigger
from bot.incidents.incident import Phase
from bot.incidents.outage import OFF, ON
from bot.incidents.ringing import Ringing
from bot.paging import pager
from playground.world.pagerduty.trouble import Trouble
from tests.bot.incidents.stage import AT, Stage, line_to, stage
from tests.bot.incidents.things import ALICE

MINUTE_S = 60.0
HOUR_S = 3600.0


@pytest.fixture
async def one() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


def pages(one: Stage) -> list[str]:
    """The dedup keys of all pages that PagerDuty made an incident of, in order."""
    return one.world.account.opened


async def test_pagerduty_is_down_for_an_hour(one: Stage) -> None:
    """It says so once for each page, goes on at once where nobody was called in Slack, and pages when it is back."""
    kept = await one.opened()
    await one.world.suffer("pagerduty-down")
    await one.pass_time(10 * MINUTE_S + 1)
    for _ in range(60):
        await one.pass_time(5)
    assert [level for _, level in one.seen.calls] == [2, 3, 4]  # where a user group was called, which has its time
    failed = [line for line in one.seen.said(kept) if line.startswith("page not accepted")]
    assert len(failed) == 2
    assert "PagerDuty gave no answer" in failed[0]
    for _ in range(55):
        await one.pass_time(MINUTE_S)
    assert [level for _, level in one.seen.calls][:4] == [2, 3, 4, 5]
    assert pages(one) == []
    await one.world.heal()
    for _ in range(4):
        await one.pass_time(31)
    assert pages(one) == [f"volati.{kept.id}.3", f"volati.{kept.id}.4"]
    assert len([line for line in one.seen.said(kept) if line.startswith("page not accepted")]) == 2


@pytest.mark.parametrize("asks", [False, True])
async def test_pagerduty_never_answers(one: Stage, monkeypatch: pytest.MonkeyPatch, *, asks: bool) -> None:
    """It counts each try at a PagerDuty that takes calls and never answers, also where it first asks for the page."""
    scale = 40.0  # all deadlines in proportion
    for where, name in (
        (lanes, "PASS_SECONDS"),
        (ringing, "PAGE_SECONDS"),
        (ringing, "MORE_SECONDS"),
        (pager, "ARRIVED_SECONDS"),
    ):
        monkeypatch.setattr(where, name, getattr(where, name) / scale)
    async with HttpClient(ssl.create_default_context(), CALL_SECONDS / scale) as http:
        line = line_to(one.world, http, one.clock)
        one.line = line if asks else replace(line, api=None)
        one.bot = one.another("in haste")
        kept = await one.opened()
        await one.world.suffer(Trouble(slow=3600))
        await one.pass_time(10 * MINUTE_S + 1)
        for _ in range(3):
            await one.pass_time(10)
        assert [line for line in one.seen.said(kept) if line.startswith("page not")]
        assert (await one.now(kept)).incident.level == 4
        auditor = Auditor(one.bot.store, one.bot.runner.shop.say)
        for _ in range(2):
            assert await auditor.round() == {}  # what is told is no stall
            await one.pass_time(MINUTE_S)


async def test_pagerduty_takes_no_more(one: Stage) -> None:
    """It says after a minute that a page is held back, calls the next level, and pages when it is taken again."""
    kept = await one.opened()
    await one.world.suffer(Trouble(throttled=True, retry_after=86_400))
    await one.pass_time(10 * MINUTE_S + 1)
    await one.pass_time(50)
    assert not [line for line in one.seen.said(kept) if line.startswith("page not")]
    await one.pass_time(11)
    (failed,) = [line for line in one.seen.said(kept) if line.startswith("page not")]
    assert "PagerDuty takes no calls for another" in failed
    assert (await one.now(kept)).incident.level == 4
    await one.world.heal()
    for _ in range(2):
        await one.pass_time(61)
    assert sorted(pages(one)) == [f"volati.{kept.id}.3", f"volati.{kept.id}.4"]


async def test_taken_while_pagerduty_is_down(one: Stage) -> None:
    """It calls nobody later for what somebody took meanwhile; when that is given back, it pages the level after all."""
    kept = await one.opened()
    await one.world.suffer("pagerduty-down")
    await one.pass_time(10 * MINUTE_S + 1)
    await one.happens(kept, e.Acknowledged(at=AT, by=ALICE))
    await one.world.heal()
    for _ in range(4):
        await one.pass_time(61)
    assert (pages(one), (await one.now(kept)).outstanding) == ([], ())
    await one.happens(kept, e.Unacknowledged(at=AT, by=ALICE))
    assert pages(one) == [f"volati.{kept.id}.{(await one.now(kept)).incident.level}-2"]
    await one.happens(kept, e.Resolved(at=AT, by=ALICE))
    assert [each.status for each in one.world.account.incidents.values()] == ["resolved"]


async def test_taken_while_an_answer_is_lost(one: Stage) -> None:
    """It has PagerDuty stop a page that did arrive, though nobody knew of that when somebody took the incident."""
    kept = await one.opened()
    await one.world.suffer("pagerduty-loses-answers")
    await one.pass_time(10 * MINUTE_S + 1)
    assert pages(one) == [f"volati.{kept.id}.3"]
    await one.bot.incidents.event(kept.id, e.Acknowledged(at=AT, by=ALICE), "UALICE")
    await one.world.heal()
    for _ in range(4):
        await one.pass_time(61)
    assert pages(one) == [f"volati.{kept.id}.3"]
    assert [each.status for each in one.world.account.incidents.values()] == ["acknowledged"]
    assert (await one.now(kept)).outstanding == ()


async def test_a_cut_connection_is_no_outage(one: Stage) -> None:
    """It tries a page again that got no answer, without a word, and it is open once although the first one arrived."""
    kept = await one.opened()
    await one.world.suffer("pagerduty-loses-answers")
    await one.pass_time(10 * MINUTE_S + 1)
    await one.world.heal()
    await one.pass_time(2.5)
    assert pages(one) == [f"volati.{kept.id}.3"]
    assert not [line for line in one.seen.said(kept) if line.startswith("page not")]
    assert (await one.now(kept)).incident.level == 3


async def test_a_page_that_arrived_and_is_over(one: Stage) -> None:
    """It does not open a page a second time whose answer was lost and that somebody has resolved there meanwhile."""
    kept = await one.opened()
    await one.world.suffer("pagerduty-loses-answers")
    await one.pass_time(10 * MINUTE_S + 1)
    await one.world.heal()
    account = one.world.account
    (arrived,) = account.incidents.values()
    arrived.status = "resolved"  # and its webhook is still on its way
    await one.pass_time(2.5)
    assert pages(one) == [f"volati.{kept.id}.3"]


async def test_a_key_that_is_refused(one: Stage) -> None:
    """It says at once that a page is refused, and calls the next level; not the one after, where people were called."""
    kept = await one.opened()
    await one.world.suffer("pagerduty-refuses-key")
    await one.pass_time(10 * MINUTE_S + 1)
    await one.settle()
    assert (await one.now(kept)).incident.level == 4
    assert len([line for line in one.seen.said(kept) if line.startswith("page not accepted")]) == 2


async def test_a_key_that_stays_refused(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tries a refused page every five minutes until nobody waits for it any more, and not for ever."""
    monkeypatch.setattr(ringing, "GIVE_UP", timedelta(hours=1))
    kept = await one.opened()
    await one.world.suffer("pagerduty-refuses-key")
    await one.pass_time(10 * MINUTE_S + 1)
    for _ in range(11):
        await one.pass_time(5 * MINUTE_S + 1)
    assert [each.level for each in (await one.now(kept)).outstanding if isinstance(each, PageTrigger)] == [3, 4]
    for _ in range(4):
        await one.pass_time(5 * MINUTE_S + 1)
    assert (await one.now(kept)).outstanding == ()
    assert (await one.now(kept)).incident.open


async def test_slack_is_down_for_ten_minutes(one: Stage) -> None:
    """It goes on paging meanwhile; afterwards the thread catches up, in order, each line once."""
    kept = await one.opened()
    one.seen.away = True
    for _ in range(20):
        await one.pass_time(MINUTE_S)
    await one.pass_time(6 * MINUTE_S)
    assert len(pages(one)) == 2
    one.seen.away = False
    await one.pass_time(11)
    said = one.seen.said(kept)
    assert said[:4] == ["hand-over 2", "call 2", "time is up: #engineering", "hand-over 3"]
    order = one.seen.order[kept.id]
    assert order == sorted(order, key=lambda id: [int(part) for part in id.split(".")[1:]])


async def test_a_channel_that_takes_nothing(one: Stage) -> None:
    """It goes on paging where the bot was put out of the channel, and tries no message for ever."""
    one.seen.refuses = True
    kept = await one.opened()
    await one.pass_time(10 * MINUTE_S + 1)
    assert len(pages(one)) == 1
    assert (await one.now(kept)).outstanding == ()


async def test_the_memory_is_gone_and_back(one: Stage) -> None:
    """It says once that escalation by itself is off, and once that it is on again, when what fell due goes on."""
    kept = await one.opened()
    outage = one.bot.runner.outage
    one.fragile.away = True
    one.clock.passed += 10 * MINUTE_S + 1
    await one.bot.sweep()
    await outage.look()
    assert one.bot.said == []
    one.clock.passed += 11
    await one.bot.sweep()
    for _ in range(3):
        await outage.look()
    assert one.bot.said == [OFF]
    with pytest.raises(StoreError):
        await one.bot.incidents.event(kept.id, e.Acknowledged(at=AT, by=ALICE), "UALICE")
    one.fragile.away = False
    await one.settle()
    await outage.look()
    assert one.bot.said == [OFF, ON]
    assert pages(one) == [f"volati.{kept.id}.3"]


@pytest.mark.parametrize("step", [HOUR_S, -HOUR_S])
async def test_the_clock_is_stepped(one: Stage, step: float) -> None:
    """It waits as long as it was to wait, whatever the clock says meanwhile, and shows the right times afterwards."""
    kept = await one.opened()
    await one.pass_time(5 * MINUTE_S)
    one.clock.stepped += step
    await one.settle()
    await one.pass_time(5 * MINUTE_S - 2)
    assert pages(one) == []
    await one.pass_time(3)
    assert pages(one) == [f"volati.{kept.id}.3"]
    now = await one.now(kept)
    assert now.incident.due is not None
    left = (now.incident.due - await one.bot.store.now()).total_seconds()
    assert 14 * MINUTE_S < left <= 15 * MINUTE_S
    await one.pass_time(15 * MINUTE_S + 1)
    assert len(pages(one)) == 2


async def test_the_bot_was_away(one: Stage) -> None:
    """It makes one step for each incident after hours of absence: nobody is flooded."""
    many = [await one.opened(f"fault {number}") for number in range(20)]
    one.clock.passed += 5 * HOUR_S
    one.bot = one.another("afterwards")
    await one.settle()
    assert len(pages(one)) == len(many)
    for kept in many:
        assert [line for line in one.seen.said(kept) if line.startswith("call")] == ["call 2", "call 3"]


async def test_two_replicas(one: Stage) -> None:
    """It climbs once where two bots look for what is due at the same time."""
    many = [await one.opened(f"fault {number}") for number in range(20)]
    other = one.another("there")
    one.clock.passed += 10 * MINUTE_S + 1
    for _ in range(3):
        await one.bot.sweep()
        await other.sweep()
    await one.settle()
    assert len(pages(one)) == len(many)
    assert len(one.seen.calls) == 2 * len(many)


async def test_a_ladder_that_stands_still(one: Stage) -> None:
    """It finds a ladder that nothing moves, says so once, and has it moved."""
    kept = await one.opened()
    await one.memory.ask("ZREM", "volati:_:incident-lane:climb", kept.id)
    await one.pass_time(20 * MINUTE_S)
    assert (await one.now(kept)).incident.level == 2
    said: list[str] = []

    async def say(line: str) -> None:
        said.append(line)

    auditor = Auditor(one.bot.store, say)
    assert kept.id in await auditor.round()
    await auditor.round()
    await one.settle()
    assert (await one.now(kept)).incident.level == 3
    assert await auditor.round() == {}
    assert len(said) == 1
    assert kept.id in said[0]


async def test_a_ladder_that_fails_each_time(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It finds a ladder whose every try fails: it is put off each time, and so is never late."""
    kept = await one.opened()
    said: list[str] = []

    async def say(line: str) -> None:
        said.append(line)

    async def fails(*_: object) -> None:
        raise RuntimeError("as if it could not be decided")

    auditor = Auditor(one.bot.store, say)
    with monkeypatch.context() as broken:
        broken.setattr(one.bot.incidents, "climb", fails)
        await one.pass_time(10 * MINUTE_S + 1)
        await one.pass_time(5.0)
        assert await auditor.round() == {}
        await one.pass_time(MINUTE_S)
        await one.pass_time(5.0)
        found = await auditor.round()
        assert [stall.why for stall in found[kept.id]] == ["its time is up, and each try to go on fails"]
    await one.settle()
    assert (await one.now(kept)).incident.level == 3
    assert await auditor.round() == {}
    assert len(said) == 1


async def test_a_page_whose_tries_do_not_end(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It finds a page that no pass comes to an end with, says so, and has it sent."""
    kept = await one.opened()

    async def fails(_: Ringing) -> None:
        raise RuntimeError("as if it could not be sent")

    auditor = Auditor(one.bot.store, one.bot.runner.shop.say)
    with monkeypatch.context() as broken:
        broken.setattr(Ringing, "rung", fails)
        await one.pass_time(10 * MINUTE_S + 1)
        await one.pass_time(5.0)
        assert await auditor.round() == {}
        await one.pass_time(MINUTE_S)
        await one.pass_time(5.0)
        found = await auditor.round()
    assert [stall.why for stall in found[kept.id]] == ["PagerDuty should be told, and no try comes to an end"]
    assert len(one.bot.said) == 1
    await one.settle()
    assert pages(one) == [f"volati.{kept.id}.3"]
    assert await auditor.round() == {}


async def test_an_acknowledged_one_is_no_stall(one: Stage) -> None:
    """It leaves alone what somebody has: no time runs for it."""
    kept = await one.opened()
    await one.happens(kept, e.Acknowledged(at=AT, by=ALICE))

    async def say(line: str) -> None:
        raise AssertionError(line)

    await one.pass_time(HOUR_S)
    assert await Auditor(one.bot.store, say).round() == {}
    assert (await one.now(kept)).incident.phase is Phase.ACKNOWLEDGED


async def test_an_audit_that_somebody_changed(one: Stage) -> None:
    """It goes on calling people where the audit was tampered with, and adds nothing to it."""
    kept = await one.opened()
    await one.memory.ask("RPUSH", "volati:_:audit", "forged")
    one.bot = one.another("afterwards")
    await one.pass_time(10 * MINUTE_S + 1)
    assert pages(one) == [f"volati.{kept.id}.3"]
    assert await one.memory.ask("LINDEX", "volati:_:audit", -1) == b"forged"
