"""The reply that says that an incident is over. Pure."""

from datetime import datetime

from bot.incidents.path import Path
from bot.incidents.sheet import Sheet
from bot.slack.message import Message, context, lines, section
from bot.slack.text import said
from bot.slack.views.incident import WHAT, duration, short
from bot.slack.views.people import person

_NAME = 80


def resolved(sheet: Sheet, path: Path) -> Message:
    """It is over: by whom, after how long, how far it had climbed."""
    incident = sheet.incident
    line = f"Resolved: {sheet.title}"  # what follows a colon may look like a secret, to whoever masks those
    took = f" after {_took(incident.opened_at, incident.resolved_at)}" if incident.opened_at else ""
    itself = f"The fault is gone{took}"
    who = f"Resolved by {person(incident.holder)}{took}" if incident.holder else itself
    level = f"It had climbed to level {incident.level}, {said(path.level(incident.level).title, _NAME)}."
    draft = "`@volati postmortem` here drafts what is written afterwards."
    text = lines([f":white_check_mark: *{said(line, WHAT)}*", f"{who}. {level}"])
    return Message(short(line), (section(text), context(draft)))


def _took(begin: datetime, end: datetime | None) -> str:
    return duration(begin, end or begin)
