"""PostgreSQL by psycopg, the only module that knows it: one read-only session at a time, questions, plain rows back.

It changes nothing: the session is read-only, waits for no lock, and every statement ends by itself. A connection that
does not answer is dropped, never waited for. The library is imported by the first connection.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from diagnostics.evidence.database.client import Connected, Refused, Row
from diagnostics.evidence.database.credentials import Login
from diagnostics.model import CouldNotLookError, Reason

#: What a session of the bot's own is called in pg_stat_activity.
APPLICATION = "volati"
#: Seconds for connecting, TLS and login among it: a healthy server takes some 20 ms; below a source's 5 s, so that
#: silence is evidence of its own and the way can still be looked at by hand.
CONNECT_SECONDS = 2.5
#: Seconds by which the server itself ends a question. Statistics take some ms.
STATEMENT_SECONDS = 2.0
#: Seconds longer that the answer may be on its way, before the connection is dropped.
_GRACE_SECONDS = 0.5
#: Seconds that a server may take to end a session that is let go, which it does in some ms.
_PARTING_SECONDS = 0.5
_PIECE = 4096  # bytes of a goodbye: TLS has one
#: Milliseconds that a question may wait for a lock: catalogues are locked for longer only by what holds up everybody.
_LOCK_MS = 100
#: Milliseconds after which the server ends a session of ours that hangs in a transaction. There is none: see above.
_IDLE_MS = 10_000
#: psycopg counts a connection's deadline in whole seconds, from 2 on.
_LIBRARY_SECONDS = 2
_NO_RIGHT = "42501"
_ENDED_BY_SERVER = {"57014", "55P03"}  # query_canceled, lock_not_available
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much the bot may take: connections at any time, over all of its runs, and seconds for one question."""

    slots: asyncio.Semaphore
    statement_seconds: float = STATEMENT_SECONDS
    connect_seconds: float = CONNECT_SECONDS


class PostgresClient:
    """At most one session, for one run; satisfies `diagnostics.evidence.database.client.Database`."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._connection: Any = None
        self._holds_slot = False
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                await _parted(connection)
        finally:
            self._drop()

    async def connect(self, login: Login) -> Connected | Refused:
        """As `Database.connect`."""
        import psycopg  # noqa: PLC0415 heavy: 100 ms and 11 MB that only those who use PostgreSQL pay

        await self._take_slot()
        task = asyncio.ensure_future(psycopg.AsyncConnection.connect(**_wanted(login, self._bounds)))
        try:
            self._connection = await self._within(task, self._bounds.connect_seconds)
        except TimeoutError:
            self._drop()
            return Refused(f"timed out: no session within {self._bounds.connect_seconds:g} s")
        except (psycopg.Error, OSError, UnicodeError, ValueError) as error:
            self._drop()
            return Refused(_words(error, login))
        except BaseException:  # cancelled
            self._drop()
            raise
        return Connected(tls=bool(self._connection.pgconn.ssl_in_use))

    async def rows(self, question: str, values: Mapping[str, object] | None = None) -> tuple[Row, ...]:
        """As `Database.rows`; `values` are bound to the places of the question by the server."""
        import psycopg  # noqa: PLC0415 as above

        async with self._turn:
            if self._connection is None:
                raise CouldNotLookError(Reason.FAILED, "The session with PostgreSQL has been lost.")
            task = asyncio.ensure_future(self._asked(question, values))
            try:
                return await self._within(task, self._bounds.statement_seconds + _GRACE_SECONDS)
            except TimeoutError as error:
                self._drop()
                raise CouldNotLookError(Reason.TIMEOUT, self._silent()) from error
            except psycopg.Error as error:
                raise self._translated(error) from None  # its text may quote a question, or what the server has
            except BaseException:  # cancelled: an answer may still come, so nobody can use the session any more
                self._drop()
                raise

    async def _asked(self, question: str, values: Mapping[str, object] | None) -> tuple[Row, ...]:
        from psycopg.rows import dict_row  # noqa: PLC0415 as above

        async with self._connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(question.encode(), values)
            return tuple(await cursor.fetchall())

    async def _within(self, task: "asyncio.Future[T]", seconds: float) -> T:
        """What a task gives in time. The library would wait for a server that has stopped: its socket is closed first.

        Raises:
            TimeoutError: it is not done; nothing of it goes on.
        """
        try:
            done, _ = await asyncio.wait({task}, timeout=seconds)
        except asyncio.CancelledError:
            await self._abandon(task)
            raise
        if not done:
            await self._abandon(task)
            raise TimeoutError
        return task.result()

    async def _abandon(self, task: "asyncio.Future[Any]") -> None:
        if self._connection is not None:
            self._connection.pgconn.finish()
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and task.exception() is None and self._connection is None:
            task.result().pgconn.finish()  # a session that came just then

    async def _take_slot(self) -> None:
        slots = self._bounds.slots
        try:
            async with asyncio.timeout(self._bounds.connect_seconds):
                await slots.acquire()
        except TimeoutError as error:
            detail = (
                "All connections that Volati may have to PostgreSQL are in use by other runs of its own. Try again."
            )
            raise CouldNotLookError(Reason.TIMEOUT, detail) from error
        self._holds_slot = True

    def _drop(self) -> None:
        """End the session without waiting for the server, which notices by itself, and give its place back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.pgconn.finish()
        if self._holds_slot:
            self._holds_slot = False
            self._bounds.slots.release()

    def _silent(self) -> str:
        seconds = self._bounds.statement_seconds + _GRACE_SECONDS
        return f"PostgreSQL gave no answer within {seconds:g} s, so the session was dropped. Raise statement_timeout."

    def _translated(self, error: Any) -> CouldNotLookError:  # noqa: ANN401 the library's error
        state = error.sqlstate
        if self._connection is None or self._connection.closed:
            self._drop()
            return CouldNotLookError(
                Reason.FAILED, "PostgreSQL ended the session while it was looked at. Run it again."
            )
        said = _first_line(str(error))
        if state == _NO_RIGHT:
            return CouldNotLookError(Reason.FORBIDDEN, f"PostgreSQL refuses it: {said}. Grant pg_monitor to the user.")
        if state in _ENDED_BY_SERVER:
            return CouldNotLookError(Reason.TIMEOUT, f"PostgreSQL ended the question: {said}. Raise statement_timeout.")
        return CouldNotLookError(Reason.REFUSED, f"PostgreSQL refuses the question ({state}): {said}.")


async def _parted(connection: Any) -> None:  # noqa: ANN401 the library's
    """End a session, and return when the server has, in a moment: until then it would count beside the next one.

    The server's process closes its side by ending, after it has given its slot back.
    """
    pgconn = connection.pgconn
    if connection.closed:
        pgconn.finish()
        return
    with socket.socket(fileno=os.dup(pgconn.socket)) as line:
        pgconn.finish()
        line.setblocking(False)  # noqa: FBT003 the standard library's own signature
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_PARTING_SECONDS):
                while await asyncio.get_running_loop().sock_recv(line, _PIECE):
                    pass


def _wanted(login: Login, bounds: Bounds) -> dict[str, Any]:
    """The session that is asked for. Without a file, what verifies a name trusts the system's authorities."""
    settings = {
        "default_transaction_read_only": "on",
        "statement_timeout": round(bounds.statement_seconds * 1000),
        "lock_timeout": _LOCK_MS,
        "idle_in_transaction_session_timeout": _IDLE_MS,
    }
    trusted = login.ca_file or ("system" if login.ssl_mode == "verify-full" else "")
    certificates = {"sslrootcert": trusted} if trusted else {}
    return {
        "host": login.host,
        "port": login.port,
        "dbname": login.database,
        "user": login.user,
        "password": login.password,
        "sslmode": login.ssl_mode,
        **certificates,
        "application_name": APPLICATION,
        "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        "connect_timeout": _LIBRARY_SECONDS,
        "gssencmode": "disable",
        "target_session_attrs": "any",
        "passfile": "/dev/null",
        "autocommit": True,
        "prepare_threshold": None,
    }


def _words(error: BaseException, login: Login) -> str:
    """What was answered; a password that a driver repeats is no part of it."""
    said = str(error).removeprefix("connection failed: ")
    return said.replace(login.password, "***") if login.password else said


def _first_line(text: str) -> str:
    return text.partition("\n")[0].strip().rstrip(".")
