"""How Volati logs in, read from what the platform itself has: four keys, or one address. Pure; it keeps nothing.

The value carries a password, so it is no evidence: it is never saved, and never shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

PORT: Final = 5432
#: The runbook's keys, and what else people call them; the first that is there counts.
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "host": ("host", "hostname"),
    "database": ("database", "dbname", "db"),
    "username": ("username", "user"),
    "password": ("password",),
}
SCHEMES: Final = ("postgres", "postgresql")
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
DEFAULT_MODE: Final = "prefer"


@dataclass(frozen=True, slots=True)
class Login:
    """Where the database is and how to log in there. `origin` says where that is configured."""

    host: str
    port: int = PORT
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    ssl_mode: str = DEFAULT_MODE
    ca_file: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """What a secret gave: a login where there is one, which keys it lacks, which hold blanks around their value.

    `broken` is a key whose value is no address that can be read.
    """

    login: Login | None
    lacking: tuple[str, ...] = ()
    untidy: tuple[str, ...] = ()
    broken: str = ""


def read(values: Mapping[str, str], origin: str) -> Read:
    """The login in a secret's keys: by the first that holds a PostgreSQL address, else by the runbook's four keys."""
    addressed = [name for name, text in values.items() if text.strip().partition("://")[0] in SCHEMES]
    if addressed:
        return _by_address(addressed[0], values[addressed[0]], origin)
    return _by_parts(values, origin)


def of_url(url: str, origin: str) -> Login:
    """The login in an address such as postgresql://user:password@host:5432/database?sslmode=require.

    Raises:
        ValueError: it is no such address. The message holds no part of it.
    """
    try:
        parts = urlsplit(url)
        port = parts.port if parts.port is not None else PORT
        query = parse_qs(parts.query)
        host = unquote(parts.hostname or "") or query.get("host", [""])[0]
    except ValueError:
        raise ValueError(_NO_ADDRESS) from None
    mode = query.get("sslmode", [DEFAULT_MODE])[0]
    if parts.scheme not in SCHEMES or not host or "," in host or not port or mode not in SSL_MODES:
        raise ValueError(_NO_ADDRESS)
    user = unquote(parts.username or "")
    database = unquote(parts.path.removeprefix("/")) or user
    return Login(host, port, database, user, unquote(parts.password or ""), mode, origin=origin)


_NO_ADDRESS = (
    "must be an address of one host such as postgresql://user:password@db.example.com:5432/volaticloud, with "
    "special characters in the password written as %40 and the like"
)


def _by_address(key: str, value: str, origin: str) -> Read:
    untidy = (key,) if value != value.strip() else ()
    try:
        return Read(of_url(value.strip(), origin), untidy=untidy)
    except ValueError:
        return Read(None, untidy=untidy, broken=key)


def _by_parts(values: Mapping[str, str], origin: str) -> Read:
    found = {part: _first(values, names) for part, names in PARTS.items()}
    lacking = tuple(part for part, (_, value) in found.items() if not value.strip())
    untidy = tuple(key for key, value in found.values() if key and value.strip() and value != value.strip())
    if lacking:
        return Read(None, lacking, untidy)
    host, port = split_host(found["host"][1].strip(), values.get("port", "").strip())
    login = Login(host, port, found["database"][1].strip(), found["username"][1].strip(), origin=origin)
    mode = values.get("sslmode", "").strip()
    return Read(
        replace(login, password=found["password"][1].strip(), ssl_mode=mode if mode in SSL_MODES else DEFAULT_MODE),
        untidy=untidy,
    )


def split_host(host: str, port: str = "") -> tuple[str, int]:
    """A host and a port; the runbook's secret holds both in one, as name:port."""
    name, colon, number = host.rpartition(":")
    bare = colon and name and number.isdecimal() and (":" not in name or name.endswith("]"))
    if bare:
        host, port = name, number
    return host.strip("[]"), _port(port)


def _port(text: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 6 else 0  # noqa: PLR2004 digits of the largest port, and one more
    return number if 0 < number < 65_536 else PORT  # noqa: PLR2004 ports end there


def _first(values: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str]:
    return next(((name, values[name]) for name in names if name in values), ("", ""))
