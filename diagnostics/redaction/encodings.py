r"""Writes one value as the pattern of all the ways in which it may be spelt in a text.

Letter by letter: as it is, percent-encoded (either case of the hex digits, all of it or only some, twice, `+` for a
blank), JSON- or Python-escaped at any depth (`\u0041`, `\x41`, `\/`), as an HTML entity, in any mixture.
Blanks in it may be any blanks, as many as there are: what is shown on one line has lost its line ends.
As a whole: in hexadecimal, in base64 of either alphabet with or without padding, alone or anywhere inside something
longer that was encoded together with it (`user:value`), and base64 of that base64.
"""

import base64
from collections.abc import Iterator
from functools import lru_cache
from html.entities import codepoint2name
from itertools import groupby

from diagnostics.patterns import escaped

__all__ = ["as_base64_alone", "beginnings", "spellings"]

_BASE64 = r"(?:[A-Za-z0-9+/_\-]|%2[BbFf]|\\+/)"
_PADDING = r"(?:=|%3[Dd]|\\+u003[dD]){0,2}"
_SHORTEST_CORE = 8  # base64 letters, 48 bits: fewer would be met by chance in a long blob
_LETTERS = 1024  # letters whose spellings are remembered: secrets are written in some hundred, again and again
_SHORT_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


def spellings(value: str) -> str:
    """Give the pattern source for every spelling of `value`, which is not empty."""
    plain = "".join(_runs(value))
    raw = value.encode("utf-8", "surrogatepass")
    return "|".join((plain, f"(?i:{raw.hex()})", *_inside_base64(raw)))


def beginnings(value: str) -> str:
    """Give the pattern source for the first words of `value`, one or more of them; empty when it is but one word."""
    runs = list(_runs(value))
    source = ""
    for gap, word in reversed([*zip(runs[1:-2:2], runs[2:-2:2], strict=True)]):
        source = f"(?:{gap}{word}{source})?"
    return runs[0] + source if len(runs) > 1 else ""


def _runs(value: str) -> Iterator[str]:
    """The words of a value and the blanks between them, in turn; it neither begins nor ends with a blank."""
    for blank, run in groupby(value, str.isspace):
        letters = [_letter(letter) for letter in run]
        yield rf"(?:{'|'.join(dict.fromkeys(letters))}|\s)+" if blank else "".join(letters)


def as_base64_alone(value: str) -> str:
    """Give the pattern source for base64 of exactly `value`; the caller looks at what stands around a match."""
    return _letters64(base64.b64encode(value.encode("utf-8", "surrogatepass")).rstrip(b"=")) + _PADDING


@lru_cache(maxsize=_LETTERS)
def _letter(letter: str) -> str:
    """One letter of the value in each of its spellings."""
    raw = letter.encode("utf-8", "surrogatepass")
    percent = "".join(f"%(?:25)?{_hex(f'{byte:02x}')}" for byte in raw)
    forms = [escaped(raw), percent, _escapes(letter), *_entities(letter)]
    forms += [r"\+"] if letter == " " else []
    return f"(?:{'|'.join(forms)})"


def _escapes(letter: str) -> str:
    r"""`\uXXXX` (two of them beyond the first plane), `\xXX`, or a backslash before the letter itself."""
    units = letter.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    forms = ["".join(rf"\\+u{_hex(pair)}" for pair in pairs)]
    if ord(letter) <= 0xFF:  # noqa: PLR2004 - the last letter that \xXX can name
        forms.append(rf"\\+x{_hex(f'{ord(letter):02x}')}")
    if not letter.isalnum():
        forms.append(r"\\+" + _SHORT_ESCAPES.get(letter, escaped(letter.encode("utf-8", "surrogatepass"))))
    return "|".join(forms)


def _entities(letter: str) -> list[str]:
    if letter.isascii() and not letter.isalnum():
        name = codepoint2name.get(ord(letter))
        return [
            rf"&#0*{ord(letter)};",
            rf"&#[xX]0*{_hex(f'{ord(letter):x}')};",
            *([f"&{name};"] if name else []),
        ]
    return []


def _hex(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


def _inside_base64(raw: bytes) -> list[str]:
    """The value inside base64: the whole run of base64 letters around it is part of the match."""
    once = _cores(raw)
    twice = [core for outer in once for core in _cores(outer)]
    cores = [_letters64(core) for core in (*once, *twice) if len(core) >= _SHORTEST_CORE]
    return [f"{_BASE64}*(?:{'|'.join(cores)}){_BASE64}*{_PADDING}"] if cores else []


def _cores(raw: bytes) -> list[bytes]:
    """The base64 letters that `raw` alone decides, for each of the three places it may begin in a triple."""
    found = []
    for lead in range(3):
        letters = base64.b64encode(b"\0" * lead + raw).rstrip(b"=")
        whole = (lead + len(raw)) * 8 // 6  # letters whose six bits are all known
        found.append(letters[-(-lead * 8 // 6) : whole])
    return found


def _letters64(core: bytes) -> str:
    return "".join(_letter64(chr(byte)) for byte in core)


def _letter64(letter: str) -> str:
    if letter == "+":
        return r"(?:[+\-]|%2[Bb]|\\+u002[bB])"
    if letter == "/":
        return r"(?:[/_]|%2[Ff]|\\+/|\\+u002[fF])"
    return letter
