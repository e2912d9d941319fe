"""Writes the audit's entries as JSON lines or as a table for a spreadsheet, each redacted on its way out.

A line whose text had to be masked is counted: its hash is that of what is stored, and does not match what is shown.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from bot.audit.entry import Linked
from bot.audit.ledger import Ledger, Unread, Wanted, linked_or_not
from diagnostics.observe import Cleaner

_UNREAD_SHOWN = 2_000
"""Characters that are shown of a line that cannot be read: several times as many as an entry has."""

COLUMNS = (
    "number",
    "at",
    "who",
    "deed",
    "action",
    "environment",
    "target",
    "plan",
    "channel",
    "detail",
    "before",
    "hash",
)
#: A cell that begins so is taken for a formula by spreadsheets, some of which look past blanks and full-width forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Form(StrEnum):
    """How it is written."""

    JSONL = "jsonl"
    CSV = "csv"


@dataclass(slots=True)
class Exported:
    """How many entries were written, how many of them with something masked, and how many lines are unreadable."""

    entries: int = 0
    masked: int = 0
    unreadable: int = 0


class Export:
    """An export under way; `counts` tells afterwards what it was."""

    def __init__(self, ledger: Ledger, cleaner: Cleaner, wanted: Wanted, form: Form) -> None:
        self._ledger = ledger
        self._cleaner = cleaner
        self._wanted = wanted
        self._row = _FORMS[form]
        self._form = form
        self.counts = Exported()

    async def parts(self) -> AsyncIterator[str]:
        """The text, in parts of whole lines. Raises StoreError."""
        if self._form is Form.CSV:
            yield _table([COLUMNS])
        number = 0
        async for page in self._ledger.pages():
            yield "".join(self._written(page, number))
            number += len(page)

    def _written(self, page: list[bytes], passed: int) -> Iterable[str]:
        for place, line in enumerate(page, passed + 1):
            one = linked_or_not(line, place)
            if isinstance(one, Unread):
                self.counts.unreadable += 1
                text = self._cleaner.value(line.decode("utf-8", "replace"))
                yield self._row(one, text[:_UNREAD_SHOWN])
            elif self._wanted.has(one.entry):
                clean = self._cleaner.value(one)
                self.counts.entries += 1
                self.counts.masked += clean != one
                yield self._row(clean, "")


def _as_json(one: Linked | Unread, text: str) -> str:
    told = {"line": one.line, "unreadable": text} if isinstance(one, Unread) else one
    return f"{msgspec.json.encode(told).decode()}\n"


def _as_csv(one: Linked | Unread, text: str) -> str:
    if isinstance(one, Unread):
        return _table([("", "", "", "unreadable", "", "", "", "", "", f"line {one.line}: {text}", "", "")])
    entry = one.entry
    told = (entry.who, entry.deed, entry.action, entry.environment, entry.target, entry.plan, entry.channel)
    return _table([(str(one.number), entry.at.isoformat(), *told, entry.detail, one.before, one.hash)])


def _table(rows: Iterable[Iterable[str]]) -> str:
    """Rows of comma-separated values, every cell quoted, none of them a formula."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def safe(cell: str) -> str:
    """A cell that a spreadsheet shows and never runs: an apostrophe stands before what would begin a formula."""
    plain = "".join(letter if letter.isprintable() else " " for letter in cell)
    return f"'{plain}" if cell.lstrip(" ").startswith(_FORMULA) or plain.lstrip().startswith(_FORMULA) else plain


_FORMS: dict[Form, Callable[[Linked | Unread, str], str]] = {Form.JSONL: _as_json, Form.CSV: _as_csv}
