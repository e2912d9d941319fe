"""What reaching a host told us: name lookup, TCP connection and TLS handshake, each timed apart."""

from datetime import datetime
from typing import Protocol

from diagnostics.evidence.http import NoAnswer
from diagnostics.model import Value


class Certificate(Value, frozen=True):
    """The facts of a server's certificate. Times are aware, in UTC; the fingerprint is SHA-256 in hex."""

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint: str


class Attempt(Value, frozen=True):
    """An address that was tried in vain, where that ended, and the certificate it showed when that was refused."""

    address: str
    failure: NoAnswer
    certificate: Certificate | None = None


class Reached(Value, frozen=True):
    """How far a connection got. `failure` says where it ended; what comes after that is unset.

    Every address of the host is tried at once, and what is told is of the one that got farthest: `failure` is unset
    when one of them could be used. `lost` are the others' failures, all of them where none could.
    A certificate is seen even when it is not trusted: then `failure` is of the TLS stage.
    """

    host: str
    port: int
    tls: bool
    addresses: tuple[str, ...] = ()
    lookup_ms: int | None = None
    connect_ms: int | None = None
    handshake_ms: int | None = None
    certificate: Certificate | None = None
    failure: NoAnswer | None = None
    lost: tuple[Attempt, ...] = ()


class Network(Protocol):
    """What looking at reachability needs of a client."""

    async def reach(self, url: str) -> Reached:
        """Look up, connect and shake hands with the host of a URL. Raises nothing but cancellation."""
        ...
