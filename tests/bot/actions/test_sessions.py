"""Tests of the acts on sessions against a real PostgreSQL: what is proposed, done, done again, refused, stale, lost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from bot.actions.act import Act, Did, Later
from bot.actions.plan import Plan, Request, Risk
from bot.actions.sessions import CancelQuery, EndSession
from bot.actions.table import ACTIONS
from bot.clients.postgres import PostgresClient
from bot.clock import SystemClock
from bot.errors import CannotAct, Stale, StepFailed, WriteRefused, WriteUncertain
from diagnostics.model import CouldNotLookError, Reason
from tests.bot.actions.playbill import Played, hands_on, played
from tests.postgres_server import PASSWORD, PostgresServer, postgres

CANCEL, END = CancelQuery(), EndSession()
LONG = "SELECT pg_sleep(300), 'sql-canary-71c'"


@pytest.fixture(scope="module")
def database(postgres_template: Path) -> Iterator[PostgresServer]:
    """A server in which the bot's role has just what it needs."""
    with postgres(postgres_template) as server:
        server.run("CREATE TABLE bots (id int)", "ALTER TABLE bots OWNER TO volaticloud")
        server.run("INSERT INTO bots VALUES (1)", "GRANT pg_monitor, pg_signal_backend TO watcher")
        yield server


@pytest.fixture
async def here(database: PostgresServer) -> AsyncIterator[Played]:
    """The stage on it."""
    async with played(database) as one:
        yield one


def pid(session: psycopg.AsyncConnection[Any]) -> int:
    return session.info.backend_pid


async def running(here: Played, statement: str = LONG, user: str = "volaticloud") -> tuple[int, asyncio.Task[str]]:
    """A session at work on a statement; the task gives how that ended."""
    session = await here.session(user=user)
    return pid(session), await at_work(here, session, statement)


async def at_work(here: Played, session: psycopg.AsyncConnection[Any], statement: str = LONG) -> asyncio.Task[str]:
    """Have a session be at work on a statement; the task gives how that ended."""

    async def work() -> str:
        try:
            await session.execute(statement.encode())
        except psycopg.Error as error:
            return error.sqlstate or "cut off"
        return "done"

    task = asyncio.create_task(work())
    await here.active(pid(session))
    return task


async def refused(here: Played, act: Act, number: object, **wanted: str) -> str:
    with pytest.raises(CannotAct) as caught:
        await here.planned(act, number, **wanted)
    return str(caught.value)


async def test_an_idle_transaction_is_ended(here: Played) -> None:
    """It ends the session, so that who waited for it goes on."""
    holder = await here.idle()
    waiting, work = await running(here, "UPDATE bots SET id = id")
    plan = await here.planned(END, pid(holder))
    assert plan.draft.risk is Risk.MEDIUM
    assert f"End session {pid(holder)} (volaticloud as volaticloud from 127.0.0.1)" in plan.draft.summary
    assert "idle in transaction for 0 s. It holds locks on bots." in plan.draft.summary
    assert plan.draft.hits[1] == f"pid {waiting} (volaticloud as volaticloud), which waits for it, and goes on"
    assert "is rolled back and does not come back" in plan.draft.final
    said = await here.carried_out(END, plan)
    assert said == [f"Told session {pid(holder)} to end", f"Session {pid(holder)} has ended"]
    assert await work == "done"
    assert not await here.there(pid(holder))


async def test_a_statement_is_cancelled(here: Played) -> None:
    """It ends the statement alone, shown without its literals; the session stays."""
    number, work = await running(here)
    plan = await here.planned(CANCEL, number)
    assert plan.draft.risk is Risk.LOW
    assert "runs: SELECT pg_sleep(?), ?, which has run for 0 s." in plan.draft.summary
    assert "sql-canary" not in repr(plan)
    said = await here.carried_out(CANCEL, plan)
    assert said[0] == f"Told session {number} to cancel its statement"
    assert said[1] == f"The statement has ended, and session {number} is idle"
    assert await work == "57014"
    assert await here.there(number)


@pytest.mark.parametrize(("act", "step"), [(END, 0), (END, 1), (CANCEL, 0), (CANCEL, 1)])
def test_its_command(database: PostgresServer, act: Act, step: int) -> None:
    """It shows the statement that does the same, which PostgreSQL takes as it stands."""

    async def shown() -> Plan:
        async with played(database) as here:
            number, work = await running(here)
            plan = await here.planned(act, number)
            work.cancel()
            return plan

    plan = asyncio.run(shown())
    command = plan.draft.steps[step].command
    assert command.startswith(f"psql -h 127.0.0.1 -p {database.port} -U watcher -d volaticloud -c ")
    statement = command.partition('-c "')[2].removesuffix('"')
    assert f"WHERE pid = {plan.target.short} AND backend_start = '" in statement
    database.run(statement)


@pytest.mark.parametrize("act", [CANCEL, END])
async def test_a_reused_pid(here: Played, act: Act) -> None:
    """It leaves a session alone that has the pid of the one that is meant, and began at another time."""
    number, work = await running(here)
    earlier = (SystemClock().now() - timedelta(hours=1)).isoformat()
    assert f"Pid {number} is another session's by now" in await refused(here, act, number, started=earlier)
    plan = await here.planned(act, number)
    facts = tuple(replace(one, value=earlier) if one.label == "backend start" else one for one in plan.draft.facts)
    other = replace(plan, draft=replace(plan.draft, facts=facts, settings={**plan.draft.settings, "started": earlier}))
    with pytest.raises(Stale, match="backend start was"):
        await here.done(act, other, 0)
    assert not work.done()
    assert await here.there(number)


@pytest.mark.parametrize("act", [CANCEL, END])
async def test_the_very_session(here: Played, act: Act) -> None:
    """It takes the beginning that a finding names, also in another zone, for the session's own."""
    number, _ = await running(here)
    async with hands_on(here.server) as hands:
        seen = await hands.database.session(number)
    assert seen is not None
    assert seen.started_at is not None
    elsewhere = (seen.started_at + timedelta(hours=2)).isoformat().replace("+00:00", "+02:00")
    assert (await here.planned(act, number, started=elsewhere)).target.short == str(number)


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "1; DROP TABLE bots", "99999999999", "2147483648", "٣"])
async def test_no_pid(here: Played, text: str) -> None:
    """It wants a number that can be one."""
    assert "Say which session by its pid" in await refused(here, END, text)


async def test_nobody(here: Played) -> None:
    """It says that there is no such session."""
    assert "There is no session 2147483647" in await refused(here, END, 2147483647)


async def test_its_own(here: Played) -> None:
    """It lets its own sessions be, that of a run beside it among them."""
    async with hands_on(here.server) as hands:
        await hands.database.access()
        assert isinstance(hands.database._client, PostgresClient)  # type: ignore[attr-defined]
        own = hands.database._client._connection.info.backend_pid  # type: ignore[attr-defined]
        assert "one of Volati's own" in await refused(here, END, own)


async def test_of_postgresql_itself(here: Played) -> None:
    """It lets what is no client be."""
    async with await here.server.session("postgres") as asker:
        rows = await (await asker.execute("SELECT pid, backend_type FROM pg_stat_activity")).fetchall()
    others = {kind: number for number, kind in rows if kind != "client backend"}
    assert {"checkpointer", "walwriter"} <= set(others)
    for kind, number in others.items():
        assert f"is no client's ({kind})" in await refused(here, END, number)


async def test_a_superusers(here: Played) -> None:
    """It says that a superuser's session is not to be stopped by the likes of it."""
    number, _ = await running(here, user="postgres")
    assert "a superuser: PostgreSQL lets only superusers stop it" in await refused(here, END, number)


async def test_a_superusers_by_a_superuser(database: PostgresServer) -> None:
    """It takes two people to end a superuser's session, where the bot could."""
    async with played(database, "postgres") as here:
        number, work = await running(here, user="postgres")
        plan = await here.planned(END, number)
        assert plan.draft.risk is Risk.HIGH
        assert any("a superuser: somebody may be at work by hand" in one for one in plan.draft.warnings)
        assert (await here.planned(CANCEL, number)).draft.risk is Risk.MEDIUM
        await here.carried_out(END, plan)
        assert await work != "done"


@pytest.mark.parametrize("how", ["advisory lock", "change of a table"])
async def test_a_migrations(here: Played, how: str) -> None:
    """It takes two people to end what looks like a migration."""
    session = await here.session("BEGIN", "CREATE TABLE fresh (id int)" if how != "advisory lock" else "SELECT 1")
    if how == "advisory lock":
        await session.execute("SELECT pg_advisory_lock(7)")
    plan = await here.planned(END, pid(session))
    assert plan.draft.risk is Risk.HIGH
    assert any("looks like a migration" in one for one in plan.draft.warnings)


async def test_nothing_to_cancel(here: Played) -> None:
    """It says of an idle session that there is nothing to cancel, and what ends an open transaction."""
    assert "There is nothing to cancel." in await refused(here, CANCEL, pid(await here.session()))
    holder = await here.session("BEGIN", "SELECT 1")
    assert f"only ending the session ends that: end-session {pid(holder)}" in await refused(here, CANCEL, pid(holder))


async def test_without_the_right_to_signal(own_database: PostgresServer) -> None:
    """It asks for its own right first, and says which grant would help; with it, it can."""
    own_database.run("GRANT pg_monitor TO watcher")
    async with played(own_database) as here:
        number, _ = await running(here)
        told = await refused(here, END, number)
        grant = "GRANT pg_signal_backend TO watcher"
        assert (
            told
            == f"Volati's role watcher may not stop sessions of volaticloud. An administrator can grant it: {grant}"
        )
        own_database.run(grant)
        assert (await here.planned(END, number)).draft.risk is Risk.MEDIUM


async def test_without_the_right_to_see(own_database: PostgresServer) -> None:
    """It does nothing blindly: without sight of the session it says which grants would help; with them, it can."""
    async with played(own_database) as here:
        number, _ = await running(here)
        told = await refused(here, END, number)
        grant = "GRANT pg_monitor, pg_signal_backend TO watcher"
        assert told.endswith(grant)
        own_database.run(grant)
        assert (await here.planned(END, number)).target.short == str(number)


async def test_as_the_platforms_own_role(database: PostgresServer) -> None:
    """It needs no grant where it logs in as the role whose sessions they are."""
    async with played(database, "volaticloud") as here:
        number, work = await running(here)
        await here.carried_out(CANCEL, await here.planned(CANCEL, number))
        assert await work == "57014"


async def test_the_right_withdrawn(own_database: PostgresServer) -> None:
    """It is told no at the write where the right went away meanwhile, changes nothing, and says which it was."""
    own_database.run("GRANT pg_monitor, pg_signal_backend TO watcher")
    async with played(own_database) as here:
        number, work = await running(here)
        plan = await here.planned(END, number)
        own_database.run("REVOKE pg_signal_backend FROM watcher")
        with pytest.raises(WriteRefused, match="An administrator can grant pg_signal_backend to watcher"):
            await here.done(END, plan, 0)
        assert not work.done()


async def test_another_transaction(here: Played) -> None:
    """It does not end a session that has gone on to another transaction since the plan was made."""
    holder = await here.idle()
    plan = await here.planned(END, pid(holder))
    await holder.execute("COMMIT")
    with pytest.raises(Stale, match=r"transaction begun was .*, and is none"):
        await here.done(END, plan, 0)
    await holder.execute("BEGIN")
    await holder.execute("SELECT 1")
    with pytest.raises(Stale, match="transaction begun"):
        await here.done(END, plan, 0, again=True)
    assert await here.there(pid(holder))


async def test_another_statement(here: Played) -> None:
    """It does not cancel another statement of the same session."""
    session, holder = await here.session(), await here.session("SELECT pg_advisory_lock(9)")
    first = await at_work(here, session, "SELECT pg_advisory_lock(9)")
    plan = await here.planned(CANCEL, pid(session))
    await holder.execute("SELECT pg_advisory_unlock(9)")
    assert await first == "done"
    with pytest.raises(Stale, match=r"statement begun was .*, and is none"):
        await here.done(CANCEL, plan, 0)
    second = await at_work(here, session)
    with pytest.raises(Stale, match="statement begun"):
        await here.done(CANCEL, plan, 0)
    assert not second.done()


@pytest.mark.parametrize("act", [CANCEL, END])
async def test_gone_before(here: Played, act: Act) -> None:
    """It is stale when the session has ended by itself, and done where it had begun to end it."""
    number, work = await running(here)
    plan = await here.planned(act, number)
    here.server.run(f"SELECT pg_terminate_backend({number}, 5000)")
    assert await work == "57P01"
    async with hands_on(here.server) as hands:
        assert await act.facts(plan, hands) == ()
    with pytest.raises(Stale, match=f"session {number} was there, and is gone"):
        await here.done(act, plan, 0)
    assert isinstance(await here.done(act, plan, 0, again=True), Did)
    assert isinstance(await here.done(act, plan, 1), Did)


class Torn:
    """A client whose answer to what it was ordered is lost, before it got there or after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, taken: bool, reason: Reason = Reason.TIMEOUT) -> None:
        real = PostgresClient.rows
        self.orders = 0

        async def rows(client: PostgresClient, question: str, values: Any = None) -> Any:
            if "pg_cancel_backend" not in question and "pg_terminate_backend" not in question:
                return await real(client, question, values)
            self.orders += 1
            if self.orders > 1:
                return await real(client, question, values)
            if taken:
                await real(client, question, values)
            raise CouldNotLookError(reason, "no answer")

        monkeypatch.setattr(PostgresClient, "rows", rows)


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.FAILED])
@pytest.mark.parametrize("taken", [False, True], ids=["before it was taken", "after it was taken"])
@pytest.mark.parametrize("act", [CANCEL, END])
async def test_a_lost_answer(
    here: Played,
    monkeypatch: pytest.MonkeyPatch,
    act: Act,
    taken: bool,  # noqa: FBT001 pytest's
    reason: Reason,
) -> None:
    """It says that it is not known whether it happened; looked at again, it is done once whichever way it was."""
    number, work = await running(here)
    plan = await here.planned(act, number)
    torn = Torn(monkeypatch, taken=taken, reason=reason)
    with pytest.raises(WriteUncertain):
        await here.done(act, plan, 0)
    if taken:
        assert await work != "done"
        await gone(here, act, number)
    assert isinstance(await here.done(act, plan, 0, again=True), Did)
    assert await work != "done"
    assert torn.orders == (1 if taken else 2)


async def gone(here: Played, act: Act, number: int) -> None:
    """Return when the effect can be seen."""
    async with asyncio.timeout(10):
        while act is END and await here.there(number):  # noqa: ASYNC110 it happens in another process
            await asyncio.sleep(0.01)  # another process, which tells nobody


async def test_an_order_that_is_refused(here: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows that nothing was changed where PostgreSQL answered no."""
    number, _ = await running(here)
    plan = await here.planned(END, number)
    Torn(monkeypatch, taken=False, reason=Reason.REFUSED)
    with pytest.raises(WriteRefused, match="no answer"):
        await here.done(END, plan, 0)


async def test_between_looking_and_writing(here: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends nobody where the session went on to another transaction between the last look and the write."""
    holder = await here.idle()
    plan = await here.planned(END, pid(holder))
    real = PostgresClient.rows

    async def rows(client: PostgresClient, question: str, values: Any = None) -> Any:
        if "pg_terminate_backend" in question:
            await holder.execute("COMMIT")
        return await real(client, question, values)

    monkeypatch.setattr(PostgresClient, "rows", rows)
    with pytest.raises(Stale, match="transaction begun"):
        await here.done(END, plan, 0)
    assert await here.there(pid(holder))


async def test_who_does_not_heed(here: Played) -> None:
    """It goes on looking for half a minute, and then says that the session does not heed."""
    number, _ = await running(here)
    plan = await here.planned(END, number)
    assert isinstance(await here.done(END, plan, 1), Later)
    long_ago = SystemClock().now() - timedelta(seconds=31)
    with pytest.raises(StepFailed, match="no signal is heeded"):
        await here.done(END, plan, 1, since=long_ago)


async def test_no_session_to_act_over(own_database: PostgresServer) -> None:
    """It says why there is no session with PostgreSQL, and never the password."""
    async with played(own_database) as here:
        number, _ = await running(here)
        plan = await here.planned(END, pid(await here.session(user="watcher")))
        assert number
        own_database.run("ALTER ROLE watcher PASSWORD 'another'")
        with pytest.raises(CouldNotLookError, match="password authentication failed") as caught:
            await here.done(END, plan, 0)
    assert PASSWORD not in str(caught.value)


async def test_its_session_can_change_nothing(here: Played) -> None:
    """It acts over a session that is read-only: it can signal, and nothing else."""
    async with hands_on(here.server, "volaticloud") as hands:
        await hands.database.access()
        client = hands.database._client  # type: ignore[attr-defined]
        with pytest.raises(CouldNotLookError, match="read-only"):
            await client.rows("DELETE FROM bots")


async def test_within_its_connections(here: Played) -> None:
    """It waits for its turn where a run has the one connection that it may have, and says so."""
    async with hands_on(here.server) as hands:
        client = hands.database._client  # type: ignore[attr-defined]
        await client._bounds.slots.acquire()
        with pytest.raises(CouldNotLookError, match="in use by other runs"):
            await hands.database.session(1)
        client._bounds.slots.release()


@pytest.mark.parametrize("name", [name for name, act in ACTIONS.items() if act.area != "database"])
async def test_no_cluster(database: PostgresServer, name: str) -> None:
    """It leaves every act on a cluster to say that none is configured where there is only a database."""
    settings = {"replicas": "2", "switch": "on", "way": "tcp"}
    async with hands_on(database) as hands:
        for target in ("backend", "elsewhere/backend"):
            with pytest.raises(
                CannotAct, match=r"No cluster is configured.*environments\.here\.kubernetes|kubernetes.probe.image"
            ):
                await ACTIONS[name].propose(Request(name, "here", target, settings), hands)


def test_stamps_are_exact() -> None:
    """It tells sessions apart that began a microsecond after one another."""
    moment = datetime.fromisoformat("2026-11-26T05:10:17.123456+00:00")
    assert datetime.fromisoformat(moment.isoformat()) == moment != moment + timedelta(microseconds=1)
