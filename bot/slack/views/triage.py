"""What is known about a pasted text: the known errors in it, worst first, or honestly that there is none. Pure."""

from collections import Counter
from collections.abc import Iterator

from bot.slack.fit import Piece, counted, fitted, listed
from bot.slack.limits import OUR_SECTION_TEXT
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, code_block, link, said
from bot.slack.words import SEVERITIES
from diagnostics.excerpts import Excerpt
from diagnostics.model import Severity
from diagnostics.signatures import Step
from diagnostics.triage import Match, Triage

_SENTENCE = 600  # characters of a meaning or a cause: what an entry may have
_LINE = 280  # characters of one line of the text; a log line is about so long
_COMMAND = 900  # characters of a command to copy
_NAME = 120  # characters of an id or a name
_EXCERPTS = 3  # lines shown of one match; a phone shows about so many, and all are counted
_SUSPECTS = 8  # lines shown of those that nothing is known about
_SIGNS = {
    Severity.CRITICAL: ":red_circle:",
    Severity.WARNING: ":large_orange_circle:",
    Severity.NOTE: ":white_circle:",
}


def triage_answer(found: Triage, runbook_url: str | None = None) -> Message:
    """The answer in one line, each known error with what to do, and what looks wrong and is not known.

    What does not fit is counted. Without `runbook_url` sections are named and not linked.
    """
    line = _first_line(found)
    head = Piece((section(f"{_sign(found)} *{line}*"),))
    pieces = [*_matches(found, runbook_url), *_suspects(found)]
    return Message(line, fitted(head, pieces, lambda left_out: _foot(found, left_out)))


def _first_line(found: Triage) -> str:
    if not found.matches:
        return "The text is empty" if not found.lines else "Nothing known matches this text"
    first = found.matches[0]
    more = len(found.matches) - 1
    rest = f", and {counted(more, 'other known error')}" if more else ""
    return f"{'' if first.certain else 'Perhaps: '}{said(first.meaning, 200).rstrip('.')}{rest}"


def _sign(found: Triage) -> str:
    return _SIGNS[found.matches[0].severity] if found.matches else ":grey_question:"


def _matches(found: Triage, runbook_url: str | None) -> Iterator[Piece]:
    several = len(found.matches) > 1
    for place, match in enumerate(found.matches, start=1):
        heading = _heading(match, f"{place}. " if several else "")
        yield Piece((section(lines([heading, *_lines_of(match)])),), (("known error", 1),))
        yield Piece((_what_to_do(match.steps), _rests_on(match, runbook_url)), (("list of steps", 1),))


def _heading(match: Match, number: str) -> str:
    sure = "" if match.certain else f" _Only if it comes from {_places(match)}; the text does not say._"
    return lines(
        [
            f"*{number}{said(match.meaning, _SENTENCE)}* ({SEVERITIES[match.severity]}){sure}",
            f"Likely cause: {said(match.cause, _SENTENCE)}",
            f"{counted(match.count, 'time')}, {_where(match)}:",
        ]
    )


def _places(match: Match) -> str:
    return " or ".join(said(source.value, _NAME) for source in match.sources)


def _where(match: Match) -> str:
    return f"line {match.first:,}" if match.first == match.last else f"lines {match.first:,} to {match.last:,}"


def _lines_of(match: Match) -> list[str]:
    return listed([_line(one) for one in match.excerpts], 1_100, "different line", _EXCERPTS)


def _line(excerpt: Excerpt) -> str:
    cut = [f"{count:,} {where}" for count, where in ((excerpt.before, "before"), (excerpt.after, "after")) if count]
    missing = f" (characters not shown: {', '.join(cut)})" if cut else ""
    return f"• {excerpt.line:,}: {code(excerpt.text, _LINE) or '(blank)'}{missing}"


def _what_to_do(steps: tuple[Step, ...]) -> Block:
    entries = [lines([f"{place}. {said(one.text, _SENTENCE)}", _command(one)]) for place, one in enumerate(steps, 1)]
    return section(lines(["*What to do*", *listed(entries, OUR_SECTION_TEXT - 20, "step")]))


def _command(step: Step) -> str:
    return code_block(step.command, _COMMAND) if step.command.strip() else ""


def _rests_on(match: Match, runbook_url: str | None) -> Block:
    where = said(match.section.value, 200)
    if runbook_url:
        where = link(f"{runbook_url}#{match.section.anchor}", match.section.value, 1_000)
    return context(f"Runbook: {where}. {code(match.id, _NAME)}")


def _suspects(found: Triage) -> Iterator[Piece]:
    if not found.suspects:
        return
    heading = f"*{counted(found.suspect_count, 'line')} that may be an error, and that no entry knows*"
    shown = listed([_line(one) for one in found.suspects], OUR_SECTION_TEXT - 200, "different line", _SUSPECTS)
    yield Piece((section(lines([heading, *shown])),), (("unknown line", found.suspect_count),))


def _foot(found: Triage, left_out: Counter[str]) -> Piece:
    missing = [counted(number, thing) for thing, number in sorted(left_out.items()) if number]
    more = (
        f"*Did not fit here: {', '.join(missing)}.* All of it, on the command line: {code('volati triage FILE', _NAME)}"
        if missing
        else ""
    )
    blocks = [section(more)] if more else []
    return Piece((*blocks, context(lines([_source(found), _read(found)]))))


def _source(found: Triage) -> str:
    if not found.sources:
        return "Where the text is from is not known."
    guessed = "; ".join(f"{said(one.source.value, _NAME)} ({said(one.reason, _NAME)})" for one in found.sources)
    return f"It seems to be from {guessed}."


def _read(found: Triage) -> str:
    unread = f" The {found.unread_bytes:,} bytes before them ({counted(found.unread_lines, 'line')}) were not read."
    masked = f" {counted(found.masked, 'secret')} masked." if found.masked else ""
    version = f" Catalogue {said(found.catalogue, _NAME)}."
    return f"Read {counted(found.lines, 'line')}.{unread if found.unread_bytes else ''}{masked}{version}"
