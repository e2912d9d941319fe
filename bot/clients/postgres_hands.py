"""Sessions of PostgreSQL read and told to stop, for guarded acts: it satisfies `bot.actions.hands.DatabaseHands`.

It has a connection of its own, apart from that of the looks, which is read-only as well: to cancel a statement or to
end a session writes nothing, so that nothing else can be done by it. Values are bound, never put into the text.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from bot.actions.hands import Aim, SessionNow
from bot.clients.postgres import APPLICATION, PostgresClient
from bot.errors import WriteRefused, WriteUncertain
from diagnostics.evidence.database.client import Connected, Row
from diagnostics.evidence.database.kinds import DatabaseAccess
from diagnostics.evidence.database.shapes import shape
from diagnostics.evidence.database.sources import Told
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.words import WHOLE, raw_line

#: Sessions that are told to wait for one; more of them change no plan.
WAITING_AT_MOST = 20
#: Characters of a name that somebody chose: PostgreSQL's own names have 63.
_NAME = 63
#: The HTTP status that says the same: WriteRefused is shared with the cluster.
_FORBIDDEN = 403
#: After these nobody knows whether what was ordered has happened.
_UNCERTAIN = {Reason.TIMEOUT, Reason.FAILED}

#: Who may signal whom is PostgreSQL's own rule (pg_signal_backend, src/backend/storage/ipc/signalfuncs.c): the same
#: role, or a grant; and of a superuser's session only a superuser. What belongs to no role counts as a superuser's.
SESSION = f"""
SELECT a.pid, a.backend_start AS started_at, clock_timestamp() AS at, coalesce(a.usename::text, '') AS user,
  coalesce(a.datname::text, '') AS database, coalesce(a.application_name, '') AS application,
  coalesce(host(a.client_addr), '') AS client, coalesce(a.backend_type, '') AS kind, a.leader_pid AS leader,
  coalesce(a.state, '') AS state, a.state_change AS changed_at, a.xact_start AS transaction_at,
  a.query_start AS statement_at, coalesce(a.query, '') AS query, coalesce(r.rolsuper, true) AS of_superuser,
  a.pid = pg_backend_pid() OR (a.usename = current_user AND a.application_name = '{APPLICATION}') AS own,
  current_user::text AS user_here,
  me.rolsuper OR (NOT coalesce(r.rolsuper, true)
    AND (pg_has_role(current_user, a.usesysid, 'USAGE') OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE')))
    AS may,
  EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted) AS advisory,
  ARRAY(SELECT DISTINCT c.relname::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
    WHERE l.pid = a.pid AND l.granted AND c.relkind IN ('r', 'p', 'm')
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.oid = c.relnamespace
        AND n.nspname IN ('pg_catalog', 'information_schema', 'pg_toast'))
    ORDER BY 1) AS locks
FROM pg_stat_activity a LEFT JOIN pg_roles r ON r.oid = a.usesysid, pg_roles me
WHERE a.pid = %(pid)s AND me.rolname = current_user
"""  # noqa: S608 made of this module's own words

WAITING = f"""
WITH RECURSIVE waiting AS MATERIALIZED (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted),
blocked AS MATERIALIZED (SELECT pid, pg_blocking_pids(pid) AS by FROM waiting),
behind AS (
  SELECT pid FROM blocked WHERE %(pid)s = ANY (by)
  UNION SELECT b.pid FROM blocked b JOIN behind h ON h.pid = ANY (b.by)
)
SELECT a.pid, coalesce(a.usename::text, '') AS user, coalesce(a.application_name, '') AS application
FROM behind JOIN pg_stat_activity a USING (pid) WHERE a.pid <> %(pid)s ORDER BY a.pid LIMIT {WAITING_AT_MOST}
"""  # noqa: S608 as above

CANCEL = """
SELECT pg_cancel_backend(pid) AS done FROM pg_stat_activity
WHERE pid = %(pid)s AND backend_start = %(started_at)s AND state = 'active' AND query_start = %(since)s
"""
END = """
SELECT pg_terminate_backend(pid) AS done FROM pg_stat_activity
WHERE pid = %(pid)s AND backend_start = %(started_at)s AND xact_start IS NOT DISTINCT FROM %(since)s::timestamptz
"""


class PostgresHands:
    """At most one session, which begins when it is first needed."""

    def __init__(self, told: Callable[[], Awaitable[Told]], client: PostgresClient) -> None:
        self._told = told
        self._client = client
        self._access: DatabaseAccess | None = None
        self._turn = asyncio.Lock()

    async def access(self) -> DatabaseAccess:
        """As `DatabaseHands.access`."""
        async with self._turn:
            if self._access is None:
                self._access = await self._connected()
            return self._access

    async def session(self, pid: int) -> SessionNow | None:
        """As `DatabaseHands.session`."""
        await self.access()
        row = next(iter(await self._client.rows(SESSION, {"pid": pid})), None)
        if row is None:
            return None
        return _session(row, await self._client.rows(WAITING, {"pid": pid}))

    async def cancel(self, aim: Aim) -> bool:
        """As `DatabaseHands.cancel`."""
        return await self._ordered(CANCEL, aim)

    async def end(self, aim: Aim) -> bool:
        """As `DatabaseHands.end`."""
        return await self._ordered(END, aim)

    async def _connected(self) -> DatabaseAccess:
        told = await self._told()
        login = told.read.login
        if login is None:
            what = "cannot be used as it stands" if told.exists else "is not there"
            raise CouldNotLookError(
                Reason.FAILED, f"There is no login for PostgreSQL: {told.origin} {what}. Diagnose database says more."
            )
        answer = await self._client.connect(login)
        if not isinstance(answer, Connected):
            words = raw_line(answer.words, WHOLE)
            raise CouldNotLookError(Reason.UNREACHABLE, f"PostgreSQL gives no session: {words}. Diagnose database.")
        names = (told.origin, login.host, login.port, login.database, login.user, login.ssl_mode, login.ca_file)
        return DatabaseAccess(*names, told_by=told.told_by, tls=answer.tls)

    async def _ordered(self, order: str, aim: Aim) -> bool:
        """Whether there was such a session, and PostgreSQL has signalled it."""
        await self.access()
        values: Mapping[str, object] = {"pid": aim.pid, "started_at": aim.started_at, "since": aim.since}
        try:
            rows = await self._client.rows(order, values)
        except CouldNotLookError as error:
            if error.reason in _UNCERTAIN:
                raise WriteUncertain(
                    f"PostgreSQL gave no answer when session {aim.pid} was to stop: {error.detail}"
                ) from error
            raise WriteRefused(_FORBIDDEN, self._refused(aim, error)) from error
        return any(row["done"] for row in rows)

    def _refused(self, aim: Aim, error: CouldNotLookError) -> str:
        """The client's own remedy is about looking; to signal takes another right."""
        what = f"PostgreSQL refuses to signal session {aim.pid}"
        if error.reason is not Reason.FORBIDDEN or self._access is None:
            return f"{what}: {error.detail}"
        return f"{what} for want of a right. An administrator can grant pg_signal_backend to {self._access.user}."


def _session(row: Row, waiting: tuple[Row, ...]) -> SessionNow:
    hidden = row["started_at"] is None
    return SessionNow(
        pid=row["pid"],
        started_at=_utc(row["started_at"]),
        at=row["at"].astimezone(UTC),
        user=_name(row["user"]),
        database=_name(row["database"]),
        application=_name(row["application"]),
        client=row["client"],
        kind=row["kind"],
        leader=row["leader"],
        state=row["state"],
        changed_at=_utc(row["changed_at"]),
        transaction_at=_utc(row["transaction_at"]),
        statement_at=_utc(row["statement_at"]),
        shape="" if hidden else shape(row["query"]),
        locks=tuple(row["locks"]),
        advisory=row["advisory"],
        waiting=tuple(_waiter(one) for one in waiting),
        of_superuser=row["of_superuser"],
        own=row["own"],
        user_here=row["user_here"],
        may=bool(row["may"]),
    )


def _waiter(row: Row) -> str:
    return f"pid {row['pid']} ({_name(row['application']) or 'an unnamed application'} as {_name(row['user'])})"


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None


def _name(text: str) -> str:
    return raw_line(text, _NAME)
