"""Incidents as they are seen in a simulated Slack, with a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec
import pytest

from bot.audit.entry import Entry
from bot.errors import StoreUnreachable
from bot.incidents import events as e
from bot.incidents.doing import NeverShown
from bot.incidents.effects import still_wanted
from bot.incidents.incident import Incident
from bot.incidents.kept import Happened, Kept, Told
from bot.slack.incident_cards import REMEMBERED, IncidentCards, Sheets
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.slack.poster import Poster
from playground.slack.messages import Message as Seen
from tests.bot.incidents.tales import ABOUT, CLIMBED, OPENED, RESTARTED, TITLE, TO_INFRASTRUCTURE
from tests.bot.incidents.things import ALICE, BOB, PATH, START, after, stepped
from tests.bot.slack.stage import CHANNEL, Stage, says, stage


@dataclass
class Archive:
    """What cards are drawn from; `away` is a store that does not answer."""

    told: list[Happened] = field(default_factory=list)
    done: tuple[Entry, ...] = RESTARTED
    away: bool = False

    async def story(self, incident_id: str) -> tuple[Happened, ...]:
        """What happened."""
        self._check()
        return tuple(self.told) if incident_id else ()

    async def deeds(self, environment: str, since: datetime) -> tuple[Entry, ...]:
        """What was done."""
        self._check()
        return tuple(one for one in self.done if one.environment == environment and one.at >= since)

    def _check(self) -> None:
        if self.away:
            raise StoreUnreachable("Redis is away.")


class Day:
    """The time of day, moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """Now."""
        return self.at

    def monotonic(self) -> float:
        """Seconds."""
        return self.at.timestamp()


@dataclass
class Desk:
    """One incident, whose effects are told as the runner does it."""

    here: Stage
    cards: IncidentCards
    archive: Archive
    day: Day
    poster: Poster
    kept: Kept

    async def hear(self, *events: e.Event, again: bool = False) -> None:
        """Let things happen, and tell of each step."""
        for event in events:
            step = stepped(self.kept.incident, event, PATH)
            outstanding = (*still_wanted(self.kept.outstanding, step.effects), *step.effects)
            self.kept = replace(self.kept, incident=step.to, outstanding=outstanding)
            self.archive.told.append(Happened("volati", event))  # type: ignore[arg-type] # all are of the union
            await self.told(again=again)

    async def told(self, *, again: bool = False) -> None:
        """Tell what is to be told, while time passes as Slack's turns want it."""
        telling = asyncio.create_task(self._told(again=again))
        await self.here.until(telling.done)
        await telling
        await self.here.passing(60)

    async def _told(self, *, again: bool) -> None:
        if not self.kept.ts:
            self.kept = replace(self.kept, ts=await self.cards.show(self.kept))
        for effect in self.kept.outstanding:
            if isinstance(effect, Told):
                await self.cards.tell(self.kept, effect, again=again)
        await self.cards.show(self.kept)
        if not again:
            self.kept = replace(self.kept, outstanding=())

    def roots(self) -> list[Seen]:
        """The messages of the channel, replies that are shown there included."""
        return [one for one in self.here.slack.messages(CHANNEL) if not one.thread_ts or one.broadcast]

    def thread(self) -> list[str]:
        """The first line of each message of its thread."""
        return [shown(one).splitlines()[0] for one in self.here.slack.thread(CHANNEL, self.kept.ts)]


def shown(message: Seen) -> str:
    return plain(Message(message.text, message.content.blocks))


def buttons(message: Seen) -> list[str]:
    rows = [block for block in message.content.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


@asynccontextmanager
async def desk(thread: str = "") -> AsyncIterator[Desk]:
    async with stage() as here:
        if thread:
            place = await here.poster().post(CHANNEL, says(thread))
            thread = place.ts
        poster, archive, day = here.poster(), Archive(), Day()
        cards = IncidentCards(poster, Sheets(archive), PATH, day)
        kept = Kept("a1b2c3d4", ABOUT, cards.planned(CHANNEL, thread), Incident(id="a1b2c3d4"))
        yield Desk(here, cards, archive, day, poster, kept)


FOUR = ["Acknowledge", "Snooze…", "Escalate…", "Resolve"]


async def test_opens_with_one_message() -> None:
    """It opens with one message, the card, from which it can be taken."""
    async with desk() as one:
        await one.hear(OPENED)
        (card,) = one.roots()
        assert one.kept.ts == card.ts
        assert TITLE in shown(card)
        assert "restart of deployment volaticloud/volaticloud-backend is done" in shown(card)
        assert buttons(card) == FOUR
        assert len(one.thread()) == 1


async def test_a_level_is_a_reply_that_the_channel_sees() -> None:
    """It posts a card for each level it climbs to, shows it in the channel, and takes the buttons off earlier ones."""
    async with desk() as one:
        await one.hear(OPENED, *CLIMBED, TO_INFRASTRUCTURE)
        root, third, fourth = one.roots()
        assert [third.broadcast, fourth.broadcast] == [True, True]
        assert buttons(third) == []
        assert "Level 3, the on-call engineer, was asked." in shown(third)
        assert buttons(fourth) == FOUR
        assert "Level 4 of 5: DevOps/Infrastructure" in shown(root)
        escalated, called = (one.thread()[place] for place in (2, 4))
        assert escalated == "⬆️ @UBOB escalated it: the database is <down>, too"
        assert called.startswith("🔔 @S0INFRA Level 4, DevOps/Infrastructure.")
        assert len(one.thread()) == 5


async def test_what_is_on_the_card_is_not_said_again() -> None:
    """It says in replies what changes who must do something, and edits the card for the rest."""
    async with desk() as one:
        await one.hear(OPENED)
        await one.hear(
            e.PageTaken(at=after(1), key="k", reference="#7"),
            e.Acknowledged(at=after(2), by=ALICE),
            e.Reassigned(at=after(3), to=(BOB,)),
        )
        assert one.thread()[1:] == ["✋ @UALICE is on it. Nobody else is called."]
        (card,) = one.roots()
        assert "PagerDuty took the page #7" in shown(card)
        assert "gave it to @UBOB in PagerDuty" in shown(card)
        assert buttons(card)[0] == "Take over"


async def test_told_twice_is_seen_once() -> None:
    """It edits what is there when a killed process's effects are told again, and posts nothing twice."""
    async with desk() as one:
        await one.hear(OPENED)
        await one.hear(TO_INFRASTRUCTURE, again=True)
        before = one.thread()
        await one.told(again=True)
        await one.told(again=True)
        assert one.thread() == before
        assert len(before) == 4


async def test_ends_with_a_reply() -> None:
    """It says in a reply that it is over, and leaves no button anywhere."""
    async with desk() as one:
        await one.hear(OPENED, *CLIMBED, e.Resolved(at=after(65), by=ALICE))
        assert one.thread()[-1].startswith("✅ Resolved: P1")
        messages = one.here.slack.thread(CHANNEL, one.kept.ts)
        assert [buttons(message) for message in messages] == [[]] * len(messages)
        assert not messages[-1].broadcast


async def test_a_later_round_has_cards_of_its_own() -> None:
    """It posts a new card when the fault is back, and leaves those of the first time as they are."""
    async with desk() as one:
        await one.hear(OPENED, *CLIMBED, e.Resolved(at=after(15)), e.Recurred(at=after(20)))
        assert one.thread()[-2].startswith("🚨 Opened again by Volati")
        newest = one.here.slack.thread(CHANNEL, one.kept.ts)[-1]
        assert newest.broadcast
        assert "Level 2 of 5" in shown(newest)
        assert buttons(newest) == FOUR


async def test_in_a_thread_the_card_is_a_reply() -> None:
    """It puts its card into the thread it was opened in, and shows it in the channel."""
    async with desk("Keycloak in production is down") as one:
        await one.hear(OPENED)
        root, card = one.roots()
        assert one.kept.ts == root.ts
        assert card.broadcast
        assert buttons(card) == FOUR
        await one.hear(e.Acknowledged(at=after(2), by=ALICE))
        assert one.thread()[0] == "Keycloak in production is down"
        assert "Who has it: @UALICE" in shown(one.roots()[1])


async def test_handed_over() -> None:
    """It calls whoever is asked to take it, and edits the card: the level is the same."""
    async with desk() as one:
        await one.hear(OPENED, e.HandedOver(at=after(2), by=ALICE, to=BOB))
        until = "Please acknowledge by 2026-01-05 12:10 UTC"
        assert one.thread()[1:] == [
            "⬆️ @UALICE asks @UBOB to take it; the clock runs until they do",
            f"🔔 @UBOB, you are asked to take this over. {until}, with the button on its card.",
        ]
        assert len(one.roots()) == 1


async def test_after_an_absence_nobody_is_flooded() -> None:
    """It posts the card of the level it is at when it can at last, none of those between, and calls only that one."""
    async with desk() as one:
        await one.hear(OPENED)
        kept = one.kept
        for event in (*CLIMBED, TO_INFRASTRUCTURE):
            step = stepped(kept.incident, event, PATH)
            kept = replace(kept, incident=step.to, outstanding=(*kept.outstanding, *step.effects))
        one.kept = kept
        await one.told()
        assert [line[:14] for line in one.thread()[1:]] == ["⬆️ @UBOB escal", "🚨 P1 in produc", "🔔 @S0INFRA Lev"]


async def test_acknowledged_meanwhile() -> None:
    """It calls nobody for an incident that somebody has by now."""
    async with desk() as one:
        await one.hear(OPENED)
        step = stepped(one.kept.incident, TO_INFRASTRUCTURE, PATH)
        late = stepped(step.to, e.Acknowledged(at=after(13), by=ALICE), PATH)
        one.kept = replace(one.kept, incident=late.to, outstanding=(*step.effects, *late.effects))
        await one.told()
        assert not any("🔔" in line for line in one.thread())


async def test_without_its_memory() -> None:
    """It shows what it knows, and says what could not be read."""
    async with desk() as one:
        one.archive.away = True
        await one.hear(OPENED)
        (card,) = one.roots()
        assert "Tried: could not be read: Volati's memory did not answer" in shown(card)
        assert buttons(card) == FOUR


async def test_what_is_refused_for_good() -> None:
    """It gives up a message that Slack will never take, and keeps one that waits for a person's deed."""
    async with desk() as one:
        lost = replace(
            one.kept,
            shown=msgspec.structs.replace(one.kept.shown, channel="C0NOWHERE"),
            incident=stepped(one.kept.incident, OPENED).to,
        )
        with pytest.raises(NeverShown, match="channel"):
            await one.cards.show(lost)


async def test_an_old_card_is_not_posted_anew() -> None:
    """It does not post a second card for an incident whose first is not remembered any more."""
    async with desk("a thread") as one:
        await one.hear(OPENED)
        one.day.at = START + REMEMBERED + timedelta(hours=1)
        forgetful = IncidentCards(one.here.poster(), Sheets(one.archive), PATH, one.day)
        await forgetful.show(one.kept)
        await one.here.passing(60)
        assert len(one.roots()) == 2


async def test_a_deleted_card_harms_nothing() -> None:
    """It calls people in the channel when somebody deleted the thread."""
    async with desk() as one:
        await one.hear(OPENED)
        (card,) = one.roots()
        card.deleted = True
        await one.hear(TO_INFRASTRUCTURE)
        escalated, level, called = one.roots()
        assert "escalated it" in shown(escalated)
        assert buttons(level) == FOUR
        assert "@S0INFRA" in shown(called)
