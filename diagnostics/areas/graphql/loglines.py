"""Checks of the backend's log: what clients were refused, and which of their queries do not fit the schema."""

from collections.abc import Iterator

from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.kinds import BackendLog
from diagnostics.evidence.cluster.logs import KnownLine
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, counted, one_line

_WARNING, _NOTE = Severity.WARNING, Severity.NOTE


@check(BackendLog, "graphql.log-panics", "Resolvers of the backend panic", _WARNING, Section.GRAPHQL)
def log_panics(seen: BackendLog, context: Context) -> Iterator[Sign]:
    """Who asks gets "internal system error" in return; the stack in the log names the line of code."""
    yield from _told(seen, context, ("graphql.internal-error", "go.panic"), "Resolvers panic")


@check(
    BackendLog,
    "graphql.log-unknown-fields",
    "Clients ask for fields the schema does not have",
    _WARNING,
    Section.GRAPHQL_SCHEMA,
)
def log_unknown_fields(seen: BackendLog, context: Context) -> Iterator[Sign]:
    """Dashboard and backend are of different versions: what the one asks for, the other does not have."""
    ids = ("graphql.unknown-field", "graphql.unknown-argument")
    yield from _told(seen, context, ids, "Clients ask for what the schema does not have")


@check(
    BackendLog,
    "graphql.log-freqtrade-schema",
    "The backend cannot read freqtrade's schema",
    _WARNING,
    Section.GRAPHQL_VALIDATION,
)
def log_freqtrade_schema(seen: BackendLog, context: Context) -> Iterator[Sign]:
    """Without that schema no configuration of a bot can be checked, so none can be saved."""
    yield from _told(seen, context, ("graphql.freqtrade-schema",), "The backend cannot read freqtrade's schema")


@check(
    BackendLog,
    "graphql.log-config-invalid",
    "Configurations of bots were refused as invalid",
    _NOTE,
    Section.GRAPHQL_VALIDATION,
)
def log_config_invalid(seen: BackendLog, context: Context) -> Iterator[Sign]:
    """The backend works as it should: somebody's configuration does not fit freqtrade's schema, and it says where."""
    yield from _told(seen, context, ("graphql.config-invalid",), "Configurations were refused")


@check(
    BackendLog,
    "graphql.log-permission-denied",
    "People were refused for lack of rights",
    _NOTE,
    Section.GRAPHQL_AUTHORIZATION,
)
def log_permission_denied(seen: BackendLog, context: Context) -> Iterator[Sign]:
    """One such line is a person without the right; many of one owner are a resource that is not registered."""
    yield from _told(seen, context, ("graphql.permission-denied", "graphql.forbidden"), "People were refused")


CHECKS = (log_panics, log_unknown_fields, log_freqtrade_schema)
NOTES = (log_config_invalid, log_permission_denied)


def _told(seen: BackendLog, context: Context, ids: tuple[str, ...], words: str) -> Iterator[Sign]:
    """One sign for all pods: they share their clients, and each has logged a part of it."""
    lines = [(log, line) for log in seen.logs for line in log.known if line.id in ids]
    if lines:
        count = sum(line.count for _, line in lines)
        newest: KnownLine = lines[-1][1]
        read = sum(log.read for log in seen.logs)
        summary = (
            f"{words}, {counted(count, 'line')} among the last {read} of the backend's log: {one_line(newest.line)}"
        )
        facts = tuple(Fact(f"{log.pod.name}, {line.count} times", one_line(line.line, WHOLE)) for log, line in lines)
        backend = context.cluster.backend
        command = kubectl(context, f"logs deployment/{backend.name}", backend.namespace, "--tail=300")
        yield Sign(backend.subject("Deployment"), summary, facts, command)
