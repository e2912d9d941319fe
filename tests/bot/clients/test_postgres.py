"""Tests of the client of PostgreSQL on a real server: what it takes, never does, and tells of failures."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.clients.postgres import APPLICATION, Bounds, PostgresClient
from diagnostics.evidence.database import questions
from diagnostics.evidence.database.client import Connected, Refused
from diagnostics.evidence.database.credentials import Login, of_url
from diagnostics.evidence.database.obstacles import Obstacle, obstacle
from diagnostics.model import CouldNotLookError, Reason
from tests.bot.clients.servers import dropping, says, silent, talking
from tests.postgres_server import PASSWORD, PostgresServer, postgres

HASTY = 0.4  # seconds: far above what loopback takes
EVERY_QUESTION = {
    name: text
    for name, text in vars(questions).items()
    if name.isupper() and isinstance(text, str) and not name.startswith("_")
}


def filled(name: str) -> str:
    text = EVERY_QUESTION[name]
    return text.format(schema="public", role="'volaticloud'", pids="1, 2") if name in {"RIGHTS", "LOCKS"} else text


def bounds(slots: int = 1, seconds: float = 2.0, connecting: float = 2.5) -> Bounds:
    return Bounds(asyncio.Semaphore(slots), seconds, connecting)


def login(server: PostgresServer) -> Login:
    return of_url(server.url(), "the test")


@asynccontextmanager
async def connected(server: PostgresServer, limits: Bounds | None = None) -> AsyncIterator[PostgresClient]:
    async with PostgresClient(limits or bounds()) as client:
        answer = await client.connect(login(server))
        assert isinstance(answer, Connected), answer
        yield client


async def refusal(one: Login) -> str:
    async with PostgresClient(bounds(connecting=HASTY)) as client:
        answer = await client.connect(one)
    assert isinstance(answer, Refused)
    return answer.words


async def ours(server: PostgresServer) -> int:
    """How many sessions of the bot's there are."""
    async with await server.session("postgres") as session:
        cursor = await session.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [APPLICATION]
        )
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def gone(server: PostgresServer) -> None:
    """Return when the server has noticed that there is no session of the bot's any more."""
    async with asyncio.timeout(10):
        while await ours(server):  # noqa: ASYNC110 it tells nobody
            await asyncio.sleep(0.02)  # the server notices in its own time


async def test_plain_rows(shared_database: PostgresServer) -> None:
    """Gives rows as dictionaries."""
    async with connected(shared_database) as client:
        assert await client.rows("SELECT 1 AS one, 'x' AS two") == ({"one": 1, "two": "x"},)


@pytest.mark.parametrize("setting", ["default_transaction_read_only", "statement_timeout", "lock_timeout"])
async def test_what_a_session_is(shared_database: PostgresServer, setting: str) -> None:
    """Is read-only, ends its statements, waits for no lock, and says whose it is."""
    async with connected(shared_database) as client:
        (row,) = await client.rows(
            f"SELECT current_setting('{setting}') AS it, current_setting('application_name') AS me"
        )
    expected = {"default_transaction_read_only": "on", "statement_timeout": "2s", "lock_timeout": "100ms"}
    assert (row["it"], row["me"]) == (expected[setting], "volati")


@pytest.mark.parametrize("order", ["CREATE TABLE x (y int)", "DROP TABLE bots", "INSERT INTO bots VALUES (2)"])
async def test_changes_nothing(shared_database: PostgresServer, order: str) -> None:
    """Is refused every change."""
    async with connected(shared_database) as client:
        with pytest.raises(CouldNotLookError, match="read-only transaction") as caught:
            await client.rows(order)
        assert caught.value.reason is Reason.REFUSED
        assert await client.rows("SELECT 1 AS still") == ({"still": 1},)


@pytest.mark.parametrize("name", sorted(EVERY_QUESTION))
async def test_every_question(shared_database: PostgresServer, name: str) -> None:
    """Asks nothing that PostgreSQL does not understand, and nothing that needs more than a login."""
    asked = filled(name)
    async with connected(shared_database) as client:
        assert isinstance(await client.rows(asked), tuple)


@pytest.mark.parametrize("name", sorted(EVERY_QUESTION))
async def test_waits_for_no_lock(shared_database: PostgresServer, name: str) -> None:
    """Is not held up by somebody who has locked every table of the platform's."""
    asked = filled(name)
    async with await shared_database.session("postgres") as other, other.transaction():
        await other.execute("LOCK TABLE bots IN ACCESS EXCLUSIVE MODE")
        async with connected(shared_database) as client:
            assert isinstance(await client.rows(asked), tuple)


async def test_gives_up_a_lock(shared_database: PostgresServer) -> None:
    """Gives up after a tenth of a second where it would have to wait all the same."""
    async with await shared_database.session("postgres") as other, other.transaction():
        await other.execute("LOCK TABLE bots IN ACCESS EXCLUSIVE MODE")
        async with connected(shared_database) as client:
            with pytest.raises(CouldNotLookError, match="lock timeout") as caught:
                await client.rows("SELECT count(*) FROM bots")
    assert caught.value.reason is Reason.TIMEOUT


async def test_ends_a_question(shared_database: PostgresServer) -> None:
    """Has PostgreSQL end a question that takes too long, and goes on with the same session."""
    async with connected(shared_database, bounds(seconds=0.2)) as client:
        with pytest.raises(CouldNotLookError, match="statement timeout") as caught:
            await client.rows("SELECT pg_sleep(30)")
        assert caught.value.reason is Reason.TIMEOUT
        assert await client.rows("SELECT 1 AS still") == ({"still": 1},)


async def test_missing_right(shared_database: PostgresServer) -> None:
    """Says of a right that it lacks that it is one."""
    async with connected(shared_database) as client:
        with pytest.raises(CouldNotLookError) as caught:
            await client.rows("SELECT * FROM pg_authid")
    assert caught.value.reason is Reason.FORBIDDEN


async def test_never_more_than_it_may(shared_database: PostgresServer) -> None:
    """Has one session at a time over all its runs, and gives each its turn."""
    limits, most = bounds(), 0

    async def run() -> None:
        nonlocal most
        async with connected(shared_database, limits):
            most = max(most, await ours(shared_database))

    await asyncio.gather(*(run() for _ in range(5)))
    assert most == 1


async def test_has_gone_when_it_is_left(shared_database: PostgresServer) -> None:
    """Gives its place to the next only when the server has ended its session: there are never two."""
    limits = bounds()
    async with await shared_database.session("postgres") as asker:
        question = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        for _ in range(20):
            async with connected(shared_database, limits):
                pass
            assert await (await asker.execute(question, [APPLICATION])).fetchone() == (0,)


async def test_does_not_wait_for_a_server_that_hangs(own_database: PostgresServer) -> None:
    """Is left in a moment, its place given back, where the server's process has stopped."""
    limits = bounds()
    began = asyncio.get_running_loop().time()
    async with connected(own_database, limits) as client:
        pid = client._connection.info.backend_pid
        os.kill(pid, signal.SIGSTOP)
    try:
        assert asyncio.get_running_loop().time() - began < 5
        assert not limits.slots.locked()
    finally:
        os.kill(pid, signal.SIGCONT)


async def test_all_in_use(shared_database: PostgresServer) -> None:
    """Says so where its own runs hold every connection, and takes none beyond them."""
    limits = bounds(connecting=HASTY)
    async with connected(shared_database, limits), PostgresClient(limits) as second:
        with pytest.raises(CouldNotLookError, match="in use by other runs of its own") as caught:
            await second.connect(login(shared_database))
        assert await ours(shared_database) == 1
    assert caught.value.reason is Reason.TIMEOUT
    async with connected(shared_database, limits):
        pass


async def test_leaves_nothing_behind(shared_database: PostgresServer) -> None:
    """Ends its session with the block, also in the middle of a question that was given up."""
    limits = bounds()
    async with connected(shared_database, limits) as client:
        asking = asyncio.create_task(client.rows("SELECT pg_sleep(1)"))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with pytest.raises(CouldNotLookError, match="has been lost"):
            await client.rows("SELECT 1")
    await gone(shared_database)
    assert not limits.slots.locked()


async def test_a_server_that_stands_still(shared_database: PostgresServer) -> None:
    """Does not wait for a server that stops in the middle: it drops the session."""
    async with connected(shared_database, bounds(seconds=0.1)) as client:
        (row,) = await client.rows("SELECT pg_backend_pid() AS pid")
        stopped = [shared_database.pid, *_children(shared_database.pid)]
        assert row["pid"]
        for one in stopped:
            os.kill(one, signal.SIGSTOP)
        try:
            with pytest.raises(CouldNotLookError, match="gave no answer within") as caught:
                await client.rows("SELECT 1")
        finally:
            for one in stopped:
                os.kill(one, signal.SIGCONT)
    assert caught.value.reason is Reason.TIMEOUT
    await gone(shared_database)


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in text.split()]


async def test_a_session_that_is_ended(shared_database: PostgresServer) -> None:
    """Says so when an administrator ends its session in the middle."""
    async with connected(shared_database) as client:
        shared_database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'volati'")
        with pytest.raises(CouldNotLookError, match="ended the session"):
            await client.rows("SELECT 1")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"password": "wrong-canary"}, Obstacle.PASSWORD),
        ({"password": ""}, Obstacle.PASSWORD),
        ({"user": "nobody"}, Obstacle.PASSWORD),
        ({"user": "outsider"}, Obstacle.HBA),
        ({"database": "nowhere"}, Obstacle.DATABASE),
        ({"ssl_mode": "require"}, Obstacle.TLS_MISSING),
        ({"host": "nowhere.invalid"}, Obstacle.NAME),
        ({"port": 1}, Obstacle.REFUSED),
        ({"host": "224.0.0.1"}, Obstacle.NO_ROUTE),
        ({"host": "a" * 300}, Obstacle.NAME),
    ],
)
async def test_why_not(shared_database: PostgresServer, changes: dict[str, str], expected: Obstacle) -> None:
    """Says in words why there is no session, by which it can be told, and never with the password."""
    words = await refusal(replace(login(shared_database), **changes))  # type: ignore[arg-type]  # fields by name
    assert obstacle(words) is expected, words
    assert "canary" not in words


async def test_no_slot(postgres_template: Path) -> None:
    """Tells that no slot is left, in both of PostgreSQL's wordings."""
    for reserved in ("0", "1"):
        settings = {"max_connections": "3", "superuser_reserved_connections": reserved, "max_wal_senders": "0"}
        with postgres(postgres_template, **settings) as server:
            held = [await server.session() for _ in range(3 - int(reserved))]
            assert obstacle(await refusal(login(server))) is Obstacle.SLOTS
            for one in held:
                await one.close()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("ALTER ROLE volaticloud NOLOGIN", Obstacle.ROLE),
        ("ALTER ROLE volaticloud CONNECTION LIMIT 0", Obstacle.SLOTS),
        ("ALTER DATABASE volaticloud ALLOW_CONNECTIONS false", Obstacle.DATABASE),
    ],
)
async def test_locked_out(own_database: PostgresServer, order: str, expected: Obstacle) -> None:
    """Tells what an administrator has forbidden."""
    async with await own_database.session("postgres", "postgres") as session:
        await session.execute(order.encode())
    assert obstacle(await refusal(login(own_database))) is expected


async def test_nobody_answers() -> None:
    """Tells silence from a refusal, wherever on the way it begins."""
    async with dropping() as port:
        assert obstacle(await refusal(Login("127.0.0.1", port, "x", "y"))) is Obstacle.TIMEOUT
    async with talking(silent, "postgres") as url:
        assert obstacle(await refusal(of_url(f"{url}/x?sslmode=disable", "here"))) is Obstacle.TIMEOUT


async def test_no_postgres() -> None:
    """Does not fall over what is no PostgreSQL."""
    for words in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x00" * 100, b"E\xff\xff\xff\xff"):
        async with talking(says(words), "postgres") as url:
            assert obstacle(await refusal(of_url(f"{url}/x?sslmode=disable", "here"))) is not None


async def test_given_up_while_connecting() -> None:
    """Gives its place back when a run ends while it connects."""
    limits = bounds()
    async with talking(silent, "postgres") as url, PostgresClient(limits) as client:
        connecting = asyncio.create_task(client.connect(of_url(f"{url}/x?sslmode=disable", "here")))
        async with asyncio.timeout(10):
            while not limits.slots.locked():  # noqa: ASYNC110 a place tells nobody when it is taken
                await asyncio.sleep(0)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        assert not limits.slots.locked()


async def test_the_password_is_in_no_repr(shared_database: PostgresServer) -> None:
    """Shows no password in what it holds."""
    assert PASSWORD not in repr(login(shared_database))
    assert PASSWORD in shared_database.url()
