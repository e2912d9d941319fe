"""Checks of what clients ask for: queries so large that the backend refuses them."""

from collections.abc import Iterator

from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.kinds import BackendLog
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, counted, one_line


@check(
    BackendLog,
    "performance.queries-too-complex",
    "Clients ask for too much at once",
    Severity.NOTE,
    Section.PERFORMANCE_QUERIES,
)
def queries_too_complex(seen: BackendLog, context: Context) -> Iterator[Sign]:
    """A query that nests lists in lists costs the database a statement for each row; the backend refuses the worst."""
    lines = [(log, line) for log in seen.logs if (line := log.knows("graphql.too-complex"))]
    if lines:
        count = sum(line.count for _, line in lines)
        newest = one_line(lines[-1][1].line)
        summary = f"The backend refused queries as too complex, {counted(count, 'line')} of its log: {newest}"
        facts = tuple(Fact(f"{log.pod.name}, {line.count} times", one_line(line.line, WHOLE)) for log, line in lines)
        backend = context.cluster.backend
        command = kubectl(context, f"logs deployment/{backend.name}", backend.namespace, "--tail=300")
        yield Sign(backend.subject("Deployment"), summary, facts, command)


CHECKS = (queries_too_complex,)
