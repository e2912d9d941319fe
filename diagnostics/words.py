"""Words that findings share: numbers with their nouns, a few of many, spans of time, foreign text on one line. Pure."""

from collections.abc import Iterable

from diagnostics.redaction import first_words

#: Things named in a sentence; more are counted.
FEW = 3
#: Characters of a foreign line in a finding's sentence; the facts have more of it.
EXCERPT = 200
#: Characters of a foreign line in a fact: the longest that a kubelet says of an image has some 700.
WHOLE = 1000
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def counted(number: int, thing: str) -> str:
    """A number with its noun: 1 restart, 2 restarts."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def few(things: Iterable[object]) -> str:
    """Things in a sentence: a few by name, the rest counted."""
    names = [str(thing) for thing in things]
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return f"{', '.join(names[:FEW])}{more}"


def span(seconds: float) -> str:
    """A span as a person says it: 40 s, 12 min, 5 h, 3 days."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.0f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} days"


def one_line(text: str, most: int = EXCERPT) -> str:
    """Foreign text in one printable line, and at most so many characters of it. Its secrets are masked already."""
    flat = _flat(text)
    return flat if len(flat) <= most else f"{flat[:most]}…"


def raw_line(text: str, most: int = EXCERPT) -> str:
    """The same of text whose secrets are yet to be masked: it is cut between two words, so that they can be."""
    return first_words(_flat(text), most)


def _flat(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
