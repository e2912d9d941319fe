"""The database's share of slow answers: the checks of the area database that explain latency, as this area's own.

It judges nothing itself: what is slow in the database is known there, and told there in full.
"""

from dataclasses import replace
from typing import Any

from diagnostics.areas.database import pressure, statements, tables, upkeep
from diagnostics.check import Check
from diagnostics.runbook import Section

_OF_PERFORMANCE = (Section.PERFORMANCE_DATABASE, Section.PERFORMANCE_QUERIES)


def shared_id(id: str) -> str:
    """The id in this area of a check of the area database: performance.database-slow-statements, for one."""
    return f"performance.{id.replace('.', '-')}"


def _shared(check: Check[Any]) -> Check[Any]:
    section = check.section if check.section in _OF_PERFORMANCE else Section.PERFORMANCE_DATABASE
    return replace(check, id=shared_id(check.id), section=section)


#: Upstream first, as in their own area: who keeps others waiting, what the server lacks, then what is asked of it.
SHARED: tuple[Check[Any], ...] = (
    pressure.slots_nearly_used,
    pressure.migration_locked,
    pressure.blocked_sessions,
    pressure.idle_in_transaction,
    pressure.long_statements,
    tables.missing_index,
    upkeep.cache_misses,
    tables.dead_rows,
    statements.repeated_statements,
    statements.slow_statements,
)
CHECKS: tuple[Check[Any], ...] = tuple(_shared(check) for check in SHARED)
