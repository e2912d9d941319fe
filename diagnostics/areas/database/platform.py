"""The words that the database checks share: its subject, where it is as facts, and psql commands filled in. Pure."""

from collections.abc import Iterator
from shlex import quote

from diagnostics.evidence.database.facts import Session
from diagnostics.evidence.database.kinds import DatabaseAccess
from diagnostics.model import Fact, Subject
from diagnostics.words import WHOLE, one_line, span

#: Seconds by which a transaction is older than what is done in it now, to be told beside it.
_OLDER_S = 1.0
#: The facts by which advice has psql trust the server as the login does.
SSL_MODE, AUTHORITY = "sslmode", "trusted authority"


def database(access: DatabaseAccess) -> Subject:
    """PostgreSQL at its address."""
    return Subject("database", access.address if access.host else access.origin)


def session(one: Session) -> Subject:
    """A session by its process."""
    return Subject("session", str(one.pid))


def psql(access: DatabaseAccess, question: str) -> str:
    """The command by which a person asks the same. It asks for the password by itself, and shows none."""
    plain = not any(letter in question for letter in '"$`\\!')
    return f'{_psql(access)} -c "{question}"' if plain else f"{_psql(access)} -c {quote(question)}"


def ready(access: DatabaseAccess) -> str:
    """The command that asks whether it takes connections; it needs no password."""
    return f"pg_isready -h {quote(access.host)} -p {access.port}"


def login(access: DatabaseAccess) -> str:
    """The command by which a person logs in as the bot does."""
    return psql(access, "SELECT 1")


def psql_by(ssl_mode: str, ca_file: str) -> str:
    """psql, told how to trust the server as the login does; by itself it prefers TLS and checks nothing."""
    mode = f"PGSSLMODE={quote(ssl_mode)} " if ssl_mode not in {"", "prefer"} else ""
    authority = f"PGSSLROOTCERT={quote(ca_file)} " if ca_file else ""
    return f"{mode}{authority}psql"


def _psql(access: DatabaseAccess) -> str:
    who = f"-U {quote(access.user)} -d {quote(access.database)}"
    return f"{psql_by(access.ssl_mode, access.ca_file)} -h {quote(access.host)} -p {access.port} {who}"


def where(access: DatabaseAccess) -> tuple[Fact, ...]:
    """Where it is and as whom it was looked at; advice is filled in from these."""
    return tuple(_where(access))


def _where(access: DatabaseAccess) -> Iterator[Fact]:
    yield Fact("host", access.host or "unknown")
    yield Fact("port", str(access.port))
    yield Fact("database", access.database or "unknown")
    yield Fact("user", access.user or "unknown")
    yield Fact("login from", access.origin)
    if access.ssl_mode:
        yield Fact(SSL_MODE, access.ssl_mode)
    if access.ca_file:
        yield Fact(AUTHORITY, access.ca_file)
    if access.told_by:
        yield Fact("secret", access.told_by.rpartition("/")[2])


def session_facts(one: Session) -> tuple[Fact, ...]:
    """A session as facts: pid and start name it for ever, whatever takes its pid later."""
    return tuple(_session_facts(one))


def _session_facts(one: Session) -> Iterator[Fact]:
    yield Fact("pid", str(one.pid))
    yield Fact("backend start", one.started_at.isoformat())
    yield Fact("session of", told(one))
    yield Fact("state", state(one))
    if one.shape:
        yield Fact("statement", one_line(one.shape, WHOLE))
    if one.locks:
        yield Fact("holds locks on", ", ".join(one.locks))


def told(one: Session) -> str:
    """Whose session it is: application, user, and the address it comes from."""
    who = f"{one.application or 'an unnamed application'} as {one.user}"
    return f"{who} from {one.client}" if one.client else who


def state(one: Session) -> str:
    """What it does, and since when; of a transaction older than that, its age, by which its locks are held."""
    does, for_s = (one.state, one.statement_s) if one.state == "active" else (one.state or "unknown", one.idle_s)
    if one.transaction_s - for_s < _OLDER_S:
        return f"{does} for {span(for_s)}"
    since = f" for {span(for_s)}" if for_s >= _OLDER_S else ""
    return f"{does}{since}, in a transaction {span(one.transaction_s)} old"
