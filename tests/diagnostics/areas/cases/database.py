"""Cases of the area database."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from diagnostics.context import Context, DatabaseExpected, Expected
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
from diagnostics.evidence.database.kinds import (
    DatabaseAccess,
    DatabaseReplication,
    DatabaseRights,
    DatabaseServer,
    DatabaseSessions,
    DatabaseStatements,
    DatabaseTables,
    Lack,
)
from diagnostics.evidence.database.obstacles import Obstacle
from diagnostics.evidence.database.views import (
    AccessView,
    ReplicationView,
    ServerView,
    SessionsView,
    StatementsView,
    TablesView,
)
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Certificate, Reached
from diagnostics.model import Evidence, Fact, Reason
from tests.diagnostics.areas.cases.case import NOW
from tests.diagnostics.areas.cases.case import Case as AnyCase

CONTEXT = Context(at=NOW, seen_from="from the test", expected=Expected(database=DatabaseExpected()))
BEFORE = replace(CONTEXT, previous=(Fact("deadlocks in database volaticloud", "3 since ever"),))
SECRET = "volaticloud/volaticloud-db-secret"


@dataclass(frozen=True)
class Case(AnyCase):
    """A case of this area."""

    context: Context = CONTEXT


def access(obstacle: Obstacle | None = None, words: str = "", **found: Any) -> DatabaseAccess:
    """A connection, with the platform's own login."""
    fields: dict[str, Any] = {
        "origin": f"secret {SECRET}",
        "host": "db.example.com",
        "port": 5432,
        "database": "volaticloud",
        "user": "volaticloud",
        "ssl_mode": "require",
        "told_by": SECRET,
        "took_ms": 12,
    }
    return DatabaseAccess(**{**fields, **found}, obstacle=obstacle, words=words)


def keyless(**found: Any) -> DatabaseAccess:
    """A secret that gives no login."""
    return DatabaseAccess(f"secret {SECRET}", told_by=SECRET, **found)


def way(stage: Stage, detail: str, certificate: Certificate | None = None) -> Reached:
    """A look by hand that ended there."""
    failure = NoAnswer(stage, detail, timed_out=False, took_ms=3)
    return Reached("db.example.com", 5432, tls=True, addresses=("192.0.2.7",), failure=failure, certificate=certificate)


CERTIFICATE = Certificate(
    "CN=db", "CN=The CA", ("db.example.org",), NOW - timedelta(days=400), NOW - timedelta(days=2), "ab"
)
FATAL = 'connection to server at "db.example.com" (192.0.2.7), port 5432 failed: FATAL:  '
SOUND = access()


def obstructed(id: str, one: Obstacle, words: str, says: str, **found: Any) -> Case:
    """A case of one obstacle: every other is another check's to name."""
    others = tuple(access(other, "x") for other in Obstacle if other is not one)
    return Case(f"database.{id}", (access(one, words, **found), access(one, words)), (SOUND, *others), says)


CONNECTION = (
    Case(
        "database.secret-incomplete",
        fires=(keyless(lacking=("password",)), keyless(exists=False), keyless(broken="VOLATICLOUD_DATABASE")),
        silent=(SOUND, access(Obstacle.PASSWORD, "x")),
        says=f"Secret {SECRET} ",
    ),
    Case(
        "database.credentials-untidy",
        fires=(
            access(untidy=("password",)),
            access(Obstacle.PASSWORD, "x", untidy=("password",)),
            keyless(lacking=("host",), untidy=("password",)),
        ),
        silent=(SOUND, keyless(lacking=("password",))),
        says="has blanks or a line break around the value of password",
    ),
    obstructed(
        "name-unknown",
        Obstacle.NAME,
        "failed to resolve host 'db.example.com'",
        "The name db.example.com cannot be looked up",
        way=way(Stage.NAME, "Name or service not known"),
    ),
    obstructed("no-route", Obstacle.NO_ROUTE, "No route to host", "The network knows no way to db.example.com:5432"),
    obstructed(
        "refused",
        Obstacle.REFUSED,
        "Connection refused Is the server running on that host?",
        "does not accept connections at db.example.com:5432: Connection refused",
    ),
    obstructed(
        "timeout", Obstacle.TIMEOUT, "timed out", "No session with PostgreSQL at db.example.com:5432 within 12 ms"
    ),
    obstructed("tls-missing", Obstacle.TLS_MISSING, "server does not support SSL", "sslmode require wants it"),
    obstructed(
        "certificate-expired",
        Obstacle.CERTIFICATE_EXPIRED,
        "SSL error: certificate verify failed",
        "The certificate of PostgreSQL at db.example.com:5432 expired",
        way=way(Stage.TLS, "certificate has expired", CERTIFICATE),
    ),
    obstructed(
        "certificate-wrong-name",
        Obstacle.CERTIFICATE_NAME,
        "does not match host name",
        "The certificate of PostgreSQL at db.example.com:5432 is for ",
        way=way(Stage.TLS, "Hostname mismatch", CERTIFICATE),
    ),
    obstructed(
        "certificate-untrusted",
        Obstacle.CERTIFICATE_UNTRUSTED,
        "SSL error: certificate verify failed",
        "is not trusted",
        way=way(Stage.TLS, "self-signed certificate", CERTIFICATE),
    ),
    obstructed("tls-failed", Obstacle.TLS_FAILED, "SSL error: tlsv1 alert", "The TLS handshake with PostgreSQL at "),
    obstructed("starting-up", Obstacle.STARTING_UP, f"{FATAL}the database system is starting up", "is starting up"),
    obstructed("shutting-down", Obstacle.SHUTTING_DOWN, f"{FATAL}the database system is shutting down", "is shutting"),
    obstructed("hba-rejected", Obstacle.HBA, f"{FATAL}no pg_hba.conf entry for host", "FATAL: no pg_hba.conf entry"),
    obstructed(
        "password-rejected",
        Obstacle.PASSWORD,
        f"{FATAL}password authentication failed",
        f"rejects the password of volaticloud from secret {SECRET}, or has no such role",
    ),
    obstructed("role-missing", Obstacle.ROLE, f"{FATAL}role does not exist", "has no role volaticloud that may log in"),
    obstructed("database-missing", Obstacle.DATABASE, f"{FATAL}it does not exist", "has no database volaticloud that"),
    obstructed(
        "slots-full", Obstacle.SLOTS, f"{FATAL}sorry, too many clients already", "FATAL: sorry, too many clients"
    ),
    obstructed("session-refused", Obstacle.OTHER, f"{FATAL}something new", "refuses a session: FATAL: something new"),
    Case(
        "database.in-recovery",
        fires=(
            AccessView(access(Obstacle.IN_RECOVERY, f"{FATAL}the database system is in recovery mode")),
            AccessView(SOUND, DatabaseServer(in_recovery=True)),
            AccessView(access(told_by="", origin="the settings"), DatabaseServer(in_recovery=True)),
        ),
        silent=(AccessView(SOUND), AccessView(SOUND, DatabaseServer()), AccessView(access(Obstacle.STARTING_UP, "x"))),
        says="PostgreSQL at db.example.com:5432 is ",
    ),
)


def session(pid: int, **facts: Any) -> Session:
    """A session of the backend's, idle unless told otherwise."""
    fields: dict[str, Any] = {
        "started_at": NOW - timedelta(hours=1),
        "user": "volaticloud",
        "database": "volaticloud",
        "application": "backend",
        "client": "192.0.2.9",
        "state": "idle",
    }
    return Session(pid=pid, **{**fields, **facts})


def idle(pid: int, seconds: float, **facts: Any) -> Session:
    """A session that holds a transaction open."""
    return session(pid, state="idle in transaction", idle_s=seconds, transaction_s=seconds, **facts)


def waiting(pid: int, behind: int, seconds: float, shape: str = "update bots set name = ?", **facts: Any) -> Session:
    """A session that waits for another's lock."""
    facts = {"lock": "transactionid", **facts}
    return session(
        pid,
        state="active",
        statement_s=seconds,
        wait="Lock: relation",
        shape=shape,
        blocked_by=(behind,),
        waits_s=seconds,
        **facts,
    )


def sessions(*some: Session, used: int = 9, **facts: Any) -> SessionsView:
    """These sessions in a server of 100 slots, three of them reserved."""
    groups = facts.pop("groups", (SessionGroup("backend", "volaticloud", "idle", used),) if used else ())
    return SessionsView(SOUND, DatabaseSessions((), 100, 3, used, groups, some))


LEAK = (
    SessionGroup("backend", "volaticloud", "idle in transaction", 81),
    SessionGroup("backend", "volaticloud", "idle", 9),
)
HOLDER = idle(7, 40.0, locks=("bots",), shape="update bots set name = ? where id = ?")
PRESSURE = (
    Case(
        "database.slots-nearly-used",
        fires=(sessions(used=88), sessions(used=97), sessions(used=90, groups=LEAK)),
        silent=(sessions(used=87), sessions(used=0), SessionsView(SOUND, DatabaseSessions())),
        says=" of 97 slots are used",
    ),
    Case(
        "database.migration-locked",
        fires=(
            sessions(HOLDER, waiting(8, 7, 2.0, "ALTER TABLE bots ADD COLUMN x int")),
            sessions(HOLDER, waiting(8, 7, 3.0, "create index on bots (id)"), waiting(9, 8, 2.0)),
            sessions(HOLDER, waiting(8, 7, 2.0, "SELECT pg_advisory_lock(?)", lock="advisory")),
        ),
        silent=(
            sessions(HOLDER, waiting(8, 7, 1.9, "ALTER TABLE bots ADD COLUMN x int")),
            sessions(HOLDER, waiting(8, 7, 20.0)),
            sessions(HOLDER),
        ),
        says="for pid 7 (backend as volaticloud from 192.0.2.9), which is idle in transaction for 40 s, holding",
    ),
    Case(
        "database.blocked-sessions",
        fires=(
            sessions(HOLDER, waiting(8, 7, 2.0)),
            sessions(HOLDER, waiting(8, 7, 9.0), waiting(9, 8, 5.0), waiting(10, 9, 2.0)),
        ),
        silent=(
            sessions(),
            sessions(HOLDER, waiting(8, 7, 1.9)),
            sessions(waiting(8, 9, 3.0), waiting(9, 8, 3.0)),
        ),
        says="up to ",
    ),
    Case(
        "database.blocked-sessions",
        fires=(
            sessions(waiting(8, 4711, 2.0)),
            sessions(waiting(8, 4711, 9.0), waiting(9, 8, 5.0)),
        ),
        silent=(sessions(waiting(8, 4711, 1.9)),),
        says="for pid 4711, which is a process of PostgreSQL's own, such as vacuum, or may not be seen by Volati",
    ),
    Case(
        "database.migration-locked",
        fires=(sessions(waiting(8, 0, 2.0, "ALTER TABLE bots ADD COLUMN x int")),),
        silent=(sessions(waiting(8, 0, 2.0)),),
        says="for a prepared transaction, which no session holds any more",
    ),
    Case(
        "database.idle-in-transaction",
        fires=(sessions(idle(7, 5.0)), sessions(idle(7, 900.0), idle(8, 6.0), idle(9, 4.0))),
        silent=(sessions(idle(7, 4.9)), sessions(session(7, idle_s=900.0)), sessions()),
        says="pid 7 for ",
    ),
    Case(
        "database.long-statements",
        fires=(
            sessions(session(7, state="active", statement_s=10.0, shape="select count(*) from trades")),
            sessions(session(7, state="active", statement_s=9000.0, shape="COPY trades TO STDOUT")),
        ),
        silent=(
            sessions(session(7, state="active", statement_s=9.9)),
            sessions(session(7, statement_s=900.0)),
            sessions(HOLDER, waiting(8, 7, 900.0)),
        ),
        says="pid 7 (backend as volaticloud from 192.0.2.9) has run for ",
    ),
)


def server(**facts: Any) -> ServerView:
    """A sound server, but for these facts."""
    fields = {"version": 180_006, "database": "volaticloud", "started_at": NOW - timedelta(days=9), "statistics": True}
    return ServerView(SOUND, DatabaseServer((), **{**fields, **facts}))


def aged(transactions: int, multixacts: int = 0) -> ServerView:
    """A server with a database of this age."""
    return server(ages=(DatabaseAge("volaticloud", transactions, multixacts), DatabaseAge("postgres", 9, 9)))


def replicating(*, lag_s: float | None = None, standby: Any = None, slot: Any = None) -> ReplicationView:
    """A server with a standby and a slot."""
    standbys, slots = (standby,) if standby else (), (slot,) if slot else ()
    return ReplicationView(SOUND, DatabaseReplication((), lag_s, standbys, slots))


UPKEEP = (
    Case(
        "database.create-forbidden",
        fires=(server(rights=Rights("volaticloud", "public", may_create=False, owner="postgres")),),
        silent=(
            server(),
            server(rights=Rights("volaticloud", "public", may_create=True)),
            server(rights=Rights("volaticloud", "public")),
        ),
        says="Role volaticloud may not create tables in schema public, which belongs to postgres",
    ),
    Case(
        "database.deadlocks",
        fires=(
            server(counters=Counters(deadlocks=4)),
            server(counters=Counters(deadlocks=1, since=NOW)),
        ),
        silent=(server(counters=Counters(deadlocks=3)), server(counters=Counters(deadlocks=0, since=NOW))),
        says="1 deadlock in database volaticloud since the last look",
        context=BEFORE,
    ),
    Case(
        "database.deadlocks",
        fires=(
            server(counters=Counters(deadlocks=2, since=NOW - timedelta(minutes=59))),
            server(counters=Counters(deadlocks=2), started_at=NOW - timedelta(minutes=60)),
        ),
        silent=(
            server(counters=Counters(deadlocks=2, since=NOW - timedelta(minutes=61))),
            server(counters=Counters(deadlocks=2)),
        ),
        says="2 deadlocks in database volaticloud since 2026-01-02 0",
    ),
    Case(
        "database.cache-misses",
        fires=(server(counters=Counters(0, 449_999, 50_001)),),
        silent=(server(), server(counters=Counters(0, 450_000, 50_000)), server(counters=Counters(0, 10, 49_999))),
        says="Only 89 % of 500000 blocks",
    ),
    Case(
        "database.wraparound-near",
        fires=(aged(1_000_000_000), aged(9, 1_600_000_000)),
        silent=(server(), aged(999_999_999, 999_999_999)),
        says="The oldest row of database volaticloud is 1",
    ),
    Case(
        "database.replication-lag",
        fires=(
            replicating(lag_s=30.0),
            replicating(standby=Standby("replica", "streaming", 30.0)),
            replicating(standby=Standby("replica", "catchup", None, 512_000_000)),
            replicating(slot=Slot("gone", active=False, kept_bytes=512_000_000)),
            replicating(slot=Slot("gone", active=False, kept_bytes=0, status="lost")),
        ),
        silent=(
            replicating(),
            replicating(lag_s=29.9),
            replicating(
                standby=Standby("replica", "streaming", 29.9, 511_999_999),
                slot=Slot("replica", active=True, kept_bytes=511_999_999, status="reserved"),
            ),
        ),
        says="Replication is behind: ",
    ),
    Case(
        "database.slow-log-off",
        fires=(server(statistics=False),),
        silent=(server(), server(statistics=False, slow_log_ms=1000)),
        says="nothing tells of slow statements",
    ),
)


def statement(shape: str, calls: int, rows: int, mean_ms: float = 1.0) -> Statement:
    """A statement with what was counted of it."""
    return Statement(shape, calls, rows, calls * mean_ms, mean_ms, mean_ms * 2, "volaticloud")


def statements(*some: Statement) -> StatementsView:
    """These statements."""
    return StatementsView(SOUND, DatabaseStatements((), some, NOW - timedelta(days=1)))


def table(**facts: Any) -> Table:
    """A table that is read by its indexes, but for these facts."""
    fields = {"name": "public.trades", "bytes": 9_000_000, "live": 40_000, "index_scans": 400}
    return Table(**{**fields, **facts})


def tables(one: Table, *some: Statement) -> TablesView:
    """One table, and what is asked of it."""
    return TablesView(SOUND, DatabaseTables((), (one,)), DatabaseStatements((), some) if some else None)


LIST = statement("SELECT id, name FROM bots LIMIT $1", 50, 500)
BY_BOT = statement("SELECT count(*) FROM trades WHERE bot_id = $1", 60, 60, 20.0)
COUNTED = (
    Case(
        "database.slow-statements",
        fires=(statements(statement("SELECT 1 FROM trades", 5, 5, 1000.0)),),
        silent=(
            statements(),
            statements(statement("SELECT 1 FROM trades", 4, 5, 5000.0)),
            statements(statement("SELECT 1 FROM trades", 5, 5, 999.9)),
        ),
        says="A statement takes 1000 ms on average over 5 calls (limit 1000 ms): SELECT 1 FROM trades",
    ),
    Case(
        "database.repeated-statements",
        fires=(statements(LIST, statement("SELECT name FROM strategies WHERE id = $1", 500, 500)),),
        silent=(
            statements(LIST),
            statements(statement("SELECT name FROM strategies WHERE id = $1", 500, 500)),
            statements(LIST, statement("SELECT name FROM strategies WHERE id = $1", 499, 499)),
            statements(LIST, statement("SELECT name FROM strategies WHERE id = $1", 1001, 1001)),
            statements(LIST, statement("UPDATE strategies SET a = $2 WHERE id = $1", 500, 500)),
            statements(LIST, statement("SELECT name FROM strategies WHERE x = $1", 500, 501)),
        ),
        says="was called 500 times, 10 for each call of a list that gives 10 rows: SELECT name FROM strategies",
    ),
    Case(
        "database.missing-index",
        fires=(
            tables(table(scans=50, scanned=50 * 40_000)),
            tables(table(scans=50, scanned=50 * 40_000, index_scans=450), BY_BOT),
        ),
        silent=(
            tables(table()),
            tables(table(scans=49, scanned=49 * 40_000, index_scans=0)),
            tables(table(scans=50, scanned=50 * 40_000, index_scans=451)),
            tables(table(scans=50, scanned=50 * 9_999, live=9_999)),
            tables(table(scans=50, scanned=50 * 100)),
        ),
        says="Table public.trades (40000 rows) was read from end to end 50 times and by an index 4",
    ),
    Case(
        "database.dead-rows",
        fires=(tables(table(live=15_000, dead=10_000)), tables(table(live=0, dead=10_000, vacuumed_at=NOW))),
        silent=(tables(table()), tables(table(live=15_001, dead=10_000)), tables(table(live=0, dead=9_999))),
        says=" rows of public.trades are dead (",
    ),
)

CASES: tuple[AnyCase, ...] = (*CONNECTION, *PRESSURE, *UPKEEP, *COUNTED)


def _parts() -> list[Evidence]:
    """What the views of the cases are joined of."""
    seen = [one for case in CASES for one in (*case.fires, *case.silent)]
    return [part for view in seen for part in (getattr(view, name) for name in view.__struct_fields__)]


HIDDEN = Lack("what 2 sessions of other users do", Reason.FORBIDDEN, "Grant it.")
#: Examples of each kind that is looked at.
EXAMPLES: dict[type[Evidence], tuple[Evidence, ...]] = {
    kind: tuple(one for one in _parts() if type(one) is kind)
    for kind in (DatabaseServer, DatabaseReplication, DatabaseSessions, DatabaseStatements, DatabaseTables)
} | {DatabaseRights: (DatabaseRights(), DatabaseRights((HIDDEN,), "volati", monitors=False, hidden=2))}
