"""Finds the secrets whose exact values are known, in any spelling, and says which of them are too ordinary for that.

A *strong* value is masked wherever it is spelt. A *weak* one would blank out half of every sentence, so it is masked
only where its surroundings say that it is a secret: behind a secret-like name, in the credentials of a URL or a
header, as base64 standing alone, or when it is the whole text. The rule, which needs no dictionary of languages:

- weak: fewer than 8 characters;
- weak: equal, whatever the case, to an ordinary name (those the caller gave, or `EVERYDAY` below);
- weak: only letters and joints (blank - _ .) and fewer than 20 of them: "volaticloud", "my-password";
- weak: only digits and fewer than 16 of them: it would be met inside timestamps and ids;
- weak: a piece of the mask's own wording;
- strong: everything else.

A weak value that is also an ordinary name is not even masked as a whole text: the realm "volaticloud" stays readable.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from diagnostics.patterns import Pattern, escaped
from diagnostics.redaction.encodings import as_base64_alone, beginnings, spellings
from diagnostics.redaction.sheet import CLOSE, CUT, OPEN, Span, label_of, mask

__all__ = ["Finder", "KnownSecret", "Weak", "is_strong"]

_EVERYDAY_WORDS = (
    "admin administrator changeme database default docker guest keycloak localhost login master password "
    "postgres postgresql production redis root secret service staging system test token user username"
)
EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
_SHORTEST_STRONG = 8  # characters
_SHORTEST_WORDS = 20  # characters, for a value of letters alone
_SHORTEST_DIGITS = 16  # characters, for a value of digits alone; a time in microseconds has 16 and is worth the risk
_SHORTEST_BASE64 = 6  # characters of a weak value whose base64 (8 letters) is no word of any language
_LONGEST_PIECE = 256  # characters matched as one; longer values (keys) are matched piece by piece
_JOINTS = str.maketrans("", "", " -_.")


@dataclass(frozen=True, slots=True, repr=False)
class KnownSecret:
    """A secret value and the name that a mask shows for it. Blanks and line ends around the value do not count."""

    name: str
    value: str

    def __repr__(self) -> str:
        """Show the name, never the value."""
        return f"KnownSecret({self.name!r})"


def is_strong(value: str, ordinary: Collection[str] = ()) -> bool:
    """Tell whether `value` is unusual enough to be masked wherever it stands; `ordinary` is in lower case."""
    word = value.casefold()
    letters = value.translate(_JOINTS)
    if len(value) < _SHORTEST_STRONG or word in EVERYDAY or word in ordinary:
        return False
    if letters.isalpha() or not letters:
        return len(value) >= _SHORTEST_WORDS
    return len(value) >= _SHORTEST_DIGITS if value.isdigit() else True


class Finder:
    """Finds strong secrets: one pattern over all of them, then which of them it was."""

    def __init__(self, secrets: Iterable[tuple[str, str]]) -> None:
        """Take pairs of a label and a strong value."""
        pieces = {piece: label for label, value in secrets for piece in _pieces(value)}
        longest_first = sorted(pieces, key=len, reverse=True)
        self._parts = tuple((pieces[piece], spellings(piece)) for piece in longest_first)
        self._each: tuple[Pattern, ...] = tuple(Pattern(source) for _, source in self._parts)
        self._all = Pattern("|".join(source for _, source in self._parts) or r"[^\x00-\xff]")
        self._begun = tuple((pieces[piece], _begun(first)) for piece in longest_first if (first := beginnings(piece)))

    @property
    def anywhere(self) -> Pattern:
        """What occurs where a secret is spelt."""
        return self._all

    def spans(self, data: bytes) -> Iterator[Span]:
        """Give each place where a secret is spelt."""
        for hit in self._all.finditer(data):
            yield Span(hit.start(), hit.end(), self._label(hit.group()))

    def beginnings(self) -> Iterator["Begun"]:
        """Give one rule for each secret of several words, of which a text that was cut may show the first."""
        return (Begun(label, pattern) for label, pattern in self._begun)

    def _label(self, spelt: bytes) -> str:
        labelled = zip(self._parts, self._each, strict=True)
        return next((label for (label, _), one in labelled if one.fullmatch(spelt)), "known secret")


@dataclass(frozen=True, slots=True)
class Begun:
    """Finds the first words of one secret where the text was cut behind them."""

    label: str
    pattern: Pattern

    def spans(self, data: bytes) -> Iterator[Span]:
        """Give each place; a text without the mark of a cut costs next to nothing."""
        if _CUT in data:
            yield from (Span(*hit.span(1), self.label) for hit in self.pattern.finditer(data))


_CUT = CUT.encode()


def _begun(first: str) -> Pattern:
    return Pattern(rf"(?:^|[^A-Za-z0-9])({first})\s+{escaped(_CUT)}")


def _pieces(value: str) -> Iterator[str]:
    """Give what to look for: the value, its lines (a key is often logged line by line), long ones cut up."""
    for line in dict.fromkeys((value, *value.splitlines())):
        last = max(0, len(line) - _LONGEST_PIECE)
        for at in (*range(0, last, _LONGEST_PIECE), last):
            piece = line[at : at + _LONGEST_PIECE].strip()
            if piece == value or (is_strong(piece) and not piece.startswith("-----")):
                yield piece


class Weak:
    """The weak secrets: what they are called, asked by value, and their base64 standing alone."""

    def __init__(self, secrets: tuple[tuple[str, str], ...], ordinary: Collection[str]) -> None:
        """Take pairs of a label and a weak value; `ordinary` is in lower case."""
        self._labels = {value.encode("utf-8", "surrogatepass"): label for label, value in secrets}
        self._alone = {
            value: label
            for value, label in self._labels.items()
            if value.decode("utf-8", "surrogatepass").casefold() not in EVERYDAY.union(ordinary)
        }
        long = [(label, value) for label, value in secrets if len(value) >= _SHORTEST_BASE64]
        self._coded = tuple((label, Pattern(as_base64_alone(value))) for label, value in long)

    def label(self, value: bytes) -> str | None:
        """Give the name of the weak secret that `value` is, where its surroundings say that it is one."""
        return self._labels.get(value)

    def is_whole(self, data: bytes) -> bool:
        """Tell whether the whole text is nothing but a weak secret that is no ordinary name."""
        return data.strip() in self._alone

    def whole(self, data: bytes) -> Iterator[Span]:
        """Give the whole text when it is nothing but a weak secret that is no ordinary name."""
        if label := self._alone.get(data.strip()):
            yield Span(0, len(data), label)

    def coded(self) -> Iterator["Coded"]:
        """Give one rule for each weak secret's base64."""
        return (Coded(label, pattern) for label, pattern in self._coded)


@dataclass(frozen=True, slots=True)
class Coded:
    """Finds base64 of one weak value where no other base64 letter touches it."""

    label: str
    pattern: Pattern

    def spans(self, data: bytes) -> Iterator[Span]:
        """Give each place."""
        for hit in self.pattern.finditer(data):
            around = data[max(0, hit.start() - 1) : hit.start()] + data[hit.end() : hit.end() + 1]
            if not any(chr(byte).isalnum() or byte in b"+/_-" for byte in around):
                yield Span(hit.start(), hit.end(), self.label)


def labelled(known: Iterable[KnownSecret]) -> tuple[tuple[str, str], ...]:
    """Give a label and the bare value for each secret that has a value; no label spells a value out."""
    bare = [(label_of(secret.name), secret.value.strip()) for secret in known]
    values = [value for _, value in bare if is_strong(value)]
    return tuple((_safe(label, values), value) for label, value in bare if value)


def _safe(label: str, values: list[str]) -> str:
    return "known secret" if any(value in label for value in values) else label


def collides(value: str, labels: Iterable[str]) -> bool:
    """Tell whether `value` is spelt in a mask, where masking it would never come to rest."""
    return any(quote in value for quote in (OPEN[0], CLOSE)) or any(value in mask(label) for label in labels)
