"""Every surface, tried by each person and in each place that is not allowed: a refusal, and nothing done."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.incidents.path import IncidentSeverity
from bot.slack.message import Message
from bot.slack.view import View
from bot.slack.views.again import Again, again_button
from bot.slack.views.incident import card
from bot.slack.views.incident_forms import Aim, Origin, climb_form, open_button, open_form, snooze_form
from bot.slack.views.modals import token_form, why_form
from bot.slack.views.pages import turning as turning_row
from bot.words.commands import Events, Why
from playground.slack.messages import Message as Shown
from playground.slack.seat import Seat
from tests.bot.incidents.tales import OPENED, tale
from tests.bot.incidents.things import PATH
from tests.stories.world import CHANNEL, Story, story

Act = Callable[[Story, Seat], Awaitable[object]]

PEOPLE = {
    "guest": "you are a guest",
    "guest1": "you are a guest",
    "gone": "Your account is deactivated",
    "stranger": "you are from another",
}
"""Who gets nothing, and what they are told. Another bot is told nothing at all."""


@pytest.fixture(params=["sockets", "http"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Story]:
    """The bot in its world."""
    async with story(request.param, tmp_path) as found:
        yield found


def typing(line: str) -> Act:
    async def act(here: Story, seat: Seat) -> object:
        return await seat.command("engineering", line)

    return act


def mentioning(line: str) -> Act:
    async def act(here: Story, seat: Seat) -> object:
        return await seat.mention("engineering", line)

    return act


async def posted(here: Story, message: Message) -> Shown:
    """A message of the bot's, once its turn has come."""
    poster = here.desk.poster
    place = await poster.post_at(poster.planned(CHANNEL), message, patient=True)
    found = here.slack.workspace.find(CHANNEL, place.ts)
    assert found is not None
    return found


async def turning(here: Story, seat: Seat) -> object:
    row = turning_row(Events("playground", 2), more=True)
    message = await posted(here, Message("something", row))
    return await seat.click(message, "Older")


async def pressing(here: Story, seat: Seat) -> object:
    button = again_button(Again("keycloak", "playground", deep=False, own=True), "Run again")
    message = await posted(here, Message("something", (button,)))
    return await seat.click(message, "Run again")


def pressing_on_an_incident(label: str) -> Act:
    async def act(here: Story, seat: Seat) -> object:
        return await seat.click(await posted(here, card(tale(OPENED), PATH)), label)

    return act


async def opening_from_a_verdict(here: Story, seat: Seat) -> object:
    row = open_button(Origin("playground", run="3f9c2a71b0de"))
    return await seat.click(await posted(here, Message("something", (row,))), "Open an incident…")


def sending_about_an_incident(view: View, **fields: str) -> Act:
    async def act(here: Story, seat: Seat) -> object:
        here.slack.core.views.open(seat.person.id, view.as_json())
        for name, text in fields.items():
            await seat.modal.fill(name, text)
        return await seat.modal.submit()

    return act


async def choosing(here: Story, seat: Seat) -> object:
    message = await posted(here, Message("password authentication failed"))
    return await seat.shortcut(message, "volati_triage")


async def sending_a_token(here: Story, seat: Seat) -> object:
    here.slack.core.views.open(seat.person.id, token_form(("playground",), "playground").as_json())
    await seat.modal.fill("pasted", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln")
    return await seat.modal.submit()


async def sending_a_question(here: Story, seat: Seat) -> object:
    here.slack.core.views.open(seat.person.id, why_form(("playground",), Why("playground", "a", "b", "c")).as_json())
    return await seat.modal.submit()


async def visiting(here: Story, seat: Seat) -> object:
    return await seat.open_home()


ACTS: dict[str, Act] = {
    "help": typing("/volati help"),
    "unknown word": typing("/volati frobnicate"),
    "diagnose": typing("/volati diagnose keycloak"),
    "deep": typing("/volati diagnose keycloak deep"),
    "status": typing("/volati status"),
    "events": typing("/volati events"),
    "logs": typing("/volati logs backend"),
    "logs mentioned": mentioning("logs backend"),
    "audit": typing("/volati audit"),
    "audit mentioned": mentioning("audit 5"),
    "a page turned": turning,
    "whoami": typing("/volati whoami"),
    "token": typing("/volati token"),
    "why": typing("/volati why alice view x"),
    "why modal": typing("/volati why"),
    "mention": mentioning("diagnose keycloak"),
    "button": pressing,
    "escalate": typing("/volati escalate nobody answers"),
    "escalate without a reason": typing("/volati escalate"),
    "escalate mentioned": mentioning("escalate nobody answers"),
    "ack": typing("/volati ack"),
    "snooze": typing("/volati snooze 10m"),
    "handover": typing("/volati handover @operator"),
    "resolve": typing("/volati resolve"),
    "incidents": typing("/volati incidents"),
    "incidents mentioned": mentioning("incidents"),
    "postmortem": mentioning("postmortem"),
    "oncall": typing("/volati oncall"),
    "acknowledge pressed": pressing_on_an_incident("Acknowledge"),
    "snooze pressed": pressing_on_an_incident("Snooze…"),
    "escalate pressed": pressing_on_an_incident("Escalate…"),
    "resolve pressed": pressing_on_an_incident("Resolve"),
    "incident from a verdict": opening_from_a_verdict,
    "reason sent": sending_about_an_incident(climb_form(Aim("a1b2c3d4"), "x", ()), why="it spreads"),
    "snooze sent": sending_about_an_incident(snooze_form(Aim("a1b2c3d4"), "x"), length="10m"),
    "incident sent": sending_about_an_incident(open_form(Origin("playground"), IncidentSeverity.P1), why="all is down"),
    "token sent": sending_a_token,
    "question sent": sending_a_question,
    "home": visiting,
    "shortcut": choosing,
}


def told(here: Story, person: str) -> str:
    private = "\n".join(message.text for message in here.slack.ephemerals(person))
    return "\n".join([private, here.modal(person), here.home(person)])


async def examined(here: Story) -> bool:
    """Whether anything was looked at, or shown to everybody."""
    runs = await here.services.store.recent_runs("playground") if here.services.store else ()
    assert here.desk.tending is not None
    assert await here.desk.tending.incidents.open_ones() == ()
    return bool(runs) or any("looking" in one.text.lower() for one in here.slack.messages(CHANNEL))


@pytest.mark.parametrize("person", PEOPLE)
async def test_outsiders_get_a_refusal_everywhere(here: Story, person: str) -> None:
    """It refuses guests, the deactivated and people of other workspaces on every surface, and does nothing for them."""
    seat = here.slack.person(person)
    for name, act in ACTS.items():
        here.slack.workspace.all_messages.clear()
        here.slack.core.views.stacks.clear()
        here.slack.core.views.homes.clear()
        await act(here, seat)
        await here.done()
        found = told(here, person)
        assert PEOPLE[person] in found or (name == "token sent" and "A token" in found), name
        assert "What you can ask for" not in found
    assert not await examined(here)


async def test_bots_get_nothing_at_all(here: Story) -> None:
    """It does not answer another bot: two that answer each other would never end."""
    seat = here.slack.person("robot")
    for act in ACTS.values():
        await act(here, seat)
        await here.done()
    assert here.slack.ephemerals("robot") == []
    assert not await examined(here)


async def test_the_role_is_asked_for_at_the_click(here: Story) -> None:
    """It refuses what takes a role to who has none, on every way to it, and names whom to ask."""
    engineer = here.slack.person("engineer")
    await here.typed("engineer", "/volati diagnose keycloak deep")
    assert "“diagnose deep” needs the role operator" in "".join(one.text for one in here.slack.ephemerals("engineer"))
    button = again_button(Again("keycloak", "playground", deep=True, own=True), "Run again")
    message = await posted(here, Message("something", (button,)))
    before = len(here.slack.ephemerals("engineer"))
    await engineer.click(message, "Run again")
    await here.done()
    (refusal,) = here.slack.ephemerals("engineer")[before:]
    assert "needs the role operator" in refusal.text
    assert message.action("Run again", None) is not None  # the button stays, for who may
    assert not await examined(here)


@pytest.mark.parametrize("way", ["sockets", "http"])
async def test_other_channels(way: str, tmp_path: Path) -> None:
    """It listens in its channels alone, and says in which; the Home tab is in none and stays open."""
    async with story(way, tmp_path, {"channels": ["C0ENGINE0"]}) as here:
        for line in (
            "help",
            "diagnose keycloak",
            "status",
            "events",
            "logs backend",
            "token",
            "why a b c",
            "whoami",
            "escalate x",
            "ack",
        ):
            private = await here.typed("oncall", f"/volati {line}", "devops")
            assert private[-1].text.startswith("Volati does not listen here."), line
            assert "<#C0ENGINE0>" in repr(private[-1].content.blocks)
        await here.slack.person("oncall").mention("devops", "diagnose keycloak")
        await here.done()
        assert "does not listen here" in here.slack.ephemerals("oncall")[-1].text
        assert here.slack.person("oncall").modal.view is None
        await here.slack.person("oncall").open_home()
        await here.done()
        assert "never looked at" in here.home("oncall")
        assert not await examined(here)


async def test_who_was_deactivated_keeps_nothing(tmp_path: Path) -> None:
    """It refuses, in the modal itself, a person who was deactivated while the modal was open."""
    async with story("sockets", tmp_path) as here:
        await here.typed("oncall", "/volati why alice view")
        here.slack.workspace.people["U0ONCALL0"] = replace(here.slack.workspace.people["U0ONCALL0"], deleted=True)
        here.desk.gate._people._known.clear()  # type: ignore[attr-defined] # an hour later
        modal = here.slack.person("oncall").modal
        await modal.fill("resource", "x")
        await modal.submit()
        await here.done()
        assert "Your account is deactivated" in here.modal("oncall")
        assert not await examined(here)
