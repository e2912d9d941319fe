"""Paging by PagerDuty: at a pace it takes, one call at a time to one that does not answer, people known by e-mail."""

import asyncio
from typing import cast

import pytest

from bot.clients.pagerduty.rest import OnCall, PagerApi
from bot.errors import PagerBusy, PagerPaced, PagerRefused, PagerUnreachable
from bot.incidents.effects import PageTrigger
from bot.incidents.events import Person, Resolved
from bot.incidents.kept import NOBODY
from bot.incidents.path import Path
from bot.paging import pager as pager_module
from bot.paging.pager import A_MINUTE, BURST, Gate, Line, Pace, Pager, Route
from tests.bot.incidents.stage import AT, Clock, stage
from tests.bot.incidents.things import ALICE, PATH


class Emails:
    """Knows the addresses it is given; remembers whose it was asked for."""

    def __init__(self, **known: str) -> None:
        self.known = known
        self.asked: list[str] = []

    async def email(self, person: str) -> str:
        """The address."""
        self.asked.append(person)
        return self.known.get(person, "")


def test_pace() -> None:
    """It lets a burst go at once and the rest one after another, each when it was told to come back."""
    clock = Clock()
    clock.passed = 1000.0
    pace = Pace(clock.elapsed)
    waits = {str(number): pace.wait(str(number)) for number in range(100)}
    at_once = [name for name, wait in waits.items() if wait == 0]
    assert len(at_once) == BURST
    late = sorted(wait for wait in waits.values() if wait > 0)
    assert len(set(late)) == len(late)
    clock.passed += late[0] + 0.001
    assert [name for name in waits if name not in at_once and pace.wait(name) == 0] == [str(int(BURST))]
    in_a_minute = [wait for wait in waits.values() if wait <= 60]
    assert len(in_a_minute) <= BURST + A_MINUTE


def test_a_turn_nobody_came_back_for() -> None:
    """It keeps a turn for a minute, and then has whoever comes late wait like everybody else."""
    clock = Clock()
    clock.passed = 1000.0
    pace = Pace(clock.elapsed)
    waits = {str(number): pace.wait(str(number)) for number in range(int(BURST) + 2)}
    early, late = (name for name, wait in waits.items() if wait > 0)
    clock.passed += 60.0
    assert pace.wait(early) == 0
    clock.passed += 60.0
    others = [pace.wait(f"other {number}") for number in range(int(BURST) + 1)]
    assert pace.wait(late) > max(others) > 0


def test_gate() -> None:
    """It lets one call at a time through to a PagerDuty that gave no answer, and all when one was answered."""
    clock = Clock()
    gate = Gate(clock.elapsed)
    gate.enter()
    for _ in range(20):  # all that were under way
        gate.failed("No answer.")
    with pytest.raises(PagerUnreachable, match=r"^No answer\. It is asked again"):
        gate.enter()
    clock.passed += 2.1
    gate.enter()
    with pytest.raises(PagerUnreachable):
        gate.enter()
    gate.answered()
    gate.enter()
    gate.enter()


def test_a_gate_through_which_nobody_went() -> None:
    """It lets the next one try at once where whoever was let through had to wait for a turn, and called nobody."""
    clock = Clock()
    gate = Gate(clock.elapsed)
    gate.failed("No answer.")
    clock.passed += 2.1
    gate.enter()
    gate.left()
    gate.enter()
    with pytest.raises(PagerUnreachable):
        gate.enter()


async def test_a_turn_is_no_silence() -> None:
    """It says of every page that waits for its turn that it does, also right after PagerDuty was away."""
    async with stage() as one:
        kept, clock = await one.opened(), Clock()
        clock.passed = 1000.0
        pager = Pager(one.line, PATH, elapsed=clock.elapsed)
        pages = [PageTrigger(id=f"x.1.{n}", level=3, dedup_key=f"volati.x.{n}") for n in range(3)]
        await one.world.suffer("pagerduty-down")
        with pytest.raises(PagerUnreachable):
            await pager.page(kept, pages[0], again=False)
        await one.world.heal()
        for number in range(int(BURST) + 5):
            pager._paces["oncall"].wait(f"others {number}")
        clock.passed += 2.1
        for page in pages[1:]:
            with pytest.raises(PagerPaced):
                await pager.page(kept, page, again=False)


class Together:
    """Answers who is on call once as many ask as there are to ask."""

    def __init__(self, asking: int) -> None:
        self._all = asyncio.Barrier(asking)

    async def on_call(self, *_: object) -> tuple[OnCall, ...]:
        """Nobody is."""
        await self._all.wait()
        return ()


async def test_who_is_on_call_is_asked_at_once() -> None:
    """It asks for all levels at the same time: nobody waits for one silent level after another."""
    routes = {name: Route("", policy=f"P{name}") for name in ("oncall", "infrastructure")}
    line = Line(api=cast("PagerApi", Together(2)), routes=routes)
    async with asyncio.timeout(5.0):
        duty = await Pager(line, PATH).on_duty()
    assert [one.why_not for one in duty[2:4]] == [NOBODY, NOBODY]


async def test_known_by_email() -> None:
    """It finds whoever acknowledges in Slack at PagerDuty by their e-mail address, and asks once."""
    async with stage() as one:
        emails = Emails(UALICE="alice@volaticloud.example", USTRANGER="nobody@volaticloud.example")
        pager = Pager(one.line, PATH, emails)
        for _ in range(2):
            assert (await pager.known(Person("Alice", slack="UALICE"))).pager == "PALICE1"
            assert (await pager.known(Person("Stranger", slack="USTRANGER"))).pager == ""
            assert (await pager.known(Person("Shy", slack="USHY"))).pager == ""
        assert emails.asked == ["UALICE", "USTRANGER", "USHY"]
        await one.world.suffer("pagerduty-down")
        assert await pager.known(Person("Bob", slack="UBOB")) == Person("Bob", slack="UBOB")


async def test_a_refusal_is_an_answer() -> None:
    """It pages others at once when a PagerDuty that was away refuses one key: it is there again."""
    async with stage() as one:
        kept, clock = await one.opened(), Clock()
        pager = Pager(one.line, PATH, elapsed=clock.elapsed)
        clock.passed = 1000.0
        pages = [PageTrigger(id=f"x.1.{n}", level=3, dedup_key=f"volati.x.{n}") for n in range(3)]
        for trouble, error in (("pagerduty-down", PagerUnreachable), ("pagerduty-refuses-key", PagerRefused)):
            await one.world.suffer(trouble)
            with pytest.raises(error):
                await pager.page(kept, pages.pop(), again=False)
            clock.passed += 2.1 if error is PagerUnreachable else 0.0
            await one.world.heal()
        await pager.page(kept, pages.pop(), again=False)
        assert one.world.account.opened == ["volati.x.0"]


async def test_too_many_calls_is_an_answer() -> None:
    """It pages others at once when a PagerDuty that was away takes no more by one route: it is there again."""
    async with stage() as one:
        kept, clock = await one.opened(), Clock()
        pager = Pager(one.line, PATH, elapsed=clock.elapsed)
        clock.passed = 1000.0
        page = PageTrigger(id="x.1.0", level=3, dedup_key="volati.x.3")
        await one.world.suffer("pagerduty-down")
        with pytest.raises(PagerUnreachable):
            await pager.page(kept, page, again=False)
        clock.passed += 2.1
        await one.world.suffer("pagerduty-throttled")
        with pytest.raises(PagerBusy):
            await pager.page(kept, page, again=False)
        await one.world.heal()
        await pager.page(kept, PageTrigger(id="x.1.1", level=4, dedup_key="volati.x.4"), again=False)
        assert one.world.account.opened == ["volati.x.4"]


async def test_a_path_that_was_changed() -> None:
    """It ends a page where it was opened, also when that level is no more or pages others."""
    async with stage() as one:
        kept = await one.opened()
        await one.pass_time(601)
        assert [page.route for page in (await one.now(kept)).incident.pages] == ["oncall"]
        one.path = Path(tuple(level for level in PATH.levels if level.page != "oncall"))
        one.bot = one.another("after a restart")
        await one.happens(kept, Resolved(at=AT, by=ALICE))
        (paged,) = one.world.account.incidents.values()
        assert (paged.service, paged.status) == ("PSVCONC", "resolved")


async def test_a_route_that_was_renamed() -> None:
    """It goes by the level's route where the page's own has another name by now; where there is none, it says so."""
    async with stage() as one:
        kept = await one.opened()
        renamed = PageTrigger(id="x.1.0", level=3, dedup_key="volati.x.3", route="nights")
        await Pager(one.line, PATH).page(kept, renamed, again=False)
        assert one.world.account.opened == ["volati.x.3"]
        with pytest.raises(PagerRefused, match=r"nights, which pagerduty\.routes has no more"):
            await Pager(one.line, Path(PATH.levels[:2])).page(kept, renamed, again=False)


async def test_a_page_from_before_routes_were_kept() -> None:
    """It takes the route of the page's level, and says so where the path has no such level any more."""
    async with stage() as one:
        kept = await one.opened()
        old = PageTrigger(id="x.1.0", level=3, dedup_key="volati.x.3")
        await Pager(one.line, PATH).page(kept, old, again=False)
        assert one.world.account.opened == ["volati.x.3"]
        with pytest.raises(PagerRefused, match="no route"):
            await Pager(one.line, Path(PATH.levels[:2])).page(kept, old, again=False)


async def test_an_acknowledgement_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on without the id at PagerDuty when that is slow: an acknowledgement is waited for by a ladder."""
    monkeypatch.setattr(pager_module, "LOOKUP_SECONDS", 0.05)
    async with stage() as one:
        await one.world.suffer("pagerduty-slow")
        pager = Pager(one.line, PATH, Emails(UBOB="bob@volaticloud.example"))
        async with asyncio.timeout(2.0):  # the call's own deadline is longer
            assert await pager.known(Person("Bob", slack="UBOB")) == Person("Bob", slack="UBOB")


async def test_nobody_to_ask() -> None:
    """It says of each level why nobody can be named, where there is no PagerDuty or it may not be asked."""
    duty = await Pager(Line(), PATH).on_duty()
    assert [bool(one.why_not) for one in duty] == [True, True, True, True, False]
    assert "pagerduty.api_key" in duty[2].why_not
    async with stage() as one:
        await one.world.suffer("pagerduty-down")
        duty = await Pager(one.line, PATH).on_duty()
        assert "PagerDuty gave no answer" in duty[2].why_not
        await one.world.heal()
        assert (await Pager(one.line, PATH).on_duty())[2].people[0].name == "Alice Adams"
