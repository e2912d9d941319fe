"""Checks of the way to a session with PostgreSQL: secret, name, TCP, TLS, login, and what the server says instead."""

from collections.abc import Iterator
from shlex import quote

from diagnostics.areas.database.platform import database, login, psql, ready, where
from diagnostics.areas.server.telling import FORM
from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.database.kinds import DatabaseAccess
from diagnostics.evidence.database.obstacles import Obstacle
from diagnostics.evidence.database.views import AccessView
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, few, one_line

#: The form of a fault whose login is configured in Volati's own settings.
OWN_LOGIN = "of Volati's own login"
_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_CONNECTION, _POOL = Section.SERVER_DATABASE, Section.DATABASE_POOL


@check(DatabaseAccess, "database.secret-incomplete", "The database's secret is not complete", _CRITICAL, _CONNECTION)
def secret_incomplete(seen: DatabaseAccess, context: Context) -> Iterator[Sign]:
    """Without host, database, username and password, or one address that holds them, nobody can connect."""
    if seen.host:
        return
    what = f"{_begun(seen.origin)} "
    if not seen.exists:
        what += "does not exist"
    elif seen.broken:
        what += f"has an address in key {seen.broken} that cannot be read"
    else:
        what += f"has no {few(seen.lacking)}, or nothing in it"
    facts = (Fact("secret", seen.told_by.rpartition("/")[2] or seen.origin), Fact("lacks", ", ".join(seen.lacking)))
    yield Sign(Subject("secret", seen.told_by or seen.origin), what, facts, _secret_command(seen, context))


@check(
    DatabaseAccess, "database.credentials-untidy", "The database's login has blanks around it", _WARNING, _CONNECTION
)
def credentials_untidy(seen: DatabaseAccess, context: Context) -> Iterator[Sign]:
    """A line break that came along when a secret was made is part of what the backend uses, and its login fails."""
    if seen.untidy:
        keys = few(seen.untidy)
        what = f"{_begun(seen.origin)} has blanks or a line break around the value of {keys}"
        meaning = "; Volati connects without them" if seen.connected else ""
        facts = (Fact("secret", seen.told_by.rpartition("/")[2]), Fact("key", seen.untidy[0]))
        yield Sign(
            Subject("secret", seen.told_by or seen.origin), f"{what}{meaning}", facts, _secret_command(seen, context)
        )


@check(DatabaseAccess, "database.name-unknown", "The database's name is not known", _CRITICAL, _CONNECTION)
def name_unknown(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """Without an address nothing can connect: a wrong host in the secret, or a resolver that does not answer."""
    if seen.obstacle is Obstacle.NAME:
        yield _sign(seen, f"The name {seen.host} cannot be looked up", f"getent ahosts {quote(seen.host)}")


@check(DatabaseAccess, "database.refused", "Nothing listens at the database's address", _CRITICAL, _CONNECTION)
def refused(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """The machine is there and PostgreSQL is not: it is down, or listens at another port or address."""
    if seen.obstacle is Obstacle.REFUSED:
        yield _sign(seen, f"PostgreSQL does not accept connections at {seen.address}", ready(seen))


@check(DatabaseAccess, "database.no-route", "No way leads to the database", _CRITICAL, _CONNECTION)
def no_route(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """The network itself says so, and not the host: a missing route, a VPN that is down, a firewall that forbids."""
    if seen.obstacle is Obstacle.NO_ROUTE:
        yield _sign(seen, f"The network knows no way to {seen.address}", f"ip route get {quote(seen.host)}")


@check(DatabaseAccess, "database.timeout", "The database does not answer", _CRITICAL, _CONNECTION)
def timeout(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """Silence is how a firewall drops who is not on its list; else the server hangs, or its machine is off."""
    if seen.obstacle is Obstacle.TIMEOUT:
        silent = seen.way is None or seen.way.failure is not None
        how = "a firewall drops it, or the host is off" if silent else "it takes the connection and then says nothing"
        yield _sign(seen, f"No session with PostgreSQL at {seen.address} within {seen.took_ms} ms: {how}", ready(seen))


@check(DatabaseAccess, "database.tls-missing", "The database speaks no TLS", _CRITICAL, _CONNECTION)
def tls_missing(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """Who must have TLS does not log in without: the server's ssl is off, or a proxy before it does not know it."""
    if seen.obstacle is Obstacle.TLS_MISSING:
        yield _sign(
            seen, f"PostgreSQL at {seen.address} speaks no TLS, and sslmode {seen.ssl_mode} wants it", _tls(seen)
        )


@check(DatabaseAccess, "database.certificate-expired", "The database's certificate has expired", _CRITICAL, _CONNECTION)
def certificate_expired(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """Every client that checks certificates refuses an expired one, so nobody of these connects."""
    if seen.obstacle is Obstacle.CERTIFICATE_EXPIRED:
        shown = seen.way.certificate if seen.way else None
        when = f" on {shown.not_after:%Y-%m-%d}" if shown else ""
        yield _sign(seen, f"The certificate of PostgreSQL at {seen.address} expired{when}", _tls(seen))


@check(
    DatabaseAccess,
    "database.certificate-wrong-name",
    "The database's certificate is for another name",
    _CRITICAL,
    _CONNECTION,
)
def certificate_wrong_name(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """A certificate for another host is refused under verify-full: a new address with the old certificate."""
    if seen.obstacle is Obstacle.CERTIFICATE_NAME:
        shown = seen.way.certificate if seen.way else None
        names = few(shown.names) if shown and shown.names else "another name"
        yield _sign(seen, f"The certificate of PostgreSQL at {seen.address} is for {names}", _tls(seen))


@check(
    DatabaseAccess,
    "database.certificate-untrusted",
    "The database's certificate is not trusted",
    _CRITICAL,
    _CONNECTION,
)
def certificate_untrusted(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """An issuer that is not known is refused: the provider's authority is not installed, or has been renewed."""
    if seen.obstacle is Obstacle.CERTIFICATE_UNTRUSTED:
        shown = seen.way.certificate if seen.way else None
        issuer = f", issued by {shown.issuer}," if shown else ""
        yield _sign(seen, f"The certificate of PostgreSQL at {seen.address}{issuer} is not trusted", _tls(seen))


@check(DatabaseAccess, "database.tls-failed", "TLS with the database fails", _CRITICAL, _CONNECTION)
def tls_failed(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """Without a handshake there is no session: an old protocol, a client certificate that is wanted, a broken proxy."""
    if seen.obstacle is Obstacle.TLS_FAILED:
        yield _sign(seen, f"The TLS handshake with PostgreSQL at {seen.address} fails", _tls(seen))


@check(DatabaseAccess, "database.starting-up", "The database is starting up", _CRITICAL, _CONNECTION)
def starting_up(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """Until it is up it takes no sessions; after a crash it first replays its log, which may take minutes."""
    if seen.obstacle is Obstacle.STARTING_UP:
        yield _sign(seen, f"PostgreSQL at {seen.address} is starting up", ready(seen))


@check(DatabaseAccess, "database.shutting-down", "The database is shutting down", _CRITICAL, _CONNECTION)
def shutting_down(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """It lets the sessions there are finish and takes no new ones: a restart, maintenance, or a failover."""
    if seen.obstacle is Obstacle.SHUTTING_DOWN:
        yield _sign(seen, f"PostgreSQL at {seen.address} is shutting down", ready(seen))


@check(DatabaseAccess, "database.hba-rejected", "The database does not let this address in", _CRITICAL, _CONNECTION)
def hba_rejected(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """Its pg_hba.conf decides who may come from where, and how; mostly an address or the missing TLS is the matter."""
    if seen.obstacle is Obstacle.HBA:
        what = f"PostgreSQL at {seen.address} lets user {seen.user} in from no address of ours (pg_hba.conf)"
        yield _sign(seen, what, login(seen))


@check(DatabaseAccess, "database.password-rejected", "The database rejects the login", _CRITICAL, _CONNECTION)
def password_rejected(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """PostgreSQL says the same of a wrong password and of a role it does not have, so as to tell nobody which."""
    if seen.obstacle is Obstacle.PASSWORD:
        whose = f"from {seen.origin}"
        what = f"PostgreSQL at {seen.address} rejects the password of {seen.user} {whose}, or has no such role"
        yield _sign(seen, what, login(seen), *_form(seen))


@check(
    DatabaseAccess,
    "database.role-missing",
    "The database has no such role, or it may not log in",
    _CRITICAL,
    _CONNECTION,
)
def role_missing(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """The role was never made on this server, was lost in a restore, or has NOLOGIN."""
    if seen.obstacle is Obstacle.ROLE:
        yield _sign(seen, f"PostgreSQL at {seen.address} has no role {seen.user} that may log in", login(seen))


@check(
    DatabaseAccess, "database.database-missing", "There is no such database, or no right to it", _CRITICAL, _CONNECTION
)
def database_missing(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """The server is there and the login is right, and the database is not: another server, or a restore half done."""
    if seen.obstacle is Obstacle.DATABASE:
        what = f"PostgreSQL at {seen.address} has no database {seen.database} that {seen.user} may use"
        yield _sign(seen, what, login(seen))


@check(DatabaseAccess, "database.slots-full", "The database has no connection left", _CRITICAL, _POOL)
def slots_full(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """Every slot is taken, so whoever comes now is refused: a leak, a pool too large, or too many replicas."""
    if seen.obstacle is Obstacle.SLOTS:
        yield _sign(seen, f"PostgreSQL at {seen.address} refuses connections: no slot is left", login(seen))


@check(DatabaseAccess, "database.session-refused", "The database refuses a session", _CRITICAL, _CONNECTION)
def session_refused(seen: DatabaseAccess, _: Context) -> Iterator[Sign]:
    """It gives a reason that is none of the usual ones; its own words are shown."""
    if seen.obstacle is Obstacle.OTHER:
        yield _sign(seen, f"PostgreSQL at {seen.address} refuses a session", login(seen))


@check(AccessView, "database.in-recovery", "The database is in recovery", _CRITICAL, Section.DATABASE)
def in_recovery(seen: AccessView, _: Context) -> Iterator[Sign]:
    """After a crash it replays its log and takes nobody until that is done; a standby never takes changes."""
    access = seen.access
    if access.obstacle is Obstacle.IN_RECOVERY:
        yield _sign(access, f"PostgreSQL at {access.address} is in recovery and takes no sessions", ready(access))
    if seen.server and seen.server.in_recovery:
        what = f"PostgreSQL at {access.address} is a standby, which takes no changes"
        # Where the address is not the platform's own, it may be meant so.
        severity = None if access.told_by else _WARNING
        yield Sign(database(access), what, where(access), psql(access, "SELECT pg_is_in_recovery()"), severity)


#: In the order in which a connection meets them.
CHECKS = (
    secret_incomplete,
    credentials_untidy,
    name_unknown,
    no_route,
    refused,
    timeout,
    tls_missing,
    certificate_expired,
    certificate_wrong_name,
    certificate_untrusted,
    tls_failed,
    starting_up,
    in_recovery,
    shutting_down,
    hba_rejected,
    password_rejected,
    role_missing,
    database_missing,
    slots_full,
    session_refused,
)


def _form(seen: DatabaseAccess) -> tuple[Fact, ...]:
    """A login of Volati's own is mended elsewhere than the platform's."""
    return () if seen.told_by else (Fact(FORM, OWN_LOGIN),)


def _sign(seen: DatabaseAccess, what: str, command: str, *more: Fact) -> Sign:
    facts = [*where(seen), *more, Fact("answered", one_line(seen.words, WHOLE)), Fact("after", f"{seen.took_ms} ms")]
    if seen.way is not None:
        facts.append(Fact("addresses", ", ".join(seen.way.addresses) or "none"))
    if seen.way is not None and seen.way.failure is not None:
        facts.append(Fact("ended at", f"{seen.way.failure.stage}: {seen.way.failure.detail}"))
    said = "" if seen.obstacle is Obstacle.TIMEOUT else f": {_answer(seen)}"
    return Sign(database(seen), one_line(f"{what}{said}", WHOLE), tuple(facts), command)


def _answer(seen: DatabaseAccess) -> str:
    """What a look at the way met; else the server's own words, without the library's before and behind them."""
    if seen.way is not None and seen.way.failure is not None:
        return seen.way.failure.detail
    own = seen.words.rpartition(" failed: ")[2] or seen.words
    return own.partition(" Is the server running")[0]


def _tls(seen: DatabaseAccess) -> str:
    return (
        f"openssl s_client -starttls postgres -connect {quote(seen.address)} </dev/null"
        " | openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
    )


def _secret_command(seen: DatabaseAccess, context: Context) -> str:
    """Names of keys and lengths of values; what is in them is shown to nobody."""
    namespace, _, name = seen.told_by.rpartition("/")
    return kubectl(context, "describe secret", Name(namespace, name)) if name else "volati doctor"


def _begun(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
