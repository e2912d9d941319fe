"""The answer in the thread: verdict, causes with the symptoms folded under them, blind spots, changes. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.runs.terminal import report
from bot.slack.fit import Fitted, Piece, counted, fit, listed
from bot.slack.letters import Attachment
from bot.slack.limits import OUR_SECTION_TEXT
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, said
from bot.slack.views.cause import Folded, cause_pieces
from bot.slack.views.headline import first_line, in_words
from bot.slack.words import duration
from diagnostics.model import Change, Diagnosis, Reason, Unobserved
from diagnostics.runs import Run

_SHOWN = 8  # lines of one list; what is beyond is counted
_LINE = 300  # characters of one line in a list
_QUIET = (Reason.NOT_CONFIGURED, Reason.NOT_ASKED_FOR)


@dataclass(frozen=True, slots=True)
class Frame:
    """What the view needs beside the run: where the runbook is, what was looked at, in one line, and its buttons."""

    runbook_url: str | None = None
    looked_at: str = ""
    buttons: tuple[Block, ...] = ()


def verdict(run: Run, frame: Frame) -> Message:
    """The whole answer. What does not fit is counted, and the run's id says where all of it is."""
    return Message(in_words(run.diagnosis), _fitted(run, frame).blocks)


def whole(run: Run, frame: Frame) -> Attachment | None:
    """The whole report as a file for the thread, when the message has to leave some of it out."""
    if not _fitted(run, frame).left_out:
        return None
    return Attachment(f"volati-{run.id}.txt", in_words(run.diagnosis), report(run.diagnosis, run.id))


def _fitted(run: Run, frame: Frame) -> Fitted:
    diagnosis = run.diagnosis
    head = Piece((section(first_line(diagnosis)),))
    pieces = [*_causes(diagnosis, frame), *_unseen(diagnosis), *_changes(diagnosis)]
    return fit(head, pieces, lambda left_out: _foot(run, frame, left_out))


def _causes(diagnosis: Diagnosis, frame: Frame) -> Iterator[Piece]:
    several = len(diagnosis.causes) > 1
    for place, cause in enumerate(diagnosis.causes, start=1):
        folded = Folded.of(cause, diagnosis, frame.runbook_url, f"{place}. " if several else "")
        yield from cause_pieces(folded)


def _unseen(diagnosis: Diagnosis) -> Iterator[Piece]:
    needed = [lack for lack in diagnosis.unobserved if lack.required]
    other = [lack for lack in diagnosis.unobserved if lack.reason.counts and not lack.required]
    quiet = [lack for lack in diagnosis.unobserved if not lack.reason.counts and not lack.required]
    if needed:
        yield _list("*Needed, and could not be seen*", _lacks(needed), "blind spot")
    if other:
        yield _list("*Could not be seen*", _lacks(other), "blind spot")
    if quiet:
        small = lines(_quiet(reason, [lack for lack in quiet if lack.reason is reason]) for reason in _QUIET)
        yield Piece((context(small),), (("blind spot", len(quiet)),))


def _lacks(lacks: list[Unobserved]) -> list[str]:
    """One line each with its reason; those that only wait for another share one."""
    own = [lack for lack in lacks if lack.reason is not Reason.DEPENDS]
    waiting = [lack for lack in lacks if lack.reason is Reason.DEPENDS]
    shown = [f"✗ {said(lack.what, _LINE)}: {lack.reason}. {said(lack.detail, _LINE)}" for lack in own]
    if waiting and (own or len(waiting) > 1):
        shown.append(f"✗ not come to, for lack of what they need: {_named(waiting)}")
    elif waiting:
        shown.append(f"✗ {said(waiting[0].what, _LINE)}: {said(waiting[0].detail, _LINE)}")
    return shown


def _list(heading: str, entries: list[str], thing: str) -> Piece:
    """A list under a heading; entries that do not fit are counted."""
    shown = listed(entries, OUR_SECTION_TEXT - len(heading), thing)
    return Piece((section(lines([heading, *shown])),), ((thing, len(entries)),))


def _quiet(reason: Reason, lacks: list[Unobserved]) -> str:
    return f"{str(reason).capitalize()}: {_named(lacks)}." if lacks else ""


def _named(lacks: list[Unobserved]) -> str:
    more = f", and {len(lacks) - _SHOWN} more" if len(lacks) > _SHOWN else ""
    return ", ".join(said(lack.what, 100) for lack in lacks[:_SHOWN]) + more


def _changes(diagnosis: Diagnosis) -> Iterator[Piece]:
    if diagnosis.changes:
        yield _list("*Changed since the last run*", [_change(one) for one in diagnosis.changes], "change")


def _change(change: Change) -> str:
    return f"• {said(change.what, 100)}: {code(change.before, 120)} → {code(change.after, 120)}"


def _foot(run: Run, frame: Frame, left_out: Counter[str]) -> Piece:
    """What is missing, if anything; what was looked at; and how to see the run again."""
    replay = code(f"volati replay {run.id}", 100)
    missing = [counted(number, thing) for thing, number in sorted(left_out.items()) if number]
    when = f"{run.diagnosis.started_at:%Y-%m-%d %H:%M} UTC"
    took = f"Run {code(run.id, 60)}, {when}, took {duration(run.diagnosis.duration_ms)}"
    small = f"{took}. To see it again, on the command line: {replay}"
    more = f"*And {', '.join(missing)} that did not fit here*; all of it, on the command line: {replay}"
    blocks = [section(more)] if missing else []
    return Piece((*blocks, context(lines([frame.looked_at, small])), *frame.buttons))


def plainly(run: Run) -> Message:
    """The verdict alone, for when Slack refuses the shape of the whole answer."""
    line = f"{first_line(run.diagnosis)}\nAll of it, on the command line: {code(f'volati replay {run.id}', 100)}"
    return replace(Message(in_words(run.diagnosis)), blocks=(section(line),))
