"""The embedded server with real processes: it comes up, survives every kind of kill, and is left nowhere."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from bot.clients import valkey, valkey_folder, valkey_socket
from bot.clients.valkey import EmbeddedValkey
from bot.clients.valkey_folder import OWNER_LOCK, SERVER_LOCK, StoreFolder
from bot.clients.valkey_socket import answer, listener
from bot.errors import StoreBinaryMissing, StoreDidNotStart, StoreFolderUnusable, StoreUnreachable
from bot.store import Store

REPOSITORY = Path(__file__).parents[3]

# Another process of Volati on the folder: says whether it is the owner, then obeys its input line by line.
VISITOR = """
import asyncio, sys
from pathlib import Path
from bot.clients.valkey import EmbeddedValkey
from bot.clients.valkey_socket import answer

async def main():
    async with EmbeddedValkey(Path(sys.argv[1])) as server:
        path = server.folder / "valkey.sock"
        print("owner" if server.owned else "guest", server.pid, flush=True)
        while (line := await asyncio.to_thread(sys.stdin.readline)) not in ("", "leave\\n"):
            print((await answer(path, line.strip().encode())).decode().strip(), flush=True)

asyncio.run(main())
"""


class Visitor:
    """A second process of Volati, driven over its pipes."""

    def __init__(self, data_dir: Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603 -- our own script
            [sys.executable, "-c", VISITOR, str(data_dir)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    async def says(self) -> str:
        """Its next line; empty once it has ended."""
        assert self.process.stdout
        return (await asyncio.to_thread(self.process.stdout.readline)).strip()

    async def told(self, line: str) -> str:
        """What it answers to a command for the server."""
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return await self.says()

    def end(self) -> None:
        """Kill it and close its pipes."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder with a path short enough for a socket, without any server left in it afterwards."""
    with tempfile.TemporaryDirectory(prefix="volati-test-") as name:
        path = Path(name)
        yield path
        if (path / "store").is_dir():
            lock = StoreFolder(path / "store").hold(SERVER_LOCK)
            assert lock is not None, "a server was left running"
            os.close(lock)


@pytest.fixture
async def visitor(data_dir: Path) -> AsyncIterator[Visitor]:
    """Another process on the same folder."""
    visitor = Visitor(data_dir)
    try:
        yield visitor
    finally:
        visitor.end()


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for things that do not happen are short."""
    monkeypatch.setattr(valkey, "STOP_SECONDS", 0.3)
    monkeypatch.setattr(valkey, "JOIN_SECONDS", 0.3)
    monkeypatch.setattr(valkey, "FIRST_PAUSE_SECONDS", 0.005)


async def ask(server: EmbeddedValkey, command: str) -> str:
    """The server's answer, as text; empty when nobody answers."""
    return (await answer(path_of(server), command.encode())).decode().strip()


def path_of(server: EmbeddedValkey) -> Path:
    """The path in the server's address."""
    return Path(server.url.removeprefix("unix://"))


def is_healthy(server: EmbeddedValkey) -> bool:
    """Whether the server is healthy by now."""
    return server.healthy


async def back(server: EmbeddedValkey, lost: int | None) -> None:
    """Return when another server than the lost one answers: each failed try is an attempt to connect."""
    async with asyncio.timeout(10):
        while server.pid == lost or await ask(server, "PING") != "+PONG":  # noqa: ASYNC110 -- a process's
            await asyncio.sleep(0)  # answer is no event of ours


def runs(pid: int | None) -> bool:
    """Whether the process lives; one that is dead but not yet collected by its parent does not."""
    assert pid
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


class TestComingAndGoing:
    async def test_keeps_data(self, data_dir: Path) -> None:
        """It has after a restart what was written before, and is gone in between."""
        async with EmbeddedValkey(data_dir) as server:
            first = server.pid
            assert await ask(server, "SET a 1") == "+OK"
            assert server.healthy
        assert not runs(first)
        assert not is_healthy(server)
        async with EmbeddedValkey(data_dir) as server:
            assert await ask(server, "INCR a") == ":2"

    async def test_is_private(self, data_dir: Path) -> None:
        """It listens at a socket of this user alone, on no port, in a folder of this user alone."""
        async with EmbeddedValkey(data_dir) as server:
            assert path_of(server).stat().st_mode & 0o777 == 0o700
            assert server.folder.stat().st_mode & 0o777 == 0o700
            assert (await ask(server, "CONFIG GET port")) == "*2"
            assert not readable_by_others(server.folder)
            assert not tcp_ports(server.pid)

    async def test_knows_no_token(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is started without the bot's environment and in a session of its own."""
        monkeypatch.setenv("VOLATI_PLANTED", "xoxb-planted")
        async with EmbeddedValkey(data_dir) as server:
            assert server.pid
            assert os.getsid(server.pid) == server.pid != os.getsid(0)
            assert environment_of(server.pid) == b""

    async def test_starts_fast(self, data_dir: Path) -> None:
        """It answers within a second of being asked for (0.05 s on a quiet machine)."""
        async with EmbeddedValkey(data_dir) as server:
            assert 0 < server.started_in < 1

    async def test_cancelled_start_leaves_nothing(self, data_dir: Path) -> None:
        """It leaves no process when it is cancelled while starting; the fixture looks for one."""
        server = EmbeddedValkey(data_dir)
        start = asyncio.create_task(server.__aenter__())
        async with asyncio.timeout(5):
            while server.pid is None:  # noqa: ASYNC110 -- the moment right after the fork has no event
                await asyncio.sleep(0)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        assert not server.owned

    async def test_survives_odd_folder_names(self, data_dir: Path) -> None:
        """It takes a folder with spaces, quotes and letters of other alphabets."""
        async with EmbeddedValkey(data_dir / 'my "däta" x') as server:
            assert server.url.startswith("unix:///")
            assert " " not in server.url
            assert (await answer(server.folder / "valkey.sock", b"PING")).startswith(b"+PONG")

    async def test_long_paths(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It moves the socket to a private short folder when the path is too long, and always to the same."""
        monkeypatch.setattr(tempfile, "tempdir", str(data_dir))
        long = data_dir / ("x" * 100)
        async with EmbeddedValkey(long) as server:
            first = server.url
            assert path_of(server).parent.parent == data_dir
            assert path_of(server).parent.stat().st_mode & 0o777 == 0o700
            assert await ask(server, "SET a 1") == "+OK"
        async with EmbeddedValkey(long) as server:
            assert server.url == first
            assert await ask(server, "INCR a") == ":2"

    async def test_distrusts_a_foreign_short_folder(self, data_dir: Path) -> None:
        """It does not use a recorded short folder that others may enter."""
        long = data_dir / ("x" * 100)
        (long / "store").mkdir(parents=True)
        (data_dir / "open").mkdir(mode=0o755)
        (long / "store" / "socket.folder").write_bytes(os.fsencode(data_dir / "open"))
        assert StoreFolder(long / "store").socket() is None


def readable_by_others(folder: Path) -> list[Path]:
    """The files below the folder that another user may read, write or run."""
    return [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]


def environment_of(pid: int) -> bytes:
    """What the process was started with (empty where there is no /proc)."""
    environment = Path(f"/proc/{pid}/environ")
    return environment.read_bytes() if environment.exists() else b""


def tcp_ports(pid: int | None) -> set[str]:
    """The TCP sockets a process has open, by the kernel's tables (empty where there is no /proc)."""
    table = "".join(path.read_text() for path in Path("/proc/self/net").glob("tcp*"))
    inodes = {line.split()[9] for line in table.splitlines() if ":" in line.split()[0]}
    opened = (str(path.readlink()) for path in Path(f"/proc/{pid}/fd").glob("*"))
    return {name for name in opened if name.removeprefix("socket:[").removesuffix("]") in inodes}


async def seen(what: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(10):
        while not what():  # noqa: ASYNC110 the server is a process, and sets no event
            await asyncio.sleep(0.01)


class TestKills:
    async def test_the_server_is_killed(self, data_dir: Path) -> None:
        """It is up again with its data after kill -9, by itself, at the same address."""
        async with EmbeddedValkey(data_dir) as server:
            first, address = server.pid, server.url
            assert await ask(server, "SET a 1") == "+OK"
            assert first
            os.kill(first, signal.SIGKILL)
            await back(server, first)
            assert await ask(server, "INCR a") == ":2"
            assert server.url == address
            assert server.healthy
            assert "code -9" in server.trouble

    async def test_the_bot_is_killed(self, data_dir: Path, visitor: Visitor) -> None:
        """It ends the server that a killed bot left behind, and starts its own with every write."""
        role, orphan = (await visitor.says()).split()
        assert role == "owner"
        assert await visitor.told("SET a 1") == "+OK"
        visitor.process.kill()
        visitor.process.wait()
        assert runs(int(orphan))
        async with EmbeddedValkey(data_dir) as server:
            assert server.owned
            assert not runs(int(orphan))
            assert await ask(server, "INCR a") == ":2"

    async def test_the_bot_is_killed_and_its_server_hangs(self, data_dir: Path, visitor: Visitor) -> None:
        """It kills a leftover server that answers nothing, found by its socket, and loses no write."""
        _, orphan = (await visitor.says()).split()
        assert await visitor.told("SET a 1") == "+OK"
        visitor.process.kill()
        visitor.process.wait()
        os.kill(int(orphan), signal.SIGSTOP)
        async with EmbeddedValkey(data_dir) as server:
            assert not runs(int(orphan))
            assert await ask(server, "INCR a") == ":2"

    async def test_the_server_hangs(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It ends a server that lives and answers nothing, and starts it anew with every write it acknowledged."""
        monkeypatch.setattr(valkey, "PING_SECONDS", 0.05)
        monkeypatch.setattr(valkey_socket, "ASK_SECONDS", 0.2)
        async with EmbeddedValkey(data_dir) as server, Store.at(server.url, server=server) as store:
            stopped, address, kept = server.pid, server.url, 0
            assert stopped
            for number in range(50):
                kept += await store.claim("here", f"c{number}", "me", 600)
            os.kill(stopped, signal.SIGSTOP)
            with contextlib.suppress(StoreUnreachable):  # it waits for its answer, at most until its deadline
                await store.claim("here", "meanwhile", "me", 600)
            await back(server, stopped)
            assert not runs(stopped)
            assert server.url == address
            assert "did not answer 4 times in a row" in server.trouble
            assert server.healthy
            refused = [not await store.claim("here", f"c{number}", "you", 600) for number in range(50)]
            assert sum(refused) == kept == 50

    async def test_the_server_is_slow(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It leaves a server alone that does not answer for a moment."""
        monkeypatch.setattr(valkey, "PING_SECONDS", 0.02)
        monkeypatch.setattr(valkey_socket, "ASK_SECONDS", 0.5)
        async with EmbeddedValkey(data_dir) as server:
            slow = server.pid
            assert slow
            os.kill(slow, signal.SIGSTOP)
            await seen(lambda: server._unanswered == valkey.HUNG_AFTER - 2)
            os.kill(slow, signal.SIGCONT)
            assert await ask(server, "SET a 1") == "+OK"
            await seen(lambda: server._unanswered == 0)
            assert server.pid == slow
            assert server.trouble == ""

    async def test_every_acknowledged_write_is_kept(self, data_dir: Path) -> None:
        """It has every write it acknowledged, wherever in a stream of writes kill -9 hits."""
        async with EmbeddedValkey(data_dir) as server:
            acknowledged = 0
            for killed_after in (1, 57, 200):
                acknowledged += await write_until_killed(server, acknowledged, killed_after)
                kept = int((await ask(server, "LLEN log")).removeprefix(":"))
                assert acknowledged <= kept <= acknowledged + 1  # one more: done, but its answer was lost
                acknowledged = kept

    async def test_a_tail_is_cut_off(self, data_dir: Path) -> None:
        """It starts with all whole writes when a power cut left half a write at the end of the file."""
        async with EmbeddedValkey(data_dir) as server:
            await ask(server, "SET a 1")
            await ask(server, "SET b 1")
        (log,) = (server.folder / "appendonlydir").glob("*.incr.aof")
        log.write_bytes(log.read_bytes()[:-3])
        async with EmbeddedValkey(data_dir) as server:
            assert await ask(server, "INCR a") == ":2"
            assert await ask(server, "EXISTS b") == ":0"

    async def test_keeps_failing(self, data_dir: Path) -> None:
        """It says that it is ill, and why, when the server cannot be brought up again; and heals by itself."""
        async with EmbeddedValkey(data_dir) as server:
            (manifest,) = (server.folder / "appendonlydir").glob("*.manifest")
            good = manifest.read_bytes()
            manifest.write_bytes(b"rubbish\n")
            lost = server.pid
            assert lost
            os.kill(lost, signal.SIGKILL)
            async with asyncio.timeout(10):
                await server.ill.wait()
            assert not is_healthy(server)
            assert "ended with code 1 while starting" in server.trouble
            assert "manifest" in server.trouble
            manifest.write_bytes(good)
            await back(server, lost)

    async def test_heals(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It counts as healthy again once the server has been steady."""
        monkeypatch.setattr(valkey, "ILL_AFTER", 1)
        monkeypatch.setattr(valkey, "STEADY_SECONDS", 0.05)
        async with EmbeddedValkey(data_dir) as server:
            assert server.pid
            os.kill(server.pid, signal.SIGKILL)
            async with asyncio.timeout(10):
                await server.ill.wait()
                assert not is_healthy(server)
                while not is_healthy(server):  # noqa: ASYNC110 -- only falling ill is an event
                    await asyncio.sleep(0)


async def write_until_killed(server: EmbeddedValkey, start: int, killed_after: int) -> int:
    """How many writes were acknowledged before the server, killed in their midst, was gone; it is back then."""
    lost = server.pid
    assert lost
    reader, writer = await asyncio.open_unix_connection(path_of(server))
    acknowledged = 0
    try:
        while True:
            writer.write(f"RPUSH log {start + acknowledged}\r\n".encode())
            if acknowledged == killed_after:
                os.kill(lost, signal.SIGKILL)
            if not (await reader.readline()).startswith(b":"):
                break
            acknowledged += 1
    except ConnectionError:
        pass  # the kill, seen while writing
    finally:
        writer.close()
    await back(server, lost)
    return acknowledged


class TestTwoProcesses:
    async def test_a_guest(self, data_dir: Path, visitor: Visitor) -> None:
        """It uses the owner's server and leaves it running."""
        role, owners = (await visitor.says()).split()
        assert role == "owner"
        async with EmbeddedValkey(data_dir) as guest:
            assert not guest.owned
            assert guest.pid is None
            assert await ask(guest, "SET a 1") == "+OK"
        assert runs(int(owners))
        assert await visitor.told("INCR a") == ":2"
        await leave(visitor)
        assert not runs(int(owners))

    async def test_the_owner_leaves(self, data_dir: Path, visitor: Visitor) -> None:
        """It takes over as a guest when the owner ends, at the same address and with the same data."""
        await visitor.says()
        async with EmbeddedValkey(data_dir) as guest:
            address = guest.url
            assert await ask(guest, "SET a 1") == "+OK"
            await leave(visitor)
            await back(guest, None)
            assert guest.owned
            assert guest.url == address
            assert await ask(guest, "INCR a") == ":2"

    async def test_many_at_once(self, data_dir: Path) -> None:
        """It starts exactly one server however many ask at the same moment."""
        visitors = [Visitor(data_dir) for _ in range(4)]
        try:
            roles = [(await visitor.says()).split()[0] for visitor in visitors]
            assert sorted(roles) == ["guest", "guest", "guest", "owner"]
            assert [await visitor.told("INCR n") for visitor in visitors] == [":1", ":2", ":3", ":4"]
            for _, visitor in sorted(zip(roles, visitors, strict=True), key=lambda pair: pair[0]):
                await leave(visitor)  # the guests before the owner
        finally:
            for visitor in visitors:
                visitor.end()

    async def test_an_owner_without_server(self, data_dir: Path) -> None:
        """It says who stands in the way when the folder has an owner whose server does not answer."""
        folder = StoreFolder.prepared(data_dir)
        owner = folder.hold(OWNER_LOCK)
        assert owner is not None
        try:
            with pytest.raises(StoreDidNotStart, match=r"Another process of Volati owns .* set the address"):
                async with EmbeddedValkey(data_dir):
                    pass
        finally:
            os.close(owner)

    async def test_a_lock_that_stays(self, data_dir: Path) -> None:
        """It refuses to start a second server when the first cannot be found and ended."""
        folder = StoreFolder.prepared(data_dir)
        lock = folder.hold(SERVER_LOCK)
        assert lock is not None
        try:
            with pytest.raises(StoreDidNotStart, match="does not end"):
                async with EmbeddedValkey(data_dir):
                    pass
        finally:
            os.close(lock)


async def leave(visitor: Visitor) -> None:
    """Let the visitor end in good order."""
    assert await visitor.told("leave") == ""
    assert await asyncio.to_thread(visitor.process.wait) == 0


@pytest.fixture
def locked(data_dir: Path) -> Iterator[Path]:
    """A folder that may not be written, seen as an ordinary user, whom permissions concern."""
    locked = data_dir / "locked"
    locked.mkdir(mode=0o500)
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield locked
    finally:
        os.seteuid(user)


class TestRefusals:
    async def test_a_file_in_the_way(self, data_dir: Path) -> None:
        """It names the folder and the remedy when a file has its name."""
        (data_dir / "store").write_text("")
        with pytest.raises(StoreFolderUnusable, match=r"store: .*File exists.*choose another data folder"):
            await EmbeddedValkey(data_dir).__aenter__()
        (data_dir / "store").unlink()

    async def test_a_file_as_data_folder(self, data_dir: Path) -> None:
        """It names the folder when its parent is a file."""
        (data_dir / "file").write_text("")
        with pytest.raises(StoreFolderUnusable, match="Not a directory"):
            await EmbeddedValkey(data_dir / "file").__aenter__()

    async def test_no_permission(self, locked: Path) -> None:
        """It names the folder when it may not write there."""
        with pytest.raises(StoreFolderUnusable, match=r"locked.*Permission denied"):
            await EmbeddedValkey(locked).__aenter__()

    async def test_almost_full(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It does not start on a disk that is almost full, and says how much is needed."""
        monkeypatch.setattr(valkey_folder, "FREE_BYTES", 1 << 62)
        with pytest.raises(StoreFolderUnusable, match=r"almost full: \d+ MiB free"):
            await EmbeddedValkey(data_dir).__aenter__()

    @pytest.mark.parametrize("files", [None, []])
    async def test_no_binary(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch, files: list[str] | None) -> None:
        """It tells to set an address where the package or its server is missing."""

        def found(name: str) -> list[str]:
            if files is None:
                raise metadata.PackageNotFoundError(name)
            return files

        monkeypatch.setattr(metadata, "files", found)
        with pytest.raises(StoreBinaryMissing, match="Set the address of a Redis"):
            await EmbeddedValkey(data_dir).__aenter__()

    async def test_a_binary_that_does_not_run(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It says that the server's program does not run here."""
        program = data_dir / "valkey-server"
        program.write_text("not a program")
        monkeypatch.setattr(valkey, "server_binary", lambda: program)
        with pytest.raises(StoreBinaryMissing, match=r"does not run: .*Permission denied"):
            await EmbeddedValkey(data_dir).__aenter__()

    async def test_damaged_data(self, data_dir: Path) -> None:
        """It refuses data damaged in the middle, in the server's own words, and changes nothing."""
        async with EmbeddedValkey(data_dir) as server:
            for letter in "abcdef":
                await ask(server, f"SET {letter} 1")
        (log,) = (server.folder / "appendonlydir").glob("*.incr.aof")
        damaged = log.read_bytes().replace(b"SET", b"\0\0\0\0", 1)
        log.write_bytes(damaged)
        with pytest.raises(StoreDidNotStart, match="put a copy back"):
            await EmbeddedValkey(data_dir).__aenter__()
        assert log.read_bytes() == damaged


class TestLog:
    def test_is_put_aside(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It keeps one older log, and no more."""
        monkeypatch.setattr(valkey_folder, "LOG_BYTES", 10)
        folder = StoreFolder(tmp_path)
        for text in ("short", "the first long one", "the second long one"):
            folder.log.write_text(text)
            folder.bound_log()
        assert [path.read_text() for path in tmp_path.iterdir()] == ["the second long one"]

    async def test_is_bounded_while_running(self, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It bounds the log of a running server, which goes on in a new file."""
        monkeypatch.setattr(valkey, "STEADY_SECONDS", 0.02)
        monkeypatch.setattr(valkey_folder, "LOG_BYTES", 10)
        async with EmbeddedValkey(data_dir) as server:
            older = server.folder / "valkey.log.1"
            async with asyncio.timeout(10):
                while not older.exists():  # noqa: ASYNC110 -- a file is no event of ours
                    await asyncio.sleep(0)
            assert await ask(server, "BGREWRITEAOF") == "+Background append only file rewriting started"
        assert "bye bye" in server.folder.joinpath("valkey.log").read_text()


class TestListener:
    def test_is_the_process(self, data_dir: Path) -> None:
        """It finds the process that listens at a socket, and nobody at a path without one."""
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(data_dir / "s"))
            listening.listen()
            assert listener(data_dir / "s") == os.getpid()
        assert listener(data_dir / "s") is None
        assert listener(data_dir / "none") is None
