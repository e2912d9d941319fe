"""The role of `deploy/database` on a real PostgreSQL: all that looking and acting take, and nothing more."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from bot.actions.sessions import CancelQuery, EndSession
from bot.errors import CannotAct
from diagnostics.model import Verdict
from tests.bot.actions.playbill import Played, played
from tests.bot.platform.test_database import platform, run_on
from tests.deploy.manifests import DEPLOY
from tests.postgres_server import PASSWORD, PostgresServer, postgres, programs

ROLE = DEPLOY / "database" / "role.sql"


def made(server: PostgresServer, *settings: str) -> None:
    """Run the file as an administrator does, and give the role a password."""
    where = ("-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-d", "volaticloud", "-X", "-q")
    command = (str(programs() / "psql"), *where, "-v", "ON_ERROR_STOP=1", *settings, "-f", str(ROLE))
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 the wheel's own
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    server.run(f"ALTER ROLE volati PASSWORD '{PASSWORD}'")


@pytest.fixture(scope="module")
def server(postgres_template: Path) -> Iterator[PostgresServer]:
    """A server in which nobody may connect who was not told to."""
    with postgres(postgres_template) as one:
        one.run("CREATE TABLE bots (id int)", "ALTER TABLE bots OWNER TO volaticloud", "INSERT INTO bots VALUES (1)")
        one.run("REVOKE ALL ON DATABASE volaticloud FROM PUBLIC")
        made(one)
        yield one


@asynccontextmanager
async def at_work(server: PostgresServer) -> AsyncIterator[tuple[Played, psycopg.AsyncConnection]]:
    """A session of the platform's with an open transaction."""
    async with played(server, "volati") as here:
        yield here, await here.session("BEGIN", "SELECT id FROM bots")


async def test_looking(server: PostgresServer) -> None:
    """It sees all there is to see but the disk."""
    found = (await run_on(platform({"url": server.url("volati"), "role": "volaticloud"}))).diagnosis
    assert found.verdict is Verdict.HEALTHY
    assert [lack.what for lack in found.unobserved] == ["the database's disk"]


async def test_acting(server: PostgresServer) -> None:
    """It may end a session of the platform's."""
    async with at_work(server) as (here, session):
        plan = await here.planned(EndSession(), session.info.backend_pid)
        assert (await here.carried_out(EndSession(), plan))[1].endswith("has ended")


async def test_without_acting(own_database: PostgresServer) -> None:
    """It may end nobody's where that is left out, and sees all the same."""
    own_database.run("CREATE TABLE bots (id int)", "ALTER TABLE bots OWNER TO volaticloud")
    made(own_database, "-v", "act=off")
    async with at_work(own_database) as (here, session):
        for act in (EndSession(), CancelQuery()):
            with pytest.raises(CannotAct, match="GRANT pg_signal_backend TO volati"):
                await here.planned(act, session.info.backend_pid)
    found = (await run_on(platform({"url": own_database.url("volati"), "role": "volaticloud"}))).diagnosis
    assert [lack.what for lack in found.unobserved] == ["the database's disk"]


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ("SELECT * FROM bots", "permission denied for table bots"),
        ("DELETE FROM bots", "permission denied for table bots"),
        ("CREATE TABLE x (y int)", "permission denied for schema public"),
        ("CREATE ROLE x", "permission denied"),
        ("SELECT pg_read_file('/etc/hostname')", "permission denied"),
        ("COPY bots TO PROGRAM 'cat'", "permission denied"),
        ("SET ROLE volaticloud", "permission denied"),
        ("ALTER SYSTEM SET work_mem = '1GB'", "permission denied"),
        ("SELECT rolpassword FROM pg_authid", "permission denied"),
        ("SELECT pg_sleep(30)", "statement timeout"),
    ],
)
async def test_nothing_more(server: PostgresServer, order: str, why: str) -> None:
    """It reads no row, writes none, and becomes nobody else, also where it switches off what it begins with."""
    async with await server.session("volati") as session:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await session.execute("CREATE TABLE x (y int)")
        await session.execute("SET default_transaction_read_only = off")
        await session.execute("SET statement_timeout = '200ms'")
        with pytest.raises(psycopg.Error, match=why):
            await session.execute(order.encode())


async def test_no_superusers(server: PostgresServer) -> None:
    """It cannot end a superuser's session, whatever it says."""
    async with await server.session("postgres") as mighty, await server.session("volati") as session:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await session.execute("SELECT pg_terminate_backend(%s)", [mighty.info.backend_pid])
