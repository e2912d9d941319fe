"""Finds where a value begins and ends, and says what it looks like. It knows nothing of the name before it."""

import base64
import binascii
import math
from collections import Counter
from typing import NamedTuple

from diagnostics.patterns import Pattern
from diagnostics.redaction.sheet import STAMPS

__all__ = ["Value", "is_credentials", "is_ordinary", "is_random", "is_status", "looks_made_up", "read", "window"]


class Value(NamedTuple):
    """Where a value stands, and whether quotes or brackets say so."""

    start: int
    end: int
    enclosed: bool


_COLOUR = r"(?:\x1b\[[0-9;]*m)*"
_OPEN = Pattern(rf"{_COLOUR}(?:(\\*[\"'`])|(%22|%27|&quot;|&#34;|&#39;|\\+u002[27]|\\+x2[27]))?")
_LOOKALIKE = b"\"'`\\%&\x1b"  # the first bytes of what `_OPEN` matches: most values need no look

# Where an unquoted value ends: blanks, a quote that closes, the next `name=`, brackets that close, an XML tag.
_ENDS = (
    r"[\s\x00\x1b]"
    r"|\\*[\"'`](?:[\s\x00,;:)}\]>\\.+|&<]|$)"
    r"|(?:&(?:amp;)?|[,;])[A-Za-z_][A-Za-z0-9_.\-\[\]]*(?:=|%3[Dd])"
    r"|[,;][A-Za-z_][A-Za-z0-9_.\-]*:"
    r"|[)\]},;>]+(?:[\s\x00\"'`\\]|$)"
    r"|</|&lt;/"
)
_END = Pattern(_ENDS)
# Inside an address that is itself percent-encoded, as its name's sign shows; behind a plain sign %26 is a letter.
_END_ENCODED = Pattern(_ENDS + r"|%(?:25)?26[A-Za-z_][A-Za-z0-9_.\-\[\]]*(?:=|%(?:25)?3[dD])")
_QUOTES: dict[bytes, Pattern] = {quote: Pattern(rf"(\\*){quote.decode()}|\n") for quote in (b'"', b"'", b"`")}
_BLOCK = Pattern(r"[|>][+\-0-9]*[ \t]*\r?\n")
_SCHEME = Pattern(r"\{[A-Za-z0-9_\-]{2,16}\}[^\s\"',}]")  # {SSHA}…, {bcrypt}…: a stored password


def read(data: bytes, at: int, *, whole_line: bool = False, encoded: bool = False) -> Value:
    """Give the value that begins at `at`; an unquoted one takes the rest of its line if `whole_line`.

    `encoded`: the sign before it was percent-encoded, and so is the `&` that ends it.
    """
    if data[at : at + 1] in _LOOKALIKE and (opened := _OPEN.match(data, at)):
        at = opened.end()
        if opened.has(1):
            return _quoted(data, at, opened.group(1))
        if opened.has(2):
            return _up_to(data, at, opened.group(2))
    if data[at : at + 1] in b"[{":
        return _bracketed(data, at)
    if encoded:
        return Value(at, _word_end(data, at, _END_ENCODED), enclosed=False)
    if whole_line and data[at : at + 1] in b"|>" and (block := _BLOCK.match(data, at)):
        return _block(data, at, block.end())
    return Value(at, _line_end(data, at) if whole_line else _word_end(data, at), enclosed=False)


def _quoted(data: bytes, at: int, quote: bytes) -> Value:
    r"""A value in quotes, which themselves may be escaped: `"x"`, `\"x\"`, `\\\"x\\\"`."""
    doubled_at = -1
    for hit in _QUOTES[quote[-1:]].finditer(data, at):
        if hit.group() == b"\n":
            return Value(at, hit.start(), enclosed=True)
        if hit.start() == doubled_at or not _closes(len(hit.group()) - 1, len(quote) - 1):
            continue
        if quote != b"'" or data[hit.end() : hit.end() + 1] != b"'" or hit.start() == at:
            return Value(at, hit.end() - len(quote), enclosed=True)
        doubled_at = hit.end()  # '' inside single quotes is one quote, in YAML and in SQL
    return Value(at, len(data), enclosed=True)


def _closes(slashes: int, depth: int) -> bool:
    """Tell whether a quote behind so many backslashes ends a value whose own quotes have `depth` of them."""
    return slashes >= depth and (slashes - depth) // (depth + 1) % 2 == 0


def _up_to(data: bytes, at: int, quote: bytes) -> Value:
    end = data.find(quote, at, _line_end(data, at))
    return Value(at, end if end >= 0 else _line_end(data, at), enclosed=True)


def _bracketed(data: bytes, at: int) -> Value:
    """A list on one line; an object only if it is a stored password, for its own names are looked at."""
    if data[at : at + 1] == b"[":
        line = _line_end(data, at)
        end = data.find(b"]", at, line)
        return Value(at + 1, end if end >= 0 else line, enclosed=True)
    return Value(at, _word_end(data, at) if _SCHEME.match(data, at) else at, enclosed=False)


def _block(data: bytes, at: int, body: int) -> Value:
    """A YAML block: all lines below that are indented at least as the first."""
    first = data[body : body + 64]
    indent = first[: len(first) - len(first.lstrip(b" \t"))]
    end = body
    while indent and data.startswith(indent, end):
        end = _line_end(data, end) + 1
    return (
        Value(min(body + len(indent), len(data)), min(end - 1, len(data)), enclosed=True)
        if end > body
        else Value(at, at, enclosed=True)
    )


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\n", at)
    end = len(data) if end < 0 else end
    while end > at and data[end - 1] in b"\r \t":
        end -= 1
    return end


def _word_end(data: bytes, at: int, end: Pattern = _END) -> int:
    found = end.search(data, at)
    while found and data[found.start() : found.start() + 1] == b" " and _is_escaped(data, found.start(), at):
        found = end.search(data, found.start() + 1)
    return found.start() if found else len(data)


def _is_escaped(data: bytes, at: int, start: int) -> bool:
    slashes = 0
    while at - slashes > start and data[at - slashes - 1 : at - slashes] == b"\\":
        slashes += 1
    return slashes % 2 == 1


_NOTHING = frozenset(
    b" null none nil undefined true false yes no on off unset empty redacted masked filtered hidden sensitive "
    b"protected <nil> <none> (none) [] {} string".split(b" ")
)
_STATUS = frozenset(
    b"absent accepted bad cached changed created denied different disabled enabled error exists expired failed "
    b"forbidden found ignored include incorrect invalid invalid_client invalid_grant invalid_token loaded malformed "
    b"mismatch missing not_found ok omit optional present refreshed rejected required revoked rotated same-origin set "
    b"unauthorized unchanged unknown updated valid wrong".split()
)
_STAND_IN = Pattern(
    r"<[A-Za-z][A-Za-z0-9 _.'-]*>?|<[^>]*>(?:[ \t]+Optional: (?:true|false))?"
    r"|[\[(](?i:redacted|masked|filtered|hidden|protected|sensitive|unchanged|set|not set|unset|empty)[\])]?"
    r"|\*+|[xX]{3,}|\.{2,}|(?:\xe2\x80\xa2)+|(?:\xe2\x80\xa6)|[^A-Za-z0-9\x80-\xff]{1,3}"  # stars, bullets, dots
    r"|\$\{[^}]*\}?|\$\([^)]*\)?|\$[A-Z_][A-Z0-9_]*|\$[0-9]{1,3}|\{\{[^}]*(?:\}\})?"  # variables, templates
    r"|%[sdvqr+#]+|%\([A-Za-z_]+\)s|[0-9]+ bytes"
    r"|(?:file://)?/(?:app|data|etc|home|mnt|opt|private|root|run|secrets|srv|tmp|usr|vault|var)(?:/[a-z0-9._\-]+)+"
    r"|/dev/std(?:in|out|err)"
)
_SMALL_NUMBER = 6  # digits: a count, a status or a time to live, not a secret
_LONGEST_ORDINARY = 256  # bytes: what is longer is no placeholder
_RESOURCE = Pattern(
    r"(?:[a-z0-9\-]+/)?[a-z0-9.\-]*[-.](?:auth|creds|credentials|key|keys|password|secrets?|tls|token)(?:-[a-z0-9]{5})?"
)


def is_ordinary(value: bytes) -> bool:
    """Tell whether the value stands for no secret: empty, null, a placeholder, a variable, a mounted file."""
    if len(value) > _LONGEST_ORDINARY:
        return False
    bare = value.strip()
    return bare.lower() in _NOTHING or _STAND_IN.fullmatch(bare) is not None


def is_status(value: bytes) -> bool:
    """Tell whether the value is one word of a diagnosis, such as `expired`."""
    return value.lower().rstrip(b".!") in _STATUS


def is_name_or_number(value: bytes) -> bool:
    """Tell whether the value is a small number, the name of a secret object, or an address."""
    if len(value) > _LONGEST_ORDINARY:
        return False
    if value.isdigit():
        return len(value) <= _SMALL_NUMBER
    return value.startswith((b"http://", b"https://")) or _RESOURCE.fullmatch(value) is not None


_RANDOM = Pattern(rf"[A-Za-z0-9+/_=.~:\-{STAMPS}]" + r"{20,128}")
_UUID = Pattern(r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_LETTERS_DIGITS = Pattern(r"[A-Za-z0-9]{32,}")
_LEAST_ENTROPY = 3.0  # bits a letter: 32 hexadecimal digits drawn by lot have about 3.6


def window(data: bytes, at: int) -> bytes:
    """Give the random-looking letters at `at` (20 to 128 of them, behind a quote), or nothing: a bounded look."""
    if data[at : at + 1] in _LOOKALIKE and (opened := _OPEN.match(data, at)):
        at = opened.end()
    found = _RANDOM.match(data, at)
    return found.group() if found else b""


def is_random(letters: bytes) -> bool:
    """Tell whether 20 or more letters look drawn by lot: letters and digits, no words, no UUID, no digest's name."""
    if _UUID.match(letters) or letters.lower().startswith((b"http", b"sha256:", b"/")):
        return False
    kinds = _kinds(letters)
    if not (kinds.digits and (kinds.lower or kinds.upper)):
        return False
    return ((kinds.lower and kinds.upper) or _LETTERS_DIGITS.fullmatch(letters) is not None) and (
        _entropy(letters) >= _LEAST_ENTROPY
    )


class _Kinds(NamedTuple):
    lower: bool
    upper: bool
    digits: bool
    signs: bool


def _kinds(value: bytes) -> _Kinds:
    """Say which kinds of letters a value has; a sign that ends a sentence does not count."""
    return _Kinds(
        lower=value.upper() != value,
        upper=value.lower() != value,
        digits=any(byte in b"0123456789" for byte in value),
        signs=any(byte in b"!#$%^&*~?@+" for byte in value[:-1]),
    )


def _entropy(letters: bytes) -> float:
    total = len(letters)
    return -sum(count / total * math.log2(count / total) for count in Counter(letters).values())


_SHORTEST_MADE_UP = 6  # bytes: what is shorter is a word, or a number beside a unit


def looks_made_up(value: bytes) -> bool:
    """Tell whether a word in a sentence looks like a credential: letters and digits, signs or capitals within."""
    if len(value) < _SHORTEST_MADE_UP or b"=" in value.rstrip(b"=") or value.endswith(b":"):
        return False
    kinds = _kinds(value[:_LONGEST_ORDINARY])
    letters = kinds.lower or kinds.upper
    capitals_within = kinds.lower and _kinds(value[1:_LONGEST_ORDINARY]).upper
    return letters and (kinds.digits or kinds.signs or capitals_within)


def is_credentials(value: bytes) -> bool:
    """Tell whether the value is base64 of `user:password`, as in Basic credentials (also cut off)."""
    letters = value[:256].rstrip(b"=")
    letters = letters[:-1] if len(letters) % 4 == 1 else letters
    try:
        text = base64.b64decode(
            letters + b"=" * (-len(letters) % 4),
            altchars=b"-_" if b"-" in letters or b"_" in letters else None,
            validate=True,
        )
    except (binascii.Error, ValueError):
        return False
    return b":" in text and text.isascii() and text.decode().isprintable()
