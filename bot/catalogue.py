"""Loads the catalogue of known errors: the packaged files, and a folder of the team's own.

It judges no text. Every mistake in every file is told at once, each with its file, entry, field and remedy.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from bot.errors import VolatiError
from diagnostics.patterns import Pattern
from diagnostics.signatures import BadCatalogueError, BadEntryError, Catalogue, Complaint, Signature, signature_from
from diagnostics.signatures.entry import prepared

__all__ = ["CatalogueError", "Shelf", "load_catalogue", "open_shelf", "slow_entries"]

_FILE_AT_MOST = 1_000_000  # bytes of one file; the longest of ours has below 40,000
_FILES_AT_MOST = 200  # files in one folder: more is a folder of something else
_ENTRIES_AT_MOST = 3_000  # entries altogether: beyond, re2's machine for all of them gets slow
_TOLD_AT_MOST = 20  # mistakes told in one error; the others are counted
_SHOWN = 60  # characters of a name in an error
#: The C reader of YAML where it is there: twenty times as fast, and the catalogue is read at every start.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: How deep a file may nest: an entry needs five levels. The reader calls itself for each, so deeper is refused before.
_DEPTH_AT_MOST = 20
_HAYSTACK = 400_000  # bytes each entry is measured on: some milliseconds even for a bad one
_SLOWEST = 10.0  # MB/s; ordinary entries do several hundred, one with "a.*b.*c" of common words below 3


class CatalogueError(VolatiError):
    """Files of the catalogue cannot be used; the message lists every mistake."""


@dataclass(frozen=True, slots=True)
class _Read:
    entry: Signature
    file: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """The entries that are matched. `fault` says why the team's own are not among them; empty where they are."""

    catalogue: Catalogue
    fault: str = ""


def open_shelf(own: Path | None) -> Shelf:
    """The packaged entries, and the team's own where they can be used: a mistake in them must not stop the rest.

    Like `load_catalogue` it reads files: call it in a thread.

    Raises:
        CatalogueError: the packaged entries cannot be used.
    """
    try:
        return Shelf(load_catalogue(own))
    except CatalogueError as error:
        if own is None:
            raise
        return Shelf(load_catalogue(), f"The team's entries in {own} are not matched. {error}")


def load_catalogue(own: Path | None = None) -> Catalogue:
    """The packaged entries and those of the team's own folder (*.yaml). It reads files: call it in a thread.

    An entry of the team's with the id of a packaged one takes its place.

    Raises:
        CatalogueError: a file cannot be read, or entries are wrong or contradict each other.
    """
    mistakes: list[str] = []
    packaged = _folder(resources.files("diagnostics.signatures") / "catalogue", "packaged", mistakes)
    added = _folder(own, str(own), mistakes) if own else {}
    entries = packaged | added
    if len(entries) > _ENTRIES_AT_MOST:
        mistakes.append(f"There are {len(entries):,} entries; {_ENTRIES_AT_MOST:,} are taken. Remove some.")
    if mistakes:
        raise CatalogueError(_told(mistakes))
    try:
        return Catalogue([one.entry for one in entries.values()])
    except BadCatalogueError as error:
        raise CatalogueError(f"The catalogue contradicts itself. {error}") from error


def slow_entries(catalogue: Catalogue) -> Iterator[Complaint]:
    """Entries that would hold up the search through a log, measured in processor time, with the remedy."""
    lines = [line for one in catalogue.signatures for line in (*one.examples, *one.counter_examples)]
    for entry in catalogue.signatures:
        # Beginnings of its own examples are what keeps a bad pattern busy: it nearly matches everywhere.
        own = [line[: len(line) * part // 4] for line in entry.examples for part in (2, 3)]
        text = "\n".join([*lines, *own * (len(lines) // len(own) + 1)]).encode("utf-8", "replace")
        speed = _speed(Pattern(prepared(entry.pattern)), text * (_HAYSTACK // max(1, len(text)) + 1))
        if speed < _SLOWEST:
            reason = f"searches {speed:.1f} MB/s, {_SLOWEST:.0f} is the least; put the rarest words into pattern"
            yield Complaint(entry.id, "pattern", f"{reason} and the others into also")


def _speed(pattern: Pattern, text: bytes) -> float:
    """MB/s from one end of the text to the other, the better of two: the first also builds re2's machine."""
    took = []
    for _ in range(2):
        start = time.thread_time()
        pos = 0
        while hit := pattern.search(text, pos):
            pos = max(hit.end(), text.find(b"\n", hit.start())) + 1
        took.append(time.thread_time() - start)
    return len(text) / 1e6 / max(min(took), 1e-6)


def _folder(folder: Traversable | Path, name: str, mistakes: list[str]) -> dict[str, _Read]:
    found: dict[str, _Read] = {}
    for file in _files(folder, name, mistakes):
        where = file.name if name == "packaged" else f"{name}/{file.name}"
        for entry in _entries(file, where, mistakes):
            if entry.id in found:
                other = found[entry.id].file
                mistakes.append(f"{where}, entry {entry.id}: {other} has this id already; rename one of them.")
            found[entry.id] = _Read(entry, where)
    return found


def _files(folder: Traversable | Path, name: str, mistakes: list[str]) -> list[Traversable]:
    try:
        files = sorted(
            (one for one in folder.iterdir() if one.name.endswith((".yaml", ".yml"))), key=lambda one: one.name
        )
    except OSError as error:
        mistakes.append(f"The folder {name} cannot be read: {error.strerror}. Name a folder with *.yaml files.")
        return []
    if len(files) > _FILES_AT_MOST:
        mistakes.append(f"The folder {name} has {len(files):,} files; {_FILES_AT_MOST} are taken. Is it the right one?")
        return []
    return files


def _entries(file: Traversable, where: str, mistakes: list[str]) -> Iterator[Signature]:
    try:
        written = _written(file, where)
    except CatalogueError as error:
        mistakes.append(str(error))
        return
    for place, document in enumerate(written, start=1):
        try:
            yield signature_from(document)
        except BadEntryError as error:
            mistakes.append(f"{where}, entry {_name(document, place)}, {error}.")


def _name(document: Any, place: int) -> str:  # noqa: ANN401 a file can hold anything
    id = document.get("id") if isinstance(document, dict) else None
    return f"{id[:_SHOWN]!r}" if isinstance(id, str) else f"number {place}"


def _written(file: Traversable, where: str) -> list[Any]:
    """The entries as they are written."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_FILE_AT_MOST + 1)
        document = _document(text, where)
    except OSError as error:
        raise CatalogueError(f"{where} cannot be read: {error.strerror}. Correct its rights, or remove it.") from error
    except yaml.YAMLError as error:
        raise CatalogueError(
            f"{where} is not YAML{_place(error)}. Quote lines with a colon in single quotes."
        ) from None
    except (ValueError, OverflowError) as error:  # a date with a 13th month, a number of no digits
        raise CatalogueError(f"{where} holds a value that cannot be read ({error}); quote it as text.") from None
    if not isinstance(document, dict) or list(document) != ["entries"] or not isinstance(document["entries"], list):
        raise CatalogueError(f"{where} must hold one list under the name entries; see CONTRIBUTING.md.")
    return document["entries"]


def _document(text: bytes, where: str) -> Any:  # noqa: ANN401 a file can hold anything
    """The document. Aliases are refused: a page of them can stand for more than fits into memory."""
    if len(text) > _FILE_AT_MOST:
        raise CatalogueError(f"{where} has more than {_FILE_AT_MOST:,} bytes; split it into several files.")
    depth = 0
    for event in yaml.parse(text, _LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise CatalogueError(f"{where} has an alias (*name), which is not taken; write it out.")
        if depth > _DEPTH_AT_MOST:
            raise CatalogueError(f"{where} nests deeper than {_DEPTH_AT_MOST} levels; an entry needs five.")
    return yaml.load(text, _LOADER)  # noqa: S506 either loader is a safe one


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be parsed"
    return f" at line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark else f": {problem}"


def _told(mistakes: list[str]) -> str:
    count = "a mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    more = len(mistakes) - _TOLD_AT_MOST
    rest = [f"  and {more} more."] if more > 0 else []
    return "\n".join([f"The catalogue has {count}:", *(f"  {one}" for one in mistakes[:_TOLD_AT_MOST]), *rest])
