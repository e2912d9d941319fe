"""Cuts text that still has its secrets: between two words, with a mark, so that no piece of a secret stays behind.

It masks nothing. What has passed the redactor may be cut anywhere.
"""

from diagnostics.redaction.sheet import CUT

__all__ = ["first_words", "first_words_of"]

_MORE = 4  # bytes of an answer that are looked at for each character that is kept: blanks and letters of several bytes


def first_words(text: str, most: int) -> str:
    """The text, or so many characters of it: what is cut inside a secret can no longer be recognised as one.

    A known secret of several words is still recognised by its beginning, before the mark of the cut.
    """
    return text if len(text) <= most else f"{text[: most - 1].rpartition(' ')[0]} {CUT}".lstrip()


def first_words_of(data: bytes, most: int) -> str:
    """The same of the beginning of an answer, which may be far longer, on one line."""
    words = data[: _MORE * most].decode("utf-8", "replace").split()
    whole = len(data) <= _MORE * most
    return first_words(" ".join(words if whole else (*words[:-1], CUT)), most)
