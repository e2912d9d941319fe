"""The end of a log, a page of it, or why there is none. Pure.

Lines of a log are the least trusted text there is: whoever can have something logged writes them.
"""

from collections.abc import Iterable, Iterator

from bot.runs.glance_words import instead, just_this, known_error, others, which_lines, which_log
from bot.slack.fit import listed
from bot.slack.limits import OUR_SECTION_TEXT, size
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, code_line, said
from bot.slack.views.pages import not_seen, turning
from bot.words.commands import Logs
from diagnostics.glances.logs import LogLine, LogsGlance

MARK = "▶"
"""Stands before a line with a known error."""

_LINE = 230  # characters of a line as it is written: thirty of them fit into one message
_SENTENCE = 600  # characters of which log it is, with the names of pods
_KNOWN = 1_200  # characters of all known errors
_NAMES = 2_000  # characters of the names to choose from


def logs(found: LogsGlance, command: Logs) -> Message:
    """A page of a log."""
    if found.instead is not None:
        return _instead(found)
    if found.choice is None:
        line = f"Whose log “{said(command.workload, _SENTENCE)}” is could not be seen"
        return Message(line, (section(f"*{line}*"), *not_seen(found.lacks)))
    line = said(which_log(found, found.choice), _SENTENCE)
    blocks = (
        section(f"*{line}*"),
        *_written(found.lines),
        *_known(found),
        *not_seen(found.lacks),
        *_small(found),
        *turning(just_this(found, command), more=found.more),
    )
    return Message(line, blocks)


def _written(some: tuple[LogLine, ...]) -> Iterator[Block]:
    """The lines in blocks of code, each as full as it may be."""
    part: list[str] = []
    room = OUR_SECTION_TEXT
    for one in some:
        line = f"{MARK if one.known else ' '} {code_line(one.text, _LINE)}"
        room -= size(line) + 1
        if room < 0:
            yield _code(part)
            part, room = [], OUR_SECTION_TEXT - size(line) - 1
        part.append(line)
    if part:
        yield _code(part)


def _code(part: Iterable[str]) -> Block:
    return section("```" + "\n".join(part) + "\n```")


def _known(found: LogsGlance) -> Iterator[Block]:
    if found.known:
        entries = [f"{MARK} {said(known_error(one, found.page), _SENTENCE)}" for one in found.known]
        yield section(lines(["*Known errors*", *listed(entries, _KNOWN, "known error")]))


def _small(found: LogsGlance) -> Iterator[Block]:
    choice = found.choice
    shown = [] if found.lacks and not found.lines else [which_lines(found)]
    small = [said(one, _SENTENCE) for one in (*shown, *(others(choice) if choice else ()))]
    if small:
        yield context("\n".join(small))


def _instead(found: LogsGlance) -> Message:
    """What there is instead of the log that was asked for."""
    sentence, names = instead(found)
    line = said(sentence, _SENTENCE)
    choices = listed([f"• {code(name, _SENTENCE)}" for name in names], _NAMES, "name", most=20)
    return Message(line, (section(lines([line, *choices])), *not_seen(found.lacks)))
