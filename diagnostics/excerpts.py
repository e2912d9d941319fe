"""Keeps the few lines of a long text that are worth showing, with their numbers, and counts all the others.

It is given redacted text only: it cuts, and half a secret is not recognised.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from diagnostics.model import Value

__all__ = ["Excerpt", "Group", "Numbers", "Page", "Place"]

_EXCERPT = 1_000
"""Characters of a line that are kept; what is left out of it is counted."""

_BEFORE = 300
"""Characters kept before the match in a longer line: enough to see the time, the level and who speaks."""


class Excerpt(Value, frozen=True):
    """A line of a text, or a part of it: `line` counts from 1; `before` and `after` are characters left out."""

    line: int
    text: str
    before: int = 0
    after: int = 0


class Place(NamedTuple):
    """A line: its number, its offsets in bytes, and the offset of what was found in it."""

    number: int
    start: int
    end: int
    hit: int


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a text that is judged, and how much stands before it. Lines are numbered in the whole text."""

    text: bytes
    unread_lines: int
    unread_bytes: int

    @classmethod
    def of(cls, text: bytes, most: int) -> "Page":
        """The last `most` bytes of the text, from the beginning of a line where there is one."""
        if len(text) <= most:
            return cls(text, 0, 0)
        cut = len(text) - most
        at = text.find(b"\n", cut - 1) + 1 or cut
        return cls(text[at:], text.count(b"\n", 0, at), at)

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.text.rstrip(b"\n").count(b"\n") + 1 if self.text.strip() else 0

    def line_around(self, offset: int) -> tuple[int, int]:
        """Where the line with this offset begins and ends."""
        end = self.text.find(b"\n", offset)
        return self.text.rfind(b"\n", 0, offset) + 1, end if end >= 0 else len(self.text)

    def excerpt(self, place: Place) -> Excerpt:
        """The line there, or what is around the find when the line is long."""
        line = self.text[place.start : place.end].decode("utf-8", "replace")
        if len(line) <= _EXCERPT:
            return Excerpt(place.number, line)
        found_at = len(self.text[place.start : place.hit].decode("utf-8", "replace"))
        cut = max(0, found_at - _BEFORE)
        kept = line[cut : cut + _EXCERPT]
        return Excerpt(place.number, kept, cut, len(line) - cut - len(kept))


class Numbers:
    """Counts lines along a page: asked in ascending order, it looks at each byte once."""

    def __init__(self, page: Page) -> None:
        self._text = page.text
        self._at, self._number = 0, page.unread_lines + 1

    def at(self, offset: int) -> int:
        """The number of the line at this offset, from 1."""
        self._number += self._text.count(b"\n", self._at, offset)
        self._at = max(self._at, offset)
        return self._number


@dataclass(slots=True)
class Group:
    """Lines that say the same: how many, from where to where, and the first different ones of them."""

    page: Page
    most: int
    count: int = 0
    first: int = 0
    last: int = 0
    _kept: dict[bytes, Place] = field(default_factory=dict)

    def add(self, place: Place, last: int) -> None:
        """Count a line, or several up to line `last`."""
        self.count += 1
        self.first = self.first or place.number
        self.last = max(self.last, last)
        if len(self._kept) < self.most:
            # Times, counts and ids differ from line to line; what is left tells lines apart.
            line = self.page.text[place.start : min(place.end, place.start + _EXCERPT)]
            self._kept.setdefault(line.translate(None, b"0123456789"), place)

    @property
    def excerpts(self) -> tuple[Excerpt, ...]:
        """The lines that are kept."""
        return tuple(self.page.excerpt(place) for place in self._kept.values())
