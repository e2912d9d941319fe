r"""The text while it is being redacted: what is covered once can not be read, or matched, again.

A rule only says which bytes to cover and why; it never builds text itself.

Inside, the text is UTF-8 and each mask is a *stamp*: a few bytes from 0xF8 to 0xFF, which UTF-8 never uses. So a
later rule sees at once what is covered already, and a value made of stamps alone is left as it is. At the end a
stamp becomes `masked: rule` between single angle quotes. These mean nothing to Slack's markup, to JSON, YAML or
rich's markup, and no secret is written with them. Masks that were in the text from the start (or in its JSON form,
`\u2039`) are stamped first and come back letter by letter, which is why redacting twice changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from diagnostics.patterns import Pattern, escaped

__all__ = ["CLOSE", "CUT", "MASK", "OPEN", "STAMPS", "Masked", "Redacted", "Sheet", "Span", "label_of", "mask"]

OPEN, CLOSE = "\u2039masked: ", "\u203a"  # single angle quotes
CUT = "\u2026"  # stands where evidence was cut, behind a blank: a secret of several words may begin right before it
_LONGEST_LABEL = 60  # characters: what a reader takes in beside other text

STAMPS = r"\xf8-\xff"  # for use inside a class of a pattern; never under (?i), which would fold it to \xd8
_FIRST, _LAST = 0xFE, 0xFF  # the first and last byte of a stamp; between them its number in base 6
_DIGITS = bytes(range(0xF8, 0xFE))
_STAMP = Pattern(r"\xfe[\xf8-\xfd]+\xff")
_NO_CONTENT = bytes(range(0xF8, 0x100)) + b" \t\r\n,;:\"'`\\[]()"  # stamps, and what stands between them

_LABEL = r"[A-Za-z0-9][A-Za-z0-9 _./-]{0,59}"
MASK = Pattern(
    f"{escaped(OPEN.encode())}{_LABEL}{escaped(CLOSE.encode())}"
    rf"|\\+u2039masked: {_LABEL}\\+u203[aA]"
)


class Span(NamedTuple):
    """Bytes `start` to `end` are to be covered, for the reason `label`."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Masked:
    """One rule, or the name of one known secret, and how often it masked something."""

    rule: str
    count: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """The text that may leave, and what was masked in it: by rule, most frequent first, never a value."""

    text: str
    masked: tuple[Masked, ...]


def mask(label: str) -> str:
    """Give the text that stands for a secret."""
    return f"{OPEN}{label}{CLOSE}"


def label_of(name: str) -> str:
    """Give the part of a secret's name that a mask may show: plain letters, digits and ` _./-`, 60 at most."""
    plain = "".join(letter if _is_plain(letter) else " " for letter in name)
    return " ".join(plain.split()).lstrip("_./- ")[:_LONGEST_LABEL].strip() or "known secret"


def _is_plain(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter in "_./-")


class Sheet:
    """One text under redaction; `data` is what the rules look at."""

    def __init__(self, data: bytes) -> None:
        """Take a text in UTF-8; a lone surrogate ("surrogatepass") goes in and comes out unharmed."""
        self.data = data
        self._ours: dict[str, bytes] = {}  # the stamp of each label
        self._kept: dict[bytes, bytes] = {}  # the mask behind each stamp, for masks that the text brought along

    def cover(self, spans: Iterable[Span]) -> None:
        """Put a stamp over each span; they come in order and do not overlap. Spans without content stay."""
        pieces: list[bytes] = []
        done = 0
        for start, end, label in spans:
            if self.data[start:end].translate(None, _NO_CONTENT):
                pieces += (self.data[done:start], self._ours.get(label) or self._stamp_for(label))
                done = end
        if pieces:
            self.data = b"".join((*pieces, self.data[done:]))

    def keep_masks(self) -> None:
        """Stamp the masks that the text brought along, so that no rule touches them."""
        pieces: list[bytes] = []
        done = 0
        for hit in MASK.finditer(self.data):
            stamp = self._next_stamp()
            self._kept[stamp] = hit.group()
            pieces += (self.data[done : hit.start()], stamp)
            done = hit.end()
        self.data = b"".join((*pieces, self.data[done:]))

    def finish(self) -> Redacted:
        """Write the masks out, and count those that are new."""
        data, masked = self.data, []
        for label, stamp in self._ours.items():
            masked.append(Masked(label, data.count(stamp)))
            data = data.replace(stamp, mask(label).encode())
        ranked = sorted(masked, key=lambda one: (-one.count, one.rule))
        text = self._restored(data).decode("utf-8", "surrogatepass")
        return Redacted(text, tuple(one for one in ranked if one.count))

    def _restored(self, data: bytes) -> bytes:
        if not self._kept:
            return data
        pieces: list[bytes] = []
        done = 0
        for hit in _STAMP.finditer(data):
            pieces += (data[done : hit.start()], self._kept[hit.group()])
            done = hit.end()
        return b"".join((*pieces, data[done:]))

    def _stamp_for(self, label: str) -> bytes:
        return self._ours.setdefault(label, self._next_stamp())

    def _next_stamp(self) -> bytes:
        number = len(self._ours) + len(self._kept)
        digits = bytearray()
        while not digits or number:
            number, digit = divmod(number, len(_DIGITS))
            digits.append(_DIGITS[digit])
        return bytes((_FIRST, *digits, _LAST))
