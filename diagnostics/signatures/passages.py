"""Finds the known errors in a text: each passage (a line, or a panic with its stack) with the entries that count.

Pure; time grows with the text only. It never redacts: whoever shows a passage has redacted the text before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from diagnostics.patterns import Pattern
from diagnostics.signatures.compiled import Catalogue
from diagnostics.signatures.entry import Signature
from diagnostics.signatures.source import Source, sources_of

__all__ = ["Origin", "Passage", "passages"]

_GO_STACK = (
    r"(?:\n(?:goroutine \d+ .*|\[signal .*|created by .*|exit status \d+|\t.*|[ \t]+\S+\.go:\d+.*|panic\(.*"
    r"|[\w./*()\-\[\]·{}%…]+\(.*\)|\.\.\.additional frames elided.*|)\r?)*"
)
#: Lines that begin something longer, and the lines that go on with it.
_LONGER: tuple[tuple[Pattern, Pattern], ...] = (
    (Pattern(r"(?:.*[\s:\"])?(?:panic|fatal error): |goroutine \d+ \["), Pattern(_GO_STACK)),
    (
        Pattern(r".*WARNING: DATA RACE"),
        Pattern(r"(?:\n(?:[ \t].*|(?:Previous |Read at |Write at |Goroutine \d).*|\r?))*(?:\n=====+)?"),
    ),
    (Pattern(r"Traceback \(most recent call last\):"), Pattern(r"(?:\n[ \t].*)*(?:\n\S.*)?")),
    (
        Pattern(r".*(?:Exception|Error)\b|Caused by: "),
        Pattern(r"(?:\n(?:[ \t]+at .*|[ \t]+\.\.\. \d+ more.*|[ \t]*Caused by: .*|[ \t]+Suppressed: .*))*"),
    ),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the text is from: what a person said, or what was guessed of all of it. Both may be empty."""

    given: frozenset[Source] = frozenset()
    guessed: frozenset[Source] = frozenset()


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines of a text that hold known errors; offsets in bytes.

    `hit` is where the first match begins, in the first line. `maybe` are entries that would count if the passage came
    from elsewhere than is known: only one of them can be right.
    """

    start: int
    first_line_end: int
    end: int
    hit: int
    certain: tuple[Signature, ...]
    maybe: tuple[Signature, ...]


def passages(text: bytes, catalogue: Catalogue, origin: Origin | None = None) -> Iterator[Passage]:
    """The passages from the first to the last, none overlapping another. The text is UTF-8 with line feeds."""
    origin = origin or Origin()
    pos = 0
    while line := catalogue.line_after(text, pos):
        start, first_end, hit = line
        end = _end_of(text, start, first_end)
        certain, maybe = _counting(catalogue, text[start:end], origin)
        if certain or maybe:
            yield Passage(start, first_end, end, hit, certain, maybe)
        pos = end + 1


def _end_of(text: bytes, start: int, first_end: int) -> int:
    """Where the passage ends that begins with this line."""
    for begins, goes_on in _LONGER:
        if begins.match(text, start, first_end):
            hit = goes_on.match(text, first_end)
            rest = text[first_end : hit.end()].rstrip() if hit else b""
            return first_end + len(rest)
    return first_end


def _counting(
    catalogue: Catalogue, passage: bytes, origin: Origin
) -> tuple[tuple[Signature, ...], tuple[Signature, ...]]:
    """The entries that count for certain, and, where there is none, those that would by one origin or another."""
    found = tuple(catalogue.matching(passage))
    if not found:
        return (), ()
    known, sure = _known(passage, found, origin)
    counting = [one for one in found if one.anywhere or one.sources & known]
    losers = catalogue.beaten(one.id for one in counting)
    left = tuple(one for one in counting if one.id not in losers)
    bound = [one for one in left if not one.anywhere]
    if left and (sure or len(bound) <= 1):
        return left, ()
    if left or not known:  # guessed to be from several places, in which it means several things; or from nowhere known
        return (), left or found
    return (), ()


def _known(passage: bytes, found: tuple[Signature, ...], origin: Origin) -> tuple[frozenset[Source], bool]:
    """Where the passage is from, and whether that is sure. It is asked itself only when it matters."""
    if origin.given or all(one.anywhere for one in found):
        return origin.given, True
    # A Go stack stands in logs and in the output of tests alike: what is around it says which.
    marks = sources_of(passage) - {Source.GO_STACK}
    return (marks, True) if marks else (origin.guessed, False)
