"""The Home tab: the board, what is open, who is on call, buttons to look anew, and what the person may do. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.incidents.standing import Standing
from bot.people.access import OwnRights
from bot.runs.board import Board
from bot.slack.message import Block, Message, context, section
from bot.slack.view import View, button, buttons
from bot.slack.views.again import Again
from bot.slack.views.standing import standing_blocks
from bot.slack.views.status import board_blocks
from bot.slack.views.whoami import whoami
from bot.slack.words import title
from diagnostics.areas import AREAS

DIAGNOSE = "diagnose_"
"""Begins the action id of each button; a number follows, for no two elements of a view may share one."""

BUTTONS_AT_MOST = 8
"""Buttons shown: one for each section of the runbook. The command takes every area and environment."""

_LABEL = 75  # characters of a button's label (docs.slack.dev/reference/block-kit/block-elements/button-element)


def home(
    known: Board, environments: Sequence[str], rights: OwnRights, now: datetime, how: Standing | None = None
) -> View:
    """The whole tab for one person; `how` is left out where it is not to be told."""
    again = context(f"As of {now:%Y-%m-%d %H:%M} UTC. Open this tab again, or diagnose, to have it anew.")
    blocks = (*standing_blocks(how), *board_blocks(known), *_buttons(environments, rights), again, {"type": "divider"})
    return View("", (*blocks, *whoami(rights, now).blocks), home=True)


def closed(message: Message) -> View:
    """The tab of somebody who may not see it: why not."""
    return View("", message.blocks or (section(message.text),), home=True)


def _buttons(environments: Sequence[str], rights: OwnRights) -> tuple[Block, ...]:
    if "diagnose" not in rights.may:
        return ()
    wanted = [Again(area.name, place, deep=False, own=True) for place in environments for area in AREAS]
    shown = wanted[:BUTTONS_AT_MOST]
    elements = [button(_label(one)[:_LABEL], f"{DIAGNOSE}{place}", one.value) for place, one in enumerate(shown)]
    return (buttons(*elements),) if elements else ()


def _label(one: Again) -> str:
    return f"Diagnose {title(one.area)} in {one.environment}"
