"""Rows of PostgreSQL's statistics read as values. Pure: it asks nothing, and no statement leaves it as it was."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from diagnostics.evidence.database.client import Row
from diagnostics.evidence.database.facts import (
    Counters,
    DatabaseAge,
    Rights,
    Session,
    SessionGroup,
    Slot,
    Standby,
    Statement,
    Table,
)
from diagnostics.evidence.database.shapes import shape
from diagnostics.words import raw_line

#: Characters of a name that somebody chose, such as an application's: PostgreSQL's own names have 63.
_NAME = 63
#: What stands for a statement that may not be seen.
_HIDDEN = "<insufficient privilege>"
#: Statements that change or read rows: the others, such as BEGIN or VACUUM, are judged by nobody.
_OF_ROWS = ("select", "insert", "update", "delete", "with", "merge")
#: Marks of what looks at PostgreSQL itself: Volati, a monitor, an administrator's tool.
_OF_SYSTEM = ("pg_catalog", "information_schema", "pg_stat", "pg_class", "pg_namespace", "pg_database", "pg_locks")


def sessions(rows: Iterable[Row], locks: Mapping[int, tuple[str, ...]]) -> tuple[Session, ...]:
    """The sessions that stand out, with the tables they hold."""
    return tuple(_session(row, locks.get(row["pid"], ())) for row in rows)


def _session(row: Row, locks: tuple[str, ...]) -> Session:
    return Session(
        pid=row["pid"],
        started_at=row["started_at"],
        user=_name(row["user"]),
        database=_name(row["database"]),
        application=_name(row["application"]),
        client=row["client"],
        state=row["state"],
        transaction_s=_seconds(row["transaction_s"]),
        statement_s=_seconds(row["statement_s"]),
        idle_s=_seconds(row["idle_s"]),
        wait=row["wait"],
        shape="" if row["query"] == _HIDDEN else shape(row["query"]),
        blocked_by=tuple(dict.fromkeys(row["blocked_by"])),
        waits_s=_seconds(row["waits_s"]),
        lock=row["lock"],
        locks=locks,
    )


def seen(row: Row) -> bool:
    """Whether what a session does may be seen: of others' only who they are is told."""
    return row["started_at"] is not None


def hidden(row: Row) -> bool:
    """Whether the words of a statement may not be seen."""
    return bool(row["query"] == _HIDDEN)


def groups(rows: Iterable[Row]) -> tuple[SessionGroup, ...]:
    """Numbers of sessions by application, user and state."""
    return tuple(
        SessionGroup(_name(row["application"]), _name(row["user"]), row["state"], row["number"]) for row in rows
    )


def statements(rows: Iterable[Row]) -> tuple[Statement, ...]:
    """The platform's statements; those about PostgreSQL itself, and those that may not be seen, are left out."""
    return tuple(_statement(row) for row in rows if _counts(row["query"]))


def _counts(query: str) -> bool:
    said = query.lstrip(" \t\r\n(").casefold()
    return said.startswith(_OF_ROWS) and not any(mark in said for mark in _OF_SYSTEM)


def _statement(row: Row) -> Statement:
    return Statement(
        shape=shape(row["query"]),
        calls=row["calls"],
        rows=row["rows"],
        total_ms=round(row["total_ms"], 3),
        mean_ms=round(row["mean_ms"], 3),
        max_ms=round(row["max_ms"], 3),
        user=_name(row["user"]),
    )


def tables(rows: Iterable[Row]) -> tuple[Table, ...]:
    """The tables, each once."""
    return tuple(Table(**row) for row in rows)


def ages(rows: Iterable[Row]) -> tuple[DatabaseAge, ...]:
    """The ages of the databases' transaction numbers."""
    return tuple(DatabaseAge(**row) for row in rows)


def standbys(rows: Iterable[Row]) -> tuple[Standby, ...]:
    """The servers that follow."""
    return tuple(Standby(_name(row["name"]), row["state"], row["lag_s"], row["lag_bytes"]) for row in rows)


def unknown(row: Row) -> bool:
    """Whether how far a standby is may not be seen: then not even its state is told."""
    return not row["state"]


def slots(rows: Iterable[Row]) -> tuple[Slot, ...]:
    """The replication slots."""
    return tuple(Slot(row["name"], row["active"], row["kept_bytes"], row["status"]) for row in rows)


def counters(rows: Iterable[Row]) -> Counters:
    """What is counted of this database."""
    return next((_counters(row) for row in rows), Counters())


def _counters(row: Row) -> Counters:
    return Counters(row["deadlocks"] or 0, row["blks_hit"] or 0, row["blks_read"] or 0, row["stats_reset"])


def rights(rows: Iterable[Row], schema: str) -> Rights | None:
    """What the platform's role may do in the schema; None where there is no such role."""
    return next((_rights(row, schema) for row in rows), None)


def _rights(row: Row, schema: str) -> Rights:
    return Rights(row["role"], row["schema"] or schema, row["may_create"], row["owner"] or "")


def locked(rows: Iterable[Row]) -> dict[int, tuple[str, ...]]:
    """The tables that sessions hold, by pid."""
    return {row["pid"]: tuple(row["tables"]) for row in rows}


def holders(rows: Iterable[Row]) -> Iterator[int]:
    """The sessions of which it matters what they hold: those others wait for, and those that do nothing."""
    for row in rows:
        yield from row["blocked_by"]
        if row["state"].startswith("idle in transaction"):
            yield row["pid"]


def _name(value: Any) -> str:  # noqa: ANN401 what a driver gives for text
    return raw_line(str(value or ""), _NAME)


def _seconds(value: float) -> float:
    """Seconds to the tenth; a clock that was set back makes none below zero."""
    return max(0.0, round(value, 1))
