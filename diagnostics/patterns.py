"""Compiles patterns that match in linear time, whatever the text: the one module that knows re2.

It never falls back to Python's own `re`, which a hostile line can hold up for minutes.

Patterns work on bytes, one byte a character (Latin-1): that is what re2 is fast at (some 400 MB/s, against
1 MB/s on `str`). Give the text as UTF-8. A literal "é" in a pattern matches its UTF-8 bytes; a class such as
`[é]` does not work, and `.` is one byte, so a span may only end where the text has an ASCII character.
There is no look-around and no back-reference: that is the price of linear time.
"""

import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import cast

import re2

__all__ = ["AnyOf", "BadPatternError", "Hit", "Pattern", "PatternSet", "escaped"]

# Bytes re2 may use for one pattern (its default is 8 MB). Memory is taken as needed; a pattern over many
# known secrets needs more than the default before it falls back to its slow machine.
_MOST_MEMORY = 64 << 20
_ANYWHERE = re2._Anchor.UNANCHORED  # noqa: SLF001 - the binding gives it no public name
_AT_START = re2._Anchor.ANCHOR_START  # noqa: SLF001 - as above
_ALL = re2._Anchor.ANCHOR_BOTH  # noqa: SLF001 - as above
_NOTHING = r"[^\x00-\xff]"  # a pattern that occurs nowhere
_NO_SPANS = ((-1, -1),)
_PLAIN = frozenset(string.ascii_letters + string.digits)  # what means itself in any pattern


class BadPatternError(ValueError):
    """A pattern that re2 refuses; the message names it and says why."""


_Spans = Sequence[tuple[int, int]]


class Hit:
    """One match; offsets are in bytes. Group 0 is all of it; a group that took no part spans (-1, -1)."""

    __slots__ = ("_spans", "_text")

    def __init__(self, text: bytes, spans: _Spans) -> None:
        self._text = text
        self._spans = spans

    def start(self, group: int = 0) -> int:
        """Offset of the first byte."""
        return self._spans[group][0]

    def end(self, group: int = 0) -> int:
        """Offset after the last byte."""
        return self._spans[group][1]

    def span(self, group: int = 0) -> tuple[int, int]:
        """Both offsets."""
        return self._spans[group]

    def has(self, group: int) -> bool:
        """Whether the group took part."""
        return self._spans[group][0] >= 0

    def group(self, group: int = 0) -> bytes:
        """The bytes matched; none where the group took no part."""
        start, end = self._spans[group]
        return self._text[start:end] if start >= 0 else b""


class Pattern:
    """A compiled pattern. `pos` and `endpos` are in bytes; `^` and `$` are the ends of the whole text all the same.

    It asks re2's compiled object directly: the library's own wrapper asks several questions more for each match and
    each offset, which makes a text full of matches take twice as long.
    """

    __slots__ = ("_ask", "source")

    def __init__(self, source: str) -> None:
        """Compile; raises BadPatternError when re2 refuses the source."""
        self.source = source
        try:
            compiled = re2.compile(source.encode(), _options())
        except re2.error as refused:
            raise BadPatternError(f"The pattern {source!r} is refused: {_why(refused)}. Correct it.") from refused
        # The library keeps the last 128 patterns for itself, and ours may spell out a secret dropped since.
        re2.purge()
        self._ask: Callable[[object, bytes, int, int], _Spans] = compiled._regexp.Match  # noqa: SLF001 - see above

    def search(self, text: bytes, pos: int = 0, endpos: int | None = None) -> Hit | None:
        """Give the leftmost match anywhere."""
        return self._hit(_ANYWHERE, text, pos, endpos)

    def match(self, text: bytes, pos: int = 0, endpos: int | None = None) -> Hit | None:
        """Give the match that begins exactly at `pos`."""
        return self._hit(_AT_START, text, pos, endpos)

    def fullmatch(self, text: bytes, pos: int = 0, endpos: int | None = None) -> Hit | None:
        """Give the match that covers all of the text."""
        return self._hit(_ALL, text, pos, endpos)

    def finditer(self, text: bytes, pos: int = 0) -> Iterator[Hit]:
        """Give all matches from left to right, none overlapping another."""
        end = len(text)
        while pos <= end:
            spans = self._ask(_ANYWHERE, text, pos, end)
            start, after = spans[0]
            if start < 0:
                return
            yield Hit(text, spans)
            pos = after if after > start else after + 1

    def _hit(self, anchor: object, text: bytes, pos: int, endpos: int | None) -> Hit | None:
        size = len(text)
        end = size if endpos is None else min(endpos, size)
        spans = self._ask(anchor, text, pos, end) if pos <= end else _NO_SPANS
        return Hit(text, spans) if spans[0][0] >= 0 else None


def escaped(literal: bytes) -> str:
    """Give the pattern that matches exactly these bytes."""
    return "".join(chr(byte) if chr(byte) in _PLAIN else f"\\x{byte:02x}" for byte in literal)


class AnyOf:
    """Tells whether any of several patterns occurs in a text, and neither which nor where: one look for all of them."""

    __slots__ = ("_ask",)

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        """Compile them as one."""
        options = _options()
        options.never_capture = True  # groups would only cost time
        sources = [f"(?:{one.source})" for one in patterns] or [_NOTHING]
        compiled = re2.compile("|".join(sources).encode(), options)
        re2.purge()
        self._ask: Callable[[object, bytes, int, int], _Spans] = compiled._regexp.Match  # noqa: SLF001 - see above

    def occurs(self, text: bytes) -> bool:
        """Whether one does."""
        return self._ask(_ANYWHERE, text, 0, len(text))[0][0] >= 0


class PatternSet:
    """Many patterns asked at once which of them occur in a text.

    Slower than one pattern (some 70 MB/s): search with one alternation first, then ask the set about that line.
    """

    def __init__(self, sources: tuple[str, ...]) -> None:
        """Compile; raises BadPatternError for the first that re2 refuses."""
        self._empty = not sources
        self._set = re2.Set.SearchSet(_options())
        for source in sources:
            self._add(source)
        self._set.Compile()

    def _add(self, source: str) -> None:
        try:
            self._set.Add(source.encode())
        except re2.error as refused:
            raise BadPatternError(f"The pattern {source!r} is refused. Correct it.") from refused

    def which(self, text: bytes) -> tuple[int, ...]:
        """Give the places, in ascending order, of the patterns that occur in `text`."""
        found = None if self._empty else self._set.Match(text)
        return tuple(sorted(cast("list[int]", found or [])))


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False  # the error is raised; re2 would print it on stderr as well
    options.max_mem = _MOST_MEMORY
    return options


def _why(refused: Exception) -> str:
    reason = refused.args[0] if refused.args else "no reason given"
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
