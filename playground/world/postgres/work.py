"""What people and programs do in the platform's database, well or badly. Each returns when it can be seen there.

What they do goes on until their sessions are ended. Nothing is pretended: the locks, the waits and the counts are the
server's own.
"""

import asyncio
from contextlib import suppress

import psycopg

from playground.world.postgres.clients import Clients, Connection

POOL = 4
"""Sessions that the backend keeps open: what two small replicas need."""
MANY = 30
"""Sessions that leave two or three of the server's 37 slots, beside those of the backend."""
PAUSE_S = 0.5
"""Pause between two rounds of whatever is repeated: enough to be there, too little to load the machine."""
LONG_S = 3600
"""Seconds that take longer than anybody plays."""

# How the backend asks, well


async def everyday(clients: Clients) -> None:
    """The backend's few sessions with their small reads and writes; nobody, where it does not get in."""
    with suppress(psycopg.OperationalError):
        for number in range(POOL):
            clients.go_on(_small_things(await clients.backend(), number))


async def rush(clients: Clients) -> None:
    """The same as every day, by as many sessions, without a pause: as much as this machine gives."""
    for number in range(POOL):
        clients.go_on(_small_things(await clients.backend(), number, pause_s=0.0))


async def _small_things(session: Connection, first: int, pause_s: float = PAUSE_S) -> None:
    number = first
    while True:
        number = number % 120 + 1
        bot = await (await session.execute("SELECT id, strategy_id FROM bots WHERE number = %s", [number])).fetchone()
        if bot:
            await session.execute("SELECT name, version FROM strategies WHERE id = %s", [bot[1]])
            await session.execute("SELECT * FROM trades WHERE bot_id = %s ORDER BY id DESC LIMIT 10", [bot[0]])
            await session.execute("UPDATE bot_metrics SET fetched_at = now() WHERE bot_id = %s", [bot[0]])
        await asyncio.sleep(pause_s)


# Slots


async def all_slots(clients: Clients) -> None:
    """Sessions that are opened and never closed, until the server takes no more."""
    while True:
        try:
            await clients.backend()
        except psycopg.OperationalError:
            return


async def most_slots(clients: Clients) -> None:
    """Sessions that are opened and never closed: some nine of ten of those there are."""
    for _ in range(MANY):
        await clients.backend()


# Locks


async def idle_in_transaction(clients: Clients) -> None:
    """Two sessions that have changed rows and never say that they are done."""
    for number in (1, 2):
        session = await clients.backend("volaticloud-importer")
        await session.execute("BEGIN")
        await session.execute("UPDATE bots SET updated_at = now() WHERE number = %s", [number])


async def lock_tree(clients: Clients) -> None:
    """A job in one long transaction holds a row; one session waits for it, and two wait for that one."""
    holder = await clients.backend("volaticloud-job")
    await holder.execute("BEGIN")
    await holder.execute("UPDATE bots SET status = 'running' WHERE number = 7")
    clients.go_on(_busy(holder))
    waiter = await clients.backend()
    await waiter.execute("BEGIN")
    await waiter.execute("UPDATE bots SET status = 'running' WHERE number = 8")
    clients.go_on(_once(waiter, "UPDATE bots SET status = 'stopped' WHERE number = 7"))
    for _ in range(2):
        clients.go_on(_once(await clients.backend(), "UPDATE bots SET status = 'stopped' WHERE number = 8"))
    await clients.seen("SELECT count(*) >= 3 FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0")


async def _busy(session: Connection) -> None:
    """One short statement after another, in a transaction that does not end."""
    while True:
        await session.execute("SELECT count(*), pg_sleep(0.4) FROM strategies")


async def _once(session: Connection, statement: str) -> None:
    await session.execute(statement.encode())


async def migration_waiting(clients: Clients) -> None:
    """One replica's migration holds its lock and a table; the other's waits, and so does who reads the table."""
    migrating = await clients.backend("volaticloud-migration")
    await migrating.execute("BEGIN")
    await migrating.execute("SELECT pg_advisory_lock(hashtext('volaticloud_migration'))")
    await migrating.execute("ALTER TABLE bots ADD COLUMN leverage double precision")
    clients.go_on(_busy(migrating))
    second = await clients.backend("volaticloud-migration")
    clients.go_on(_once(second, "SELECT pg_advisory_lock(hashtext('volaticloud_migration'))"))
    clients.go_on(_once(await clients.backend(), "SELECT id, name FROM bots"))
    await clients.seen("SELECT count(*) >= 2 FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0")


async def deadlocks(clients: Clients) -> None:
    """Two jobs that change the same two rows in opposite order, again and again."""
    for first, second in ((11, 12), (12, 11)):
        clients.go_on(_crossing(await clients.backend("volaticloud-job"), first, second))
    await clients.seen("SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = 'volaticloud'")


async def _crossing(session: Connection, first: int, second: int) -> None:
    while True:
        with suppress(psycopg.errors.DeadlockDetected):
            async with session.transaction():
                await session.execute("UPDATE bots SET status = 'running' WHERE number = %s", [first])
                await session.execute("SELECT pg_sleep(0.1)")
                await session.execute("UPDATE bots SET status = 'running' WHERE number = %s", [second])
        await session.execute("SELECT pg_stat_force_next_flush()")
        await asyncio.sleep(PAUSE_S)


# Statements


_REPORT = f"SELECT count(*), pg_sleep({LONG_S}) FROM strategies"  # noqa: S608 a number of ours


async def long_statement(clients: Clients) -> None:
    """A report that does not come to an end."""
    reporter = await clients.backend("volaticloud-report")
    clients.go_on(_once(reporter, _REPORT))
    await clients.seen("SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'SELECT count(*), pg_sleep(36%'")


async def slow_statements(clients: Clients) -> None:
    """A page whose statement takes more than a second each time."""
    for _ in range(5):
        clients.go_on(_slow(await clients.backend()))
    await clients.seen("SELECT bool_or(calls >= 5) FROM pg_stat_statements WHERE query LIKE '%volaticloud:slow%'")


async def _slow(session: Connection) -> None:
    while True:
        await session.execute("SELECT /* volaticloud:slow */ count(*), pg_sleep(1.3) FROM strategies WHERE name <> ''")
        await asyncio.sleep(PAUSE_S)


async def one_by_one(clients: Clients) -> None:
    """A list whose every row is asked for by a statement of its own: one page makes a hundred statements."""
    session = await clients.backend()
    for _ in range(50):
        await _page(session)
    clients.go_on(_pages(session))


async def _pages(session: Connection) -> None:
    while True:
        await asyncio.sleep(PAUSE_S)
        await _page(session)


async def _page(session: Connection) -> None:
    rows = await (await session.execute("SELECT id, strategy_id FROM bots ORDER BY number LIMIT 100")).fetchall()
    async with session.pipeline():
        for row in rows:
            await session.execute("SELECT id, name, code, version FROM strategies WHERE id = %s", [row[1]])


async def scans(clients: Clients) -> None:
    """What was looked up by an index, read through from beginning to end each time."""
    session = await clients.backend()
    for number in range(1, 61):
        await _trades_of(session, number)
    await session.execute("SELECT pg_stat_force_next_flush()")
    clients.go_on(_lookups(session))
    await clients.seen("SELECT seq_scan >= 50 FROM pg_stat_user_tables WHERE relname = 'trades'")


async def _lookups(session: Connection) -> None:
    while True:
        await asyncio.sleep(PAUSE_S)
        await _trades_of(session, 1)


async def _trades_of(session: Connection, number: int) -> None:
    statement = "SELECT count(*) FROM trades WHERE bot_id = (SELECT id FROM bots WHERE number = %s)"
    await session.execute(statement, [number])


async def scattered_reads(clients: Clients) -> None:
    """Rows read from all over a table that does not fit into the server's memory."""
    session = await clients.backend()
    for start in range(1, 201):
        await _scattered(session, start)
    await session.execute("SELECT pg_stat_force_next_flush()")
    clients.go_on(_scattering(session))
    # All of it, not the part that a busy server wrote down in between.
    await clients.seen(
        "SELECT blks_hit + blks_read > 120000 AND blks_read * 4 > blks_hit"
        " FROM pg_stat_database WHERE datname = 'volaticloud'"
    )


async def _scattering(session: Connection) -> None:
    while True:
        await asyncio.sleep(PAUSE_S)
        await _scattered(session, 1)


async def _scattered(session: Connection, start: int) -> None:
    # Each step is longer than what fits on one page, so that each row is on a page of its own.
    await session.execute(
        "SELECT count(t.profit_ratio) FROM generate_series(%s::bigint, 40000, 201) n "
        "CROSS JOIN LATERAL (SELECT profit_ratio FROM trades WHERE id = n LIMIT 1) t",
        [start],
    )


# Writing


async def rewriting(clients: Clients) -> None:
    """A job that writes every row of the largest table anew, several times."""
    session = await clients.backend("volaticloud-job")
    for _ in range(3):
        await session.execute("UPDATE trades SET stake_amount = stake_amount + 1")
    await session.execute("SELECT pg_stat_force_next_flush()")
    await clients.seen("SELECT n_dead_tup > 40000 FROM pg_stat_user_tables WHERE relname = 'trades'")


async def log_growing(clients: Clients) -> None:
    """Changes that a replica is sent, a few in each moment."""
    clients.go_on(_growing(await clients.backend("volaticloud-job")))


async def _growing(session: Connection) -> None:
    while True:
        await session.execute("UPDATE bot_metrics SET trade_count = trade_count + 1")
        await asyncio.sleep(PAUSE_S)
