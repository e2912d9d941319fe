"""What PostgreSQL tells of itself, as frozen values: sessions, statements (without literals), tables, replication."""

from datetime import datetime

from diagnostics.model import Value


class Session(Value, frozen=True):
    """One session of a client. Ages in seconds; `pid` and `started_at` together name it for ever.

    `shape` is the statement it runs or ran last, without literals. `blocked_by` are the pids it waits for, `waits_s`
    how long it has waited for the lock, `lock` which kind of lock that is, as `transactionid` or `advisory`.
    `locks` are tables it holds locks on that keep others out.
    """

    pid: int
    started_at: datetime
    user: str = ""
    database: str = ""
    application: str = ""
    client: str = ""
    state: str = ""
    transaction_s: float = 0.0
    statement_s: float = 0.0
    idle_s: float = 0.0
    wait: str = ""
    shape: str = ""
    blocked_by: tuple[int, ...] = ()
    waits_s: float = 0.0
    lock: str = ""
    locks: tuple[str, ...] = ()

    @property
    def idle_in_transaction(self) -> bool:
        """Whether it holds a transaction open and does nothing."""
        return self.state.startswith("idle in transaction")


class SessionGroup(Value, frozen=True):
    """How many sessions there are of an application and user in one state; empty where that may not be seen."""

    application: str
    user: str
    state: str
    number: int


class Statement(Value, frozen=True):
    """What pg_stat_statements has counted of one statement, since its counters were reset. Times in ms."""

    shape: str
    calls: int
    rows: int
    total_ms: float
    mean_ms: float
    max_ms: float
    user: str = ""

    @property
    def rows_each(self) -> float:
        """Rows that one call gives."""
        return self.rows / self.calls if self.calls else 0.0


class Table(Value, frozen=True):
    """What is counted of one table since the counters were reset. `bytes` is its own size, without indexes."""

    name: str
    bytes: int = 0
    live: int = 0
    dead: int = 0
    scans: int = 0
    scanned: int = 0
    index_scans: int = 0
    vacuumed_at: datetime | None = None
    analyzed_at: datetime | None = None


class DatabaseAge(Value, frozen=True):
    """How old the oldest transaction number of a database is, in transactions and in multixacts."""

    name: str
    transactions: int
    multixacts: int

    @property
    def oldest(self) -> int:
        """The greater of the two: either runs out at the same number."""
        return max(self.transactions, self.multixacts)


class Standby(Value, frozen=True):
    """A server that follows this one, or does not come along. `lag_s` is None where it is not known."""

    name: str
    state: str
    lag_s: float | None = None
    lag_bytes: int | None = None


class Slot(Value, frozen=True):
    """A replication slot, and how much of the log it keeps from being removed."""

    name: str
    active: bool
    kept_bytes: int
    status: str = ""


class Counters(Value, frozen=True):
    """What PostgreSQL has counted of this database. `since` is when it began to; None where it was never reset."""

    deadlocks: int = 0
    blocks_hit: int = 0
    blocks_read: int = 0
    since: datetime | None = None


class Rights(Value, frozen=True):
    """Whether the platform's role may create tables in the schema. None where there is no such role or schema."""

    role: str
    schema: str
    may_create: bool | None = None
    owner: str = ""
