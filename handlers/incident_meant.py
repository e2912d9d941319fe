"""Finds the incident that somebody means: by its id, by the thread they are in, or because it is the only open one."""

from dataclasses import replace

from bot.errors import IncidentUnknown
from bot.incidents.kept import Kept
from bot.incidents.sheet import Sheet
from bot.slack.views.incident_lists import which
from bot.words.commands import right
from bot.words.incidents import Ack, Escalate, Handover, Postmortem, Resolve, Snooze
from handlers.desk import Asked, Desk
from handlers.privately import privately
from handlers.tending import Tending

_NONE_OPEN = "No incident is open. `/volati escalate <reason>` opens one."
_NO_DRAFT = (
    "No incident is open. For one that is over, mention Volati with “postmortem” in its thread, or name it: "
    "`/volati postmortem <its id>`; its card has the id."
)

About = Ack | Escalate | Handover | Postmortem | Resolve | Snooze
"""The commands that are about one incident."""


async def meant(desk: Desk, tending: Tending, asked: Asked, command: About) -> Kept | None:
    """The incident; None where the person was asked which one.

    Raises:
        IncidentUnknown: there is none of this id, or none open.
    """
    named = await named_or_in_thread(tending, asked, command.incident)
    if named is not None:
        return named
    open_ones = await tending.incidents.open_ones()
    if not open_ones:
        raise IncidentUnknown(_NO_DRAFT if isinstance(command, Postmortem) else _NONE_OPEN)
    if len(open_ones) == 1:
        return open_ones[0]
    await ask_which(desk, asked, command, open_ones)
    return None


async def named_or_in_thread(tending: Tending, asked: Asked, incident: str) -> Kept | None:
    """The incident of this id, or of the thread that something was written in; None for neither.

    Raises:
        IncidentUnknown: there is none of this id.
    """
    if incident:
        kept = await tending.incidents.find(incident)
        if kept is None:
            raise IncidentUnknown(f"There is no incident “{incident[:40]}”. `/volati incidents` lists the open ones.")
        return kept
    if asked.mentioned_ts and asked.thread_ts:
        return await tending.incidents.by_thread(asked.channel, asked.thread_ts)
    return None


async def ask_which(desk: Desk, asked: Asked, command: About, several: tuple[Kept, ...]) -> None:
    """Show the open ones, to be chosen from."""
    sheets = [Sheet(one) for one in several]
    await privately(desk, asked, which(right(command), command.rest, sheets))


def aimed_at(command: About, incident: str) -> About:
    """The same command about this incident."""
    return replace(command, incident=incident)
