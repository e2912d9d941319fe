"""The last known verdict of every area, with its age: for `status` and for the Home tab. Pure."""

from bot.runs.board import Board, Row
from bot.slack.fit import listed
from bot.slack.limits import OUR_SECTION_TEXT
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import said
from bot.slack.views.headline import because
from bot.slack.words import SIGNS, VERDICTS, ago, title
from diagnostics.model import Verdict

_NAME = 80  # characters of a name in a sentence
_REASON = 160  # characters of a reason: two lines on a phone
_TROUBLE = 300  # characters of why nothing is known
_HEADING = 200  # characters kept for the heading

_WORST = tuple(SIGNS)  # down first


def status(known: Board) -> Message:
    """The board as a message: what is worst in the first line."""
    return Message(_first(known), board_blocks(known))


def board_blocks(known: Board) -> tuple[Block, ...]:
    """The board itself: a line for each area of each environment, and how to read it."""
    if known.trouble:
        return (section(f":warning: {said(known.trouble, _TROUBLE)}"),)
    rows = listed([_row(row, known) for row in known.rows], OUR_SECTION_TEXT - _HEADING, "area", most=40)
    return (section(lines([f"*{_first(known)}*", *rows])), context("Last known, not looked at anew. Diagnose to know."))


def _first(known: Board) -> str:
    if known.trouble:
        return said(known.trouble, _TROUBLE)
    verdicts = [row.diagnosis.verdict for row in known.rows if row.diagnosis]
    if not verdicts:
        return "No verdict is known yet"
    counted = [(verdict, verdicts.count(verdict)) for verdict in _WORST if verdict in verdicts]
    parts = [f"{number} {_WORDS[verdict]}" for verdict, number in counted]
    others = len(known.rows) - len(verdicts)
    return ", ".join([*parts, *([f"{others} not known"] if others else [])])


_WORDS = {
    Verdict.DOWN: "down",
    Verdict.DEGRADED: "degraded",
    Verdict.UNKNOWN: "not judged",
    Verdict.HEALTHY: "healthy",
}


def _row(row: Row, known: Board) -> str:
    where = f"*{said(title(row.area), _NAME)}* in {said(row.environment, _NAME)}"
    if row.diagnosis is None or row.ended is None:
        return f":heavy_minus_sign: {where}: {said(row.trouble, _TROUBLE) or 'never looked at, or over a month ago'}"
    verdict = row.diagnosis.verdict
    line = f"{SIGNS[verdict]} {where} {VERDICTS[verdict]}, {ago(row.ended, known.at)}"
    return line if verdict is Verdict.HEALTHY else f"{line}: {because(row.diagnosis, _REASON)}"
