"""Does `volati triage` and `volati catalogue check`: reads the text, judges it, writes the answer for a terminal."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import BinaryIO, NamedTuple

from bot.catalogue import load_catalogue, open_shelf, slow_entries
from bot.cli.opening import DEFAULT_CONFIG, is_file
from bot.cli.output import tell
from bot.errors import VolatiError
from bot.runs.terminal import printable
from bot.settings import load
from diagnostics.excerpts import Excerpt
from diagnostics.redaction import Redactor
from diagnostics.signatures import Catalogue, Source, complaints
from diagnostics.triage import READ_AT_MOST, Match, Triage, triage

__all__ = [
    "Tail",
    "answer",
    "catalogue_named",
    "configured_catalogue",
    "prove",
    "read_tail",
    "report",
    "source_named",
]

#: Bytes kept of a text's end: twice what is judged, so that a secret cut in half lies in what is not judged.
_KEPT = 2 * READ_AT_MOST
_CHUNK = 1 << 16  # bytes read at once


class Tail(NamedTuple):
    """The end of a text, and how many lines and bytes before it were passed over."""

    text: bytes
    lines: int
    size: int


def catalogue_named(own: Path | None, config: Path) -> Catalogue:
    """The entries to match: with those of a folder that was named, or of the settings, where these can be used.

    Raises:
        VolatiError: what was named cannot be used.
    """
    if own:
        return load_catalogue(own)
    shelf = open_shelf(configured_catalogue(config))
    if shelf.fault:
        tell(shelf.fault)
    return shelf.catalogue


def configured_catalogue(config: Path) -> Path | None:
    """The team's folder, where settings name one: a log can be looked into with no settings at all."""
    return load(config, files=False).catalogue if config != DEFAULT_CONFIG or is_file(str(config)) else None


def source_named(name: str | None) -> Source | None:
    """The source a person names; None when they name none.

    Raises:
        VolatiError: there is no such source.
    """
    if name is None:
        return None
    try:
        return Source(name.strip().lower())
    except ValueError:
        known = ", ".join(source.value for source in Source)
        raise VolatiError(f"There is no source {name[:40]!r}. Name one of: {known}.") from None


def read_tail(name: str, pipe: BinaryIO) -> Tail:
    """The end of a file, or of `pipe` for "-". However long it is, it takes no more than a few MB of memory.

    Raises:
        VolatiError: the file cannot be read.
    """
    try:
        if name == "-":
            return _tail(pipe)
        with Path(name).open("rb") as file:
            return _tail(file)
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        reason = error.strerror if isinstance(error, OSError) else error
        raise VolatiError(f"{name[:200]!r} cannot be read: {reason}. Name a file, or - for a pipe.") from error


def answer(tail: Tail, source: Source | None, redactor: Redactor, catalogue: Catalogue) -> Triage:
    """What is known about the text. It takes the processor for some 0.1 s: on a loop, call it in a thread."""
    found = triage(tail.text.decode("utf-8", "replace"), catalogue, redactor, source)
    return found.behind(tail.lines, tail.size)


def prove(own: Path | None = None) -> tuple[str, int]:
    """Hold every entry to its examples and to its speed: what to print, and the exit code, 0 or 1.

    Raises:
        CatalogueError: the catalogue cannot be used at all.
    """
    catalogue = load_catalogue(own)
    wrong = [*complaints(catalogue), *slow_entries(catalogue)]
    if wrong:
        return "\n".join(printable(str(one)) for one in wrong), 1
    examples = sum(len(one.examples) for one in catalogue.signatures)
    counter = sum(len(one.counter_examples) for one in catalogue.signatures)
    return f"{len(catalogue)} entries hold {examples} examples and {counter} counter-examples.", 0


def report(found: Triage) -> str:
    """The answer as plain text: the worst first, then what looks wrong and is not known, then what was read."""
    parts = (*_known(found), *_unknown(found), *_small(found))
    return "\n".join(printable(line) for part in parts for line in part.split("\n"))


def _tail(file: BinaryIO) -> Tail:
    kept: deque[bytes] = deque()
    size = lines = dropped = 0
    while chunk := file.read(_CHUNK):
        kept.append(chunk)
        size += len(chunk)
        while size - len(kept[0]) >= _KEPT:
            gone = kept.popleft()
            size, dropped, lines = size - len(gone), dropped + len(gone), lines + gone.count(b"\n")
    return Tail(b"".join(kept), lines, dropped)


def _known(found: Triage) -> Iterator[str]:
    if not found.matches:
        yield "The text is empty." if not found.lines else "Nothing known matches this text."
    for match in found.matches:
        yield from (*_match(match), "")


def _match(match: Match) -> Iterator[str]:
    yield f"{match.severity.upper()} {match.meaning} [{match.id}]"
    if not match.certain:
        yield f"  only if it comes from {' or '.join(match.sources)}; name it with --source"
    yield f"  likely cause: {match.cause}"
    times = "once" if match.count == 1 else f"{match.count:,} times"
    yield f"  {times}, line {match.first}" + (f" to {match.last}" if match.last > match.first else "")
    yield from _lines(match.excerpts)
    for number, step in enumerate(match.steps, 1):
        yield f"  {number}. {step.text}"
        if step.command:
            yield indent(step.command, "    $ ")
    yield f"  runbook: {match.section}"


def _unknown(found: Triage) -> Iterator[str]:
    if found.suspects:
        yield f"{found.suspect_count:,} line(s) may be an error, and no entry knows them; the first different ones:"
        yield from _lines(found.suspects)


def _lines(excerpts: tuple[Excerpt, ...]) -> Iterator[str]:
    for one in excerpts:
        cut = one.before + one.after
        yield f"  | {one.line}: {one.text}{f' ({cut:,} characters not shown)' if cut else ''}"


def _small(found: Triage) -> Iterator[str]:
    for guessed in found.sources:
        yield f"seems to be from {guessed.source}: {guessed.reason}"
    unread = f"; the {found.unread_bytes:,} bytes before them were not read" if found.unread_bytes else ""
    yield f"read {found.lines:,} line(s){unread}; masked {found.masked} secret(s); catalogue {found.catalogue}"
