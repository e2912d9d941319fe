"""Incidents, from what people type and press in Slack to what PagerDuty, the thread and the audit say, and back."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.audit.entry import Deed, Entry, Linked
from bot.clock import SystemClock
from bot.errors import StoreUnreachable
from bot.health import Health
from bot.incident_store import IncidentStore
from bot.incidents.incident import Phase
from bot.incidents.kept import Kept
from bot.metrics import Metrics
from bot.settings import ServerSettings
from bot.slack.message import Message
from bot.slack.plain import plain
from diagnostics.redaction import Redactor
from handlers.pagerduty import PATH, Hooks
from handlers.web import Site, serving
from playground.slack.messages import Message as Shown
from playground.world.pagerduty.account import USERS, PagedIncident, person
from playground.world.pagerduty.server import WEBHOOK_SECRET, SimulatedPagerDuty
from tests.stories.world import CHANNEL, Story, story

ACCESS = {"roles": {"operator": {"groups": ["S0OPERAT0"]}}}
LEVELS = {"infrastructure": {"mentions": ["S0OPERAT0"]}, "cto": {"mentions": ["U0ADMIN00"]}}
ALICE_THERE = person(USERS[0])
FOUR = ["Acknowledge", "Snooze…", "Escalate…", "Resolve"]


@dataclass
class Scene:
    """The bot in its world, with a PagerDuty that can call in."""

    story: Story
    pager: SimulatedPagerDuty

    async def typed(self, person: str, line: str) -> list[str]:
        """Type a command; gives what this person alone is told."""
        return [said(one) for one in await self.story.typed(person, f"/volati {line}")]

    async def mentioned(self, person: str, line: str, thread: str) -> list[str]:
        """Mention the bot in a thread; gives what this person alone is told."""
        before = len(self.story.slack.ephemerals(person))
        await self.story.slack.person(person).mention("engineering", line, thread_ts=thread)
        await self.story.done()
        return [said(one) for one in self.story.slack.ephemerals(person)[before:]]

    async def pressed(self, person: str, label: str, message: Shown) -> list[str]:
        """Press a button; gives what this person alone is told."""
        before = len(self.story.slack.ephemerals(person))
        await self.story.slack.person(person).click(message, label)
        await self.story.done()
        return [said(one) for one in self.story.slack.ephemerals(person)[before:]]

    async def sent(self, person: str, **fields: str) -> str:
        """Fill in the open modal and send it; gives what stands in it at last."""
        modal = self.story.slack.person(person).modal
        for name, text in fields.items():
            await modal.fill(name, text)
        await modal.submit()
        await self.story.done()
        return self.story.modal(person)

    async def now(self) -> Kept:
        """The one incident."""
        tending = self.story.desk.tending
        assert tending is not None
        found = await tending.incidents.find(self.card().content.blocks[-1]["elements"][0]["value"])
        assert found is not None
        return found

    def card(self) -> Shown:
        """The newest card that has buttons."""
        return self.cards()[-1]

    def cards(self) -> list[Shown]:
        """The cards that have the four buttons, in the channel and in threads."""
        every = self.story.slack.workspace.visible(CHANNEL)
        return [one for one in every if len(labels(one)) == len(FOUR) and labels(one)[3] == "Resolve"]

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait until the bot has done it."""
        await self.story.slack.until(lambda: bool(happened()), 20)

    async def opened(self, person: str = "engineer", line: str = "escalate the login fails") -> Shown:
        """An incident that somebody opened; gives its card."""
        told = await self.typed(person, line)
        assert "Opened incident" in told[-1], told
        await self.until(self.cards)
        return self.card()

    def thread(self, root: str) -> list[str]:
        """What the bot says in a thread, each message's first line."""
        ours = [one for one in self.story.slack.thread(CHANNEL, root) if one.by_app]
        return [said(one).splitlines()[0] for one in ours]

    async def paged(self) -> PagedIncident:
        """PagerDuty's incident."""
        await self.until(lambda: self.pager.account.incidents)
        return next(iter(self.pager.account.incidents.values()))

    async def audit(self) -> list[Entry]:
        """What was audited."""
        assert self.story.services.store is not None
        lines = await self.story.services.store.ask("LRANGE", "volati:_:audit", 0, -1)
        return [msgspec.json.decode(line, type=Linked).entry for line in lines]

    async def deeds(self) -> list[Deed]:
        """The same, the deeds alone."""
        return [entry.deed for entry in await self.audit()]


def said(message: Shown) -> str:
    return plain(Message(message.text, message.content.blocks)).strip()


def labels(message: Shown) -> list[str]:
    rows = [block for block in message.content.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


@asynccontextmanager
async def scene(way: str, folder: Path) -> AsyncIterator[Scene]:
    metrics = Metrics()
    site = Site(Health(SystemClock()), metrics, Redactor([]))
    async with SimulatedPagerDuty() as pager, serving(site, ServerSettings(port=0), metrics) as port:
        more = {"pagerduty": pager.settings(), "escalation": {"levels": LEVELS}, "server": {"port": 0}}
        async with story(way, folder, ACCESS, more=more) as here:
            await here.slack.until(lambda: here.desk.gate._people.groups.snapshot is not None)  # type: ignore[attr-defined]
            site.hear_pagerduty(Hooks((WEBHOOK_SECRET,), here.inbox, metrics, time.monotonic).handle)
            pager.subscribe(f"http://127.0.0.1:{port}{PATH}")
            yield Scene(here, pager)
            assert here.slack.ledger.rejected == []


@pytest.fixture(params=["sockets", "http"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scene]:
    """The scene, over both ways Slack may deliver."""
    async with scene(request.param, tmp_path) as found:
        yield found


async def test_opened_by_a_person(here: Scene) -> None:
    """It opens an incident with one message, in which all is to be seen; the next call for help lets it climb."""
    card = await here.opened()
    assert labels(card) == FOUR
    assert "P1 in playground: the login fails" in said(card)
    assert "opened by @U0ENGINE0" in said(card)
    assert "Level 2 of 5: #engineering" in said(card)
    assert here.story.roots() == [card]
    (told,) = await here.typed("oncall", "escalate still fails")
    assert "is at level 3 now, the on-call engineer" in told
    page = await here.paged()
    assert (page.status, page.title) == ("triggered", "P1 playground: the login fails")
    await here.until(lambda: len(here.cards()) == 2)
    assert "@U0ONCALL0 escalated it: still fails" in here.thread(card.ts)[1]
    assert await here.deeds() == [Deed.OPENED, Deed.ESCALATED]


async def test_opened_from_a_verdict(here: Scene) -> None:
    """It offers to open one beside a verdict that is down, with the cause, in the thread of the diagnosis."""
    await here.story.platform.switch_on("wrong-client-secret")
    await here.story.typed("oncall", "/volati diagnose keycloak")
    (root,) = here.story.roots()
    verdict = next(one for one in here.story.slack.thread(CHANNEL, root.ts) if "Open an incident…" in labels(one))
    assert len(labels(verdict)) <= 4
    assert await here.pressed("engineer", "Open an incident…", verdict) == []
    view = here.story.slack.person("engineer").modal.view
    assert view is not None
    cause = view.body["blocks"][0]["element"]["initial_value"]
    assert cause.rstrip(".") in said(verdict).splitlines()[0]
    assert "Opened incident" in await here.sent("engineer")
    await here.until(here.cards)
    card = here.card()
    assert card.thread_ts == root.ts
    assert card.broadcast
    kept = await here.now()
    assert (kept.about.area, kept.shown.thread, kept.ts) == ("keycloak", root.ts, root.ts)
    await here.pressed("engineer", "Open an incident…", verdict)
    assert "This is open already" in await here.sent("engineer")
    assert await here.mentioned("oncall", "ack", root.ts) == [
        f"You are on incident {kept.id} ({kept.about.title}). Nobody else is called."
    ]


async def test_acknowledged_by_a_button(here: Scene) -> None:
    """It stops the clock, in PagerDuty too, and says by whom."""
    card = await here.opened(line="escalate 3 the login fails")
    page = await here.paged()
    assert await here.pressed("oncall", "Acknowledge", here.card()) == []
    await here.until(lambda: page.status == "acknowledged")
    await here.until(lambda: "✋ @U0ONCALL0 is on it. Nobody else is called." in here.thread(card.ts))
    kept = await here.now()
    assert (kept.incident.phase, kept.incident.due) == (Phase.ACKNOWLEDGED, None)
    await here.until(lambda: "Who has it: @U0ONCALL0" in said(here.card()))
    assert labels(here.card())[0] == "Take over"
    (told,) = await here.pressed("oncall", "Take over", here.card())
    assert told == "You have it already."
    assert (await here.deeds())[-1] is Deed.ACKNOWLEDGED


async def test_acknowledged_in_pagerduty(here: Scene) -> None:
    """It stops the clock when somebody acknowledges there, and names them in the thread."""
    card = await here.opened(line="escalate 3 the login fails")
    page = await here.paged()
    here.pager.account.acknowledge(page, ALICE_THERE)
    await here.until(lambda: "✋ Alice Adams is on it. Nobody else is called." in here.thread(card.ts))
    kept = await here.now()
    assert (kept.incident.phase, kept.incident.due) == (Phase.ACKNOWLEDGED, None)
    await here.until(lambda: "Who has it: Alice Adams" in said(here.card()))
    here.pager.account.resolve(page, ALICE_THERE)
    await here.until(lambda: any(line.startswith("✅ Resolved") for line in here.thread(card.ts)))
    await here.until(lambda: here.cards() == [])
    (told,) = await here.mentioned("oncall", "ack", card.ts)
    assert told == "It was resolved already, which counts more than a late acknowledgement."


async def test_escalated_with_a_reason(here: Scene) -> None:
    """It asks why, and to which level, calls the user group of infrastructure and pages it, and shows the reason."""
    card = await here.opened()
    assert await here.pressed("oncall", "Escalate…", card) == []
    assert "is at level 4 now" in await here.sent("oncall", why="it is the network", level="4. DevOps/Infrastructure")
    page = await here.paged()
    assert page.service == "PSVCINF"
    await here.until(lambda: len(here.thread(card.ts)) == 4)
    escalated, level, call = here.story.slack.thread(CHANNEL, card.ts)[1:]
    assert "@U0ONCALL0 escalated it: it is the network" in said(escalated)
    assert level.broadcast
    assert "<!subteam^S0OPERAT0>" in repr(call.content)


async def test_snoozed(here: Scene) -> None:
    """It holds the clock for as long as it is told in the modal, and refuses what is no time."""
    card = await here.opened()
    assert await here.pressed("oncall", "Snooze…", card) == []
    modal = here.story.slack.person("oncall").modal
    await modal.fill("length", "for ever")
    outcome = await modal.submit()
    assert "Write for how long" in repr(outcome)
    assert "held for 20 min" in await here.sent("oncall", length="20m")
    kept = await here.now()
    assert kept.incident.phase is Phase.SNOOZED
    await here.until(lambda: "Who has it: @U0ONCALL0, who snoozed it" in said(here.card()))
    (told,) = await here.mentioned("oncall", "snooze 1h", card.ts)
    assert "held for 1 h 0 min" in told


async def test_a_mention_that_needs_a_modal_gets_a_button(here: Scene) -> None:
    """It answers a mention, which can open no modal, with the button that can."""
    card = await here.opened()
    for word, kind in (("snooze", "For how long?"), ("escalate", "Why?")):
        await here.mentioned("oncall", word, card.ts)
        message = here.story.slack.ephemerals("oncall")[-1]
        assert labels(message) == ["Open the window"]
        await here.pressed("oncall", "Open the window", message)
        assert kind in here.story.modal("oncall")
        await here.story.slack.person("oncall").modal.close()


async def test_handed_over(here: Scene) -> None:
    """It asks the other, who must be able to acknowledge; the clock runs until they do."""
    card = await here.opened()
    (told,) = await here.mentioned("oncall", "handover @engineer", card.ts)
    assert told.startswith("They could not acknowledge it")
    assert "They lack the role operator" in told
    (told,) = await here.mentioned("oncall", "handover @guest", card.ts)
    assert told.startswith("They could not acknowledge it")
    assert "takes nothing from them here (guest): name another" in told
    (told,) = await here.mentioned("oncall", "handover @operator", card.ts)
    assert "was asked to take incident" in told
    await here.until(lambda: "nobody yet; @U0OPERAT0 was asked to take it" in said(here.card()))
    kept = await here.now()
    assert kept.incident.due is not None
    await here.until(lambda: any("🔔 @U0OPERAT0, you are asked" in line for line in here.thread(card.ts)))
    await here.pressed("operator", "Acknowledge", here.card())
    assert (await here.now()).incident.phase is Phase.ACKNOWLEDGED


async def test_resolved(here: Scene) -> None:
    """It ends it here and in PagerDuty, says so once, and leaves no button; a draft is made on demand."""
    card = await here.opened(line="escalate 3 the login fails")
    page = await here.paged()
    await here.pressed("oncall", "Resolve", here.card())
    await here.until(lambda: page.status == "resolved")
    await here.until(lambda: here.thread(card.ts)[-1] == "✅ Resolved: P1 in playground: the login fails")
    await here.until(lambda: here.cards() == [])
    (told,) = await here.mentioned("engineer", "postmortem", card.ts)
    assert told.startswith("The draft for incident")
    files = here.story.slack.core.files.files
    await here.until(lambda: files)
    text = (next(iter(files.values())).data or b"").decode()
    assert "# the login fails" in text
    assert "oncall resolved it" in text


async def test_several_are_open(here: Scene) -> None:
    """It asks which one is meant where several are open, and takes the answer from a button or an id."""
    await here.opened()
    (told,) = await here.typed("engineer", "escalate new p0 all is down")
    assert "Opened incident" in told
    await here.until(lambda: len(here.cards()) == 2)
    await here.story.typed("oncall", "/volati ack")
    question = here.story.slack.ephemerals("oncall")[-1]
    assert said(question).startswith("2 incidents are open. Which one do you mean?")
    await here.pressed("oncall", "P0 in playground: all is down", question)
    (told,) = await here.typed("oncall", "incidents")
    assert "2 incidents are open" in told
    assert "who has it: @U0ONCALL0" in told.splitlines()[2]
    await here.story.typed("oncall", "/volati snooze 10m")
    question = here.story.slack.ephemerals("oncall")[-1]
    (told,) = await here.pressed("oncall", "P1 in playground: the login fails", question)
    assert "held for 10 min" in told
    kept = await here.now()
    (told,) = await here.typed("oncall", f"resolve {kept.id}")
    assert told.startswith("Resolved: ")
    (told,) = await here.typed("oncall", "incidents")
    assert "1 incident is open" in told
    (told,) = await here.typed("oncall", "resolve ffffffff")
    assert "There is no incident “ffffffff”" in told


async def test_who_is_on_call(here: Scene) -> None:
    """It says who is called at each level, and whose turn it is by PagerDuty; and where it could not be asked, why."""
    (told,) = await here.typed("engineer", "oncall")
    assert "3. the on-call engineer, 15 min: PagerDuty oncall" in told
    assert "now Alice Adams" in told
    assert "in Slack @S0OPERAT0, PagerDuty infrastructure" in told
    await here.pager.suffer("pagerduty-down")
    (told,) = await here.typed("engineer", "oncall")
    assert "PagerDuty" in told
    assert "now Alice Adams" not in told


async def test_the_page_is_not_accepted(here: Scene) -> None:
    """It says in the thread that the page was not accepted, and has the next level called meanwhile."""
    await here.pager.suffer("pagerduty-refuses-key")
    card = await here.opened(line="escalate 3 the login fails")
    await here.until(lambda: any("The page has not been accepted" in line for line in here.thread(card.ts)))
    await here.until(lambda: (here.card().ts != card.ts) and "Level" in said(here.card()))


PEOPLE = {
    "guest": "you are a guest",
    "gone": "Your account is deactivated",
    "stranger": "you are from another",
    "engineer": "needs the role operator",
}


def refused(who: str, told: str) -> bool:
    """Whether that is a refusal; whoever is not known yet lacks the role at first."""
    return PEOPLE[who] in told or PEOPLE["engineer"] in told


@pytest.mark.parametrize("who", PEOPLE)
async def test_wrong_people(here: Scene, who: str) -> None:
    """It refuses who may not, on every way in, changes nothing, and audits it."""
    card = await here.opened("oncall")
    kept = await here.now()
    for label in ("Acknowledge", "Snooze…", "Resolve"):
        (told,) = await here.pressed(who, label, card)
        assert refused(who, told)
    for word in ("ack", "snooze 10m", "handover @operator", "resolve"):
        (told,) = await here.typed(who, word)
        assert refused(who, told)
        (told,) = await here.mentioned(who, word, card.ts)
        assert refused(who, told)
    assert here.story.slack.person(who).modal.view is None
    assert (await here.now()).incident == kept.incident
    entries = [entry for entry in await here.audit() if entry.deed is Deed.REFUSED]
    assert {entry.who for entry in entries} == {here.story.slack.person(who).person.id}
    assert len(entries) == 11


async def test_outsiders_open_nothing(here: Scene) -> None:
    """It opens nothing for guests and strangers, who get no list either; a full member's call for help never fails."""
    for who in ("guest", "gone", "stranger"):
        for word in ("escalate help", "escalate", "incidents", "oncall", "postmortem"):
            (told,) = await here.typed(who, word)
            assert PEOPLE[who] in told
    assert here.story.roots() == []
    await here.opened("engineer")


async def test_the_role_is_asked_for_when_the_modal_is_sent(here: Scene) -> None:
    """It asks for the right again when a modal is sent: who lost it meanwhile may not."""
    card = await here.opened()
    await here.pressed("oncall", "Snooze…", card)
    here.story.slack.workspace.groups.clear()
    await here.story.desk.gate._people.groups.refresh()  # type: ignore[attr-defined]
    assert "needs the role operator" in await here.sent("oncall", length="20m")
    assert (await here.now()).incident.phase is Phase.WAITING


async def test_twice_at_once(here: Scene) -> None:
    """It takes one of two acknowledgements at the same moment first; the other takes it over, and is told so."""
    card = await here.opened()
    seats = [here.story.slack.person(name) for name in ("oncall", "operator")]
    await asyncio.gather(*(seat.click(card, "Acknowledge") for seat in seats))
    await here.story.done()
    deeds = await here.deeds()
    assert deeds.count(Deed.ACKNOWLEDGED) == 2
    assert (await here.now()).incident.phase is Phase.ACKNOWLEDGED


async def test_a_lost_answer(here: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not say that nothing was opened where the memory's answer is lost: the incident may be there, and is."""
    record, asked = IncidentStore.record, []

    async def lost(self: IncidentStore, *parts: Any) -> Kept:
        asked.append(await record(self, *parts))
        if len(asked) == 1:
            raise StoreUnreachable("Redis gave no answer in time.")
        return asked[-1]

    monkeypatch.setattr(IncidentStore, "record", lost)
    (told,) = await here.typed("engineer", "escalate 3 nobody can trade")
    assert told.startswith("They were called in #C0ENGINE0.")
    await here.until(lambda: any("calls level 3" in said(one) for one in here.story.roots()))
    call = next(said(one) for one in here.story.roots() if "calls level 3" in said(one))
    assert "whether this call was written down is not known" in call
    assert "no incident was opened" not in call
    await here.until(here.cards)  # it was
    assert (await here.now()).about.title == "nobody can trade"


async def test_a_level_that_there_is_not(here: Scene) -> None:
    """It opens the incident all the same, and says in one answer that nobody of that level was called, and why."""
    (told,) = await here.typed("engineer", "escalate 9 the login fails")
    assert told.startswith("Opened incident")
    assert "Level 9 was not called. It is at level 2 of 5: name a level above it." in told
    await here.until(here.cards)


async def test_without_memory(here: Scene) -> None:
    """It calls people in Slack without a clock where its memory is away, and says so; nothing else pretends to work."""
    store = here.story.services.store
    assert store is not None
    assert store.server is not None
    assert store.server.pid is not None
    os.kill(store.server.pid, signal.SIGSTOP)  # it is there, and answers nothing
    try:
        (told,) = await here.typed("engineer", "escalate 4 nobody <!channel> answers")
        assert told.startswith("They were called in #C0ENGINE0. No clock runs")
        await here.until(lambda: any("no incident was opened" in said(one) for one in here.story.roots()))
        call = next(one for one in here.story.roots() if "no incident was opened" in said(one))
        assert "<!subteam^S0OPERAT0> <@U0ENGINE0> calls level 4" in repr(call.content)
        assert "<!channel>" not in repr(call.content)
        (told,) = await here.typed("oncall", "ack")
        assert "Redis" in told
    finally:
        os.kill(store.server.pid, signal.SIGCONT)
    await here.opened()


async def test_secrets_in_a_reason(here: Scene) -> None:
    """It shows no secret that somebody wrote into a reason: in Slack, at PagerDuty, in the audit."""
    secret = "xoxb-" + "123456789012-abcdefABCDEF0123456789ab"
    await here.opened(line=f"escalate 3 the token {secret} leaked")
    page = await here.paged()
    await here.typed("oncall", f"escalate it is {secret} again")
    await here.until(lambda: len(here.cards()) >= 1)
    sent = here.story.slack.ledger.entries
    ours = [entry for entry in sent if "chat." in repr(entry)]
    assert secret not in repr([ours, page, await here.audit()])


async def test_two_replicas_show_it_once(tmp_path: Path) -> None:
    """It shows each message once where two replicas share the memory, and both take buttons."""
    more = {"escalation": {"levels": LEVELS}}
    async with story("sockets", tmp_path, ACCESS, two=True, more=more) as both:
        await both.slack.until(lambda: both.desk.gate._people.groups.snapshot is not None)  # type: ignore[attr-defined]
        here = Scene(both, SimulatedPagerDuty())
        card = await here.opened("oncall")
        await here.typed("oncall", "escalate 4 nobody answers")
        await here.until(lambda: any("🔔" in line for line in here.thread(card.ts)))
        await here.pressed("operator", "Acknowledge", here.card())
        await here.until(lambda: any("is on it" in line for line in here.thread(card.ts)))
        assert len(here.thread(card.ts)) == 6
