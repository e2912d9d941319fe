"""Finds passwords inside addresses: `scheme://user:password@host`, and MySQL's `user:password@tcp(host)`.

It goes by the text, not by a URL parser: the address that does not parse, because its password holds `@` or `/`,
is the one that ends up in an error message.
"""

from collections.abc import Iterator

from diagnostics.patterns import Hit, Pattern
from diagnostics.redaction.rule import where
from diagnostics.redaction.sheet import Span

__all__ = ["mysql_passwords", "passwords_read_as_ports", "url_passwords"]

_USER = Pattern(
    r"((?i:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|valkeys?|amqps?|nats|clickhouse)(?:\+[a-z0-9]+)?)?"
    r"(?::|%3[aA])(?:\\*/\\*/|%2[fF]%2[fF])[^\s/?#\"'<>@:\[\]\\%]{0,256}(?::|%3[aA])"
)
_STOP = Pattern(r"@|%40|[\s\"'`<>\x00]")
# The password itself holds an @. Behind a web address an @ may stand in the path, behind a database's it does not.
_MORE = Pattern(r"[^\s\"'`<>@/,?#\x00]*(?:@|%40)")
_MORE_DATABASE = Pattern(r"[^\s\"'`<>@,\x00]*(?:@|%40)")
_PORT = Pattern(r"(?:[0-9]{1,5}|\$\{?[A-Za-z_]+\}?|%[ds]|\*|<[a-z]+>)(?:[/?#,;:)\]}\\\s\"'`<>\x00.]|%2[fF]|$)")
_CUT = Pattern(r"[^\s\"'`<>@/?#\x00]+")
_MYSQL = Pattern(r"[A-Za-z0-9_.\-]+:([^\s\"'`<>@]+(?:@[^\s\"'`<>@/(]+)*)@(?:tcp|unix)\(")
_BAD_PORT = Pattern(r"invalid port \\*\":([^\"\\]+)\\*\" after host")  # Go shows the password's first half


@where(_USER)
def url_passwords(data: bytes) -> Iterator[Span]:
    """Give each password between `user:` and `@`; a database address that was cut off before the `@` counts."""
    at, stop = 0, _STOP.search(data)
    while hit := _USER.search(data, at):
        at = hit.end()
        if _PORT.match(data, at):
            continue
        if stop and stop.start() < at:  # else it is still the next one: looking again would take quadratic time
            stop = _STOP.search(data, at)
        end = _password_end(data, hit, stop)
        if end > at:
            yield Span(at, end, "password in url")
            at = end


def _password_end(data: bytes, hit: Hit, stop: Hit | None) -> int:
    """Give the end of the password that begins behind `hit`, or its beginning when there is none."""
    database = hit.has(1)
    if stop and stop.group() in {b"@", b"%40"}:
        return _last_at(data, stop, _MORE_DATABASE if database else _MORE)
    cut = _CUT.match(data, hit.end()) if database else None
    return cut.end() if cut else hit.end()


def _last_at(data: bytes, stop: Hit, further: Pattern) -> int:
    end, after = stop.span()
    while more := further.match(data, after):
        end, after = more.end() - (1 if more.group().endswith(b"@") else 3), more.end()
    return end


@where(_MYSQL)
def mysql_passwords(data: bytes) -> Iterator[Span]:
    """Give the password of each address in the form of Go's MySQL driver."""
    return (Span(*hit.span(1), "password in url") for hit in _MYSQL.finditer(data))


@where(_BAD_PORT)
def passwords_read_as_ports(data: bytes) -> Iterator[Span]:
    """Give what a URL parser took for a port: the beginning of a password with an unescaped sign."""
    return (Span(*hit.span(1), "password in url") for hit in _BAD_PORT.finditer(data))
