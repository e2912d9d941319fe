"""Fetches, unpacks, starts and stops a real Keycloak. It sets nothing up inside it."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

VERSION = "26.4.5"  # the generation that the platform runs
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
CACHE = Path(__file__).parents[2] / ".cache"
FETCH_S = 600.0  # 160 MB over a slow line
START_S = 180.0  # a start takes about 20 s on two cores; a busy machine needs patience
STOP_S = 20.0
HEAP = "-Xms64m -Xmx512m"  # enough for one realm


class MissingTool(Exception):  # noqa: N818  # it is a reason to skip, not a failure
    """Java or Maven is not installed; the message says which."""


@dataclass(frozen=True)
class Running:
    """A Keycloak that answers, and its first administrator, made up for this run."""

    url: str
    administrator: str = "first-administrator"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


@contextmanager
def running() -> Iterator[Running]:
    """A real Keycloak on loopback, gone afterwards with its process group and its files."""
    tools = {name: _tool(name) for name in ("java", "bash")}
    archive = fetched()
    with tempfile.TemporaryDirectory(prefix="volati-live-") as name:
        shutil.unpack_archive(archive, name)
        home = Path(name) / f"keycloak-{VERSION}"
        made = Running(f"http://127.0.0.1:{_free_port()}")
        with (Path(name) / "keycloak.log").open("wb") as log:
            process = _start(home, made, tools, log.fileno())
            try:
                if not asyncio.run(_comes_up(made.url, process)):
                    raise RuntimeError(f"Keycloak did not come up; its log ends: {_end(Path(log.name))}")
                yield made
            finally:
                _stop(process)


def fetched() -> Path:
    """The distribution in the cache, fetched by Maven when it is not there yet."""
    archive = CACHE / f"keycloak-quarkus-dist-{VERSION}.zip"
    if archive.exists():
        return archive
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        command = [_tool("mvn"), "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={name}"]
        subprocess.run(command, check=True, timeout=FETCH_S, cwd=name)  # noqa: S603  # the command is ours alone
        (Path(name) / archive.name).replace(archive)  # whole or not at all
    return archive


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise MissingTool(f"{name} is not installed; the live tests need Java 17, Maven and bash")
    return found


def _start(home: Path, made: Running, tools: dict[str, str], log: int) -> "subprocess.Popen[bytes]":
    port = made.url.rpartition(":")[2]
    options = ["--db=dev-mem", "--http-host=127.0.0.1", f"--http-port={port}", "--hostname-strict=false"]
    environment = {
        # Nothing of the caller's environment reaches it, so that it behaves the same everywhere.
        "PATH": os.pathsep.join((str(Path(tools["java"]).parent), os.defpath)),
        "KC_BOOTSTRAP_ADMIN_USERNAME": made.administrator,
        "KC_BOOTSTRAP_ADMIN_PASSWORD": made.password,
        "JAVA_OPTS_KC_HEAP": HEAP,
    }
    return subprocess.Popen(  # noqa: S603  # the command is ours alone
        [tools["bash"], str(home / "bin" / "kc.sh"), "start-dev", *options],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # a group of its own, so that all of it can be stopped
    )


def _end(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:]  # characters: the last stack trace or so


async def _comes_up(url: str, process: "subprocess.Popen[bytes]") -> bool:
    """Return True when it answers, False when it died or took too long."""
    try:
        async with asyncio.timeout(START_S), httpx.AsyncClient(timeout=START_S) as http:
            while process.poll() is None:
                if await _answers(http, url):
                    return True
                await asyncio.sleep(0.25)  # s between two looks; the deadline above is what counts
    except TimeoutError:
        pass
    return False


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/realms/master")).is_success
    except httpx.TransportError:
        return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(STOP_S)
    except ProcessLookupError:  # it ended by itself
        process.wait()
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
