"""Checks of the server itself: deadlocks, cache, transaction numbers, replication, rights, and its log."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.areas.database.platform import database, psql, where
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.database.facts import Slot, Standby
from diagnostics.evidence.database.views import ReplicationView, ServerView
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import counted, few, span

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
_MEGABYTE, _MILLION = 1_000_000, 1_000_000


@check(
    ServerView, "database.create-forbidden", "The platform may not create tables", _CRITICAL, Section.SERVER_MIGRATION
)
def create_forbidden(seen: ServerView, _: Context) -> Iterator[Sign]:
    """The backend makes and changes its tables at every start; without the right it does not start."""
    rights = seen.server.rights
    if rights and rights.may_create is False:
        what = f"Role {rights.role} may not create tables in schema {rights.schema}, which belongs to {rights.owner}"
        facts = (Fact("role", rights.role), Fact("schema", rights.schema), Fact("owner", rights.owner))
        role = rights.role.replace("'", "''")
        question = f"SELECT has_schema_privilege('{role}', '{rights.schema}', 'CREATE')"
        yield _sign(seen, what, facts, question)


@check(ServerView, "database.deadlocks", "Transactions have deadlocked", _WARNING, Section.DATABASE_DEADLOCK)
def deadlocks(seen: ServerView, context: Context) -> Iterator[Sign]:
    """Two transactions waited for each other, and PostgreSQL ended one: somebody's request or a migration failed."""
    now = seen.server.counters
    new, since = _new_deadlocks(seen, context)
    if new > 0:
        what = f"{counted(new, 'deadlock')} in database {seen.server.database} {since}"
        facts = (Fact("deadlocks counted", str(now.deadlocks)),)
        yield _sign(seen, what, facts, "SELECT datname, deadlocks, stats_reset FROM pg_stat_database")


@check(ServerView, "database.cache-misses", "The database reads much from disk", _WARNING, Section.PERFORMANCE_DATABASE)
def cache_misses(seen: ServerView, context: Context) -> Iterator[Sign]:
    """What is not in memory is read from disk, some hundred times slower: too little memory, or whole tables read."""
    hit, read = seen.server.counters.blocks_hit, seen.server.counters.blocks_read
    limits = context.limits
    if read >= limits.cache_reads and hit * 100 < (hit + read) * limits.cache_percent:
        share = hit * 100 // (hit + read)
        what = f"Only {share} % of {hit + read} blocks were found in memory (limit {limits.cache_percent} %)"
        facts = (Fact("found in memory", str(hit)), Fact("read", str(read)))
        yield _sign(seen, what, facts, "SELECT datname, blks_hit, blks_read FROM pg_stat_database")


@check(ServerView, "database.wraparound-near", "Transaction numbers run out", _WARNING, Section.DATABASE)
def wraparound_near(seen: ServerView, context: Context) -> Iterator[Sign]:
    """At 2,100 million PostgreSQL takes no more changes until old rows are frozen, which takes hours."""
    limits = context.limits
    old = [one for one in seen.server.ages if one.oldest >= limits.old_transactions]
    if not old:
        return
    # Every database counts from the same number; the platform's own is named where it is as old as any.
    first = max(old, key=lambda one: (one.oldest, one.name == seen.server.database))
    what = f"The oldest row of database {first.name} is {first.oldest // _MILLION} million transactions old, of 2,100"
    facts = [Fact(f"age of {one.name}", f"{one.transactions}, multixacts {one.multixacts}") for one in old]
    question = "SELECT datname, age(datfrozenxid), mxid_age(datminmxid) FROM pg_database ORDER BY 2 DESC"
    severity = _CRITICAL if first.oldest >= limits.oldest_transactions else None
    yield Sign(database(seen.access), what, (*where(seen.access), *facts), psql(seen.access, question), severity)


@check(ReplicationView, "database.replication-lag", "Replication does not come along", _WARNING, Section.DATABASE)
def replication_lag(seen: ReplicationView, context: Context) -> Iterator[Sign]:
    """Who reads from a standby sees what is no longer true; and a slot that nobody reads fills the disk with log."""
    own, limit = seen.replication.replay_lag_s, context.limits.replication_seconds
    behind = [f"this standby is {span(own)} behind"] if own is not None and own >= limit else []
    late = [words for one in seen.replication.standbys if (words := _late(one, context))]
    kept = [words for one in seen.replication.slots if (words := _kept(one, context))]
    found = (*behind, *late, *kept)
    if found:
        facts = (*where(seen.access), Fact("behind", "; ".join(found)))
        command = psql(seen.access, "SELECT slot_name, active, restart_lsn, wal_status FROM pg_replication_slots")
        yield Sign(database(seen.access), f"Replication is behind: {few(found)} (limit {limit} s)", facts, command)


@check(ServerView, "database.slow-log-off", "Slow statements are not logged", _NOTE, Section.DATABASE_SLOW)
def slow_log_off(seen: ServerView, _: Context) -> Iterator[Sign]:
    """The runbook looks for slow statements in PostgreSQL's log; while that is off, only statistics tell of them."""
    if seen.server.slow_log_ms < 0 and not seen.server.statistics:
        what = "Neither log_min_duration_statement nor pg_stat_statements is on: nothing tells of slow statements"
        yield _sign(seen, what, (), "SHOW log_min_duration_statement")


CHECKS = (
    create_forbidden,
    wraparound_near,
    replication_lag,
    deadlocks,
    cache_misses,
    slow_log_off,
)


def _sign(seen: ServerView, what: str, more: tuple[Fact, ...], question: str) -> Sign:
    version = seen.server.version
    facts = (*where(seen.access), Fact("version", f"{version // 10_000}.{version % 10_000}"), *more)
    return Sign(database(seen.access), what, facts, psql(seen.access, question))


def _new_deadlocks(seen: ServerView, context: Context) -> tuple[int, str]:
    """How many there were since the look before, with those words; without one, since counting began, if lately."""
    now = seen.server.counters
    before = next((one.value for one in context.previous if one.label == seen.server.deadlocks_mark), None)
    own = next(mark.value for mark in seen.server.marks() if mark.label == seen.server.deadlocks_mark)
    if before is None:
        began = now.since or seen.server.started_at
        lately = began is not None and context.at - began <= timedelta(hours=context.limits.deadlock_hours)
        return (now.deadlocks, f"since {_clock(began)}") if lately and began else (0, "")
    was, _, counted_since = before.partition(" since ")
    same = counted_since == own.partition(" since ")[2] and was.isdecimal()
    return (now.deadlocks - int(was) if same else now.deadlocks), "since the last look"


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _late(one: Standby, context: Context) -> str:
    if one.lag_s is not None and one.lag_s >= context.limits.replication_seconds:
        return f"{one.name} is {span(one.lag_s)} behind"
    if one.lag_bytes is not None and one.lag_bytes >= context.limits.replication_bytes:
        return f"{one.name} is {one.lag_bytes // _MEGABYTE} MB behind"
    return ""


def _kept(one: Slot, context: Context) -> str:
    if one.kept_bytes < context.limits.replication_bytes and one.status != "lost":
        return ""
    who = "its reader is slow" if one.active else "nobody reads it"
    return f"slot {one.name} keeps {one.kept_bytes // _MEGABYTE} MB of log ({one.status or who}; {who})"
