"""Compiles the entries, finds the lines that hold a known error, and says which of several entries counts.

Matching takes linear time whatever the entries say: one alternation finds a line, and only that line is asked about
entry by entry.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import msgspec

from diagnostics.patterns import Pattern, PatternSet
from diagnostics.signatures.entry import Signature, prepared

__all__ = ["BadCatalogueError", "Catalogue"]

_VERSION = 12  # hexadecimal digits: enough to tell two versions apart


class BadCatalogueError(ValueError):
    """Entries that do not go together: twice the same id, an unknown one in `wins_over`, or a circle of winners."""


class Catalogue:
    """Entries, compiled once. It never changes."""

    def __init__(self, signatures: Sequence[Signature]) -> None:
        """Compile; raises BadCatalogueError when the entries contradict each other."""
        self.signatures = tuple(signatures)
        self._by_id = _by_id(self.signatures)
        _hold_order(self._by_id)
        sources = tuple(prepared(one.pattern) for one in self.signatures)
        # Without entries nothing is to be found: this class of no letters never matches.
        self._any = Pattern("|".join(sources) or r"[^\x00-\xff]")
        self._which = PatternSet(sources)
        self._also = {one.id: Pattern(prepared(one.also)) for one in self.signatures if one.also}

    def __len__(self) -> int:
        """Count the entries."""
        return len(self.signatures)

    @property
    def version(self) -> str:
        """A short name of exactly these entries: it changes when one of them does."""
        ordered = sorted(self.signatures, key=lambda one: one.id)
        content = msgspec.json.encode([msgspec.structs.replace(one, sources=frozenset()) for one in ordered])
        sources = repr([sorted(one.sources) for one in ordered]).encode()
        return hashlib.sha256(content + sources).hexdigest()[:_VERSION]

    def __getitem__(self, id: str) -> Signature:
        """Give the entry of this id; raises KeyError when there is none."""
        return self._by_id[id]

    def line_after(self, text: bytes, pos: int) -> tuple[int, int, int] | None:
        """The next line at or after `pos` with a match: where it begins and ends, and where the match begins."""
        hit = self._any.search(text, pos)
        if hit is None:
            return None
        start, end = text.rfind(b"\n", 0, hit.start()) + 1, text.find(b"\n", hit.start())
        return start, end if end >= 0 else len(text), hit.start()

    def matching(self, passage: bytes) -> Iterator[Signature]:
        """Every entry that matches the passage: one line, or a few that belong together."""
        for place in self._which.which(passage):
            signature = self.signatures[place]
            also = self._also.get(signature.id)
            if also is None or also.search(passage):
                yield signature

    def beaten(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of the ids that another of them wins over."""
        present = frozenset(ids)
        return frozenset(loser for id in present for loser in self._by_id[id].wins_over if loser in present)


def _by_id(signatures: Iterable[Signature]) -> Mapping[str, Signature]:
    found: dict[str, Signature] = {}
    for one in signatures:
        if one.id in found:
            raise BadCatalogueError(f"Two entries have the id {one.id}; rename one of them.")
        found[one.id] = one
    return found


def _hold_order(entries: Mapping[str, Signature]) -> None:
    for id, one in entries.items():
        unknown = [loser for loser in one.wins_over if loser not in entries]
        if unknown:
            raise BadCatalogueError(f"Entry {id} wins over {unknown[0]}, which does not exist; correct wins_over.")
    try:
        TopologicalSorter({id: one.wins_over for id, one in entries.items()}).prepare()
    except CycleError as error:
        circle = " over ".join(error.args[1])
        raise BadCatalogueError(f"These entries win in a circle: {circle}; take one out of wins_over.") from None
