"""Tests of the database of an environment on a real server: the looks, what they may not see, and what never leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot.clock import SystemClock
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Examiner, Frame, Order
from bot.settings import EnvironmentSettings
from diagnostics.evidence.database import questions
from diagnostics.evidence.database.kinds import DatabaseAccess, DatabaseSessions, DatabaseStatements, DatabaseTables
from diagnostics.model import CouldNotLookError, Diagnosis, Reason, Verdict
from diagnostics.observe import Deadlines
from diagnostics.redaction import Redactor
from diagnostics.runs import Run
from tests.postgres_server import PASSWORD, PostgresServer, postgres

PATIENT = Deadlines(source=10.0, run=30.0)
CANARY = "sql-canary-71c"
_RENAMING = b"UPDATE bots SET name = 'sql-canary-71c' WHERE id = 1"


def platform(settings: dict[str, Any]) -> Platform:
    return Platform("here", EnvironmentSettings.model_validate({"postgres": settings}), fingerprints(b"key"))


async def run_on(one: Platform, redactor: Redactor | None = None) -> Run:
    """A diagnosis, saved and read again, which must give the same verdict; without a password anywhere."""
    cleaner = redactor or Redactor(one.known_secrets(), one.ordinary_names())
    frame = Frame(SystemClock(), cleaner, PATIENT, "from the test")
    run = await Examiner({"here": one}, frame, None).examine(Order("database", "here"))
    saved = cleaner.value(run).encode()
    assert Run.decode(saved).replayed() == run.diagnosis
    assert PASSWORD.encode() not in saved
    return run


async def diagnosed(server: PostgresServer, **settings: Any) -> Diagnosis:
    return (await run_on(platform({"url": server.url(), **settings}))).diagnosis


def ids(found: Diagnosis) -> list[str]:
    return [cause.id for cause in found.causes]


@asynccontextmanager
async def sessions(server: PostgresServer, number: int) -> AsyncIterator[list[psycopg.AsyncConnection]]:
    held = [await server.session() for _ in range(number)]
    try:
        yield held
    finally:
        for one in held:
            await one.close()


async def test_a_sound_database(shared_database: PostgresServer) -> None:
    """Finds nothing, sees all that the platform's own user may see, and says what it may not."""
    found = await diagnosed(shared_database)
    assert (found.verdict, found.findings) == (Verdict.HEALTHY, ())
    assert {lack.what: lack.reason for lack in found.unobserved} == {
        "the database's disk": Reason.NOT_ASKED_FOR,
        "statements of other users": Reason.FORBIDDEN,
    }


async def test_with_all_rights(own_database: PostgresServer) -> None:
    """Lacks nothing but the disk as a user with pg_monitor."""
    own_database.run("GRANT pg_monitor TO watcher")
    url = own_database.url("watcher")
    found = (await run_on(platform({"url": url, "role": "volaticloud"}))).diagnosis
    assert (found.verdict, found.findings) == (Verdict.HEALTHY, ())
    assert [lack.what for lack in found.unobserved] == ["the database's disk"]


async def test_without_pg_monitor(shared_database: PostgresServer) -> None:
    """Counts sessions that it may not see, and says that it does not know what they do."""
    async with sessions(shared_database, 2) as (first, _):
        await first.execute("BEGIN")
        run = await run_on(platform({"url": shared_database.url("watcher")}))
    seen = run.seen()[DatabaseSessions]
    assert seen.used == 3
    assert seen.sessions == ()
    lacks = {lack.what: lack for lack in run.diagnosis.unobserved}
    assert lacks["what 2 sessions of other users do"].reason is Reason.FORBIDDEN
    assert "GRANT pg_monitor TO watcher" in lacks["what 2 sessions of other users do"].detail


async def test_without_statistics(own_database: PostgresServer) -> None:
    """Says that statements are not counted, and judges the rest."""
    own_database.run("DROP EXTENSION pg_stat_statements")
    found = await diagnosed(own_database)
    assert found.verdict is Verdict.HEALTHY
    assert [one.id for one in found.findings] == ["database.slow-log-off"]
    (lack,) = [one for one in found.unobserved if one.what == DatabaseStatements.WHAT]
    assert lack.reason is Reason.NOT_CONFIGURED
    assert "CREATE EXTENSION pg_stat_statements" in lack.detail


async def test_statistics_that_are_not_loaded(postgres_template: Path) -> None:
    """Says so where the extension is there and its library is not loaded."""
    with postgres(postgres_template, shared_preload_libraries="") as server:
        found = await diagnosed(server)
    (lack,) = [one for one in found.unobserved if one.what == DatabaseStatements.WHAT]
    assert "shared_preload_libraries" in lack.detail


async def test_who_keeps_whom_waiting(own_database: PostgresServer) -> None:
    """Names the session at the head of the queue by pid and start, what it holds, and no literal of any statement."""
    own_database.run("CREATE TABLE bots (id int PRIMARY KEY, name text)", "INSERT INTO bots VALUES (1, 'x')")
    own_database.run("ALTER TABLE bots OWNER TO volaticloud")
    async with sessions(own_database, 3) as (holder, second, third):
        await holder.execute("BEGIN")
        await holder.execute(_RENAMING)
        waiting = [
            asyncio.create_task(second.execute(_RENAMING)),
            asyncio.create_task(third.execute("ALTER TABLE bots ADD COLUMN z int")),
        ]
        await asyncio.sleep(2.2)  # the server's own clock counts how long they wait
        one = platform({"url": own_database.url()})
        run, pid = await run_on(one), holder.info.backend_pid
        await holder.execute("ROLLBACK")
        await asyncio.gather(*waiting)
    (finding,) = [found for found in run.diagnosis.findings if found.id == "database.migration-locked"]
    facts = {fact.label: fact.value for fact in finding.evidence}
    assert ids(run.diagnosis) == ["database.migration-locked"]
    assert facts["pid"] == str(pid)
    assert facts["holds locks on"] == "bots"
    assert facts["statement"] == "UPDATE bots SET name = ? WHERE id = ?"
    assert CANARY.encode() not in run.encode()
    (end,) = [step.command for step in run.diagnosis.suggestions if "pg_terminate_backend" in step.command]
    assert f"pid = {facts['pid']} AND backend_start = '{facts['backend start']}'" in end


async def test_a_blocker_that_may_not_be_seen(own_database: PostgresServer) -> None:
    """Names the pid that keeps others waiting, and takes none of these for it, where it sees only the waiting ones."""
    own_database.run("CREATE TABLE bots (id int PRIMARY KEY, name text)", "INSERT INTO bots VALUES (1, 'x')")
    own_database.run("GRANT SELECT, UPDATE ON bots TO volaticloud", "ALTER TABLE bots OWNER TO volaticloud")
    async with await own_database.session("postgres") as holder, sessions(own_database, 1) as (second,):
        await holder.execute("BEGIN")
        await holder.execute(_RENAMING)
        waiting = asyncio.create_task(second.execute(_RENAMING))
        await asyncio.sleep(2.2)  # the server's own clock counts how long it waits
        found, pid = await diagnosed(own_database), holder.info.backend_pid
        await holder.execute("ROLLBACK")
        await waiting
    (finding,) = [one for one in found.findings if one.id == "database.blocked-sessions"]
    assert finding.subject.name == str(pid)
    assert (
        f"for pid {pid}, which is a process of PostgreSQL's own, such as vacuum, or may not be seen" in finding.summary
    )
    assert not any(one.act.startswith("end-session") for one in found.suggestions)


async def test_the_head_of_a_queue_comes_first(own_database: PostgresServer) -> None:
    """Tells who keeps others waiting before these: of a long queue not all are told."""
    own_database.run("CREATE TABLE bots (id int PRIMARY KEY, name text)", "INSERT INTO bots VALUES (1, 'x')")
    own_database.run("ALTER TABLE bots OWNER TO volaticloud")
    async with sessions(own_database, 3) as (holder, second, asking):
        await holder.execute("BEGIN")
        await holder.execute(_RENAMING)
        waiting = asyncio.create_task(second.execute(_RENAMING))
        await asyncio.sleep(0.2)  # until the server has it wait for the lock
        cursor = await asking.execute(questions.SESSIONS.encode())
        found = [row[0] for row in await cursor.fetchall()]
        expected = [holder.info.backend_pid, second.info.backend_pid]
        await holder.execute("ROLLBACK")
        await waiting
    assert found == expected


async def test_the_command_names_that_very_session(shared_database: PostgresServer) -> None:
    """Shows a start that PostgreSQL itself finds equal to its own."""
    async with sessions(shared_database, 1) as (holder,):
        await holder.execute("BEGIN")
        await asyncio.sleep(0)
        run = await run_on(platform({"url": shared_database.url()}))
        (seen,) = [one for one in run.seen()[DatabaseSessions].sessions if one.pid == holder.info.backend_pid]
        async with await shared_database.session("postgres") as asking:
            question = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s::timestamptz"
            cursor = await asking.execute(question, [seen.pid, seen.started_at.isoformat()])
            assert await cursor.fetchone() == (1,)


async def test_nearly_no_slot(postgres_template: Path) -> None:
    """Counts the slots that are left, and tells when there is none."""
    with postgres(
        postgres_template, max_connections="6", superuser_reserved_connections="1", max_wal_senders="0"
    ) as server:
        async with sessions(server, 4):
            assert ids(await diagnosed(server)) == ["database.slots-nearly-used"]
            async with sessions(server, 1):
                assert ids(await diagnosed(server)) == ["database.slots-full"]


async def test_no_right_to_create(own_database: PostgresServer) -> None:
    """Looks at the right of the role the platform logs in as, which need not be the bot's own."""
    own_database.run("ALTER DATABASE volaticloud OWNER TO postgres", "GRANT pg_monitor TO watcher")
    found = await diagnosed(own_database)
    assert ids(found) == ["database.create-forbidden"]
    mine = platform({"url": own_database.url("watcher"), "role": "volaticloud"})
    assert ids((await run_on(mine)).diagnosis) == ["database.create-forbidden"]
    own_database.run("GRANT CREATE ON SCHEMA public TO volaticloud")
    assert ids(await diagnosed(own_database)) == []


async def test_a_login_of_its_own_tells_nothing_of_the_platform(own_database: PostgresServer) -> None:
    """Does not take its own want of a right for the platform's, and says which setting names the platform's role."""
    own_database.run(
        "GRANT pg_monitor TO watcher", "CREATE TABLE bots (id int)", "ALTER TABLE bots OWNER TO volaticloud"
    )
    found = (await run_on(platform({"url": own_database.url("watcher")}))).diagnosis
    assert (found.verdict, ids(found)) == (Verdict.HEALTHY, [])
    lacks = {lack.what: lack for lack in found.unobserved}
    assert lacks["the platform's rights"].reason is Reason.NOT_CONFIGURED
    assert "postgres.role" in lacks["the platform's rights"].detail


@pytest.mark.parametrize("role", ["nobody", "x'; DROP TABLE bots; --"])
async def test_a_role_that_is_none(shared_database: PostgresServer, role: str) -> None:
    """Concludes nothing about a role that is not there, whatever its name does to the question."""
    found = await diagnosed(shared_database, role=role)
    assert ids(found) == []
    assert found.verdict is Verdict.HEALTHY


async def test_counted_tables(own_database: PostgresServer) -> None:
    """Reads how tables are read, as far as PostgreSQL counts it."""
    own_database.run("CREATE TABLE trades (id int PRIMARY KEY, bot int)", "ALTER TABLE trades OWNER TO volaticloud")
    own_database.run("INSERT INTO trades SELECT n, n % 100 FROM generate_series(1, 20000) n", "ANALYZE trades")
    async with sessions(own_database, 1) as (one,):
        for _ in range(50):
            await one.execute("SELECT count(*) FROM trades WHERE bot = 7")
        await one.execute("SELECT pg_stat_force_next_flush()")
        await one.execute("SELECT 1")
        run = await run_on(platform({"url": own_database.url()}))
    assert ids(run.diagnosis) == ["database.missing-index"]
    (table,) = [one for one in run.seen()[DatabaseTables].tables if one.name == "public.trades"]
    assert (table.live >= 20_000, table.scans >= 50, table.index_scans) == (True, True, 0)
    (finding,) = run.diagnosis.findings
    assert "SELECT count(*) FROM trades WHERE bot = $1" in finding.summary


async def test_deadlocks_since_the_last_look(own_database: PostgresServer) -> None:
    """Remembers what was counted as a mark, by which the next look knows what is new."""
    run = await run_on(platform({"url": own_database.url()}))
    (mark,) = [mark for mark in run.marks if mark.label == "deadlocks in database volaticloud"]
    assert mark.value.partition(" since ")[0] == "0"


async def test_only_where_it_is_wanted(shared_database: PostgresServer) -> None:
    """Opens no session for an area that does not look at the database."""
    one = platform({"url": shared_database.url()})
    frame = Frame(SystemClock(), Redactor(one.known_secrets()), PATIENT, "from the test")
    run = await Examiner({"here": one}, frame, None).examine(Order("keycloak", "here"))
    assert DatabaseAccess.KIND not in run.evidence


async def test_one_session_for_all_runs(shared_database: PostgresServer) -> None:
    """Shares its one connection among runs at the same time."""
    one = platform({"url": shared_database.url()})
    runs = await asyncio.gather(*(run_on(one) for _ in range(4)))
    assert [run.diagnosis.verdict for run in runs] == [Verdict.HEALTHY] * 4


@pytest.mark.parametrize(
    ("values", "expected", "says"),
    [
        (None, "database.secret-incomplete", "Secret volaticloud/db does not exist"),
        ({"host": "db"}, "database.secret-incomplete", "has no database, username, password"),
        ({"URL": "postgres://a:b@:1:2"}, "database.secret-incomplete", "an address in key URL that cannot be read"),
    ],
)
async def test_a_secret_of_the_cluster(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str] | None, expected: str, says: str
) -> None:
    """Says what the secret lacks, without connecting anywhere."""
    run = await run_on(from_secret(monkeypatch, values))
    assert ids(run.diagnosis) == [expected]
    assert says in run.diagnosis.findings[0].summary


async def test_an_untidy_secret(monkeypatch: pytest.MonkeyPatch, shared_database: PostgresServer) -> None:
    """Connects without the line break behind a password, and says that it is there."""
    where = f"127.0.0.1:{shared_database.port}"
    values = {"host": where, "database": "volaticloud", "username": "volaticloud", "password": f"{PASSWORD}\n"}
    run = await run_on(from_secret(monkeypatch, values))
    assert ids(run.diagnosis) == ["database.credentials-untidy"]
    assert "Volati connects without them" in run.diagnosis.findings[0].summary


async def test_a_cluster_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Says that the secret could not be read, which is no fault of the database's."""
    one = from_secret(monkeypatch, {})

    async def forbidden(*_: object) -> None:
        raise CouldNotLookError(Reason.FORBIDDEN, "Grant it.")

    monkeypatch.setattr(one.database, "_values", forbidden)
    run = await run_on(one)
    assert (run.diagnosis.verdict, run.diagnosis.findings) == (Verdict.UNKNOWN, ())


def from_secret(monkeypatch: pytest.MonkeyPatch, values: dict[str, str] | None) -> Platform:
    """A platform whose login is in a secret with these values; the cluster itself is another test's."""
    settings = {"kubernetes": {"kubeconfig": "/nowhere"}, "postgres": {"secret": "volaticloud/db"}}
    one = Platform("here", EnvironmentSettings.model_validate(settings), fingerprints(b"key"))

    async def told(*_: object) -> dict[str, str] | None:
        return values

    assert one.database is not None
    monkeypatch.setattr(one.database, "_values", told)
    return one
