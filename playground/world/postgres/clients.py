"""The sessions of those who are at work in the database: opened, kept, ended all at once. What they do is no part."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import make_conninfo

from playground.world.postgres.server import HOST, Server
from playground.world.postgres.volaticloud import DATABASE, OWNER, SUPERUSER, Passwords

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

BACKEND = "volaticloud"  # the name by which the backend's sessions call themselves
_CONNECT_S = 10  # seconds; over loopback it takes about ten milliseconds
SIGN_S = 20.0
"""Longest wait until what was provoked can be seen; most of it shows in a tenth of a second."""
POLL_S = 0.02
"""Pause between two looks whether it can be seen: a server writes its statistics with some delay."""


class Clients:
    """Everybody who is connected to one server on the playground's behalf."""

    def __init__(self, server: Server, passwords: Passwords) -> None:
        self.server = server
        self._passwords = passwords
        self._connections: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def backend(self, name: str = BACKEND) -> Connection:
        """A session of the platform's own user, by its password, in autocommit. Raises psycopg's errors."""
        return await self._connected(
            host=HOST, user=OWNER, password=self._passwords.owner, application_name=name, sslmode="disable"
        )

    async def superuser(self) -> Connection:
        """A session of the server's superuser, over its own socket."""
        return await self._connected(host=str(self.server.folder), user=SUPERUSER, application_name="playground")

    async def _connected(self, **where: str) -> Connection:
        whole = make_conninfo(**where, port=self.server.port, dbname=DATABASE, connect_timeout=_CONNECT_S)
        made = await psycopg.AsyncConnection.connect(whole, autocommit=True)
        self._connections.append(made)
        return made

    def go_on(self, work: Coroutine[Any, Any, None]) -> None:
        """Have this go on until the end; that the server ends it is no error."""
        task = asyncio.create_task(_until_cut(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def seen(self, question: LiteralString) -> None:
        """Return as soon as the answer to a question to the superuser is true.

        Raises:
            TimeoutError: it never was.
        """
        asker = await self.superuser()
        async with asyncio.timeout(SIGN_S):
            while not await answer(asker, question):  # noqa: ASYNC110 it happens in another process
                await asyncio.sleep(POLL_S)
        await self.leave(asker)

    async def leave(self, connection: Connection) -> None:
        """End one session."""
        self._connections.remove(connection)
        await connection.close()

    async def end(self) -> None:
        """End everybody. The server may be gone already."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for connection in self._connections:
            await connection.close()
        self._connections.clear()


async def answer(connection: Connection, question: LiteralString) -> Any:  # noqa: ANN401 whatever the column holds
    """The first column of the first row of the answer; None without a row."""
    row = await (await connection.execute(question)).fetchone()
    return row[0] if row else None


async def _until_cut(work: Awaitable[None]) -> None:
    try:
        await work
    except psycopg.Error:
        return  # the server ended the session, or was ended
