"""Knows the errors that are known: entries, the compiled catalogue of them, where a line is from, and what matches.

It reads no file and writes no pattern by itself: entries are data, and whoever loads them hands them in.

    catalogue = Catalogue(signatures)
    for passage in passages(text, catalogue): ...
"""

from diagnostics.signatures.compiled import BadCatalogueError, Catalogue
from diagnostics.signatures.entry import BadEntryError, Signature, Step, signature_from
from diagnostics.signatures.passages import Origin, Passage, passages
from diagnostics.signatures.proof import Complaint, complaints
from diagnostics.signatures.source import Guess, Source, guess

__all__ = [
    "BadCatalogueError",
    "BadEntryError",
    "Catalogue",
    "Complaint",
    "Guess",
    "Origin",
    "Passage",
    "Signature",
    "Source",
    "Step",
    "complaints",
    "guess",
    "passages",
    "signature_from",
]
