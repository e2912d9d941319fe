"""Tests of the database's life: it starts under every account, on a port that is free, and leaves nothing behind."""

import asyncio
import os
import shutil
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from playground.world.postgres import server
from playground.world.postgres.account import NOBODY
from playground.world.postgres.binaries import Binaries, NoPostgresError, named
from playground.world.postgres.server import HOST, PostgresDidNotStartError
from playground.world.postgres.simulated import SimulatedPostgres
from tests.playground.world.postgres.client import Answer, asked

ROOT = Path(__file__).parents[4]
SOUND = Answer(((1,),))
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a choice of accounts")
#: A user namespace in which we are an ordinary user: for a test that is run by root.
ORDINARY = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")


async def home_of(postgres: SimulatedPostgres) -> Path:
    """The folder of everything, once the server runs."""
    await postgres.ready()
    assert postgres.server is not None
    return postgres.server.folder.parent


def files_in(folder: Path) -> list[Path]:
    """What is in a folder."""
    return list(folder.iterdir())


def owner_of(pid: int) -> int:
    """The number of the user as whom a process runs."""
    return Path(f"/proc/{pid}").stat().st_uid


def refuses(port: int) -> bool:
    """Whether nothing listens there."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


def alive(pid: int) -> bool:
    """Whether a process of this number runs: one that has ended stays listed until somebody asks how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def played_and_killed(prefix: Sequence[str], which: signal.Signals) -> tuple[Path, int, int]:
    """What a playground said of its database before it was ended; returns when everybody who was to end has."""
    program = (*prefix, sys.executable, "-m", "tests.playground.world.postgres.playing")
    process = await asyncio.create_subprocess_exec(*program, stdout=PIPE, cwd=ROOT)
    assert process.stdout is not None
    folder, pid, port = (await process.stdout.readline()).decode().split()
    assert alive(int(pid))
    process.send_signal(which)
    await process.stdout.read()  # it ends when the last process that inherited it does: the one that cleans up
    await process.wait()
    return Path(folder), int(pid), int(port)


@pytest.mark.usefixtures("hearing_children")
@pytest.mark.parametrize("which", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_nothing_is_left_of_a_killed_playground(which: signal.Signals) -> None:
    """Leaves no process, no port and no file when the playground's process is ended, in whatever way."""
    folder, pid, port = await played_and_killed((), which)
    assert not folder.exists()
    assert not alive(pid)
    assert refuses(port)


@as_root
@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare (util-linux) is not installed")
async def test_as_an_ordinary_user() -> None:
    """Starts and ends for who is not root."""
    folder, pid, _ = await played_and_killed(ORDINARY, signal.SIGKILL)
    assert not folder.exists()
    assert not alive(pid)


async def test_nothing_is_left_at_the_end() -> None:
    """Leaves nothing behind when the block ends, though sessions are open and faults are on."""
    async with SimulatedPostgres() as postgres:
        await postgres.switch_on("postgres-idle-in-transaction")
        folder, port = await home_of(postgres), postgres.port
        assert folder.exists()
    assert not folder.exists()
    assert refuses(port)


async def test_its_address_is_there_before_the_server() -> None:
    """Has its address at once, and starts a server only when somebody says something there."""
    async with SimulatedPostgres() as postgres:
        reader, writer = await asyncio.open_connection(HOST, postgres.port)
        writer.close()
        await writer.wait_closed()
        assert await reader.read() == b""
        assert postgres.server is None
        assert await asked(postgres, connect_timeout=30) == SOUND
        assert postgres.server is not None


@pytest.mark.parametrize("after_s", [0.02, 0.2, 0.7])
async def test_given_up_while_it_starts(after_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves nothing behind when it is given up while its database is being made, however far that is."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with SimulatedPostgres() as postgres:
        with suppress(TimeoutError):
            async with asyncio.timeout(after_s):
                await postgres.ready()
    assert files_in(tmp_path) == []


async def test_starts_after_it_was_given_up() -> None:
    """Starts when it is asked for again after it was given up."""
    async with SimulatedPostgres() as postgres:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await postgres.ready()
        await postgres.ready()
        assert await asked(postgres) == SOUND


async def test_a_taken_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes another port when somebody else was quicker."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        free, ports = server._free_port, [taken.getsockname()[1]]
        monkeypatch.setattr(server, "_free_port", lambda: ports.pop() if ports else free())
        async with SimulatedPostgres() as postgres:
            await postgres.ready()
            assert await asked(postgres) == SOUND
    assert ports == []


async def test_no_port_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Says what the server said when every port is taken."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        monkeypatch.setattr(server, "_free_port", lambda: taken.getsockname()[1])
        async with SimulatedPostgres() as postgres:
            with pytest.raises(PostgresDidNotStartError, match="Address already in use"):
                await postgres.ready()


async def test_a_server_that_was_killed_is_started_again() -> None:
    """Starts a server again that somebody ended, when the next one asks."""
    async with SimulatedPostgres() as postgres:
        await postgres.ready()
        killed = postgres.server
        assert killed is not None
        killed.send(signal.SIGKILL)
        await killed.ended()
        await postgres.ready()
        assert await asked(postgres) == SOUND


@as_root
async def test_where_namespaces_are_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs as nobody where root may not make a user namespace, from a copy of its programs where it needs one."""
    monkeypatch.setattr("shutil.which", lambda _: None)
    async with SimulatedPostgres() as postgres:
        await postgres.ready()
        assert postgres.server is not None
        assert postgres.server.pid is not None
        assert owner_of(postgres.server.pid) == NOBODY
        assert await asked(postgres) == SOUND
        home = await home_of(postgres)
    assert not home.exists()


async def test_programs_that_do_not_run(tmp_path: Path) -> None:
    """Says so when the programs run under no account, and leaves nothing behind."""
    broken = tmp_path / "bin"
    broken.mkdir()
    async with SimulatedPostgres(binaries=Binaries(broken)) as postgres:
        with pytest.raises(NoPostgresError, match="do not run here"):
            await postgres.ready()


def test_a_folder_without_programs(tmp_path: Path) -> None:
    """Says where it looked when a named folder has no PostgreSQL."""
    with pytest.raises(NoPostgresError, match=str(tmp_path)):
        named(tmp_path)


async def test_its_files_are_for_its_owner_alone() -> None:
    """Keeps its folder closed to everybody else: it holds the platform's passwords."""
    async with SimulatedPostgres() as postgres:
        home = await home_of(postgres)
        assert home.stat().st_mode & 0o077 == 0
