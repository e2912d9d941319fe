"""Checks of the way to the database's address, as far as it can be seen from where the bot runs: its name, then TCP.

While the backend serves they are notes: it has its connection, whatever stands between the database and the bot.
"""

from collections.abc import Iterator
from shlex import quote

from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.database import DatabaseWay
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, one_line

_WARNING = Severity.WARNING


@check(
    DatabaseWay,
    "server.database-name-unknown",
    "The database's host name leads nowhere",
    _WARNING,
    Section.SERVER_DATABASE,
)
def database_name_unknown(seen: DatabaseWay, context: Context) -> Iterator[Sign]:
    """A name without an address cannot be connected to; the cluster may resolve it all the same."""
    failure = seen.reach.reached.failure
    if failure and failure.stage is Stage.NAME:
        yield _sign(seen, f"The database's host {seen.reach.reached.host} leads to no address", failure, context)


@check(
    DatabaseWay,
    "server.database-refused",
    "The database's address refuses connections",
    _WARNING,
    Section.SERVER_DATABASE,
)
def database_refused(seen: DatabaseWay, context: Context) -> Iterator[Sign]:
    """The machine is there and nothing listens at the port: PostgreSQL is down, or the port is another."""
    failure = seen.reach.reached.failure
    if failure and failure.stage is Stage.CONNECT and not failure.timed_out:
        yield _sign(seen, f"The database at {_address(seen)} cannot be connected to", failure, context)


@check(
    DatabaseWay,
    "server.database-timeout",
    "Nothing comes back from the database's address",
    _WARNING,
    Section.SERVER_DATABASE,
)
def database_timeout(seen: DatabaseWay, context: Context) -> Iterator[Sign]:
    """Silence instead of a refusal is mostly a firewall that does not know the address we come from."""
    failure = seen.reach.reached.failure
    if failure and failure.stage is Stage.CONNECT and failure.timed_out:
        words = f"Nothing comes back from the database at {_address(seen)} within {failure.took_ms} ms"
        yield _sign(seen, words, failure, context)


CHECKS = (database_name_unknown, database_refused, database_timeout)


def _address(seen: DatabaseWay) -> str:
    return f"{seen.reach.reached.host}:{seen.reach.reached.port}"


def _sign(seen: DatabaseWay, words: str, failure: NoAnswer, context: Context) -> Sign:
    facts = (
        Fact("failed at", f"{failure.stage}, after {failure.took_ms} ms: {failure.detail}"),
        Fact("addresses", ", ".join(seen.reach.reached.addresses) or "none"),
        Fact("secret", seen.reach.told_by.name),
        Fact("host", seen.reach.reached.host),
        Fact("port", str(seen.reach.reached.port)),
    )
    serves = seen.serves(context.cluster.backend)
    aside = "; the backend serves all the same" if serves else ""
    summary = one_line(f"{words}: {one_line(failure.detail)}{aside}", WHOLE)
    severity = Severity.NOTE if serves else None
    return Sign(Subject("database", _address(seen)), summary, facts, _probe(seen, context), severity)


def _probe(seen: DatabaseWay, context: Context) -> str:
    """The runbook's look from inside the cluster; it asks for no password."""
    ask = f"pg_isready -h {quote(seen.reach.reached.host)} -p {seen.reach.reached.port}"
    pod = "run psql-test --rm -it --restart=Never --image=postgres:14"
    return kubectl(context, f"{pod} -n {quote(seen.reach.told_by.namespace)} -- {ask}")
