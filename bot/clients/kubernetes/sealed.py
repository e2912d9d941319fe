"""Secrets and config maps made into facts: which keys there are, whether they hold something, a keyed fingerprint.

A value lives in these functions only, but for a login that is needed at once. It is in no exception and no log.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from bot.clients.certificates import certificate_in, key_fits
from bot.clients.kubernetes import wire
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.services import DatabaseTarget, Key, Sealed
from diagnostics.redaction import KnownSecret

Fingerprint = Callable[[str], str]
Learn = Callable[..., None]
#: Keys whose values are names and addresses, as people call them: to mask "volaticloud" everywhere helps nobody.
_OPEN = {
    "host",
    "hostname",
    "port",
    "database",
    "dbname",
    "db",
    "username",
    "user",
    "sslmode",
    "schema",
    "ca.crt",
    "tls.crt",
    "client-id",
    "client_id",
    "namespace",
    "release",
}
_CERTIFICATE, _PRIVATE_KEY = "tls.crt", "tls.key"
#: How cert-manager marks a secret that it writes: by the name of the Certificate that asks for it.
_KEPT_BY = "cert-manager.io/certificate-name"
_POSTGRES_PORT = 5432
_SCHEMES = ("postgres", "postgresql")


@dataclass(frozen=True, slots=True)
class Sealing:
    """How secrets become facts: the keyed fingerprint, and who learns their values in order to mask them."""

    fingerprint: Fingerprint
    learn: Learn

    def secret(self, sent: wire.Secret) -> Sealed:
        """A secret as facts; its values are learned first."""
        self.learn(*learned(sent))
        return secret(sent, self.fingerprint)

    def texts(self, sent: wire.Secret) -> dict[str, str]:
        """A secret's values, for logging in where the platform does; they are learned first, and nobody keeps them."""
        self.learn(*learned(sent))
        return {name: _decoded(text).decode(errors="replace") for name, text in sorted((sent.data or {}).items())}

    def config(self, sent: wire.Config) -> Sealed:
        """A config map as facts."""
        return config(sent, self.fingerprint)


def secret(sent: wire.Secret, fingerprint: Fingerprint) -> Sealed:
    """A secret as facts."""
    values = {name: _decoded(text) for name, text in (sent.data or {}).items()}
    shown = values.get(_CERTIFICATE)
    private = values.get(_PRIVATE_KEY)
    return Sealed(
        name=Name(sent.metadata.namespace, sent.metadata.name),
        type=sent.type or "",
        keys=_keys(values, fingerprint),
        certificate=certificate_in(shown) if shown else None,
        key_fits=key_fits(shown, private) if shown and private else None,
        database=_database(values),
        kept_by=(sent.metadata.annotations or {}).get(_KEPT_BY, ""),
    )


def learned(sent: wire.Secret) -> Iterator[KnownSecret]:
    """The values that must be masked wherever they turn up: all but names and addresses; of an address its password."""
    for name, text in (sent.data or {}).items():
        value = _decoded(text).decode(errors="replace").strip()
        if value and name.casefold() not in _OPEN:
            yield KnownSecret(f"{sent.metadata.name}, key {name}", value)
            if password := _password(value):
                yield KnownSecret(f"{sent.metadata.name}, password in key {name}", password)


def _password(value: str) -> str:
    try:
        return unquote(urlsplit(value).password or "")
    except ValueError:
        return ""


def config(sent: wire.Config, fingerprint: Fingerprint) -> Sealed:
    """A config map as facts. People put secrets into these too."""
    values = {name: text.encode() for name, text in (sent.data or {}).items()}
    values |= {name: _decoded(text) for name, text in (sent.binary_data or {}).items()}
    return Sealed(Name(sent.metadata.namespace, sent.metadata.name), keys=_keys(values, fingerprint))


def absent(name: Name) -> Sealed:
    """One that does not exist."""
    return Sealed(name, exists=False)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _keys(values: Mapping[str, bytes], fingerprint: Fingerprint) -> tuple[Key, ...]:
    return tuple(_key(name, values[name], fingerprint) for name in sorted(values))


def _key(name: str, value: bytes, fingerprint: Fingerprint) -> Key:
    """A key. A file such as a certificate ends with a line break, as files do: only a single line can be untidy."""
    text = value.decode(errors="replace")
    single = "\n" not in text.strip()
    return Key(name, empty=not value.strip(), untidy=single and text != text.strip(), fingerprint=fingerprint(text))


def _database(values: Mapping[str, bytes]) -> DatabaseTarget | None:
    """Where the database is: by the runbook's four keys, or by the first value that is a PostgreSQL address."""
    texts = {name: value.decode(errors="replace").strip() for name, value in values.items()}
    if texts.get("host"):
        return _by_parts(texts)
    return next((found for text in texts.values() if (found := _by_url(text))), None)


def _by_parts(texts: Mapping[str, str]) -> DatabaseTarget | None:
    host, _, port = texts["host"].rpartition(":")
    if not host or not port.isdecimal():
        host, port = texts["host"], texts.get("port", "")
    number = int(port) if port.isdecimal() else _POSTGRES_PORT
    return DatabaseTarget(host.strip("[]"), number, texts.get("database", ""), texts.get("username", ""))


def _by_url(text: str) -> DatabaseTarget | None:
    try:
        parts = urlsplit(text)
        port = parts.port or _POSTGRES_PORT
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        return None
    mode = parse_qs(parts.query).get("sslmode", [""])[0]
    return DatabaseTarget(parts.hostname, port, unquote(parts.path.lstrip("/")), unquote(parts.username or ""), mode)
