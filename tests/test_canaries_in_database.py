"""Tests that no secret of the database comes out: planted in statements, logins, names, and what a server repeats."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from bot.actions.journal import Journal
from bot.actions.sessions import CancelQuery, EndSession
from bot.errors import ActError
from bot.slack.views.plan import card
from diagnostics.model import CouldNotLookError
from tests.beside import beside
from tests.bot.actions.playbill import Played, played
from tests.bot.clients.servers import Talk, forsaken_port, says, talking
from tests.canaries import CANARIES, assert_clean
from tests.postgres_server import PAUSE, PostgresServer, postgres
from tests.test_canaries import configured, everything, run_id, volati

SECRET, OTHER = CANARIES["client secret"], CANARIES["opaque access token"]
PAGE, ADDRESS = CANARIES["password in a page"], CANARIES["password in an address"]
#: Every way in which a statement may hold a value.
TEXT = OTHER.replace("'", "''")
STATEMENTS = (
    f"SELECT '{TEXT}', pg_sleep(300)",
    f"SELECT E'\\t{TEXT}', pg_sleep(300)",
    f"SELECT $${TEXT}$$, pg_sleep(300)",
    f"SELECT $canary${TEXT}$canary$, pg_sleep(300)",
    f"SELECT U&'{TEXT}', pg_sleep(300)",
    f"SELECT 1 /* {TEXT} /* nested {TEXT} */ {TEXT} */, pg_sleep(300)",
    f"SELECT pg_sleep(300) -- {TEXT}",
    f"SELECT pg_sleep(300) FROM (VALUES ('{TEXT}', 1), ('{TEXT}', 2)) AS {'x' * 60} WHERE '{TEXT}' <> ''",  # noqa: S608
)
#: What a session may have said last before it went idle in its transaction.
LAST = (
    f"ALTER ROLE outsider PASSWORD '{TEXT}'",
    f"SET LOCAL volaticloud.token = '{TEXT}'",
    f"DO $$ BEGIN PERFORM '{TEXT}'; END $$",
    f"SELECT quote_literal('host=db user=u password={TEXT}')",
    f"NOTIFY volaticloud, '{TEXT}'",
    f"PREPARE canary AS SELECT '{TEXT}'",
    f"COMMENT ON TABLE bots IS '{TEXT}'",
)
#: What a program calls itself, as some do by mistake.
APPLICATIONS = (f"password={PAGE}", f"postgresql://u:{ADDRESS}@db/x")
_ERROR = "SFATAL\0VFATAL\0C28P01\0M{words}\0\0"


def gossip() -> str:
    """What a careless server might say: the password that it was told, and others."""
    return (
        f'password authentication failed for user "volati" with "{SECRET}", password={PAGE}, '
        f"as in postgresql://volati:{quote(SECRET, safe='')}@db.example.com/x and postgresql://u:{ADDRESS}@db/x"
    )


def refusing(words: str) -> Talk:
    """A server that refuses the first that is said with these words."""
    body = _ERROR.format(words=words).encode()
    return says(b"E" + struct.pack("!I", len(body) + 4) + body)


@pytest.fixture(scope="module")
def server(postgres_template: Path) -> Iterator[PostgresServer]:
    """A server in which the canary is the bot's password."""
    with postgres(postgres_template) as one:
        one.run("CREATE TABLE bots (id int)", "GRANT pg_monitor, pg_signal_backend TO watcher")
        with psycopg.connect(one.url("postgres"), autocommit=True) as session:
            session.execute("SELECT set_config('canary.it', %s, false)", [SECRET])
            session.execute(
                "DO $$ BEGIN EXECUTE format('ALTER ROLE watcher PASSWORD %L', current_setting('canary.it')); END $$"
            )
        yield one


def address(server: PostgresServer, password: str = SECRET, **other: Any) -> str:
    place = f"127.0.0.1:{other.get('port', server.port)}/{other.get('database', 'volaticloud')}"
    return f"postgresql://watcher:{quote(password, safe='')}@{place}?sslmode=disable"


async def statement(here: Played, text: str, stack: AsyncExitStack) -> None:
    """Somebody at work on a statement."""
    session = await here.session(user="postgres")
    task = asyncio.create_task(session.execute(text.encode()))
    await here.active(session.info.backend_pid)

    async def end() -> None:
        task.cancel()
        await asyncio.wait({task})

    stack.push_async_callback(end)


@asynccontextmanager
async def gossiping(server: PostgresServer) -> AsyncIterator[Played]:
    """Sessions whose every word is a secret: at work, waiting, or idle in a transaction."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(played(server))
        for one in STATEMENTS:
            await statement(here, one, stack)
        for one in LAST:
            await here.session("BEGIN", one, user="postgres")
        for one in APPLICATIONS:
            session = await here.session()
            await session.execute("SELECT set_config('application_name', %s, false)", [one])
            await session.execute("BEGIN")
            await session.execute("SELECT 1")
        await here.session("SELECT pg_advisory_lock(71)")
        await statement(here, f"SELECT pg_advisory_lock(71), '{TEXT}'", stack)
        yield here


def test_sessions_that_gossip(server: PostgresServer, tmp_path: Path) -> None:
    """Shows, saves and logs nothing of what statements, settings and names hold."""
    config = ("--config", configured(tmp_path, {"here": {"postgres": {"url": address(server)}}}))
    with beside(gossiping(server)):
        PAUSE.wait(10.5)  # a statement is long after ten seconds by PostgreSQL's own clock
        ((code, report),) = volati(("diagnose", "database", *config))
    run = run_id(report)
    ended = volati(("diagnose", "database", "--json", *config), ("export", run, *config), ("replay", run, *config))
    assert code == 1
    for found in ("A statement runs for long", "Transactions are held open", "keeps others waiting"):
        assert found in report, found  # the sessions were seen
    assert "SELECT ?, pg_sleep(?)" in report
    assert len(ended) == 3
    assert run.encode() in everything(tmp_path / "data")
    assert_clean(everything(tmp_path / "data"), "the data folder")


def test_logins_that_fail(server: PostgresServer, tmp_path: Path) -> None:
    """Repeats neither a password nor an address, whatever refuses it, and whatever the server says of it."""
    with ExitStack() as stack:
        liar = stack.enter_context(beside(talking(refusing(gossip()))))
        environments = {
            "wrong-password": address(server, f"{SECRET}x"),
            "no-database": address(server, database="gone"),
            "nobody": address(server, port=forsaken_port()),
            "a-server-that-gossips": address(server, port=int(liar.rpartition(":")[2])),
        }
        config = configured(tmp_path, {name: {"postgres": {"url": url}} for name, url in environments.items()})
        ended = volati(*(("diagnose", "database", "-e", name, "--config", config) for name in environments))
    assert [code for code, _ in ended] == [1] * len(environments)
    assert "password authentication failed" in ended[3][1]  # the gossip was heard
    assert_clean(everything(tmp_path / "data"), "the data folder")


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    """Repeats no part of an address that is none."""
    config = configured(tmp_path, {"here": {"postgres": {"url": f"postgresql://u:{ADDRESS}@[bad/x"}}})
    ((code, _),) = volati(("diagnose", "database", "--config", config))
    assert code == 2


@pytest.mark.parametrize("text", STATEMENTS)
async def test_plans_of_sessions(server: PostgresServer, text: str) -> None:
    """Has no plan, and no card of one, hold what a statement holds."""
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(played(server, "postgres"))
        await statement(here, text, stack)
        for act in (CancelQuery(), EndSession()):
            plan = await here.planned(act, here.held[-1].info.backend_pid)
            shown = card(plan, Journal(), act.title, act.label)
            assert_clean(f"{plan!r}{shown!r}".encode(), f"a plan of {act.name}")
            assert "SELECT" in repr(plan)


async def test_plans_of_what_is_idle(server: PostgresServer) -> None:
    """Has none hold what a session said last."""
    async with played(server, "postgres") as here:
        for one in LAST:
            session = await here.session("BEGIN", one, user="postgres")
            plan = await here.planned(EndSession(), session.info.backend_pid)
            assert_clean(repr(plan).encode(), "a plan")


async def test_acts_over_a_login_that_fails(server: PostgresServer) -> None:
    """Says why there is no session to act over, without the password that the server repeats."""
    with beside(talking(refusing(gossip()))) as liar:
        port = int(liar.rpartition(":")[2])
        here = Played(server, url=address(server, port=port))
        with pytest.raises((CouldNotLookError, ActError)) as caught:
            await here.planned(EndSession(), 1)
    assert SECRET not in str(caught.value)
    assert "password authentication failed" in str(caught.value)
