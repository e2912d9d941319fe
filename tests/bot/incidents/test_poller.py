"""PagerDuty is asked what became of our pages, also where it calls in."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest
from structlog.testing import capture_logs

from bot.clients.pagerduty.rest import PagerApi, PagerIncident
from bot.errors import PagerBusy, PagerError, PagerKeyRefused, PagerUnreachable
from bot.incidents import events as e
from bot.incidents import poller
from bot.incidents.incident import Phase
from bot.incidents.keeping import Looked
from bot.incidents.kept import Kept
from bot.incidents.polled import Look
from bot.incidents.poller import Poller
from bot.incidents.webhooks import Hook
from diagnostics.redaction import KnownSecret, Redactor
from playground.world.pagerduty.account import USERS, person
from playground.world.pagerduty.trouble import TROUBLES, Trouble
from tests.bot.incidents.stage import AT, Stage, stage
from tests.bot.incidents.things import ALICE, BOB, MINUTE

SECRET = "s3cr3t-v4lu3-9f8e7d"


@pytest.fixture
async def one() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


def asks(one: Stage) -> Poller:
    """A poller of this stage's PagerDuty."""
    assert one.line.api is not None
    return Poller(one.bot.incidents, one.line.api)


async def deaf(one: Stage) -> None:
    """Forget what PagerDuty has told: it cannot call in here."""
    await one.world.delivered()
    await one.memory.ask("DEL", "volati:_:hooks")


async def test_acknowledged_there(one: Stage) -> None:
    """It hears who acknowledged in PagerDuty, with their name, and that somebody resolved."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    one.world.account.acknowledge(page, person(USERS[1]))
    await deaf(one)
    await asks(one).round()
    now = (await one.now(kept)).incident
    assert now.phase is Phase.ACKNOWLEDGED
    assert now.holder is not None
    assert now.holder.name == "Bob Brown"
    one.world.account.resolve(page, person(USERS[1]))
    await deaf(one)
    await asks(one).round()
    assert (await one.now(kept)).incident.phase is Phase.RESOLVED


async def test_an_acknowledgement_counts_once(one: Stage) -> None:
    """It hears an acknowledgement once: the clock runs for whoever it is handed to, until somebody takes it anew."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    one.world.account.acknowledge(page, person(USERS[1]))
    await deaf(one)
    asking = asks(one)
    await asking.round()
    await one.happens(kept, e.HandedOver(at=await one.bot.store.now(), by=BOB, to=ALICE))
    await asking.round()
    assert (await one.now(kept)).incident.phase is Phase.WAITING
    await one.pass_time(5)
    one.world.account.acknowledge(page, person(USERS[0]))
    await deaf(one)
    await asking.round()
    assert (await one.now(kept)).incident.phase is Phase.ACKNOWLEDGED


async def test_an_old_acknowledgement_after_a_handover(one: Stage) -> None:
    """It lets the clock run for whoever it is handed to, where somebody had acknowledged here and there too, before."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    await one.happens(kept, e.Acknowledged(at=AT, by=BOB), "UBOB")
    one.world.account.acknowledge(page, person(USERS[1]))  # and on the phone, seconds later
    await deaf(one)
    asking = asks(one)
    await asking.round()
    await one.pass_time(3600)
    await one.happens(kept, e.HandedOver(at=AT, by=BOB, to=ALICE))
    await deaf(one)
    await one.pass_time(30)
    await asking.round()
    assert (await one.now(kept)).incident.phase is Phase.WAITING


async def test_an_old_acknowledgement_after_a_snooze(one: Stage) -> None:
    """It lets the clock run when a snooze is over, where the page was acknowledged there meanwhile."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    await one.happens(kept, e.Snoozed(at=AT, by=BOB, until=AT + 10 * MINUTE), "UBOB")
    one.world.account.acknowledge(page, person(USERS[1]))
    await deaf(one)
    asking = asks(one)
    await asking.round()
    assert (await one.now(kept)).incident.phase is Phase.SNOOZED
    await one.pass_time(601)
    await deaf(one)
    await asking.round()
    assert (await one.now(kept)).incident.phase is Phase.WAITING


async def test_given_back_there(one: Stage) -> None:
    """It hears that an acknowledgement ran out there or was given back, each time; and calls somebody again."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    asking = asks(one)
    for number in range(1, 3):
        await one.pass_time(5)
        one.world.account.acknowledge(page, person(USERS[1]))
        await deaf(one)
        await asking.round()
        assert (await one.now(kept)).incident.phase is Phase.ACKNOWLEDGED
        await one.pass_time(5)
        one.world.account.unacknowledge(page)
        await deaf(one)
        for _ in range(2):
            await asking.round()
        await one.settle()
        assert (await one.now(kept)).incident.phase is Phase.WAITING
        assert len([line for line in one.seen.said(kept) if line.startswith("unacknowledged")]) == number
    await one.pass_time(901)
    assert (await one.now(kept)).incident.level == 4


async def test_taken_here_and_not_told_there_yet(one: Stage) -> None:
    """It takes no page for given back that PagerDuty is about to hear of as acknowledged."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    one.world.account.acknowledge(page, person(USERS[1]))
    await deaf(one)
    asking = asks(one)
    await asking.round()
    await one.happens(kept, e.HandedOver(at=AT, by=BOB, to=ALICE))
    await one.pass_time(5)
    one.world.account.unacknowledge(page)
    await deaf(one)
    await one.bot.incidents.event(kept.id, e.Acknowledged(at=AT, by=ALICE), "UALICE")
    await asking.round()
    assert (await one.now(kept)).incident.phase is Phase.ACKNOWLEDGED
    await one.settle()
    assert page.status == "acknowledged"
    await asking.round()
    assert (await one.now(kept)).incident.phase is Phase.ACKNOWLEDGED


async def test_two_that_ask(one: Stage) -> None:
    """It hears each change once where two replicas ask, whoever of them looks later."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    one.world.account.acknowledge(page, person(USERS[1]))
    await deaf(one)
    assert one.line.api is not None
    both = asks(one), Poller(one.another("there").incidents, one.line.api)
    await asyncio.gather(*(asking.round() for asking in both))
    await one.settle()
    assert [line for line in one.seen.said(kept) if line.startswith("acknowledged")] == ["acknowledged by Bob Brown"]
    told = Looked(page.key, "triggered long ago", "resolved long ago")
    await one.bot.incidents.note_look(kept.id, told)  # by one who has seen less
    assert (await one.bot.incidents.known(kept.id, page.key)).asked.startswith("acknowledged ")


async def test_what_was_told_by_itself(one: Stage) -> None:
    """It hears nothing twice where PagerDuty calls in, too: who was handed the incident since has their time."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    one.world.account.acknowledge(page, person(USERS[1]))
    await one.world.delivered()
    await one.settle()
    assert (await one.now(kept)).incident.phase is Phase.ACKNOWLEDGED
    await one.happens(kept, e.HandedOver(at=AT, by=BOB, to=ALICE))
    await asks(one).round()
    assert (await one.now(kept)).incident.phase is Phase.WAITING
    await one.pass_time(901)
    assert (await one.now(kept)).incident.level == 4


async def test_what_is_told_late(one: Stage) -> None:
    """It has heard what PagerDuty tells after it was asked: a late event stops no clock of somebody else's."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    one.world.account.acknowledge(page, person(USERS[1]))
    await one.world.delivered()  # and not worked on yet
    await asks(one).round()
    assert (await one.now(kept)).incident.phase is Phase.ACKNOWLEDGED
    await one.happens(kept, e.HandedOver(at=AT, by=BOB, to=ALICE))
    await one.settle()
    now = await one.now(kept)
    assert (now.incident.phase, now.incident.asked) == (Phase.WAITING, ALICE)
    assert await one.memory.ask("LLEN", "volati:_:hooks") == 0
    assert [line for line in one.seen.said(kept) if line.startswith("acknowledged")] == ["acknowledged by Bob Brown"]


async def test_a_death_before_what_was_told_counts(one: Stage) -> None:
    """It leaves to the inbox what PagerDuty has told, and a bot that died has not worked on: it counts afterwards."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    one.world.account.acknowledge(page, person(USERS[1]))
    await one.world.delivered()
    document = (await one.memory.ask("LRANGE", "volati:_:hooks", 0, -1))[-1]
    hook = msgspec.json.decode(document, type=Hook)
    await one.bot.incidents.note_told(kept.id, page.key, str(Look.of(hook)))  # here it died
    await asks(one).round()
    assert (await one.now(kept)).incident.phase is Phase.WAITING
    await one.settle()
    assert (await one.now(kept)).incident.phase is Phase.ACKNOWLEDGED


async def test_a_few_at_a_time(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks for so many pages in a round, for the others in the next ones, and then from the front again."""
    monkeypatch.setattr(poller, "ASKED_AT_MOST", 2)
    many = [await one.opened(f"fault {number}") for number in range(5)]
    await one.pass_time(601)
    for page in one.world.account.incidents.values():
        one.world.account.acknowledge(page, person(USERS[1]))
    await deaf(one)
    asking = asks(one)
    found = []
    for _ in range(3):
        one.world.asked.clear()
        await asking.round()
        found.append([key for asked in one.world.asked for key in asked.query["incident_key"]])
    keys = sorted(page.key for page in one.world.account.incidents.values())
    assert found == [keys[:2], keys[2:4], [keys[4], keys[0]]]
    assert {(await one.now(kept)).incident.phase for kept in many} == {Phase.ACKNOWLEDGED}


async def test_no_answer(one: Stage) -> None:
    """It says so when PagerDuty gives no answer, and changes nothing."""
    kept = await one.opened()
    await one.pass_time(601)
    await one.world.suffer("pagerduty-down")
    with pytest.raises(PagerUnreachable):
        await asks(one).round()
    assert (await one.now(kept)).incident.phase is Phase.WAITING


async def paged(one: Stage, number: int) -> list[Kept]:
    """So many incidents whose pages Bob acknowledged, in the order of their keys."""
    many = [await one.opened(f"fault {place}") for place in range(number)]
    await one.pass_time(601)
    for page in one.world.account.incidents.values():
        one.world.account.acknowledge(page, person(USERS[1]))
    await deaf(one)
    one.world.asked.clear()
    return sorted(many, key=lambda kept: kept.id)


async def phases(one: Stage, many: list[Kept]) -> list[Phase]:
    """How they stand."""
    return [(await one.now(kept)).incident.phase for kept in many]


async def test_a_page_that_always_fails(one: Stage) -> None:
    """It goes on behind a page that PagerDuty refuses to tell of, says so once, and hears of it once it tells."""
    many = await paged(one, 3)
    await one.world.suffer(Trouble(odd_key=f"volati.{many[0].id}.3"))
    asking = asks(one)
    with capture_logs() as log:
        await asking.round()
        await asking.round()
    assert await phases(one, many) == [Phase.WAITING, Phase.ACKNOWLEDGED, Phase.ACKNOWLEDGED]
    (complaint,) = [entry for entry in log if "could not say" in entry["event"]]
    assert complaint["key"] == f"volati.{many[0].id}.3"
    await one.world.heal()
    await asking.round()
    assert await phases(one, many) == [Phase.ACKNOWLEDGED] * 3


async def test_pages_that_all_fail(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes what many pages fail by for what concerns all, stops, and goes on behind them in the next round."""
    monkeypatch.setattr(poller, "FAILED_AT_MOST", 2)
    await paged(one, 5)
    await one.world.suffer("pagerduty-behind-a-proxy")
    asking = asks(one)
    keys = sorted(page.key for page in one.world.account.incidents.values())
    for expected in (keys[:2], keys[2:4], [keys[4], keys[0]]):
        one.world.asked.clear()
        with pytest.raises(PagerError):
            await asking.round()
        assert [key for asked in one.world.asked for key in asked.query["incident_key"]] == expected


@pytest.mark.parametrize(
    ("name", "error"),
    [("pagerduty-refuses-key", PagerKeyRefused), ("pagerduty-failing", PagerUnreachable)],
)
async def test_what_concerns_all(one: Stage, name: str, error: type[PagerError]) -> None:
    """It asks for no more in a round where every other page would be told the same, and goes on behind it."""
    many = await paged(one, 3)
    asking = asks(one)
    await one.world.suffer(name)
    with pytest.raises(error):
        await asking.round()
    assert len(one.world.asked) == 1
    await one.world.heal()
    await asking.round()
    assert [asked.query["incident_key"] for asked in one.world.asked][1:] == [
        [f"volati.{many[place].id}.3"] for place in (1, 2, 0)
    ]
    assert await phases(one, many) == [Phase.ACKNOWLEDGED] * 3


async def test_one_that_breaks_every_round(one: Stage) -> None:
    """It hears of all others where PagerDuty itself breaks at one page, in the round after."""
    many = await paged(one, 3)
    api = Breaks(one.line.api, f"volati.{many[0].id}.3", PagerUnreachable("PagerDuty failed: HTTP 500."))
    asking = Poller(one.bot.incidents, api)
    for _ in range(2):
        with pytest.raises(PagerUnreachable):
            await asking.round()
    assert await phases(one, many) == [Phase.WAITING, Phase.ACKNOWLEDGED, Phase.ACKNOWLEDGED]


async def test_a_page_that_was_not_asked_for(one: Stage) -> None:
    """It begins with the page it had no turn for, when PagerDuty takes questions again."""
    many = await paged(one, 3)
    api = Breaks(one.line.api, f"volati.{many[1].id}.3", PagerBusy("Too many.", 30))
    asking = Poller(one.bot.incidents, api)
    with pytest.raises(PagerBusy):
        await asking.round()
    api.key = ""
    await asking.round()
    assert api.asked == [f"volati.{many[place].id}.3" for place in (0, 1, 1, 2, 0)]


@dataclass
class Breaks:
    """PagerDuty, but for one key; it remembers what it was asked."""

    api: PagerApi | None
    key: str
    error: PagerError
    asked: list[str] = field(default_factory=list)

    async def incidents(self, key: str, statuses: tuple[str, ...]) -> tuple[PagerIncident, ...]:
        """The incidents of a key, or the error."""
        self.asked.append(key)
        if key == self.key:
            raise self.error
        assert self.api is not None
        return await self.api.incidents(key, statuses)


@dataclass
class Rounds:
    """A sleep that remembers, passes the time at once, and ends the work after so many."""

    one: Stage
    left: int
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self.one.clock.passed += seconds
        self.left -= 1
        if self.left < 0:
            raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("trouble", "slept"),
    [
        (TROUBLES["pagerduty-down"], [30, 30, 30]),
        (TROUBLES["pagerduty-refuses-key"], [30, 30, 30]),
        (Trouble(throttled=True, retry_after=45), [30, 45, 45]),
        (Trouble(throttled=True, retry_after=86_400), [30, 60, 60]),
        (Trouble(throttled=True, retry_after=20), [30, 30, 30]),
    ],
)
async def test_how_long_it_waits(one: Stage, trouble: Trouble, slept: list[float]) -> None:
    """It waits as long as PagerDuty asks for, a minute at most and never less than a round, and goes on by itself."""
    await paged(one, 1)
    await one.world.suffer(trouble)
    rounds = Rounds(one, 2)
    with pytest.raises(asyncio.CancelledError):
        await asks(one).run(rounds.sleep)
    assert rounds.slept == slept


async def test_its_bound(one: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It makes no more calls in a minute than its bound, however many pages are open."""
    await paged(one, 7)
    monkeypatch.setattr(poller, "ASKED_AT_MOST", 3)
    with pytest.raises(asyncio.CancelledError):
        await asks(one).run(Rounds(one, 4).sleep)
    assert len(one.world.asked) == 4 * 3  # four rounds: two minutes


async def test_secrets_in_a_name(one: Stage) -> None:
    """It keeps no secret of a person's name, in the thread, the story, the audit or the incident itself."""
    kept = await one.opened()
    await one.pass_time(601)
    (page,) = one.world.account.incidents.values()
    one.world.account.acknowledge(page, {**person(USERS[1]), "summary": f"Bob\n{SECRET} Brown"})
    await deaf(one)
    one.cleaner = Redactor([KnownSecret("a password", SECRET)])
    one.bot = one.another("cleaning")
    with capture_logs() as log:
        await asks(one).round()
    await one.settle()
    now = await one.now(kept)
    assert now.incident.phase is Phase.ACKNOWLEDGED
    told = [*one.seen.said(kept), str(now), str(await one.bot.incidents.story(kept.id)), str(log)]
    every = [str(await one.memory.ask("DUMP", key)) for key in await one.memory.ask("KEYS", "volati:*")]
    assert not [text for text in [*told, *every] if SECRET in text]
    assert any("acknowledged by Bob" in text for text in told)
