"""A stage for acts on sessions: hands on a real PostgreSQL, somebody at work in it, and time that passes for real."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from bot.actions.act import Act, Did, Doing, Later
from bot.actions.hands import Hands
from bot.actions.plan import Plan, Request, Requester
from bot.clock import SystemClock
from bot.platform.environment import Platform, fingerprints
from bot.settings import EnvironmentSettings
from diagnostics.evidence.cluster.reading import Marks
from diagnostics.redaction import LearningRedactor, Redactor
from diagnostics.signatures import Catalogue
from tests.postgres_server import PAUSE, PostgresServer

LOOKS_AT_MOST = 200
"""Looks of half a second: far more than a session takes to end on a machine on which much else runs."""


@asynccontextmanager
async def hands_on(server: PostgresServer, user: str = "watcher", url: str = "") -> AsyncIterator[Hands]:
    """Hands as the bot opens them for one step; `url` where the login is another than the user's usual one."""
    settings = {"postgres": {"url": url or server.url(user)}}
    platform = Platform("here", EnvironmentSettings.model_validate(settings), fingerprints(b"key"))
    async with platform.hands(Marks(lambda: Catalogue(()), LearningRedactor(Redactor(())))) as hands:
        yield hands


@dataclass
class Played:
    """A server, and the sessions that a test has in it."""

    server: PostgresServer
    user: str = "watcher"
    url: str = ""
    held: list[psycopg.AsyncConnection[Any]] = field(default_factory=list)

    async def session(self, *statements: str, user: str = "volaticloud") -> psycopg.AsyncConnection[Any]:
        """A session of somebody's in which these were said."""
        made = await self.server.session(user)
        self.held.append(made)
        for one in statements:
            await made.execute(one.encode())
        return made

    async def idle(self) -> psycopg.AsyncConnection[Any]:
        """A session that has locked a table and does nothing more."""
        return await self.session("BEGIN", "LOCK TABLE bots IN ACCESS EXCLUSIVE MODE")

    async def planned(self, act: Act, pid: object, **wanted: str) -> Plan:
        """A plan of an act, as it is proposed now."""
        async with hands_on(self.server, self.user, self.url) as hands:
            draft = await act.propose(Request(act.name, "here", str(pid), wanted), hands)
        return Plan("p1", act.name, "here", Requester("U1"), SystemClock().now(), draft)

    async def done(self, act: Act, plan: Plan, step: int, **more: Any) -> Did | Later:
        """A step, once, over a connection of its own."""
        now = SystemClock().now()
        async with hands_on(self.server, self.user, self.url) as hands:
            return await act.do(Doing(plan, step, now, more.pop("since", now), **more), hands)

    async def carried_out(self, act: Act, plan: Plan) -> list[str]:
        """What each step said, all of them done."""
        said = []
        for step in range(len(plan.draft.steps)):
            for look in range(LOOKS_AT_MOST):
                outcome = await self.done(act, plan, step, again=look > 0)
                if isinstance(outcome, Did):
                    said.append(outcome.text)
                    break
                PAUSE.wait(0.05)  # another process, which tells nobody
        return said

    async def active(self, pid: int) -> None:
        """Return when the session of this pid is seen at work."""
        question = "SELECT FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
        async with asyncio.timeout(10), await self.server.session("postgres") as asker:
            while await (await asker.execute(question, [pid])).fetchone() is None:  # noqa: ASYNC110 another process
                await asyncio.sleep(0.01)  # it tells nobody

    async def there(self, pid: int) -> bool:
        """Whether there is a session of this pid."""
        async with await self.server.session("postgres") as asker:
            row = await (await asker.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid])).fetchone()
        return row is not None


@asynccontextmanager
async def played(server: PostgresServer, user: str = "watcher") -> AsyncIterator[Played]:
    """The stage; its sessions are gone afterwards."""
    here = Played(server, user)
    try:
        yield here
    finally:
        for one in here.held:
            await one.close()
