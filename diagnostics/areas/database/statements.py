"""Checks of what pg_stat_statements has counted: slow statements, and those asked once for every row of a list."""

from collections.abc import Iterator, Sequence

from diagnostics.areas.database.platform import psql, where
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.database.facts import Statement
from diagnostics.evidence.database.views import StatementsView
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, one_line

_WARNING = Severity.WARNING
#: Characters of a statement by which a subject is told from others.
_NAME = 120
#: Findings of one kind; more of them are the same story.
_MOST = 5


@check(StatementsView, "database.slow-statements", "Statements are slow", _WARNING, Section.DATABASE_SLOW)
def slow_statements(seen: StatementsView, context: Context) -> Iterator[Sign]:
    """Each call of it makes somebody wait: a missing index, rows that nobody needs, or a wait for a lock."""
    limit, calls = context.limits.slow_statement_ms, context.limits.slow_statement_calls
    slow = [one for one in seen.statements.statements if one.mean_ms >= limit and one.calls >= calls]
    for one in sorted(slow, key=lambda one: -one.total_ms)[:_MOST]:
        what = (
            f"A statement takes {one.mean_ms:.0f} ms on average over {one.calls} calls (limit {limit} ms): {one.shape}"
        )
        yield _sign(seen, one, what)


@check(
    StatementsView,
    "database.repeated-statements",
    "A statement is asked once for every row of a list",
    _WARNING,
    Section.PERFORMANCE_QUERIES,
)
def repeated_statements(seen: StatementsView, context: Context) -> Iterator[Sign]:
    """A hundred small questions instead of one (N+1) take a hundred ways to the database; each row costs one."""
    lists = [one for one in seen.statements.statements if _is_list(one, context)]
    repeated = [(one, parent) for one in seen.statements.statements if (parent := _parent(one, lists, context))]
    for one, parent in sorted(repeated, key=lambda pair: -pair[0].calls)[:_MOST]:
        each = one.calls / parent.calls
        what = f"A statement for single rows was called {one.calls} times, {each:.0f} for each call of a list"
        rows = f"that gives {parent.rows_each:.0f} rows"
        facts = (Fact("the list", one_line(parent.shape, WHOLE)), Fact("calls of the list", str(parent.calls)))
        yield _sign(seen, one, f"{what} {rows}: {one.shape}", facts)


CHECKS = (slow_statements, repeated_statements)

_ASKED = (
    "SELECT calls, round(mean_exec_time) AS mean_ms, rows, query FROM pg_stat_statements "
    "ORDER BY total_exec_time DESC LIMIT 20"
)


def _is_list(one: Statement, context: Context) -> bool:
    return _reads(one) and one.rows_each >= context.limits.repeated_rows


def _parent(one: Statement, lists: Sequence[Statement], context: Context) -> Statement | None:
    """The list for each row of which this is asked once, as far as the numbers tell; the closest, where several fit."""
    if not _reads(one) or one.rows_each > 1 or one.calls < context.limits.repeated_calls or " where " not in _said(one):
        return None
    fitting = [each for each in lists if each.user == one.user and each.rows / 2 <= one.calls <= each.rows * 2]
    return min(fitting, key=lambda each: abs(each.rows - one.calls), default=None)


def _reads(one: Statement) -> bool:
    return _said(one).startswith(("select", "with"))


def _said(one: Statement) -> str:
    return one.shape.casefold()


def _sign(seen: StatementsView, one: Statement, what: str, more: tuple[Fact, ...] = ()) -> Sign:
    since = seen.statements.since
    facts = (
        *where(seen.access),
        Fact("statement", one_line(one.shape, WHOLE)),
        Fact("calls", str(one.calls)),
        Fact(
            "time", f"{one.mean_ms:.1f} ms on average, {one.max_ms:.0f} ms at most, {one.total_ms / 1000:.0f} s in all"
        ),
        Fact("rows", f"{one.rows_each:.1f} each"),
        *((Fact("counted since", f"{since:%Y-%m-%d %H:%M} UTC"),) if since else ()),
        *more,
    )
    return Sign(Subject("statement", one.shape[:_NAME]), one_line(what, WHOLE), facts, psql(seen.access, _ASKED))
