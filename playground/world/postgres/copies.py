"""Makes the platform's database once and gives fresh copies of it. What is done to a copy is not in the next one."""

import shutil
import signal
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from playground.world.postgres.account import Account
from playground.world.postgres.server import Server
from playground.world.postgres.threads import seen_through
from playground.world.postgres.volaticloud import (
    COUNTING_SQL,
    DATABASE,
    DATABASE_SQL,
    SUPERUSER,
    Passwords,
    cluster_sql,
)

_CONNECT_S = 10  # seconds; over a socket on the same machine it takes milliseconds
#: While it is made: little of a log is kept, so that there is less to copy.
_MAKING = {"autovacuum": "off", "min_wal_size": "2MB", "max_wal_size": "4MB", "wal_recycle": "off"}


class Copies:
    """The platform's database as it is without faults, kept in a folder of its own below `home`."""

    def __init__(self, home: Path, account: Account, passwords: Passwords) -> None:
        self._home = home
        self._account = account
        self._passwords = passwords
        self._made: Server | None = None

    async def copy(self, name: str) -> Server:
        """A server, not started, on a fresh copy; a copy of that name that was there before is gone.

        Raises:
            PostgresDidNotStartError: the database could not be made in the first place.
        """
        if self._made is None:
            self._made = await self._make()
        fresh = Server(self._home / name, self._account)
        await seen_through(_replace, self._made.data, fresh.data)
        return fresh

    async def _make(self) -> Server:
        server = Server(self._home / "made", self._account)
        await seen_through(shutil.rmtree, server.folder, ignore_errors=True)  # of an attempt that was broken off
        await server.initialise()
        await server.start(_MAKING)
        try:
            await run_sql(server, "postgres", cluster_sql(self._passwords))
            await run_sql(server, DATABASE, DATABASE_SQL)
            await run_sql(server, DATABASE, COUNTING_SQL)
        finally:
            await server.stop(signal.SIGINT)  # in good order: a copy starts without reading a log
        return server


async def run_sql(server: Server, database: str, statements: Iterable[str]) -> None:
    """Run statements as the superuser, over the socket in the server's own folder."""
    where = make_conninfo(
        host=str(server.folder), port=server.port, dbname=database, user=SUPERUSER, connect_timeout=_CONNECT_S
    )
    async with await psycopg.AsyncConnection.connect(where, autocommit=True) as connection:
        for statement in statements:
            await connection.execute(statement.encode())


def _replace(origin: Path, copy: Path) -> None:
    shutil.rmtree(copy, ignore_errors=True)
    copy.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copytree(origin, copy)
