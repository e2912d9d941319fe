"""Checks of what is counted of tables: read from end to end where an index would do, and rows that are dead."""

from collections.abc import Iterator

from diagnostics.areas.database.platform import psql, where
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.database.facts import Statement, Table
from diagnostics.evidence.database.views import TablesView
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, one_line

_WARNING = Severity.WARNING


@check(
    TablesView,
    "database.missing-index",
    "A table is read from end to end again and again",
    _WARNING,
    Section.DATABASE_SLOW,
)
def missing_index(seen: TablesView, context: Context) -> Iterator[Sign]:
    """Without an index on what is searched for, every search reads the whole table, and gets slower as it grows."""
    limits = context.limits
    for one in seen.tables.tables:
        whole = one.scans * 100 >= (one.scans + one.index_scans) * limits.scan_percent
        each = one.scanned / one.scans if one.scans else 0
        large = one.live >= limits.scan_rows and each * 2 >= limits.scan_rows
        if large and whole and one.scans >= limits.scans:
            what = f"Table {one.name} ({one.live} rows) was read from end to end {one.scans} times"
            by_index = f"and by an index {one.index_scans} times"
            asked = _statement(one, seen)
            likely = f"; the costliest statement on it: {asked.shape}" if asked else ""
            facts = (*((Fact("statement", asked.shape),) if asked else ()), Fact("rows read each time", f"{each:.0f}"))
            yield _sign(seen, one, f"{what} {by_index}{likely}", facts, _SCANS)


@check(TablesView, "database.dead-rows", "A table is full of dead rows", _WARNING, Section.DATABASE_SLOW)
def dead_rows(seen: TablesView, context: Context) -> Iterator[Sign]:
    """Rows that were changed or deleted stay until vacuum removes them; an old transaction keeps it from doing so."""
    limits = context.limits
    for one in seen.tables.tables:
        if one.dead >= limits.dead_rows and one.dead * 100 >= (one.live + one.dead) * limits.dead_percent:
            when = f"on {one.vacuumed_at:%Y-%m-%d at %H:%M} UTC" if one.vacuumed_at else "never"
            share = one.dead * 100 // (one.live + one.dead)
            what = f"{one.dead} of {one.live + one.dead} rows of {one.name} are dead ({share} %); vacuumed {when}"
            yield _sign(seen, one, what, (Fact("vacuumed", when),), _DEAD)


CHECKS = (missing_index, dead_rows)

_SCANS = (
    "SELECT relname, n_live_tup, seq_scan, seq_tup_read, idx_scan FROM pg_stat_user_tables ORDER BY seq_tup_read DESC"
)
_DEAD = (
    "SELECT relname, n_live_tup, n_dead_tup, last_vacuum, last_autovacuum FROM pg_stat_user_tables "
    "ORDER BY n_dead_tup DESC"
)


def _statement(table: Table, seen: TablesView) -> Statement | None:
    """The statement that took most time among those that read this table by a condition."""
    name = table.name.rpartition(".")[2].casefold()
    listed = seen.statements.statements if seen.statements else ()
    on_it = [one for one in listed if name in one.shape.casefold() and " where " in one.shape.casefold()]
    return max(on_it, key=lambda one: one.total_ms, default=None)


def _sign(seen: TablesView, table: Table, what: str, more: tuple[Fact, ...], question: str) -> Sign:
    facts = (*where(seen.access), Fact("table", table.name), Fact("size", f"{table.bytes / 1_000_000:.0f} MB"), *more)
    return Sign(Subject("table", table.name), one_line(what, WHOLE), facts, psql(seen.access, question))
