"""Checks of the sessions: slots that run out, transactions held open, who keeps whom waiting, statements that last."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from diagnostics.areas.database.platform import database, psql, session, session_facts, state, told, where
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.database.facts import Session
from diagnostics.evidence.database.views import SessionsView
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import WHOLE, counted, few, one_line, span

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
#: Statements that change tables themselves, as a migration's.
OF_SCHEMA = re.compile(r"(alter|create|drop|truncate|comment|reindex|cluster|vacuum\s*\(?\s*full)\b", re.IGNORECASE)
#: What takes its time by its nature: a backup, a load, upkeep.
_LASTING = re.compile(r"(copy|vacuum|analyze|create\s+(unique\s+)?index|reindex|cluster|refresh)\b", re.IGNORECASE)
#: The kind of lock a program asks for by a number of its own: migration tools do, so that one runs at a time.
_ADVISORY = "advisory"
_SHOWN = 5  # waiting sessions among the facts
#: Who is at the head of a queue; only the pid of one that was not seen.
Head = Session | int


@check(SessionsView, "database.slots-nearly-used", "Connections are nearly used up", _WARNING, Section.DATABASE_POOL)
def slots_nearly_used(seen: SessionsView, context: Context) -> Iterator[Sign]:
    """New sessions are refused once every slot is taken."""
    sessions, percent = seen.sessions, context.limits.slots_percent
    if not sessions.usable or sessions.used * 100 < sessions.usable * percent:
        return
    idle = sum(group.number for group in sessions.groups if group.state.startswith("idle in transaction"))
    most = max(sessions.groups, key=lambda group: group.number)
    waste = f", {idle} idle in transaction" if idle else ""
    whose = f"{most.application or most.user} has {most.number} {most.state or 'of unknown state'}"
    what = f"{sessions.used} of {sessions.usable} slots are used{waste} (limit {percent} %); {whose}"
    facts = (
        *where(seen.access),
        Fact("max_connections", f"{sessions.most}, of which {sessions.reserved} are reserved"),
        *(
            Fact(f"{one.application or 'unnamed'} as {one.user}", f"{one.number} {one.state or 'not to be seen'}")
            for one in sessions.groups[:10]
        ),
    )
    yield Sign(database(seen.access), what, facts, psql(seen.access, _COUNT))


@check(SessionsView, "database.migration-locked", "A migration waits for a lock", _CRITICAL, Section.DATABASE_DEADLOCK)
def migration_locked(seen: SessionsView, context: Context) -> Iterator[Sign]:
    """A change of tables waits for everybody who uses them, and all who come after it wait behind it."""
    for head, waiting in _trees(seen, context).items():
        changing = [one for one in waiting if _changes_schema(one)]
        if changing:
            first = max(changing, key=lambda one: one.waits_s)
            what = f"A migration ({first.shape or 'an advisory lock'}) has waited {span(first.waits_s)} for"
            others = f"{counted(len(waiting) - 1, 'more session')} {_verb(len(waiting) - 1)} with it"
            behind = f"; {others}" if len(waiting) > 1 else ""
            yield _blocking(seen, head, waiting, f"{what} {_blocker(head)}{behind}")


@check(SessionsView, "database.blocked-sessions", "A session keeps others waiting", _CRITICAL, Section.DATABASE)
def blocked_sessions(seen: SessionsView, context: Context) -> Iterator[Sign]:
    """Whoever holds a lock and does not end keeps all others waiting who need it; their requests hang."""
    for head, waiting in _trees(seen, context).items():
        longest = max(one.waits_s for one in waiting)
        what = f"{counted(len(waiting), 'session')} {_verb(len(waiting))} up to {span(longest)} for"
        yield _blocking(seen, head, waiting, f"{what} {_blocker(head)}")


@check(
    SessionsView,
    "database.idle-in-transaction",
    "Transactions are held open and do nothing",
    _WARNING,
    Section.DATABASE_POOL,
)
def idle_in_transaction(seen: SessionsView, context: Context) -> Iterator[Sign]:
    """An open transaction keeps its locks and its slot, and vacuum from removing dead rows: a leak in the code."""
    limit = context.limits.idle_transaction_seconds
    owners: dict[tuple[str, str], list[Session]] = defaultdict(list)
    for one in seen.sessions.sessions:
        if one.idle_in_transaction and one.idle_s >= limit:
            owners[one.application, one.user].append(one)
    for some in owners.values():
        yield _idle(seen, some, limit)


@check(SessionsView, "database.long-statements", "A statement runs for long", _WARNING, Section.DATABASE_SLOW)
def long_statements(seen: SessionsView, context: Context) -> Iterator[Sign]:
    """Whoever waits for it has given up long ago; it still takes a slot, a processor and the disk."""
    limit = context.limits.long_statement_seconds
    for one in seen.sessions.sessions:
        waits = bool(one.blocked_by) or one.wait.startswith("Lock:")
        if one.state == "active" and one.statement_s >= limit and not waits:
            what = f"pid {one.pid} ({told(one)}) has run for {span(one.statement_s)} (limit {limit} s): {one.shape}"
            lasting = _NOTE if _LASTING.match(one.shape) else None
            facts = (*where(seen.access), *session_facts(one))
            command = psql(seen.access, _ABOUT.format(pid=one.pid))
            yield Sign(session(one), one_line(what, WHOLE), facts, command, lasting, rests_on=(database(seen.access),))


CHECKS = (slots_nearly_used, migration_locked, blocked_sessions, idle_in_transaction, long_statements)

_COUNT = "SELECT application_name, usename, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC"
_ABOUT = "SELECT pid, backend_start, state, xact_start, wait_event, query FROM pg_stat_activity WHERE pid = {pid}"
_ABOUT_ANY = "SELECT pid, backend_start, backend_type, usename, state, query FROM pg_stat_activity WHERE pid = {pid}"
_PREPARED = "SELECT gid, prepared, owner FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared"
_BLOCKED = (
    "SELECT pid, pg_blocking_pids(pid), wait_event_type, query FROM pg_stat_activity "
    "WHERE cardinality(pg_blocking_pids(pid)) > 0"
)
_IDLE = (
    "SELECT pid, backend_start, application_name, state_change, query FROM pg_stat_activity "
    "WHERE state LIKE 'idle in transaction%' ORDER BY state_change"
)


def _verb(number: int) -> str:
    return "waits" if number == 1 else "wait"


def _trees(seen: SessionsView, context: Context) -> Mapping[Head, Sequence[Session]]:
    """Who keeps whom waiting for longer than a moment: each head with all that wait for it, however many steps down."""
    by_pid = {one.pid: one for one in seen.sessions.sessions}
    trees: dict[Head, list[Session]] = {}
    for one in seen.sessions.sessions:
        if one.blocked_by and one.waits_s >= context.limits.blocked_seconds:
            head = _head(one, by_pid)
            if head is not None:
                trees.setdefault(head, []).append(one)
    return trees


def _head(one: Session, by_pid: Mapping[int, Session]) -> Head | None:
    """The one at the head of the queue; None where sessions wait for each other, which PostgreSQL ends by itself.

    Only its pid where it is not among the sessions seen: whoever waits for it is not to be taken for it.
    """
    met = {one.pid}
    while one.blocked_by:
        ahead = next((pid for pid in one.blocked_by if pid in by_pid and pid not in met), None)
        if ahead is None:
            return None if any(pid in met for pid in one.blocked_by) else one.blocked_by[0]
        met.add(ahead)
        one = by_pid[ahead]
    return one


def _blocking(seen: SessionsView, head: Head, waiting: Sequence[Session], what: str) -> Sign:
    if isinstance(head, Session):
        subject, question, about = session(head), _BLOCKED, session_facts(head)
    else:
        subject, question, about = Subject("session", str(head)), _unseen(head), (Fact("pid", str(head)),)
    facts = (*where(seen.access), *about, *_waiters(waiting))
    rests_on = (database(seen.access), *(session(one) for one in waiting))
    return Sign(subject, one_line(what, WHOLE), facts, psql(seen.access, question), rests_on=rests_on)


def _waiters(waiting: Sequence[Session]) -> Iterator[Fact]:
    for one in sorted(waiting, key=lambda one: -one.waits_s)[:_SHOWN]:
        behind = f", behind {', '.join(map(str, one.blocked_by))}"
        yield Fact(f"waits: pid {one.pid}", one_line(f"{span(one.waits_s)}{behind} ({told(one)}): {one.shape}", WHOLE))
    if len(waiting) > _SHOWN:
        yield Fact("more that wait", str(len(waiting) - _SHOWN))


def _unseen(pid: int) -> str:
    """The question that tells who a blocker is that was not seen; PostgreSQL gives prepared transactions pid 0."""
    return _ABOUT_ANY.format(pid=pid) if pid else _PREPARED


def _blocker(head: Head) -> str:
    """Who is at the head, what it does, and what it holds."""
    if head == 0:
        return "a prepared transaction, which no session holds any more"
    if isinstance(head, int):
        return f"pid {head}, which is a process of PostgreSQL's own, such as vacuum, or may not be seen by Volati"
    holds = f", holding locks on {few(head.locks)}" if head.locks else ""
    does = f": {head.shape}" if head.shape else ""
    return f"pid {head.pid} ({told(head)}), which is {state(head)}{holds}{does}"


def _changes_schema(one: Session) -> bool:
    return bool(OF_SCHEMA.match(one.shape)) or one.lock == _ADVISORY


def _idle(seen: SessionsView, some: Sequence[Session], limit: int) -> Sign:
    oldest = max(some, key=lambda one: one.idle_s)
    number = f"{counted(len(some), 'transaction')} of {told(oldest)}"
    verb = "is" if len(some) == 1 else "are"
    holds = f", holding locks on {few(oldest.locks)}" if oldest.locks else ""
    what = f"{number} {verb} open and idle, pid {oldest.pid} for {span(oldest.idle_s)} (limit {limit} s){holds}"
    last = f"; its last statement: {oldest.shape}" if oldest.shape else ""
    others = ", ".join(str(one.pid) for one in some if one is not oldest)
    facts = (*where(seen.access), *session_facts(oldest), *((Fact("also pids", others),) if others else ()))
    subject = Subject("application", oldest.application or oldest.user)
    rests_on = (database(seen.access), *(session(one) for one in some))
    return Sign(subject, one_line(f"{what}{last}", WHOLE), facts, psql(seen.access, _IDLE), rests_on=rests_on)
