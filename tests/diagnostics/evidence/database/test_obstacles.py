"""Tests of refusals told apart by their words: those of PostgreSQL 14 to 18, of its library, of Go's, of a pooler."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.evidence.database.obstacles import Obstacle, counting, is_of_tls, obstacle, of_the_way
from diagnostics.evidence.http import NoAnswer, Stage

LIBPQ = 'connection to server at "db.example.com" (192.0.2.7), port 5432 failed: '
UNENCRYPTED = f'{LIBPQ}FATAL:  no pg_hba.conf entry for host "192.0.2.1", user "a", database "b", no encryption'
O = Obstacle  # noqa: E741 a table of many
SAID = [
    (O.NAME, "failed to resolve host 'db.example.com': [Errno -2] Name or service not known"),
    (O.NAME, 'could not translate host name "db" to address: Temporary failure in name resolution'),
    (O.NAME, "dial tcp: lookup db.example.com on 10.96.0.10:53: no such host"),
    (O.REFUSED, f"{LIBPQ}Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?"),
    (O.REFUSED, "dial tcp 10.0.0.5:5432: connect: connection refused"),
    (O.TIMEOUT, f"{LIBPQ}timeout expired"),
    (O.TIMEOUT, "connection timeout expired"),
    (O.TIMEOUT, "dial tcp 10.0.0.5:5432: i/o timeout"),
    (O.TIMEOUT, "context deadline exceeded"),
    (O.NO_ROUTE, f"{LIBPQ}No route to host"),
    (O.NO_ROUTE, f"{LIBPQ}Network is unreachable"),
    (O.TLS_MISSING, f"{LIBPQ}server does not support SSL, but SSL was required"),
    (O.TLS_MISSING, "pq: SSL is not enabled on the server"),
    (O.CERTIFICATE_NAME, f'{LIBPQ}server certificate for "a" does not match host name "b"'),
    (O.CERTIFICATE_NAME, "x509: certificate is valid for a.example.com, not b.example.com"),
    (O.CERTIFICATE_EXPIRED, "x509: certificate has expired or is not yet valid: current time is after"),
    (O.CERTIFICATE_UNTRUSTED, f"{LIBPQ}SSL error: certificate verify failed"),
    (O.CERTIFICATE_UNTRUSTED, f'{LIBPQ}root certificate file "/root.crt" does not exist'),
    (O.CERTIFICATE_UNTRUSTED, "x509: certificate signed by unknown authority"),
    (O.TLS_FAILED, f"{LIBPQ}SSL error: tlsv1 alert protocol version"),
    (O.STARTING_UP, f"{LIBPQ}FATAL:  the database system is starting up"),
    (O.STARTING_UP, f"{LIBPQ}FATAL:  the database system is not yet accepting connections\nDETAIL:  Consistent re"),
    (O.STARTING_UP, "pq: the database system is starting up (57P03)"),
    (O.IN_RECOVERY, f"{LIBPQ}FATAL:  the database system is in recovery mode"),
    (O.IN_RECOVERY, f"{LIBPQ}FATAL:  the database system is not accepting connections\nDETAIL:  Hot standby mode is"),
    (O.SHUTTING_DOWN, f"{LIBPQ}FATAL:  the database system is shutting down"),
    (O.HBA, f'{LIBPQ}FATAL:  no pg_hba.conf entry for host "192.0.2.1", user "a", database "b", no encryption'),
    (O.HBA, f'{LIBPQ}FATAL:  no pg_hba.conf entry for host "192.0.2.1", user "a", database "b", SSL off'),
    (O.HBA, f'{LIBPQ}FATAL:  pg_hba.conf rejects connection for host "192.0.2.1", user "a", database "b"'),
    (O.PASSWORD, f'{LIBPQ}FATAL:  password authentication failed for user "volaticloud"'),
    (O.PASSWORD, f"{LIBPQ}fe_sendauth: no password supplied"),
    (O.PASSWORD, 'pq: password authentication failed for user "volaticloud" (28P01)'),
    (O.PASSWORD, f'{LIBPQ}FATAL:  Peer authentication failed for user "volaticloud"'),
    (O.ROLE, f'{LIBPQ}FATAL:  role "volaticloud" does not exist'),
    (O.ROLE, f'{LIBPQ}FATAL:  role "volaticloud" is not permitted to log in'),
    (O.ROLE, "FATAL:  no such user: volaticloud"),
    (O.DATABASE, f'{LIBPQ}FATAL:  database "volaticloud" does not exist'),
    (O.DATABASE, 'pq: database "volaticloud" does not exist'),
    (O.DATABASE, f'{LIBPQ}FATAL:  permission denied for database "volaticloud"\nDETAIL:  User does not have CONNECT'),
    (O.DATABASE, f'{LIBPQ}FATAL:  database "volaticloud" is not currently accepting connections'),
    (O.SLOTS, f"{LIBPQ}FATAL:  sorry, too many clients already"),
    (O.SLOTS, "pq: sorry, too many clients already"),
    (O.SLOTS, f"{LIBPQ}FATAL:  remaining connection slots are reserved for non-replication superuser connections"),
    (O.SLOTS, f"{LIBPQ}FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute"),
    (O.SLOTS, f'{LIBPQ}FATAL:  remaining connection slots are reserved for roles with privileges of the "pg_use"'),
    (O.SLOTS, f'{LIBPQ}FATAL:  too many connections for role "volaticloud"'),
    (O.SLOTS, f'{LIBPQ}FATAL:  too many connections for database "volaticloud"'),
    (O.SLOTS, "FATAL:  no more connections allowed (max_client_conn)"),
    (O.PASSWORD, f'{LIBPQ}FATAL:  password authentication failed for user "a"\n{UNENCRYPTED}'),
    (O.PASSWORD, f'{UNENCRYPTED}\n{LIBPQ}FATAL:  password authentication failed for user "a"'),
    (O.ROLE, f'{LIBPQ}FATAL:  role "a" is not permitted to log in\n{UNENCRYPTED}'),
    (O.HBA, f'{LIBPQ}FATAL:  no pg_hba.conf entry for host "h", user "a", database "b", SSL encryption\n{UNENCRYPTED}'),
    (O.HBA, f"{LIBPQ}server does not support SSL\n{UNENCRYPTED}"),
    (O.OTHER, f"{LIBPQ}FATAL:  unsupported startup parameter: options"),
    (O.OTHER, ""),
]


@pytest.mark.parametrize(("expected", "words"), SAID, ids=[f"{one}-{n}" for n, (one, _) in enumerate(SAID)])
def test_by_words(expected: Obstacle, words: str) -> None:
    """Tells every refusal by its words, in whatever letters."""
    assert obstacle(words) is expected
    assert obstacle(words.upper()) is expected


def test_the_try_that_counts() -> None:
    """Shows what refused the login, and not that the try without TLS is let in by nobody."""
    refused = f'{LIBPQ}FATAL:  password authentication failed for user "a"'
    assert counting(f"{refused}\n{UNENCRYPTED}") == counting(f"{UNENCRYPTED}\n{refused}") == refused
    assert counting(UNENCRYPTED) == UNENCRYPTED


def test_every_obstacle_has_words() -> None:
    """Knows words for every obstacle there is."""
    assert {one for one, _ in SAID} == set(Obstacle)


@given(
    st.sampled_from(sorted(words for _, words in SAID)),
    st.text(alphabet='abc "_.', max_size=20).map(lambda t: t.replace('"', "")),
)
def test_a_name_decides_nothing(name: str, user: str) -> None:
    """Tells the same whatever the database is called: somebody may call it as a refusal is worded."""
    called = name.replace('"', "")
    assert obstacle(f'{LIBPQ}FATAL:  database "{called}{user}" does not exist') is Obstacle.DATABASE
    assert obstacle(f'{LIBPQ}FATAL:  password authentication failed for user "{called}"') is Obstacle.PASSWORD


@given(st.text())
def test_always_one(words: str) -> None:
    """Gives an obstacle for whatever is said."""
    assert obstacle(words) in Obstacle


@pytest.mark.parametrize(
    ("stage", "code", "timed_out", "expected"),
    [
        (Stage.NAME, "EAI_NONAME", False, O.NAME),
        (Stage.NAME, "", True, O.NAME),
        (Stage.CONNECT, "ECONNREFUSED", False, O.REFUSED),
        (Stage.CONNECT, "EHOSTUNREACH", False, O.NO_ROUTE),
        (Stage.CONNECT, "", True, O.TIMEOUT),
        (Stage.TLS, "", True, O.TIMEOUT),
        (Stage.TLS, "CERT_HAS_EXPIRED", False, O.CERTIFICATE_EXPIRED),
        (Stage.TLS, "HOSTNAME_MISMATCH", False, O.CERTIFICATE_NAME),
        (Stage.TLS, "CERTIFICATE_VERIFY_FAILED", False, O.CERTIFICATE_UNTRUSTED),
        (Stage.TLS, "WRONG_VERSION_NUMBER", False, O.TLS_FAILED),
    ],
)
def test_by_hand(stage: Stage, code: str, timed_out: bool, expected: Obstacle) -> None:  # noqa: FBT001 a field of a case
    """Tells the same of a look by hand, by the system's own names."""
    assert of_the_way(NoAnswer(stage, "x", timed_out=timed_out, took_ms=1, code=code)) is expected


def test_of_tls() -> None:
    """Knows of which obstacles a certificate tells more."""
    assert {one for one in Obstacle if is_of_tls(one)} == {
        O.TLS_MISSING,
        O.CERTIFICATE_EXPIRED,
        O.CERTIFICATE_NAME,
        O.CERTIFICATE_UNTRUSTED,
        O.TLS_FAILED,
    }
