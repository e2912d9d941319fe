"""Who did what, a page of it; and the audit's head, as it is kept in a channel. Pure."""

import re

from bot.audit.entry import Entry, Head, Linked
from bot.audit.ledger import SEARCHED, Recent, Unread
from bot.audit.words import line, what_was_done
from bot.slack.message import Message, context, section
from bot.slack.text import code, said
from bot.slack.views.pages import turning
from bot.words.commands import Audit

ENTRIES = 12
"""Entries on one page: always few enough for one message, whatever is in them."""

_DEED = 260  # characters: what was done to what, of which plan
_DETAIL = 240  # characters of a reason or a result
_NAME = 80  # characters of a name
_EACH = 4  # entries in one block: its text stays below its limit
_PERSON = re.compile("[UW][A-Z0-9]{2,20}")
_HEAD = 100  # characters of a head: fifteen digits, a colon, 64 digits


def on_page(command: Audit) -> tuple[int, int]:
    """How many entries the page of a command has, and how many newer ones were on the pages before it."""
    passing = (command.page - 1) * ENTRIES
    return (max(0, min(ENTRIES, command.most - passing)) if command.most else ENTRIES), passing


def audit(found: Recent, command: Audit) -> Message:
    """A page of the audit, newest first."""
    where = f" in {said(command.environment, _NAME)}" if command.environment else ""
    title = f"Who did what{where}"
    told = [_told(one) for one in found.entries]
    parts = [section("\n".join(told[place : place + _EACH])) for place in range(0, len(told), _EACH)]
    blocks = (
        section(f"*{title}*{f', page {command.page}' if command.page > 1 else ''}"),
        *(parts or [section(_nothing(found, command))]),
        context(_small(found, command)),
        *turning(command, more=found.older and not _all_asked_for(command)),
    )
    return Message(f"{title}: {len(found.entries)} of {found.of:,} entries", blocks)


def kept(head: Head) -> Message:
    """The audit's head, for a channel: what stands here, nobody can change in the store."""
    text = f"Audit: {head.number:,} entries. Head {code(str(head), _HEAD)}"
    small = "Kept here so that a loss shows: give it to `volati audit verify --head`, on the command line."
    return Message(f"Audit: {head.number:,} entries", (context(text, small),))


def _told(one: Linked | Unread) -> str:
    if isinstance(one, Unread):
        return f":warning: {said(line(one), _DEED)}"
    entry = one.entry
    plan = f" (plan {entry.plan})" if entry.plan else ""
    deed = said(f"{what_was_done(entry)}{plan}", _DEED)
    detail = f"\n      {said(entry.detail, _DETAIL)}" if entry.detail else ""
    return f"• {one.number:,}. {entry.at:%Y-%m-%d %H:%M:%S} {_who(entry)} {deed}{detail}"


def _who(entry: Entry) -> str:
    """A person as Slack shows them; anybody else by name."""
    return f"<@{entry.who}>" if _PERSON.fullmatch(entry.who) else said(entry.who, _NAME)


def _nothing(found: Recent, command: Audit) -> str:
    if found.of == 0:
        return "Nothing was audited yet: nobody has asked for an act."
    return "There are none so far back." if command.page > 1 else "There is no entry about it."


def _all_asked_for(command: Audit) -> bool:
    return bool(command.most) and command.page * ENTRIES >= command.most


def _small(found: Recent, command: Audit) -> str:
    left = found.of - (command.page - 1) * ENTRIES - len(found.entries)
    parts = [
        f"The newest {SEARCHED:,} entries were searched; `volati audit` in a shell searches all." if found.cut else "",
        _left(left, command) if found.older and not found.cut else "",
        "Times are UTC. `volati audit verify`, on the command line, proves that nothing is missing or altered.",
    ]
    return " ".join(part for part in parts if part)


def _left(left: int, command: Audit) -> str:
    older = (
        "Older entries are" if command.environment else f"{left:,} older {'entry is' if left == 1 else 'entries are'}"
    )
    return f"{older} not shown here{f'; you asked for {command.most:,}' if _all_asked_for(command) else ''}."
