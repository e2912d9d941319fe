"""Holds each entry to its own examples: every one is matched by it and by no rival, no counter-example is."""

from collections.abc import Iterator

from diagnostics.model import Value
from diagnostics.signatures.compiled import Catalogue
from diagnostics.signatures.entry import Signature
from diagnostics.signatures.passages import Origin, passages
from diagnostics.signatures.source import Source, guess

__all__ = ["Complaint", "complaints"]

_SHOWN = 80  # characters of an example in a complaint


class Complaint(Value, frozen=True):
    """What is wrong with a field of an entry, and the remedy."""

    id: str
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.id}, {self.field}: {self.reason}"


def complaints(catalogue: Catalogue) -> Iterator[Complaint]:
    """Everything that does not hold; nothing when the catalogue is as it should be.

    An example is tried as coming from each source of its entry; a counter-example as a person would paste it.
    """
    for entry in catalogue.signatures:
        for line in entry.examples:
            for source in sorted(entry.sources):
                reason = _unmatched(catalogue, entry, line, source)
                if reason:
                    yield Complaint(entry.id, "examples", f"{line[:_SHOWN]!r} {reason}")
        for line in entry.counter_examples:
            if _matched(catalogue, entry, line):
                reason = f"{line[:_SHOWN]!r} is matched; make the pattern say more, or take the line out"
                yield Complaint(entry.id, "counter_examples", reason)


def _unmatched(catalogue: Catalogue, entry: Signature, line: str, source: Source) -> str:
    """Why an example does not lead to its entry; empty when it does."""
    given = frozenset() if source is Source.ANY else frozenset({source})
    found = list(passages(_bytes(line), catalogue, Origin(given=given)))
    holding = [one for one in found if entry in one.certain]
    if any(one.certain == (entry,) for one in holding):
        return ""
    if holding:
        rivals = ", ".join(one.id for one in holding[0].certain if one != entry)
        return f"is matched by {rivals} as well; write into wins_over which of them says more"
    others = ", ".join(one.id for passage in found for one in (*passage.certain, *passage.maybe))
    return f"is matched by {others} instead; see wins_over" if others else f"is not matched (source {source})"


def _matched(catalogue: Catalogue, entry: Signature, line: str) -> bool:
    text = _bytes(line)
    origin = Origin(guessed=frozenset(one.source for one in guess(text)))
    return any(entry in (*one.certain, *one.maybe) for one in passages(text, catalogue, origin))


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "replace")
