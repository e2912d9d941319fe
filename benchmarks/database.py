"""What looking at a busy PostgreSQL costs it: the bot's share of its load, connections, and waits for locks.

PostgreSQL and pgbench are real and of this benchmark's own. The bot's engine looks at it as it does for Slack, and is
watched from outside, by the server's own statistics and the kernel's count of processor time (Linux).
"""

import asyncio
import contextlib
import os
import tempfile
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.figures import Figure, percentile
from bot.actions.plan import Request
from bot.actions.sessions import EndSession
from bot.bootstrap import Services, open_services
from bot.clients.postgres import APPLICATION
from bot.errors import CannotAct
from bot.runs.examiner import Order
from bot.settings import parse
from diagnostics.model import Diagnosis
from playground.world.postgres.account import Account, account_for
from playground.world.postgres.binaries import embedded
from playground.world.postgres.copies import Copies
from playground.world.postgres.home import Home
from playground.world.postgres.server import HOST, Server
from playground.world.postgres.volaticloud import DATABASE, OWNER, SUPERUSER, WATCHER, Passwords

CLIENTS = 8
"""pgbench's sessions: more than most machines that run this have cores, so that the server is never idle."""

EVERY_SECONDS = 15.0
"""Time between looks of the share: a watch would look once a minute."""

AT_ONCE = 3
"""Looks at the same time, as asked for by three people, where connections are counted: more than it may have."""

_SCALE = 10  # pgbench's own size: a million rows in its largest table
_GLANCE_SECONDS = 0.01  # between two glances at the bot's sessions
_SETTLED_SECONDS = 1.0  # after the start of pgbench, until its sessions are at work
_OPTIONS = {"shared_buffers": "256MB", "max_connections": "100", "autovacuum": "off"}
_OURS = "pg_stat_activity WHERE application_name = %s"


@dataclass
class Watched:
    """What was seen of the bot from outside, and what it saw."""

    took_ms: list[float] = field(default_factory=list)
    connections: int = 0
    lock_waits: int = 0
    findings: int = 0
    partial: int = 0


@dataclass(frozen=True)
class Busy:
    """The server under load, and the bot that looks at it."""

    server: Server
    services: Services

    async def look(self, watched: Watched) -> Diagnosis:
        """One look."""
        began = time.monotonic()
        found = (await self.services.examiner.examine(Order("database", "busy"))).diagnosis
        watched.took_ms.append((time.monotonic() - began) * 1000)
        watched.partial += any(one.reason.counts for one in found.unobserved)
        return found


async def measure(seconds: float) -> list[Figure]:
    """Have pgbench load a server, and look at it: now and then for half the time, then all the time beside locks."""
    async with _busy(seconds) as busy:
        calm, crowded = Watched(), Watched()
        share, each_ms = await _share(busy, calm, seconds / 2)
        async with _locked(busy.server) as holder:
            await _crowded(busy, crowded, holder, seconds / 4)
    return [
        Figure(
            f"the bot's share of a busy database's processor time, a look every {EVERY_SECONDS:g} s",
            share,
            "%",
            "under 1 %",
        ),
        Figure("  one look, of the database's processor time", each_ms, "ms"),
        Figure("  one look, p50", percentile(calm.took_ms, 0.5), "ms"),
        Figure("  findings of a healthy database under load", calm.findings, "", "0"),
        Figure(
            f"{len(crowded.took_ms)} looks, {AT_ONCE} at a time with a proposed act, all tables locked: p95",
            percentile(crowded.took_ms, 0.95),
            "ms",
        ),
        Figure("  sessions of the bot at any time, at most", crowded.connections, "", "1, as configured"),
        Figure("  times that it was seen to wait for a lock", crowded.lock_waits, "", "0"),
        Figure("  looks that could not see all", calm.partial + crowded.partial, "", "0"),
    ]


async def _share(busy: Busy, calm: Watched, seconds: float) -> tuple[float, float]:
    """The bot's share of the server's processor time in percent, and what one look takes of it in ms.

    A session that has ended is counted with the server's first process. Those of pgbench last, and nothing else ends.
    """
    pid = busy.server.pid or 0
    ended, whole = _ended_seconds(pid), _whole_seconds(pid)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = await busy.look(calm)
        calm.findings += len(found.findings)
        await asyncio.sleep(EVERY_SECONDS)
    bots = _ended_seconds(pid) - ended
    return 100 * bots / (_whole_seconds(pid) - whole), 1000 * bots / len(calm.took_ms)


async def _crowded(busy: Busy, watched: Watched, holder: int, seconds: float) -> None:
    """Looks all the time, several at once, and an act proposed beside them; watched from outside."""
    watching = asyncio.create_task(_watch(busy.server, watched))
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            await asyncio.gather(*(busy.look(watched) for _ in range(AT_ONCE)), _propose(busy, holder))
    finally:
        watching.cancel()
        await asyncio.wait({watching})


async def _propose(busy: Busy, pid: int) -> None:
    """A plan to end a session; the bot's role has no right to, which it asks for."""
    with contextlib.suppress(CannotAct):
        async with busy.services.hands("busy") as hands:
            await EndSession().propose(Request("end-session", "busy", str(pid)), hands)


async def _watch(server: Server, watched: Watched) -> None:
    """Count the bot's sessions, and those of them that wait for a lock, until cancelled."""
    async with await _superuser(server) as asker:
        question = f"SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM {_OURS}"  # noqa: S608 own words
        while True:
            row = await (await asker.execute(question.encode(), [APPLICATION])).fetchone()
            if row:
                watched.connections = max(watched.connections, row[0])
                watched.lock_waits += row[1]
            await asyncio.sleep(_GLANCE_SECONDS)


@asynccontextmanager
async def _locked(server: Server) -> AsyncIterator[int]:
    """Somebody holds every table of the platform's against everybody; gives the pid."""
    async with await _superuser(server) as holder:
        await holder.execute("BEGIN")
        await holder.execute("LOCK TABLE bots, trades, strategies, exchanges, bot_runners IN ACCESS EXCLUSIVE MODE")
        yield holder.info.backend_pid


@asynccontextmanager
async def _busy(seconds: float) -> AsyncIterator[Busy]:
    """A server with pgbench at work in it, and a bot that may have one connection to it."""
    passwords = Passwords()
    async with Home() as home:
        account = await account_for(embedded(), home.path)
        server = await Copies(home.path, account, passwords).copy("busy")
        await server.start(_OPTIONS)
        try:
            async with _load(account, server, passwords, seconds), _bot(server, passwords) as services:
                yield Busy(server, services)
        finally:
            await server.stop()


@asynccontextmanager
async def _load(account: Account, server: Server, passwords: Passwords, seconds: float) -> AsyncIterator[None]:
    """Reads and writes in pgbench's own mixture, for longer than is measured."""
    made = await _pgbench(account, server, passwords, "-i", "-q", "-s", str(_SCALE))
    if await made.wait() != 0:
        raise RuntimeError("pgbench could not make its tables")
    long = ("-T", str(round(seconds * 2)))
    process = await _pgbench(account, server, passwords, "-c", str(CLIENTS), "-j", "2", *long)
    try:
        await asyncio.sleep(_SETTLED_SECONDS)
        yield
        if process.returncode is not None:
            raise RuntimeError("pgbench has ended before its time")
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _pgbench(account: Account, server: Server, passwords: Passwords, *words: str) -> Process:
    where = ("-h", HOST, "-p", str(server.port), "-U", OWNER, DATABASE)
    environment = {**os.environ, "PGPASSWORD": passwords.owner}  # noqa: TID251 a child's own
    program = account.binaries.program("pgbench")
    return await asyncio.create_subprocess_exec(
        program, *words, *where, env=environment, stdout=DEVNULL, stderr=DEVNULL
    )


@asynccontextmanager
async def _bot(server: Server, passwords: Passwords) -> AsyncIterator[Services]:
    login = {"host": HOST, "port": server.port, "user": WATCHER, "password": passwords.watcher, "role": OWNER}
    with tempfile.TemporaryDirectory(prefix="volati-bench-") as folder:
        document: dict[str, Any] = {"environments": {"busy": {"postgres": login}}, "data_dir": folder}
        async with open_services(parse(document, "the benchmark"), memory_required=False) as services:
            yield services


async def _superuser(server: Server) -> psycopg.AsyncConnection[Any]:
    where = f"host={server.folder} port={server.port} dbname={DATABASE} user={SUPERUSER}"
    return await psycopg.AsyncConnection.connect(where, autocommit=True)


def _ended_seconds(pid: int) -> float:
    """Processor time of all processes of the server that have ended."""
    return sum(_times(pid)[2:])


def _whole_seconds(pid: int) -> float:
    """Processor time of the server with all its processes, those that have ended among them."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return sum(_times(pid)) + sum(sum(_times(int(child))[:2]) for child in children)


def _times(pid: int) -> tuple[float, float, float, float]:
    """A process's processor time in seconds: its own in user and kernel mode, and the same of its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    own_user, own_kernel, ended_user, ended_kernel = (int(field) / ticks for field in fields[11:15])
    return own_user, own_kernel, ended_user, ended_kernel
