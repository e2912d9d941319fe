"""The faults of the platform's database: one literal table, each a function from one state of it to another.

The server is real, and so is what is wrong with it: its own refusals, locks, waits and statistics.
"""

from collections.abc import Callable
from dataclasses import replace

from playground.world.faults.model import Fault
from playground.world.postgres import work
from playground.world.postgres.state import Phase, State, Work
from playground.world.postgres.volaticloud import DATABASE, HBA, HBA_OTHERS, OWNER, WATCHER, password_sql

Change = Callable[[State], State]

GENERAL = "Database Issues"
POOL = "Database Issues: Connection Pool Exhausted"
SLOW = "Database Issues: Slow Queries"
DEADLOCK = "Database Issues: Migration Deadlock"
SERVER = "Server Won't Start: Database Connection Failure"
MIGRATION = "Server Won't Start: Migration Failure"
QUERIES = "Performance Issues: Database Query Performance"
MANY_QUERIES = "Performance Issues: Excessive GraphQL Queries (N+1 Problem)"

NO_NAME = "postgres.volaticloud.invalid"  # no such name is ever given to anybody (RFC 6761)
NO_ROUTE = "224.0.0.1"  # an address of a group, to which no connection is ever made
NEAR_WRAPAROUND = 1_950_000_000  # transactions: nine tenths of the 2^31 after which the server takes no more
#: Seconds for which a session may do what it does before anybody calls it a fault, and a half more. The clock is the
#: server's own and cannot be moved.
IDLE_S, BLOCKED_S, LONG_S, LAGGING_S = 5.5, 2.5, 10.5, 30.5
OTHER_PASSWORD = "changed-by-the-provider"  # noqa: S105 a value of the play


def _fault(name: str, section: str, breaks: str, expect: str, apply: Change) -> Fault[State]:
    return Fault(name, "database", section, breaks, f"database.{expect}", apply)


def _set(**values: object) -> Change:
    """The change that gives these fields of the state these values."""
    return lambda state: replace(state, **values)  # type: ignore[arg-type]  # names are checked by a test


def _told(**values: object) -> Change:
    """The change of what the platform's secret says."""
    return lambda state: replace(state, told=replace(state.told, **values))  # type: ignore[arg-type]  # as above


def _phase(phase: Phase) -> Change:
    return lambda state: state.with_cluster(phase=phase)


def stopped(state: State) -> State:
    """The server does not run."""
    return replace(state.with_cluster(phase="stopped"), front="refusing")


def _working(doing: Work, ripens_s: float = 0.0) -> Change:
    return lambda state: state.with_work(doing).ripe_after(ripens_s)


def _hba_rejects(state: State) -> State:
    """Only connections from addresses of another network are let in."""
    return state.with_cluster(hba=(HBA[0], f"host {DATABASE} {OWNER},{WATCHER} 10.0.0.0/8 scram-sha-256"))


def _roles_gone(state: State) -> State:
    """Both roles have other names; the server lets everybody in by address, and so it says who is missing."""
    renamed = state.with_outside(*(f"ALTER ROLE {role} RENAME TO {role}_old" for role in (OWNER, WATCHER)))
    return renamed.with_cluster(hba=(HBA[0], "host all all 127.0.0.1/32 trust", *HBA_OTHERS))


def create_forbidden(state: State) -> State:
    """The database belongs to another, as after a restore by the provider's own user."""
    return state.with_changes(
        f"ALTER DATABASE {DATABASE} OWNER TO postgres",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {OWNER}",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {OWNER}",
    )


def _memory_small(state: State) -> State:
    """The server keeps hardly anything in its memory: the smallest plan there is."""
    return state.with_options(shared_buffers="256kB").with_work(work.scattered_reads)


def _dead_rows(state: State) -> State:
    return state.with_options(autovacuum="off").with_work(work.rewriting)


def _near_wraparound(state: State) -> State:
    aged = state.with_cluster(next_transaction=NEAR_WRAPAROUND)
    return aged.with_options(autovacuum_freeze_max_age="2000000000", autovacuum="off")


def _replica_behind(state: State) -> State:
    return state.with_cluster(replica=True).with_work(work.log_growing).ripe_after(LAGGING_S)


_CONNECTING: tuple[Fault[State], ...] = (
    _fault(
        "postgres-name-unknown",
        SERVER,
        "The host name in the platform's secret is nobody's.",
        "name-unknown",
        _told(host=NO_NAME),
    ),
    _fault(
        "postgres-no-route",
        SERVER,
        "The address in the platform's secret is one to which no route leads.",
        "no-route",
        _told(host=NO_ROUTE),
    ),
    _fault("postgres-stopped", SERVER, "PostgreSQL does not run.", "refused", stopped),
    _fault(
        "postgres-dropped",
        SERVER,
        "A firewall drops what is sent to PostgreSQL's address.",
        "timeout",
        _set(front="dropping"),
    ),
    _fault(
        "postgres-silent",
        SERVER,
        "Connections to PostgreSQL are accepted and never answered.",
        "timeout",
        _set(front="silent"),
    ),
    _fault(
        "postgres-without-tls",
        SERVER,
        "PostgreSQL speaks no TLS, and the platform asks for it.",
        "tls-missing",
        _set(certificate=None),
    ),
    _fault(
        "postgres-certificate-untrusted",
        SERVER,
        "PostgreSQL's certificate is signed by an authority that nobody trusts.",
        "certificate-untrusted",
        _set(certificate="untrusted"),
    ),
    _fault(
        "postgres-certificate-wrong-name",
        SERVER,
        "PostgreSQL's certificate is for another name.",
        "certificate-wrong-name",
        _set(certificate="wrong-name"),
    ),
    _fault(
        "postgres-certificate-expired",
        SERVER,
        "PostgreSQL's certificate ended yesterday.",
        "certificate-expired",
        _set(certificate="expired"),
    ),
    _fault(
        "postgres-starting-up",
        SERVER,
        "PostgreSQL was started and waits for an archive before it serves.",
        "starting-up",
        _phase("starting-up"),
    ),
    _fault(
        "postgres-in-recovery",
        SERVER,
        "A process of PostgreSQL was killed, and the server goes through its log before it serves again.",
        "in-recovery",
        _phase("in-recovery"),
    ),
    _fault(
        "postgres-shutting-down",
        SERVER,
        "PostgreSQL was told to stop, and waits for a session that does not end.",
        "shutting-down",
        _phase("shutting-down"),
    ),
)
_LOGGING_IN: tuple[Fault[State], ...] = (
    _fault(
        "postgres-hba-rejects",
        SERVER,
        "PostgreSQL's pg_hba.conf lets in another network only.",
        "hba-rejected",
        _hba_rejects,
    ),
    _fault(
        "postgres-password-wrong",
        SERVER,
        "The passwords were changed in PostgreSQL; the platform and the bot still have the old ones.",
        "password-rejected",
        lambda state: state.with_outside(*(password_sql(role, OTHER_PASSWORD) for role in (OWNER, WATCHER))),
    ),
    _fault(
        "postgres-role-missing",
        SERVER,
        "PostgreSQL has no such role any more.",
        "role-missing",
        _roles_gone,
    ),
    _fault(
        "postgres-database-missing",
        SERVER,
        "PostgreSQL has no such database: it was renamed.",
        "database-missing",
        lambda state: state.with_outside(f"ALTER DATABASE {DATABASE} RENAME TO {DATABASE}_old"),
    ),
    _fault(
        "postgres-secret-newline",
        SERVER,
        "The password in the platform's secret ends with a line's end.",
        "credentials-untidy",
        _told(after_password="\n"),  # noqa: S106 no password
    ),
    _fault(
        "postgres-secret-incomplete",
        SERVER,
        "The platform's secret has lost its key `password`.",
        "secret-incomplete",
        _told(lacks=frozenset({"password"})),
    ),
    _fault(
        "postgres-slots-full",
        POOL,
        "Sessions that nobody closes have taken every slot: sorry, too many clients already.",
        "slots-full",
        lambda state: state.with_options(superuser_reserved_connections="0").with_work(work.all_slots),
    ),
    _fault(
        "postgres-slots-reserved",
        POOL,
        "Sessions that nobody closes have taken every slot but those reserved for superusers.",
        "slots-full",
        _working(work.all_slots),
    ),
)
_WITHIN: tuple[Fault[State], ...] = (
    _fault(
        "postgres-slots-nearly-used",
        POOL,
        "Sessions that nobody closes have taken nine of ten slots.",
        "slots-nearly-used",
        _working(work.most_slots),
    ),
    _fault(
        "postgres-idle-in-transaction",
        GENERAL,
        "Two sessions have changed rows and do nothing more, in transactions that stay open.",
        "idle-in-transaction",
        _working(work.idle_in_transaction, IDLE_S),
    ),
    _fault(
        "postgres-blocked-sessions",
        GENERAL,
        "A job holds a row in one long transaction; three sessions wait, one behind another.",
        "blocked-sessions",
        _working(work.lock_tree, BLOCKED_S),
    ),
    _fault(
        "postgres-deadlocks",
        DEADLOCK,
        "Two jobs change the same rows in opposite order, and PostgreSQL ends one of them again and again.",
        "deadlocks",
        lambda state: state.with_options(deadlock_timeout="100ms").with_work(work.deadlocks),
    ),
    _fault(
        "postgres-migration-locked",
        DEADLOCK,
        "One replica's migration holds its lock and the table bots; the other replica's waits for it.",
        "migration-locked",
        _working(work.migration_waiting, BLOCKED_S),
    ),
    _fault(
        "postgres-create-forbidden",
        MIGRATION,
        "The platform's role may not create tables: the database belongs to another.",
        "create-forbidden",
        create_forbidden,
    ),
    _fault(
        "postgres-long-statement",
        SLOW,
        "A report's statement does not come to an end.",
        "long-statements",
        _working(work.long_statement, LONG_S),
    ),
    _fault(
        "postgres-slow-statements",
        SLOW,
        "A page's statement takes more than a second each time.",
        "slow-statements",
        _working(work.slow_statements),
    ),
    _fault(
        "postgres-repeated-statements",
        MANY_QUERIES,
        "A list asks for each of its rows by a statement of its own.",
        "repeated-statements",
        _working(work.one_by_one),
    ),
    _fault(
        "postgres-index-missing",
        QUERIES,
        "The index by which a bot's trades are found was dropped.",
        "missing-index",
        lambda state: state.with_changes("DROP INDEX trades_bot_id").with_work(work.scans),
    ),
    _fault(
        "postgres-cache-misses",
        QUERIES,
        "PostgreSQL's memory is too small for what is read, so that it goes to the disk.",
        "cache-misses",
        _memory_small,
    ),
    _fault(
        "postgres-dead-rows",
        SLOW,
        "A table is rewritten over and over, and nothing clears its dead rows away.",
        "dead-rows",
        _dead_rows,
    ),
    _fault(
        "postgres-wraparound-near",
        GENERAL,
        "PostgreSQL has used nine tenths of its transaction numbers, and nothing was frozen.",
        "wraparound-near",
        _near_wraparound,
    ),
    _fault(
        "postgres-replica-behind",
        QUERIES,
        "The read replica gets what is written, and has stopped applying it.",
        "replication-lag",
        _replica_behind,
    ),
)

POSTGRES_FAULTS: tuple[Fault[State], ...] = (*_CONNECTING, *_LOGGING_IN, *_WITHIN)
