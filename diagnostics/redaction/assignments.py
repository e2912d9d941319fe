"""Finds values beside secret-like names: `PASSWORD=x`, `"password": "x"`, `password: x`, `--password x`.

It covers the value and leaves the name. What a name is worth is said in `names`, what a value looks like in `values`;
here both are weighed, with the sentence around them. Where the name is not conclusive and the value is no secret,
the search goes on inside the value.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from diagnostics.patterns import Pattern
from diagnostics.redaction.names import NAME, SECRET_NAME, Name, Weight, name_of
from diagnostics.redaction.rule import where
from diagnostics.redaction.sheet import Span
from diagnostics.redaction.values import (
    Value,
    is_credentials,
    is_name_or_number,
    is_ordinary,
    is_random,
    is_status,
    looks_made_up,
    read,
    window,
)

__all__ = ["KnownLabel", "assignments"]

KnownLabel = Callable[[bytes], str | None]  # the name of the known secret that is exactly this value

_QUOTE = r"(?:\\*[\"'`]|%22|%27|&quot;|&#34;|&#39;|\\+u002[27]|\\+x2[27])"
_COLOUR = r"(?:\x1b\[[0-9;]*m)"  # loggers colour the name and not the value
_CLOSERS = rf"(?:{_QUOTE}|\[[0-9]*\]|[\]*~]|{_COLOUR}){{0,3}}"
_SIGN = rf"(?:[ \t]|\xc2\xa0)*(:=|=>|==?|:|%(?:25)?3[dD]|%3[aA]){_COLOUR}?(?:[ \t]|\xc2\xa0)*"
_NEXT_LINE = Pattern(r"\r?\n[ \t]*[\"']")
_GAP = r"(?:[\s,;]|\\+[nrt]|&#10;)*"

_ASSIGNED = Pattern(rf"({SECRET_NAME}){_CLOSERS}{_SIGN}")
_KEYED = Pattern(rf"({NAME}*(?i:key){NAME}*){_CLOSERS}{_SIGN}{_QUOTE}?[A-Za-z0-9+/_\-]{{20}}")
_KEYED_NAME = Pattern(rf"{NAME}+{_CLOSERS}{_SIGN}")
_PAIRED = Pattern(
    rf"(?i:name|key|type){_QUOTE}?[ \t]*[:=][ \t]*{_QUOTE}?({SECRET_NAME}){_QUOTE}?{_GAP}"
    rf"{_QUOTE}?(?i:value){_QUOTE}?[ \t]*([:=])[ \t]*"
)
_FLAG = Pattern(
    r"(?:^|[\s\x00\"'\[,=(])(?:--?|(?:ENV|ARG|setx)[ \t]+)"
    rf"([A-Za-z0-9_\-]*(?i:pass|secret|token|key|pwd)[A-Za-z0-9_\-]*)(?:[ \t]+|{_QUOTE},[ \t]*)()"
)
_XML = Pattern(rf"<(?:[A-Za-z0-9]+:)?({SECRET_NAME})>([^<]*)</|&lt;(?:[A-Za-z0-9]+:)?({SECRET_NAME})&gt;([^&]*)&lt;/")
_SQL = Pattern(r"(?i:\bpassword|\bidentified[ \t]+by)[ \t]+E?\\*'")
_REDIS = Pattern(r"(?i:\brequirepass|\bmasterauth)[ \t]+")
_COMMAND_FLAGS = r"(?:[ \t]+-{1,2}[A-Za-z][^\s]*(?:[ \t]+[^\s\-][^\s]*)?)*?[ \t]+"
_COMMAND = Pattern(
    rf"\bsshpass{_COMMAND_FLAGS}-p[ \t]*|\bdocker[ \t]+login{_COMMAND_FLAGS}-p[ \t]+"
    rf"|\b(?:redis|valkey)-cli{_COMMAND_FLAGS}-a[ \t]+|\b(?:mysql|mysqldump|mysqladmin|mariadb){_COMMAND_FLAGS}-p"
)
_SPOKEN = Pattern(rf"({SECRET_NAME}|(?i:\bkey))[ \t]+(?:(?i:(is|was|set to))[ \t]+)?[\"'`(\[]?([^\s\"'`)\],;\x00]+)")
_CURL = Pattern(r"(?:[ \t]-u|--user|--proxy-user)[ =]?[ \t]*[\"']?[A-Za-z0-9_.@\-]+:([^\s\"'\x00]+)")
_QUERY = Pattern(r"(?:[?&#]|%26|%3[fF])(?:amp;)?(?i:(code)|sig|x-amz-signature)(?:=|%3[dD])([A-Za-z0-9._+/%\-]{16,}=*)")


class _Place(NamedTuple):
    """One name with a value behind it."""

    data: bytes
    at: int  # where the name begins
    name: Name
    sign: bytes
    value_at: int


@where(_ASSIGNED)
def assignments(data: bytes, known: KnownLabel) -> Iterator[Span]:
    """Give the values beside secret-like names; `known` gives the name of a weak known secret."""
    return _judged(data, _ASSIGNED, known)


@where(_PAIRED)
def pairs(data: bytes, known: KnownLabel) -> Iterator[Span]:
    """Give the values of `name: DB_PASSWORD, value: x`, as Kubernetes writes an environment."""
    return _judged(data, _PAIRED, known)


@where(_FLAG)
def flags(data: bytes, known: KnownLabel) -> Iterator[Span]:
    """Give the values of command-line flags, `--password x`."""
    return _judged(data, _FLAG, known)


@where(_XML)
def elements(data: bytes) -> Iterator[Span]:
    """Give the contents of XML elements, `<password>x</password>`."""
    for hit in _XML.finditer(data):
        name, value = (1, 2) if hit.has(1) else (3, 4)
        known = name_of(hit.group(name))
        if known.weight in {Weight.SURE, Weight.LIKELY} and not is_ordinary(hit.group(value)):
            yield Span(*hit.span(value), known.label)


def _judged(data: bytes, pattern: Pattern, known: KnownLabel) -> Iterator[Span]:
    at = 0
    while hit := pattern.search(data, at):
        place = _Place(data, hit.start(), name_of(hit.group(1)), hit.group(2), hit.end())
        found = _judge(place, known)
        at = max(found.end if found else 0, hit.end())
        if found:
            yield found


def _judge(place: _Place, known: KnownLabel) -> Span | None:
    weight = place.name.weight
    if weight is Weight.SURE or weight is Weight.LIKELY:
        value = read(place.data, _below(place), whole_line=_takes_line(place), encoded=_is_encoded(place))
        raw = place.data[value.start : value.end]
        label = known(raw) or (place.name.label if _is_secret(place, value, raw) else None)
        return Span(value.start, value.end, label) if label else None
    return _hinted(place) if weight is Weight.HINT else None


def _below(place: _Place) -> int:
    """Give where the value begins: also on the next line, if it is in quotes as in pretty-printed JSON."""
    at = place.value_at
    below = _NEXT_LINE.match(place.data, at) if place.data[at : at + 1] in b"\r\n" else None
    return below.end() - 1 if below else at


def _hinted(place: _Place) -> Span | None:
    """Where the name is only a hint, a bounded look decides, and only then the whole value is read."""
    letters = window(place.data, place.value_at)
    if not letters or not (is_random(letters) or is_credentials(letters)):
        return None
    value = read(place.data, place.value_at, encoded=_is_encoded(place))
    return Span(value.start, value.end, place.name.label)


def _is_encoded(place: _Place) -> bool:
    """Tell whether the name and its value stand in an address inside another one: `%3Dx%26` for `=x&`."""
    return place.sign.startswith(b"%") and place.sign.upper().endswith(b"3D")


def _is_secret(place: _Place, value: Value, raw: bytes) -> bool:
    if not raw or is_ordinary(raw) or is_status(raw) or _is_directory(place, raw):
        return False
    if not value.enclosed and place.sign == b":" and _is_sentence(place, value, raw):
        return False
    return place.name.weight is Weight.SURE or not is_name_or_number(raw)


def _is_directory(place: _Place, raw: bytes) -> bool:
    """PWD and OLDPWD are where a shell stands."""
    return raw.startswith(b"/") and place.data[: place.value_at].endswith((b"PWD=", b"PWD: "))


_STARTERS = frozenset(
    b"400 401 403 404 405 408 409 415 429 500 502 503 504 a an cannot connection context could dial does e error "
    b"expected expired failed for forbidden from get has have http invalid io is it lookup missing must no not of open "
    b"or permission post put read required rpc secret secrets server should stat timeout token tls too unable "
    b"unauthorized unexpected unknown unsupported user was were wrong x509".split()
)
_TROUBLE = Pattern(
    r"(?i:fail|error|unable|cannot|can't|could ?n|invalid|refused|denied|warn|panic|unexpected|expired|missing)"
)
_LONGEST_SENTENCE = 256  # bytes without a blank: no language has such a word
_BACK = 160  # bytes of the line before a name that are looked at for the sense of the sentence


def _is_sentence(place: _Place, value: Value, raw: bytes) -> bool:
    """Tell whether a colon introduces an explanation: `failed to get token: 401 Unauthorized`."""
    if len(raw) > _LONGEST_SENTENCE and b" " not in raw:
        return False
    first, _, more = raw.partition(b" ")
    follows = more or place.data[value.end : value.end + 1] == b" "
    word = first.rstrip(b":,").lower()
    if follows and (word in _STARTERS or (first.endswith(b":") and first[:-1].isalnum())):
        return True
    if place.name.weight is Weight.SURE or looks_made_up(first):
        return False
    return bool(follows) or _TROUBLE.search(_before(place)) is not None


def _before(place: _Place) -> bytes:
    return place.data[max(0, place.at - _BACK) : place.at].rpartition(b"\n")[2]


def _takes_line(place: _Place) -> bool:
    """Tell whether the value is the rest of the line: in YAML and INI files, where the name begins it."""
    before = place.data[max(0, place.at - 64) : place.at]
    line = before.rpartition(b"\n")[2]
    begins = (len(line) < len(before) or place.at == len(before)) and not line.strip(b" \t\"'-*`>|")
    spaced = place.data[place.value_at - 1 : place.value_at] in b" \t"
    return begins and spaced and place.sign in {b":", b"="}


@where(_KEYED)
def keyed(data: bytes) -> Iterator[Span]:
    """Give long random values beside a bare `key`, as exchanges and PagerDuty call theirs."""
    at = 0
    while hit := _KEYED.search(data, at):
        at = hit.end()
        behind = _KEYED_NAME.match(data, hit.start(), at)
        name = name_of(hit.group(1))
        place = _Place(data, hit.start(), name, hit.group(2), behind.end() if behind else at)
        if name.weight is not Weight.NOTHING and (found := _hinted(place)):
            at = max(at, found.end)
            yield found


@where(_SQL)
def statements(data: bytes) -> Iterator[Span]:
    """Give the passwords of SQL statements, `PASSWORD 'x'`."""
    return _unsigned(data, _SQL, len("'"))


@where(_COMMAND)
def commands(data: bytes) -> Iterator[Span]:
    """Give the passwords that some commands take behind one letter, `mysql -px`, `redis-cli -a x`."""
    return _unsigned(data, _COMMAND, 0)


@where(_SPOKEN)
def spoken(data: bytes) -> Iterator[Span]:
    """Give what looks like a credential behind a name and a blank: `the password is Tr0ub4dor`, `token 8f74…`."""
    at = 0
    while hit := _SPOKEN.search(data, at):
        at = hit.end(1)
        name, value = name_of(hit.group(1)), hit.group(3)[:128]
        told = hit.has(2) and name.weight in {Weight.SURE, Weight.LIKELY} and looks_made_up(value)
        if name.weight is not Weight.NOTHING and (told or is_random(window(value, 0))):
            at = hit.end()
            yield Span(*hit.span(3), name.label)


@where(_REDIS)
def redis_settings(data: bytes) -> Iterator[Span]:
    """Give the passwords of redis.conf, `requirepass x`."""
    return _unsigned(data, _REDIS, 0)


def _unsigned(data: bytes, pattern: Pattern, back: int) -> Iterator[Span]:
    """Values with no sign before them; they begin `back` bytes before the end of the match, at their quote."""
    at = 0
    while hit := pattern.search(data, at):
        value = read(data, hit.end() - back)
        at = max(value.end, hit.end())
        if value.end > value.start and not is_ordinary(data[value.start : value.end]):
            yield Span(value.start, value.end, "password")


@where(_CURL)
def sign_ins(data: bytes) -> Iterator[Span]:
    """Give the password of `curl -u user:password`."""
    return (Span(*hit.span(1), "password") for hit in _CURL.finditer(data))


@where(_QUERY)
def queries(data: bytes) -> Iterator[Span]:
    """Give one-time codes and signatures in addresses and forms."""
    for hit in _QUERY.finditer(data):
        yield Span(*hit.span(2), "code" if hit.has(1) else "signature")
