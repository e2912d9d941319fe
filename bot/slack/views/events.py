"""What the cluster reported lately, a page of it. Pure."""

from bot.runs.glance_words import event_head
from bot.slack.message import Block, Message, context, section
from bot.slack.text import said
from bot.slack.views.pages import not_seen, turning
from bot.words.commands import Events
from diagnostics.glances.events import EventGroup, EventsGlance

GROUPS = 14
"""Kinds of events on one page: always few enough for one message, whatever is in them."""

_HEAD = 300  # characters: what happened, to what, how often, when
_MESSAGE = 300  # characters of a message
_PLACE = 80  # characters of a name
_EACH = 4  # kinds in one block: its text stays below its limit


def events(found: EventsGlance, command: Events) -> Message:
    """A page of the kinds of events, newest first."""
    begin = (command.page - 1) * GROUPS
    shown, left = found.groups[begin : begin + GROUPS], max(0, len(found.groups) - begin - GROUPS)
    line = _line(found)
    blocks = (
        section(f"*{line}*{f', page {command.page}' if command.page > 1 else ''}"),
        *_kinds(found, shown),
        *not_seen(found.lacks),
        context(_small(found, left)),
        *turning(command, more=left > 0),
    )
    return Message(line, blocks)


def _line(found: EventsGlance) -> str:
    where = said(found.environment, _PLACE)
    if not found.groups:
        return f"No events in {where} could be seen" if found.lacks else f"The cluster reports no events in {where}"
    warnings = sum(group.warns for group in found.groups)
    return f"{found.read:,} events in {where}, of {len(found.groups):,} kinds, {warnings:,} of them warnings"


def _kinds(found: EventsGlance, shown: tuple[EventGroup, ...]) -> tuple[Block, ...]:
    if not shown and found.groups:
        return (section("There are none so far back."),)
    told = [_kind(group, found) for group in shown]
    return tuple(section("\n".join(told[place : place + _EACH])) for place in range(0, len(told), _EACH))


def _kind(group: EventGroup, found: EventsGlance) -> str:
    sign = ":warning:" if group.warns else "•"
    return f"{sign} {said(event_head(group, found.at), _HEAD)}\n{said(group.message, _MESSAGE)}"


def _small(found: EventsGlance, left: int) -> str:
    parts = [
        f"{left:,} older kinds are not shown here." if left else "",
        f"There were more than {found.read:,} events; the oldest were not read." if found.cut else "",
        "Newest first; a cluster keeps its events for an hour or so.",
    ]
    return " ".join(part for part in parts if part)
