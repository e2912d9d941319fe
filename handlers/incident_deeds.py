"""What people do with an open incident: be on it, hold its clock, give it away, let it climb, end it.

Each gives the sentence that tells the person what came of it; empty where they were asked for more first.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.errors import CannotAct
from bot.incidents import events as e
from bot.incidents.kept import Kept
from bot.people.access import RIGHTS, Denied, Reason
from bot.slack.views.incident_forms import SNOOZES, Aim, ask, snooze_form
from bot.slack.words import counted_minutes
from bot.words.incidents import Ack, Handover, Postmortem, Resolve, Snooze
from handlers.desk import Asked, Desk
from handlers.incident_lists import draft
from handlers.incident_meant import meant
from handlers.privately import privately
from handlers.tending import Tending

_NOT_KNOWN = frozenset({Reason.UNSEEN, Reason.ROLES_UNREAD})

Does = Callable[[Desk, Tending, Asked, Any], Awaitable[str]]


def person(desk: Desk, id: str) -> e.Person:
    """Somebody by Slack's id, with the name they are known by."""
    return e.Person(desk.gate.name(id), slack=id)


def named(kept: Kept) -> str:
    """An incident in a sentence."""
    return f"incident {kept.id} ({kept.about.title})"


async def acknowledge(desk: Desk, tending: Tending, asked: Asked, command: Ack) -> str:
    """Somebody is on it."""
    kept = await meant(desk, tending, asked, command)
    if kept is None:
        return ""
    event = e.Acknowledged(at=desk.clock.now(), by=person(desk, asked.person))
    kept = await tending.incidents.event(kept.id, event, asked.person)
    return f"You are on {named(kept)}. Nobody else is called."


async def snooze(desk: Desk, tending: Tending, asked: Asked, command: Snooze) -> str:
    """Somebody holds the clock; for how long is asked for where it was not said."""
    kept = await meant(desk, tending, asked, command)
    if kept is None:
        return ""
    if not command.length:
        await _ask_for_how_long(desk, asked, kept)
        return ""
    now = desk.clock.now()
    event = e.Snoozed(at=now, by=person(desk, asked.person), until=now + command.length)
    kept = await tending.incidents.event(kept.id, event, asked.person)
    return f"The clock of {named(kept)} is held for {counted_minutes(round(command.length.total_seconds() / 60))}."


async def hand_over(desk: Desk, tending: Tending, asked: Asked, command: Handover) -> str:
    """Somebody asks another to take it, who must be able to.

    Raises:
        CannotAct: the other could not acknowledge it.
    """
    kept = await meant(desk, tending, asked, command)
    if kept is None:
        return ""
    refusal = await desk.gate.could(command.person, "ack", asked.asker)
    if refusal is not None:
        raise CannotAct(f"They could not acknowledge it, so it was not handed over. {_why(refusal)}")
    to = person(desk, command.person)
    event = e.HandedOver(at=desk.clock.now(), by=person(desk, asked.person), to=to)
    kept = await tending.incidents.event(kept.id, event, asked.person)
    return f"{to.name} was asked to take {named(kept)}. The clock runs until they acknowledge."


async def resolve(desk: Desk, tending: Tending, asked: Asked, command: Resolve) -> str:
    """It is over."""
    kept = await meant(desk, tending, asked, command)
    if kept is None:
        return ""
    event = e.Resolved(at=desk.clock.now(), by=person(desk, asked.person))
    kept = await tending.incidents.event(kept.id, event, asked.person)
    return f"Resolved: {named(kept)}."


async def write_up(desk: Desk, tending: Tending, asked: Asked, command: Postmortem) -> str:
    """A draft of what is written afterwards, into the incident's thread."""
    kept = await meant(desk, tending, asked, command)
    if kept is None:
        return ""
    await draft(desk, tending, kept)
    return f"The draft for {named(kept)} is in its thread."


async def _ask_for_how_long(desk: Desk, asked: Asked, kept: Kept) -> None:
    """By the modal, or where only a button can open one by that."""
    aim = Aim(kept.id, asked.channel)
    if asked.trigger_id:
        await desk.surfaces.open(asked.trigger_id, snooze_form(aim, kept.about.title))
    else:
        await privately(desk, asked, ask(SNOOZES, kept.id, kept.about.title))


def _why(refusal: Denied) -> str:
    """The refusal as of another, since its own words speak to whoever asks for themselves; and what to do."""
    if refusal.reason in _NOT_KNOWN:
        return f"What they may do is not known just now ({refusal.reason}): ask again in a minute, or name another."
    if refusal.reason is Reason.ROLE:
        return f"They lack the role {RIGHTS['ack'].needs} (`/volati whoami` tells each person theirs): name another."
    return f"Volati takes nothing from them here ({refusal.reason}): name another."


DOES: Mapping[type, Does] = {
    Ack: acknowledge,
    Snooze: snooze,
    Handover: hand_over,
    Resolve: resolve,
    Postmortem: write_up,
}
