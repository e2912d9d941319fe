"""What the command line shows of a glance, as plain text. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from bot.runs.board import Board, Row
from bot.runs.glance_words import (
    event_head,
    instead,
    just_this,
    known_error,
    others,
    pods_in_all,
    rows,
    which_lines,
    which_log,
)
from bot.runs.terminal import headline, printable
from bot.slack.words import ago, title
from bot.words.commands import Logs
from diagnostics.glances.events import EventsGlance
from diagnostics.glances.logs import LogsGlance
from diagnostics.glances.overview import Overview
from diagnostics.model import Unobserved

COULD_NOT_SEE, NOT_THERE = 3, 2  # exit codes, as those of a diagnosis


def exit_code(found: EventsGlance | LogsGlance | Overview) -> int:
    """0 when all was seen, 2 when there is no such log, 3 when a part that is configured could not be seen."""
    if isinstance(found, LogsGlance) and found.instead is not None:
        return NOT_THERE
    return COULD_NOT_SEE if any(one.reason.counts for one in found.lacks) else 0


def status_report(known: Board, look: Overview | str) -> str:
    """The last verdicts and the quick look; or in a sentence why there is none."""
    verdicts = [known.trouble] if known.trouble else [_verdict(row, known) for row in known.rows]
    return _text([*verdicts, "", *([look] if isinstance(look, str) else _look(look))])


def events_report(found: EventsGlance) -> str:
    """Every kind of event, newest first."""
    return _text(_events(found))


def logs_report(found: LogsGlance, command: Logs) -> str:
    """A page of a log, and how to see the one before it."""
    if found.instead is not None:
        sentence, names = instead(found)
        return _text([sentence, *(f"  {name}" for name in names), *_lacks(found.lacks)])
    return _text(_log(found, command))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(printable(line) for line in lines)


def _verdict(row: Row, known: Board) -> str:
    if row.diagnosis is None or row.ended is None:
        return f"{title(row.area)} in {row.environment}: {row.trouble or 'never looked at, or over a month ago'}"
    return f"{headline(row.diagnosis)} ({ago(row.ended, known.at)})"


def _look(look: Overview) -> Iterator[str]:
    yield pods_in_all(look)
    for heading, some in groupby(rows(look), key=lambda row: row.heading):
        yield f"{heading}"
        yield from (f"  {'!' if row.trouble else '·'} {row.text}" for row in some)
    yield from _lacks(look.lacks)


def _events(found: EventsGlance) -> Iterator[str]:
    yield f"{found.read:,} events in {found.environment}, of {len(found.groups):,} kinds, newest first"
    for group in found.groups:
        yield f"{group.type.upper()} {event_head(group, found.at)}"
        yield f"    {group.message}"
    if found.cut:
        yield f"There were more than {found.read:,} events; the oldest were not read."
    yield from _lacks(found.lacks)


def _log(found: LogsGlance, command: Logs) -> Iterator[str]:
    if found.choice is not None:
        yield which_log(found, found.choice)
        yield from (f"{'>' if line.known else ' '} {line.text}" for line in found.lines)
        yield from (f"> {known_error(one, found.page)}" for one in found.known)
        if found.lines or not found.lacks:
            yield which_lines(found)
        yield from others(found.choice)
    if found.more:
        yield f"older: volati {replace(just_this(found, command), page=found.page + 1).words}"
    yield from _lacks(found.lacks)


def _lacks(lacks: Iterable[Unobserved]) -> Iterator[str]:
    told = [f"  ? {one.what}: {one.reason}. {one.detail}" for one in lacks]
    if told:
        yield "not seen:"
        yield from told
