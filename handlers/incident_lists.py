"""What is told of incidents to who asks: those that are open, who is on call, and a draft of the post-mortem."""

from bot.incidents.kept import Kept
from bot.incidents.postmortem import postmortem
from bot.incidents.sheet import Sheet
from bot.slack.letters import Attachment
from bot.slack.poster import Place
from bot.slack.views.incident_lists import incidents, on_call
from bot.words.incidents import Incidents, Oncall
from handlers.desk import Asked, Desk
from handlers.privately import privately
from handlers.tending import Tending

LINKED = 8
"""Incidents whose threads are linked to: each takes a call of Slack's, one after the other, the first time."""


async def show_open(desk: Desk, tending: Tending, asked: Asked, _: Incidents) -> str:
    """Tell what is open. To the person alone, since it names people."""
    found = await tending.incidents.open_ones()
    await tending.threads.learn(desk.surfaces, found[:LINKED])
    sheets = [Sheet(one, link=tending.threads.known(one)) for one in found]
    await privately(desk, asked, incidents(sheets, desk.path))
    return ""


async def show_on_call(desk: Desk, tending: Tending, asked: Asked, _: Oncall) -> str:
    """Tell who is on call. To the person alone, since it names groups and people."""
    await privately(desk, asked, on_call(await tending.incidents.oncall(), desk.path))
    return ""


async def draft(desk: Desk, tending: Tending, kept: Kept) -> None:
    """Put a draft into the incident's thread."""
    text = postmortem(await tending.sheets.of(kept), desk.path)
    root = kept.shown.thread or kept.ts or kept.shown.card
    title = f"Post-mortem of incident {kept.id}: a draft"
    await desk.poster.attach(Place(kept.shown.channel, root), Attachment(f"postmortem-{kept.id}.md", title, text))
