"""What stands between a client and PostgreSQL, told from the words of the refusal. Pure; it connects to nothing.

A refused connection has no SQLSTATE where a client can read it (psycopg gives None), so the words decide: those of
PostgreSQL 14 to 18 in English, of its C library, of Go's `lib/pq` (which the platform uses) and of PgBouncer.
"""

import re
from enum import StrEnum

from diagnostics.evidence.http import NAME_MISMATCHES, NoAnswer, Stage


class Obstacle(StrEnum):
    """Why there is no session, in the order in which a connection meets them."""

    NAME = "name unknown"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    NO_ROUTE = "no route"
    TLS_MISSING = "no TLS"
    CERTIFICATE_EXPIRED = "certificate expired"
    CERTIFICATE_NAME = "certificate for another name"
    CERTIFICATE_UNTRUSTED = "certificate not trusted"
    TLS_FAILED = "TLS fails"
    STARTING_UP = "starting up"
    IN_RECOVERY = "in recovery"
    SHUTTING_DOWN = "shutting down"
    HBA = "rejected by pg_hba.conf"
    PASSWORD = "password rejected"  # noqa: S105 no password
    ROLE = "no such role"
    DATABASE = "no such database"
    SLOTS = "no slot left"
    OTHER = "another reason"


#: In this order: the first whose words occur decides. A refusal may quote a name that somebody chose, so each phrase
#: is one that no name stands in the middle of.
_WORDS: tuple[tuple[Obstacle, tuple[str, ...]], ...] = (
    (
        Obstacle.NAME,
        (
            "failed to resolve host",
            "could not translate host name",
            "no such host",
            "name or service not known",
            "temporary failure in name resolution",
            "server misbehaving",
            "'idna' codec",
        ),
    ),
    (Obstacle.STARTING_UP, ("the database system is starting up", "database system is not yet accepting connections")),
    (
        Obstacle.IN_RECOVERY,
        ("the database system is in recovery mode", "the database system is not accepting connections"),
    ),
    (
        Obstacle.SHUTTING_DOWN,
        (
            "the database system is shutting down",
            "terminating connection due to administrator command",
            "the database system is shut down",
        ),
    ),
    (
        Obstacle.SLOTS,
        (
            "sorry, too many clients already",
            "remaining connection slots are reserved",
            "too many connections for role",
            "too many connections for database",
            "no more connections allowed",
            "number of requested standby connections exceeds",
        ),
    ),
    (
        Obstacle.HBA,
        (
            "no pg_hba.conf entry",
            "pg_hba.conf rejects connection",
            "pg_hba.conf rejects replication connection",
        ),
    ),
    (Obstacle.ROLE, ("is not permitted to log in", "no such user")),
    (
        Obstacle.PASSWORD,
        (
            "password authentication failed",
            "no password supplied",
            "empty password returned by client",
            "password is empty",
            "peer authentication failed",
            "ident authentication failed",
            "certificate authentication failed",
            "ldap authentication failed",
            "pam authentication failed",
            "radius authentication failed",
            "gssapi authentication failed",
            "sasl authentication failed",
            "authentication method 10 not supported",
        ),
    ),
    (
        Obstacle.TLS_MISSING,
        ("server does not support ssl", "ssl is not enabled on the server", "server refused tls connection"),
    ),
    (
        Obstacle.CERTIFICATE_NAME,
        (
            "does not match host name",
            "certificate is valid for",
            "certificate is not valid for any names",
            "doesn't contain any ip sans",
            "certificate relies on legacy common name",
        ),
    ),
    (Obstacle.CERTIFICATE_EXPIRED, ("certificate has expired",)),
    (
        Obstacle.CERTIFICATE_UNTRUSTED,
        (
            "certificate verify failed",
            "signed by unknown authority",
            "self-signed certificate",
            "root certificate file",
            "certificate is not trusted",
            "certificate signed by unknown",
        ),
    ),
    (Obstacle.TLS_FAILED, ("ssl error", "tlsv1 alert", "tls: ", "could not initiate ssl", "ssl syscall error")),
    (Obstacle.NO_ROUTE, ("no route to host", "network is unreachable", "host is unreachable", "network is down")),
    (Obstacle.REFUSED, ("connection refused",)),
    (
        Obstacle.TIMEOUT,
        (
            "timeout expired",
            "connection timeout",
            "timed out",
            "i/o timeout",
            "deadline exceeded",
        ),
    ),
)
_OF_HBA = dict(_WORDS)[Obstacle.HBA]
#: How libpq begins to tell of each try.
_TRY = re.compile(r"\s(?=connection to server at )", re.IGNORECASE)
#: Said of a name between quotes: which of the two it is of follows from the word before it.
_MISSING = "does not exist"
_TLS_STAGES = {
    Obstacle.TLS_MISSING,
    Obstacle.CERTIFICATE_EXPIRED,
    Obstacle.CERTIFICATE_NAME,
    Obstacle.CERTIFICATE_UNTRUSTED,
    Obstacle.TLS_FAILED,
}


def obstacle(words: str) -> Obstacle:
    """What a refusal in these words is about."""
    said = counting(" ".join(_without_names(words.casefold()).split()))
    missing = _missing(said)
    if missing is not None:
        return missing
    return next((one for one, phrases in _WORDS if any(phrase in said for phrase in phrases)), Obstacle.OTHER)


def counting(words: str) -> str:
    """The words of the tries that count, where libpq has tried twice.

    Under sslmode prefer and allow a refused login is tried again with or without TLS: what pg_hba.conf says of the one
    that it does not let in is no reason, where the other was let in and refused.
    """
    tries = _TRY.split(words)
    others = [one for one in tries if not any(phrase in one.casefold() for phrase in _OF_HBA)]
    return " ".join(others) if any("fatal:" in one.casefold() for one in others) else words


def of_the_way(failure: NoAnswer) -> Obstacle:
    """What a failed look at the way by hand is about."""
    if failure.stage is Stage.NAME:
        return Obstacle.NAME
    if failure.timed_out:
        return Obstacle.TIMEOUT
    if failure.stage is Stage.TLS:
        return _of_tls(failure)
    return Obstacle.NO_ROUTE if failure.no_way else Obstacle.REFUSED


def is_of_tls(one: Obstacle) -> bool:
    """Whether it ended while TLS was begun: only a look at the certificate tells which it is."""
    return one in _TLS_STAGES


def _of_tls(failure: NoAnswer) -> Obstacle:
    if failure.code == "CERT_HAS_EXPIRED":
        return Obstacle.CERTIFICATE_EXPIRED
    if failure.code in NAME_MISMATCHES:
        return Obstacle.CERTIFICATE_NAME
    if failure.certificate_refused:
        return Obstacle.CERTIFICATE_UNTRUSTED
    return Obstacle.TLS_FAILED


def _without_names(said: str) -> str:
    """The words with what stands between quotes taken out: a database may be called "connection refused"."""
    parts = said.split('"')
    return '""'.join(parts[::2]) if len(parts) % 2 else said


def _missing(said: str) -> Obstacle | None:
    """A role or a database that is not there, where it is said so."""
    if f'role "" {_MISSING}' in said:
        return Obstacle.ROLE
    if f'database "" {_MISSING}' in said or "no such database: " in said:
        return Obstacle.DATABASE
    if 'permission denied for database ""' in said or 'database "" is not currently accepting connections' in said:
        return Obstacle.DATABASE
    return None
