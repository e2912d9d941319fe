"""The buttons that turn the pages of an answer, and the list of what could not be seen. Pure.

A button carries only the question, in the words in which it could be typed. It is read again when it is pressed, and
who presses it is asked for their right then.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.slack.fit import listed
from bot.slack.message import Block, lines, section
from bot.slack.text import said
from bot.slack.view import button, buttons
from bot.words.commands import Audit, Command, Events, Logs, Status, parse
from diagnostics.model import Unobserved

TURN = "turn_"
"""Begins the action id of each button; no two elements of a message may share one."""

OLDER, NEWER = ("Older", "older"), ("Newer", "newer")
MORE, BACK = ("More", "more"), ("Back", "back")
Paged = Status | Events | Logs | Audit
_LINE = 300  # characters of one thing that could not be seen
_ALL = 2_000  # characters of all of them


def turning(command: Paged, *, more: bool, words: Sequence[tuple[str, str]] = (OLDER, NEWER)) -> tuple[Block, ...]:
    """Buttons to the page behind this one, if there is one, and to the one before it."""
    (onward, on), (backward, back) = words
    found = []
    if more:
        found.append(button(onward, f"{TURN}{on}", replace(command, page=command.page + 1).words))
    if command.page > 1:
        found.append(button(backward, f"{TURN}{back}", replace(command, page=command.page - 1).words))
    return (buttons(*found),) if found else ()


def turned(value: str, environments: Sequence[str]) -> Paged | None:
    """The question that a button carries; None when it is none, or names what is not there any more."""
    command: Command | object = parse(value, environments)
    return command if isinstance(command, Status | Events | Logs | Audit) else None


def not_seen(lacks: Sequence[Unobserved]) -> tuple[Block, ...]:
    """What could not be seen, each with its reason."""
    entries = [f"✗ {said(one.what, _LINE)}: {one.reason}. {said(one.detail, _LINE)}" for one in lacks]
    return (section(lines(["*Could not be seen*", *listed(entries, _ALL, "blind spot")])),) if entries else ()
