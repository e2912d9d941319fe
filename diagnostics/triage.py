"""Says what is known about a pasted text: the known errors in it, ranked, or honestly that nothing known matches.

Pure, and in linear time. It looks only at the redacted text, so nothing in a Triage is a secret that was recognised.
"""

from collections.abc import Iterable

import msgspec

from diagnostics.excerpts import Excerpt, Group, Numbers, Page, Place
from diagnostics.model import Severity, Value
from diagnostics.patterns import Pattern
from diagnostics.redaction import Redactor
from diagnostics.runbook import Section
from diagnostics.signatures import Catalogue, Guess, Origin, Passage, Signature, Source, Step, guess, passages
from diagnostics.unwrapping import unwrapped

__all__ = ["READ_AT_MOST", "Excerpt", "Match", "Triage", "triage"]

READ_AT_MOST = 1_000_000
"""Bytes of a text that are judged unless the caller says otherwise: some 10,000 lines, more than a person pastes."""

_EXCERPTS = 5
"""Different lines kept for one match; all are counted."""

_SUSPECTS = 10
"""Different lines kept of those that look like errors and that no entry knows; all are counted."""

#: What an error looks like when nothing is known about it.
_SUSPICIOUS = Pattern(
    r"(?m:\b(?:ERROR|FATAL|PANIC|CRITICAL|SEVERE|EMERG|FAIL|FAILED)\b|(?i:\bpanic: |\bcaused by: |\btraceback \("
    r'|\blevel=(?:error|fatal|panic)\b|"(?:level|severity)":"(?:error|fatal|panic|critical)"'
    r"|^\s*(?:error|fatal|exception)\b|\berror: |\bfailed to\b)|[a-z](?:Exception|Error)\b)"
)


class Match(Value, frozen=True):
    """A known error that occurs in the text.

    `count` passages (lines, or panics with their stacks) hold it, from line `first` to line `last`. `certain` is false
    when the words mean this only if they come from one of `sources`, and where they come from is not known.
    """

    id: str
    area: str
    severity: Severity
    certain: bool
    meaning: str
    cause: str
    steps: tuple[Step, ...]
    section: Section
    sources: tuple[Source, ...]
    count: int
    first: int
    last: int
    excerpts: tuple[Excerpt, ...]


class Triage(Value, frozen=True):
    """The answer: matches, worst first; where the text seems to be from; what looks wrong and is not known.

    `lines` are those that were judged. The text's first `unread_lines` lines (`unread_bytes`) were not, for it was
    longer than is read; line numbers count them all the same. Of `suspect_count` lines the first different are kept.
    """

    matches: tuple[Match, ...]
    sources: tuple[Guess, ...]
    suspects: tuple[Excerpt, ...]
    suspect_count: int
    lines: int
    unread_lines: int
    unread_bytes: int
    masked: int
    catalogue: str

    @property
    def exit_code(self) -> int:
        """The command line's exit code: 1 when something critical or a warning is known, else 0."""
        return int(any(match.severity is not Severity.NOTE for match in self.matches))

    def behind(self, lines: int, size: int) -> "Triage":
        """The same about the end of a longer text, of which so many lines and bytes before it were never given."""
        return msgspec.structs.replace(
            self,
            matches=tuple(_later(match, lines) for match in self.matches),
            suspects=_moved(self.suspects, lines),
            unread_lines=self.unread_lines + lines,
            unread_bytes=self.unread_bytes + size,
        )


def _later(match: Match, lines: int) -> Match:
    shifted = _moved(match.excerpts, lines)
    return msgspec.structs.replace(match, first=match.first + lines, last=match.last + lines, excerpts=shifted)


def _moved(excerpts: tuple[Excerpt, ...], lines: int) -> tuple[Excerpt, ...]:
    return tuple(msgspec.structs.replace(one, line=one.line + lines) for one in excerpts)


def triage(
    text: str,
    catalogue: Catalogue,
    redactor: Redactor,
    source: Source | None = None,
    most: int = READ_AT_MOST,
) -> Triage:
    """What is known about a text. It takes the processor for a while (1 MB: some 0.1 s): call it in a thread.

    `source` says where the text is from; without it, it is guessed. Of a text beyond `most` bytes the end is judged,
    because that is where a log says why it ended; all of it is redacted first, for half a secret is not recognised.
    """
    redacted = redactor.report(unwrapped(text))
    page = Page.of(redacted.text.encode("utf-8", "replace"), most)
    guesses = (Guess(source, "you said so"),) if source else guess(page.text)
    found = list(passages(page.text, catalogue, _origin(source, guesses)))
    suspects = _suspects(page, found)
    return Triage(
        matches=_ranked(_matches(page, found, catalogue), catalogue),
        sources=guesses,
        suspects=suspects.excerpts,
        suspect_count=suspects.count,
        lines=page.lines,
        unread_lines=page.unread_lines,
        unread_bytes=page.unread_bytes,
        masked=sum(one.count for one in redacted.masked),
        catalogue=catalogue.version,
    )


def _origin(source: Source | None, guesses: Iterable[Guess]) -> Origin:
    if source and source is not Source.ANY:
        return Origin(given=frozenset({source}))
    return Origin(guessed=frozenset(one.source for one in guesses if one.source is not Source.ANY))


def _matches(page: Page, found: Iterable[Passage], catalogue: Catalogue) -> tuple[Match, ...]:
    groups: dict[tuple[str, bool], Group] = {}
    numbers = Numbers(page)
    for passage in found:
        place = Place(numbers.at(passage.start), passage.start, passage.first_line_end, passage.hit)
        last = numbers.at(passage.end)
        for one in (*passage.certain, *passage.maybe):
            groups.setdefault((one.id, not passage.maybe), Group(page, _EXCERPTS)).add(place, last)
    return tuple(_match(catalogue[id], group, certain=certain) for (id, certain), group in groups.items())


def _match(signature: Signature, group: Group, *, certain: bool) -> Match:
    return Match(
        id=signature.id,
        area=signature.area,
        severity=signature.severity,
        certain=certain,
        meaning=signature.meaning,
        cause=signature.cause,
        steps=signature.steps,
        section=signature.section,
        sources=tuple(sorted(signature.sources)),
        count=group.count,
        first=group.first,
        last=group.last,
        excerpts=group.excerpts,
    )


def _ranked(found: tuple[Match, ...], catalogue: Catalogue) -> tuple[Match, ...]:
    """What is certain first; then the worst; what another match says better behind it; then as they stand."""
    beaten = catalogue.beaten(one.id for one in found if one.certain)

    def rank(one: Match) -> tuple[bool, int, bool, int]:
        return not one.certain, one.severity.rank, one.id in beaten, one.first

    return tuple(sorted(found, key=rank))


def _suspects(page: Page, found: Iterable[Passage]) -> Group:
    """The lines that look like errors and lie in no passage."""
    group, numbers, covered = Group(page, _SUSPECTS), Numbers(page), iter(found)
    passage = next(covered, None)
    pos = 0
    while hit := _SUSPICIOUS.search(page.text, pos):
        start, end = page.line_around(hit.start())
        while passage and passage.end < start:
            passage = next(covered, None)
        if passage and passage.start <= start:
            pos = passage.end + 1
        else:
            number = numbers.at(start)
            group.add(Place(number, start, end, hit.start()), number)
            pos = end + 1
    return group
