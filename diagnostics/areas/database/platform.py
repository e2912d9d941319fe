"""The words that the database checks share: its subject, where it is as facts, and psql commands filled in. Pure."""

from collections.abc import Iterator
from shlex import quote

from diagnostics.evidence.database.facts import Session
from diagnostics.evidence.database.kinds import DatabaseAccess
from diagnostics.model import Fact, Subject
from diagnostics.words import WHOLE, one_line, span


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


def _psql(access: DatabaseAccess) -> str:
    mode = f"PGSSLMODE={quote(access.ssl_mode)} " if access.ssl_mode not in {"", "prefer"} else ""
    authority = f"PGSSLROOTCERT={quote(access.ca_file)} " if access.ca_file else ""
    who = f"-U {quote(access.user)} -d {quote(access.database)}"
    return f"{mode}{authority}psql -h {quote(access.host)} -p {access.port} {who}"


def where(access: DatabaseAccess) -> tuple[Fact, ...]:
    """Where it is and as whom it was looked at; advice is filled in from these."""
    return tuple(_where(access))


def _where(access: DatabaseAccess) -> Iterator[Fact]:
    yield Fact("host", access.host or "unknown")
    yield Fact("port", str(access.port))
    yield Fact("database", access.database or "unknown")
    yield Fact("user", access.user or "unknown")
    yield Fact("login from", access.origin)
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
    """What it does, and since when."""
    if one.idle_in_transaction:
        return f"{one.state} for {span(one.idle_s)}"
    if one.state == "active":
        return f"active for {span(one.statement_s)}"
    return f"{one.state or 'unknown'} for {span(one.idle_s)}"
