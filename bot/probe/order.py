"""What a probe is to do: how and where to, from words and back. Pure; it never decides whether one may go there."""

import re
from enum import StrEnum
from ipaddress import ip_address

from diagnostics.model import Value

DATABASE = "database"
"""The target that stands for the platform's database: its place is in its secret, which the pod is given."""

POSTGRES_PORT = 5432
DEFAULT_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65_535
_LONGEST = 400  # characters of a target: a name has 253 at most (RFC 1035), a path of a health page some ten
_HOST = r"[a-z0-9](?:[-a-z0-9_.]{0,251}[a-z0-9])?\.?|\[[0-9a-f:.]{2,45}\]"
#: What a path may hold (RFC 3986, 3.3). No query: a probe only asks whether somebody answers.
_PATH = r"/[A-Za-z0-9._~!$&()*+,;=:@%/-]{0,200}"
_TARGET = re.compile(rf"(?:(?P<scheme>https?)://)?(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?(?P<path>{_PATH})?")


class Way(StrEnum):
    """How a place is probed."""

    TCP = "tcp"
    HTTP = "http"
    DNS = "dns"
    POSTGRES = "postgres"
    ROUTE = "route"


class TargetUnreadable(ValueError):  # noqa: N818 as the errors of bot/errors.py are named
    """A text is no target; the message says why, and shows one that is."""


class Order(Value, frozen=True):
    """One probe. An empty host stands for the database; a port of 0 for none; scheme and path are of HTTP alone.

    Nothing is known of the host here but that it has the form of one: a name in lower case, or an address.
    """

    way: Way
    host: str = ""
    port: int = 0
    scheme: str = ""
    path: str = ""

    def __str__(self) -> str:
        """The target as it is written, and read again by `read`."""
        if not self.host:
            return DATABASE
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port and self.port != DEFAULT_PORTS.get(self.scheme) else ""
        return f"{self.scheme}://{host}{port}{self.path}" if self.scheme else f"{host}{port}{self.path}"

    @property
    def of_database(self) -> bool:
        """Whether its place is the database's."""
        return not self.host

    @property
    def complete(self) -> bool:
        """Whether nothing is left to be filled in: a probe can be made of it."""
        return (
            self.of_database or self.way is Way.DNS or (bool(self.port) and (self.way is Way.HTTP) == bool(self.scheme))
        )


def read(way: Way, text: str) -> Order:
    """An order from a target as people write it: host, host:port, or an address with its scheme.

    Raises:
        TargetUnreadable: it is none.
    """
    sound = text.isascii() and len(text) <= _LONGEST
    found = _TARGET.fullmatch(_lowered(text.strip())) if sound else None
    if not found:
        raise TargetUnreadable(f"{text[:60]!r} is no target; write it as in {_EXAMPLES[way]}.")
    scheme, host, port, path = found.group("scheme", "host", "port", "path")
    if port is not None and not 0 < int(port) <= _LAST_PORT:
        raise TargetUnreadable(f"{port} is no port; ports are numbers from 1 to {_LAST_PORT}.")
    if (scheme or path) and way is not Way.HTTP:
        raise TargetUnreadable(f"A probe by {way} takes no address with a scheme or a path, as in {_EXAMPLES[way]}.")
    if port and way is Way.DNS:
        raise TargetUnreadable(f"A probe by {way} takes a name without a port, as in {_EXAMPLES[way]}.")
    if host == DATABASE and not (scheme or port or path) and way is not Way.HTTP:
        return Order(way)
    number = int(port or 0) or DEFAULT_PORTS.get(scheme or "", 0)
    return Order(way, _plain(host), number, scheme or "", path or "")


_EXAMPLES = {
    Way.TCP: "volaticloud-backend:8080",
    Way.HTTP: "https://api.volaticloud.com/health",
    Way.DNS: "console.volaticloud.com",
    Way.POSTGRES: DATABASE,
    Way.ROUTE: "api.volaticloud.com:443",
}


def _lowered(text: str) -> str:
    """The text with all but its path in lower case: a path means what it says."""
    scheme, mark, rest = text.partition("://")
    scheme, rest = (scheme, rest) if mark else ("", text)
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash}{path}"


def _plain(host: str) -> str:
    """An address in its one shortest form, which cannot be written in two ways; a name without its last dot."""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        if host.startswith("["):
            raise TargetUnreadable(f"{host} is no address of version 6.") from None
        return host.removesuffix(".")
