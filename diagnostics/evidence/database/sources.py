"""The looks at PostgreSQL: first the connection, then each kind of statistics over that one session.

A right that is missing is a gap of the evidence. Nothing is changed, and no row of the platform's tables is read.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from diagnostics.evidence.database import questions, reading
from diagnostics.evidence.database.client import Connected, Database, Refused, Row, Way
from diagnostics.evidence.database.credentials import Login, Read
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
from diagnostics.evidence.database.obstacles import Obstacle, counting, is_of_tls, obstacle, of_the_way
from diagnostics.evidence.network import Reached
from diagnostics.model import CouldNotLookError, Evidence, Reason
from diagnostics.observe import Seen, Source
from diagnostics.words import WHOLE, counted, raw_line

#: Pids that are asked about at once.
_PIDS = 50
_MONITOR = "Grant it: GRANT pg_monitor TO {user}. Without, only sessions of the bot's own user are seen whole."
_STATISTICS = (
    "The extension is not there: CREATE EXTENSION pg_stat_statements in this database, with it in "
    "shared_preload_libraries. Without, slow and repeated statements are not seen."
)


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of how to log in: what was read, of which secret (empty: of the settings), and if that exists."""

    read: Read
    origin: str
    told_by: str = ""
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks: how the login is had, the session, and the look by hand. `role` is the platform's, empty: its own.

    `schema` is where the platform keeps its tables.
    """

    told: Callable[[], Awaitable[Told]]
    database: Database
    way: Way
    role: str = ""
    schema: str = "public"


class DatabaseLook:
    """One run's looks at PostgreSQL."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._database = looker.database
        self._user = ""
        self._own_login = False

    async def access(self, _: Seen) -> DatabaseAccess:
        """Whether a session can be had, and if not, where it ends."""
        told = await self._looker.told()
        login = told.read.login
        if login is None:
            return _without_login(told)
        self._user = login.user
        self._own_login = not told.told_by
        began = time.monotonic()
        answer = await self._database.connect(login)
        took = round((time.monotonic() - began) * 1000)
        if isinstance(answer, Connected):
            return _access(told, login, took_ms=took, tls=answer.tls)
        return await self._refused(told, login, answer, took)

    async def _refused(self, told: Told, login: Login, answer: Refused, took: int) -> DatabaseAccess:
        """Where it ended: by the words, and by a look by hand where these are of the way there."""
        by_words = obstacle(answer.words)
        words = raw_line(counting(answer.words), WHOLE)
        if not (by_words in _OF_THE_WAY or is_of_tls(by_words) or by_words is Obstacle.OTHER):
            return _access(told, login, obstacle=by_words, words=words, took_ms=took)
        way = await self._looker.way.reach(login)
        return _access(told, login, obstacle=_found(by_words, way), words=words, took_ms=took, way=way)

    async def rights(self, _: Seen) -> DatabaseRights:
        """What the bot's own user may not see, as far as there is something to be seen."""
        (one,) = await self._database.rows(questions.OWN_RIGHTS)
        hidden = [self._hidden(f"what {counted(one['hidden'], 'session')} of other users do")] if one["hidden"] else []
        if self._foreign(await self._part(self._may(), _RIGHTS, [])):
            hidden.append(Lack(_RIGHTS, Reason.NOT_CONFIGURED, _ROLE.format(user=self._user)))
        disk = Lack("the database's disk", Reason.NOT_ASKED_FOR, _DISK)
        return DatabaseRights((*hidden, disk), one["user"], one["monitors"], one["hidden"])

    async def server(self, _: Seen) -> DatabaseServer:
        """Version, recovery, counters, ages, rights."""
        gaps: list[Lack] = []
        (one,) = await self._database.rows(questions.SERVER)
        # Asked for before the gaps are told: each adds its own where it could not be had.
        counters = reading.counters(await self._part(questions.COUNTERS, "the counters", gaps))
        ages = reading.ages(await self._part(questions.AGES, "the ages of transaction numbers", gaps))
        rights = await self._part(self._may(), _RIGHTS, gaps)
        return DatabaseServer(
            gaps=tuple(gaps),
            version=one["version"],
            database=one["database"],
            started_at=one["started_at"],
            in_recovery=one["in_recovery"],
            slow_log_ms=one["slow_log_ms"],
            statistics=one["statistics"],
            counters=counters,
            ages=ages,
            rights=reading.rights(() if self._foreign(rights) else rights, self._looker.schema),
        )

    def _may(self) -> str:
        """The question what the platform's role may do."""
        role = self._looker.role or self._user
        return questions.RIGHTS.format(schema=_literal(self._looker.schema), role=f"'{_literal(role)}'")

    def _foreign(self, rights: tuple[Row, ...]) -> bool:
        """Whether these are those of a login of Volati's own, where the tables are all somebody else's.

        Such a role has no right to create tables on purpose: it tells nothing of the platform's.
        """
        others = any(row["of_others"] and not row["of_its_own"] for row in rights)
        return others and self._own_login and not self._looker.role

    async def replication(self, _: Seen) -> DatabaseReplication:
        """Who follows, and what is kept for whom."""
        gaps: list[Lack] = []
        (own,) = await self._database.rows(questions.REPLAY)
        standbys = await self._part(questions.STANDBYS, "the standbys", gaps)
        if any(reading.unknown(row) for row in standbys):
            gaps.append(self._hidden("how far the standbys are behind"))
        slots = await self._part(questions.SLOTS, "the replication slots", gaps)
        return DatabaseReplication(tuple(gaps), own["lag_s"], reading.standbys(standbys), reading.slots(slots))

    async def sessions(self, _: Seen) -> DatabaseSessions:
        """Who is connected, who waits for whom."""
        (limits,) = await self._database.rows(questions.LIMITS)
        groups = await self._database.rows(questions.GROUPS)
        gaps: list[Lack] = []
        rows = [row for row in await self._part(questions.SESSIONS, "what sessions do", gaps) if reading.seen(row)]
        pids = tuple(dict.fromkeys(reading.holders(rows)))[:_PIDS]
        held = questions.LOCKS.format(pids=", ".join(str(int(pid)) for pid in pids))
        locks = reading.locked(await self._part(held, "who holds what", gaps)) if pids else {}
        return DatabaseSessions(
            gaps=tuple(gaps),
            most=limits["most"],
            reserved=limits["reserved"],
            used=sum(row["number"] for row in groups),
            groups=reading.groups(groups),
            sessions=reading.sessions(rows, locks),
        )

    async def statements(self, seen: Seen) -> DatabaseStatements:
        """What pg_stat_statements has counted.

        Raises:
            CouldNotLookError: it is not there, or may not be read.
        """
        if not seen[DatabaseServer].statistics:
            raise CouldNotLookError(Reason.NOT_CONFIGURED, _STATISTICS)
        rows = await self._database.rows(questions.STATEMENTS)
        hidden = any(reading.hidden(row) for row in rows)
        gaps = [self._hidden("statements of other users")] if hidden else []
        since = await self._part(questions.STATEMENTS_SINCE, "since when statements are counted", gaps)
        return DatabaseStatements(
            gaps=tuple(gaps),
            statements=reading.statements(rows),
            since=since[0]["stats_reset"] if since else None,
        )

    async def tables(self, _: Seen) -> DatabaseTables:
        """How the tables are read, and how many of their rows are dead."""
        return DatabaseTables((), reading.tables(await self._database.rows(questions.TABLES)))

    def _hidden(self, what: str) -> Lack:
        return Lack(what, Reason.FORBIDDEN, _MONITOR.format(user=self._user))

    async def _part(self, question: str, what: str, gaps: list[Lack]) -> tuple[Row, ...]:
        """A part that may be missing: nothing, and the gap, where it could not be had."""
        try:
            return await self._database.rows(question)
        except CouldNotLookError as error:
            gaps.append(Lack(what, error.reason, error.detail))
            return ()


_RIGHTS = "the platform's rights"
_ROLE = "Set environments.<name>.postgres.role to the role the platform logs in as: {user} owns none of its tables."
_DISK = "It is not visible from SQL. Look in the provider's control panel."


def database_sources(looker: Looker) -> tuple[Source[Evidence], ...]:
    """Every look at PostgreSQL; all but the first need a session."""
    look = DatabaseLook(looker)
    connected = _Connected(look)
    return (
        Source(DatabaseAccess, look.access),
        Source(DatabaseRights, connected.of(look.rights), needs=(DatabaseAccess,)),
        Source(DatabaseServer, connected.of(look.server), needs=(DatabaseAccess,)),
        Source(DatabaseReplication, connected.of(look.replication), needs=(DatabaseAccess,)),
        Source(DatabaseSessions, connected.of(look.sessions), needs=(DatabaseAccess,)),
        Source(DatabaseStatements, connected.of(look.statements), needs=(DatabaseAccess, DatabaseServer)),
        Source(DatabaseTables, connected.of(look.tables), needs=(DatabaseAccess,)),
    )


class _Connected:
    """Looks only where there is a session."""

    def __init__(self, look: DatabaseLook) -> None:
        self._look = look

    def of(self, observe: Callable[[Seen], Awaitable[Any]]) -> Callable[[Seen], Awaitable[Any]]:
        """The same look, or that there is no session to look through."""

        async def asked(seen: Seen) -> Any:  # noqa: ANN401 what the look gives
            access = seen[DatabaseAccess]
            if not access.connected:
                raise CouldNotLookError(Reason.DEPENDS, "There is no session with PostgreSQL.")
            return await observe(seen)

        return asked


#: Where the words alone do not tell how far it came.
_OF_THE_WAY = {Obstacle.NAME, Obstacle.REFUSED, Obstacle.TIMEOUT, Obstacle.NO_ROUTE}


def _found(by_words: Obstacle, way: Reached) -> Obstacle:
    """By hand where that ended too; else by the words, since the way itself is open."""
    if way.failure is None:
        return by_words
    by_hand = of_the_way(way.failure)
    if by_words is Obstacle.TLS_MISSING and by_hand is Obstacle.TLS_FAILED:
        return by_words
    return by_hand


def _without_login(told: Told) -> DatabaseAccess:
    read = told.read
    return DatabaseAccess(
        told.origin,
        told_by=told.told_by,
        exists=told.exists,
        lacking=read.lacking,
        untidy=read.untidy,
        broken=read.broken,
    )


def _access(told: Told, login: Login, **found: Any) -> DatabaseAccess:  # noqa: ANN401 fields by name
    return DatabaseAccess(
        told.origin,
        login.host,
        login.port,
        login.database,
        login.user,
        login.ssl_mode,
        login.ca_file,
        told_by=told.told_by,
        untidy=told.read.untidy,
        **found,
    )


def _literal(text: str) -> str:
    """A name of the bot's own settings inside a text constant."""
    return text.replace("'", "''")
