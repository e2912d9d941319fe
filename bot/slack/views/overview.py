"""The answer to `status`: the last verdicts, and what the cluster shows now, a page of it. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from bot.incidents.standing import Standing
from bot.runs.board import Board
from bot.runs.glance_words import Row, pods_in_all, rows
from bot.slack.message import Block, Message, context, section
from bot.slack.text import said
from bot.slack.views.pages import BACK, MORE, not_seen, turning
from bot.slack.views.standing import standing_blocks, standing_words
from bot.slack.views.status import board_blocks, status
from bot.words.commands import Status
from diagnostics.glances.overview import Overview

ROWS = 20
"""Lines of the quick look on one page: always few enough for one message that also has the verdicts."""

_ROW = 220  # characters of a line
_HEADING = 100  # characters of a heading
_EACH = 10  # lines in one block: its text stays below its limit


def status_now(known: Board, look: Overview | str, command: Status, how: Standing | None = None) -> Message:
    """The verdicts, what is open and who is on call, and under them the quick look; or in a sentence why there is none.

    `how` is left out where it is not to be told.
    """
    verdicts = status(known)
    text = f"{words}. {verdicts.text}" if (words := standing_words(how)) else verdicts.text
    if isinstance(look, str):
        return Message(text, (*verdicts.blocks, *standing_blocks(how), context(said(look, _ROW * 2))))
    every = list(rows(look))
    last = max(1, -(-len(every) // ROWS))
    begin = (command.page - 1) * ROWS
    left = max(0, len(every) - begin - ROWS)
    head = (*board_blocks(known), *standing_blocks(how)) if command.page == 1 else ()
    blocks = (
        *head,
        section(f"*Now: {said(pods_in_all(look), _ROW)}*{f', page {command.page}' if command.page > 1 else ''}"),
        *(_listed(every[begin : begin + ROWS]) if command.page <= last else (section(_beyond(last)),)),
        *not_seen(look.lacks),
        context(f"As of {look.at:%H:%M:%S} UTC.{f' {left:,} more lines are not shown here.' if left else ''}"),
        *turning(replace(command, page=min(command.page, last + 1)), more=left > 0, words=(MORE, BACK)),
    )
    return Message(text, blocks)


def _beyond(last: int) -> str:
    return f"There is nothing on this page: the last one is page {last}." if last > 1 else "There is one page only."


def _listed(shown: list[Row]) -> Iterator[Block]:
    for heading, some in groupby(shown, key=lambda row: row.heading):
        told = [f"{':warning:' if row.trouble else '•'} {said(row.text, _ROW)}" for row in some]
        for place in range(0, len(told), _EACH):
            first = f"*{said(heading, _HEADING)}*\n" if place == 0 else ""
            yield section(first + "\n".join(told[place : place + _EACH]))
