"""The kinds of evidence about the database. Each may be partial: what could not be seen stands in its gaps."""

from datetime import datetime
from typing import ClassVar

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
from diagnostics.evidence.database.obstacles import Obstacle
from diagnostics.evidence.network import Reached
from diagnostics.model import Evidence, Fact, Reason, Unobserved, Value

_SETTING = "environments.<name>.postgres"


class Lack(Value, frozen=True):
    """A part that could not be seen: which, in words, and why."""

    what: str
    reason: Reason
    detail: str


class Incomplete(Evidence, frozen=True):
    """Base of evidence that may have gaps. Absence is never concluded across one."""

    KIND: ClassVar[str] = ""
    WHAT: ClassVar[str] = ""
    SETTING: ClassVar[str] = _SETTING

    gaps: tuple[Lack, ...] = ()

    def lacks(self) -> tuple[Unobserved, ...]:
        """Its gaps."""
        return tuple(Unobserved(gap.what, gap.reason, gap.detail) for gap in self.gaps)


class DatabaseAccess(Evidence, frozen=True):
    """How far a connection to PostgreSQL gets, and as whom.

    `origin` says where the login is configured: the settings, or a secret of the cluster (then `told_by` is its
    qualified name). `lacking` are keys the secret does not have or that are empty, `untidy` those with blanks or line
    breaks around their value, `broken` one that holds no address that can be read. `obstacle` says where the
    connection ended, `words` what was answered; `way` is what a look by hand at name, TCP and TLS gave after a failure.
    `tls` says whether the session is encrypted. Times in ms.
    """

    KIND: ClassVar[str] = "database.access"
    WHAT: ClassVar[str] = "the connection to PostgreSQL"
    SETTING: ClassVar[str] = _SETTING

    origin: str
    host: str = ""
    port: int = 0
    database: str = ""
    user: str = ""
    ssl_mode: str = ""
    ca_file: str = ""
    told_by: str = ""
    exists: bool = True
    lacking: tuple[str, ...] = ()
    untidy: tuple[str, ...] = ()
    broken: str = ""
    obstacle: Obstacle | None = None
    words: str = ""
    took_ms: int = 0
    way: Reached | None = None
    tls: bool = False

    @property
    def connected(self) -> bool:
        """Whether there was a session."""
        return bool(self.host) and self.obstacle is None

    @property
    def address(self) -> str:
        """Host and port, as people write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class DatabaseRights(Incomplete, frozen=True):
    """What the bot's own user may see. What it may not is a gap, and so is what SQL shows to nobody."""

    KIND: ClassVar[str] = "database.rights"
    WHAT: ClassVar[str] = "the bot's own rights in PostgreSQL"
    SETTING: ClassVar[str] = _SETTING

    user: str = ""
    monitors: bool = False
    hidden: int = 0


class DatabaseServer(Incomplete, frozen=True):
    """What the server says of itself: version, recovery, counters, ages, and what it logs.

    `version` is as `server_version_num`: 180006 is 18.6. `slow_log_ms` is log_min_duration_statement: -1 is off.
    """

    KIND: ClassVar[str] = "database.server"
    WHAT: ClassVar[str] = "the state of PostgreSQL"
    SETTING: ClassVar[str] = _SETTING

    version: int = 0
    database: str = ""
    started_at: datetime | None = None
    in_recovery: bool = False
    slow_log_ms: int = -1
    counters: Counters = Counters()
    ages: tuple[DatabaseAge, ...] = ()
    rights: Rights | None = None
    statistics: bool = False

    def marks(self) -> tuple[Fact, ...]:
        """The counted deadlocks, and since when they are counted."""
        since = f"{self.counters.since:%Y-%m-%d %H:%M:%S}" if self.counters.since else "ever"
        return (Fact(self.deadlocks_mark, f"{self.counters.deadlocks} since {since}"),)

    @property
    def deadlocks_mark(self) -> str:
        """The label of the mark that counts deadlocks."""
        return f"deadlocks in database {self.database}"


class DatabaseReplication(Incomplete, frozen=True):
    """Which servers follow this one, and what is kept for them; how far it is behind itself, where it follows one.

    `replay_lag_s` is None where it follows none, or has nothing to replay.
    """

    KIND: ClassVar[str] = "database.replication"
    WHAT: ClassVar[str] = "the replication"
    SETTING: ClassVar[str] = _SETTING

    replay_lag_s: float | None = None
    standbys: tuple[Standby, ...] = ()
    slots: tuple[Slot, ...] = ()


class DatabaseSessions(Incomplete, frozen=True):
    """Who is connected: numbers by application and state, and the sessions that stand out.

    `most` is max_connections, `reserved` how many of them only superusers (and, since 16, a role for it) may use;
    `used` counts the sessions of clients, the bot's own included. Of sessions that may not be seen only the number is
    known.
    """

    KIND: ClassVar[str] = "database.sessions"
    WHAT: ClassVar[str] = "the sessions"
    SETTING: ClassVar[str] = _SETTING

    most: int = 0
    reserved: int = 0
    used: int = 0
    groups: tuple[SessionGroup, ...] = ()
    sessions: tuple[Session, ...] = ()

    @property
    def usable(self) -> int:
        """Slots that ordinary users may take."""
        return self.most - self.reserved

    def session(self, pid: int) -> Session | None:
        """The session of this process; None where it is not among those that stand out."""
        return next((one for one in self.sessions if one.pid == pid), None)


class DatabaseStatements(Incomplete, frozen=True):
    """What pg_stat_statements has counted: the statements that took most time, and those that were called most."""

    KIND: ClassVar[str] = "database.statements"
    WHAT: ClassVar[str] = "the statistics of statements"
    SETTING: ClassVar[str] = _SETTING

    statements: tuple[Statement, ...] = ()
    since: datetime | None = None


class DatabaseTables(Incomplete, frozen=True):
    """What is counted of the tables: how they are read, and how many of their rows are dead."""

    KIND: ClassVar[str] = "database.tables"
    WHAT: ClassVar[str] = "the tables' statistics"
    SETTING: ClassVar[str] = _SETTING

    tables: tuple[Table, ...] = ()


KINDS: tuple[type[Evidence], ...] = (
    DatabaseAccess,
    DatabaseRights,
    DatabaseServer,
    DatabaseReplication,
    DatabaseSessions,
    DatabaseStatements,
    DatabaseTables,
)
