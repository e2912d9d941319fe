"""Tells one person their rights: which they have and where from, which they lack, and whom to ask. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.people.access import RIGHTS, Denied, Grant, OwnRights, Read, Reason, Source
from bot.slack.fit import listed
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, said
from bot.words.commands import COMMANDS

_SENTENCE = 700  # characters; the longest refusal has about 400, with Slack's own reason in it
_NAME = 80  # characters of a handle
_ASKED = 5  # people and groups named; nobody asks a sixth

#: What is asked for by the buttons of a plan, and by no word.
_BUTTONS = frozenset({"call off", "confirm low", "confirm medium", "confirm high", "break glass"})

#: How each kind of id is written so that Slack shows its name (docs.slack.dev/messaging/formatting-message-text).
_MENTIONS = {"S": "<!subteam^{}>", "C": "<#{}>", "G": "<#{}>"}
_HOUR, _MINUTE = 3600, 60  # seconds


def denied(refusal: Denied) -> Message:
    """Why not, and whom to ask, for that person alone."""
    line = said(refusal.text, _SENTENCE)
    if not refusal.ask:
        return Message(line, (section(line),))
    where = "in " if refusal.reason is Reason.CHANNEL else ""
    return Message(line, (section(lines([line, f"Ask {where}{_either(refusal.ask)}."])),))


def whoami(rights: OwnRights, now: datetime) -> Message:
    """The person's roles, each with where it comes from, what they may do, and how fresh that is."""
    roles = [f"• {grant.role}: {_source(grant, rights)}" for grant in rights.grants]
    head = f"You are {rights.grants[0].role} in Volati" if rights.grants else "You have no role in Volati"
    may, may_not = _words(rights)
    blocks = (
        section(lines([f"*{head}*", *listed(roles, 1_000, "role")])),
        section(lines([_sentence("You may", may), _sentence("You may not", may_not)])),
        *_where(rights),
        context("\n".join(_freshness(rights, now))),
    )
    return Message(head, blocks)


def _source(grant: Grant, rights: OwnRights) -> str:
    if grant.source is not Source.GROUP:
        return said(grant.source.value, _NAME)
    handle = (rights.handles or {}).get(grant.group, grant.group)
    return f"you are in @{said(handle, _NAME)}"


def _words(rights: OwnRights) -> tuple[list[str], list[str]]:
    """What is there to be asked for, in two lists; what is to come is left out, for it says nothing yet."""
    there = {word.word for word in COMMANDS if word.available}
    known = [what for what in RIGHTS if what in _BUTTONS or what.partition(" ")[0] in there]
    may = [code(what, _NAME) for what in known if what in rights.may]
    return may, [f"{code(what, _NAME)} ({RIGHTS[what].needs})" for what in known if what not in rights.may]


def _sentence(start: str, words: Sequence[str]) -> str:
    return f"{start}: {', '.join(words)}." if words else ""


def _where(rights: OwnRights) -> tuple[Block, ...]:
    return (section(f"Volati listens in {_either(rights.channels, 'and')}."),) if rights.channels else ()


def _freshness(rights: OwnRights, now: datetime) -> list[str]:
    standing = rights.who.standing
    found = [f"Slack says that you are a {standing}." if standing else "Slack has not said yet who you are."]
    if rights.groups_on is not None:
        found.append(f"User groups were read {_ago(now, rights.groups_on)}{_consequence(rights.who.groups_read)}.")
    elif rights.who.groups_read is Read.NEVER:
        found.append(f"User groups were not read yet{_consequence(Read.NEVER)}.")
    return [*found, *([said(rights.trouble, _SENTENCE)] if rights.trouble else [])]


def _consequence(read: Read) -> str:
    return "" if read is Read.FRESH else ": who has a role by them alone cannot act until they are"


def _ago(now: datetime, then: datetime) -> str:
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < _MINUTE:
        return "less than a minute ago"
    return f"{seconds // _MINUTE} min ago" if seconds < _HOUR else f"{seconds // _HOUR} h ago"


def _either(ids: Iterable[str], word: str = "or") -> str:
    """Names for ids: "a", "a or b", "a, b or 3 more"."""
    shown = [_MENTIONS.get(one[:1], "<@{}>").format(one) for one in ids]
    if len(shown) > _ASKED:
        shown = [*shown[:_ASKED], f"{len(shown) - _ASKED} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}"
