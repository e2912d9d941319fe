"""The client of the Docker Engine, against the simulated one and against what is no Docker at all."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.clients import docker as client_module
from bot.clients.docker import DockerClient
from diagnostics.evidence.containers import ContainerState, LogTail, LogWanted
from diagnostics.model import CouldNotLookError, Reason
from playground.listener import Listener
from playground.world.certificates import Authority
from playground.world.docker.server import SimulatedDocker
from playground.world.docker.state import ERR, OUT, Entry
from playground.world.docker.volaticloud import KEYCLOAK

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
WANTED = LogWanted(NOW - timedelta(minutes=15), 200, 256_000)
RUNNING = ContainerState(KEYCLOAK, "running")


@pytest.fixture
async def docker() -> AsyncIterator[SimulatedDocker]:
    """A daemon whose clock stands still."""
    async with SimulatedDocker(clock=NOW.timestamp) as running:
        yield running


@pytest.fixture
async def client(docker: SimulatedDocker) -> AsyncIterator[DockerClient]:
    """A client of it."""
    async with DockerClient(docker.host) as one:
        yield one


def amend(docker: SimulatedDocker, **values: Any) -> None:
    docker.amend(lambda state: state.with_container(KEYCLOAK, lambda one: replace(one, **values)))


def entry(text: str, stream: Any = OUT, ago_s: float = 60) -> Entry:
    return Entry(NOW.timestamp() - ago_s, text, stream)


async def refusal(host: str, cert_path: Path | None = None, seconds: float = 1.0) -> CouldNotLookError:
    """Why looking at this host fails."""
    async with DockerClient(host, cert_path, seconds) as client:
        with pytest.raises(CouldNotLookError) as caught:
            await client.state(KEYCLOAK)
    return caught.value


@asynccontextmanager
async def serving(answer: Callable[[web.Request], web.Response], **options: Any) -> AsyncIterator[str]:
    """Something else on loopback, as `host:port`; options are those of `asyncio.Server`."""

    async def handle(request: web.BaseRequest) -> web.Response:
        return answer(request)  # type: ignore[arg-type]  # nothing more than a base request is needed

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, **options).start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_running(client: DockerClient) -> None:
    """It gives the facts of a container that runs; the library's own version question is one of three requests."""
    assert await client.state(KEYCLOAK) == ContainerState(
        KEYCLOAK, "running", started_at=NOW - timedelta(days=2), ended_at=None
    )


async def test_out_of_memory(docker: SimulatedDocker, client: DockerClient) -> None:
    """It gives exit code, the memory flag and the end."""
    docker.switch_on("keycloak-out-of-memory")
    state = await client.state(KEYCLOAK)
    assert state is not None
    assert (state.status, state.exit_code, state.out_of_memory) == ("exited", 137, True)
    assert state.ended_at == NOW - timedelta(seconds=30)


async def test_missing(client: DockerClient) -> None:
    """It tells a container that does not exist from a daemon that cannot be asked."""
    assert await client.state("nope") is None


async def test_speaks_the_daemons_version(docker: SimulatedDocker, client: DockerClient) -> None:
    """It asks for the version first, and only reads."""
    await client.state(KEYCLOAK)
    await client.log(RUNNING, WANTED)
    assert docker.asked == [
        ("GET", "/version"),
        ("GET", f"/v1.51/containers/{KEYCLOAK}/json"),
        ("GET", f"/v1.51/containers/{KEYCLOAK}/logs"),
    ]


@pytest.mark.parametrize("state", [RUNNING, ContainerState(KEYCLOAK, "running", tty=True)])
async def test_log(docker: SimulatedDocker, client: DockerClient, state: ContainerState) -> None:
    """It reads both streams, framed or raw as the container's terminal has it."""
    amend(docker, tty=state.tty, tells=lambda _: (entry("one"), entry("two", ERR), entry("zwölf")))
    assert await client.log(state, WANTED) == LogTail(("one", "two", "zwölf"))


async def test_log_bounds(docker: SimulatedDocker, client: DockerClient) -> None:
    """It asks for no more lines, and no older ones, than wanted, and keeps no more bytes."""
    long_ago = entry("long ago", ago_s=3600)
    amend(docker, tells=lambda _: (long_ago, *(entry(f"line {n}") for n in range(10))))
    assert (await client.log(RUNNING, LogWanted(WANTED.since, 3, WANTED.bytes))).lines == ("line 7", "line 8", "line 9")
    assert len((await client.log(RUNNING, WANTED)).lines) == 10
    assert await client.log(RUNNING, LogWanted(WANTED.since, 200, 12)) == LogTail(("line 8", "line 9"), cut=True)


async def test_log_of_another_driver(docker: SimulatedDocker, client: DockerClient) -> None:
    """It passes on why the daemon keeps no log to read."""
    amend(docker, log_driver="none")
    with pytest.raises(CouldNotLookError, match="HTTP 501: configured logging driver does not support reading"):
        await client.log(RUNNING, WANTED)


async def test_log_misread(docker: SimulatedDocker, client: DockerClient) -> None:
    """It says so when a log is not framed as it should be."""
    amend(docker, tty=True, tells=lambda _: (entry("a plain line"),))
    with pytest.raises(CouldNotLookError, match="cannot be read: it is not in Docker's stream format"):
        await client.log(RUNNING, WANTED)


async def test_log_endless(docker: SimulatedDocker, client: DockerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stops reading a log that goes beyond every bound."""
    monkeypatch.setattr(client_module, "LOG_AT_MOST", 1000)
    amend(docker, tells=lambda _: tuple(entry("x" * 100) for _ in range(20)))
    with pytest.raises(CouldNotLookError, match="longer than"):
        await client.log(RUNNING, WANTED)


async def test_nobody_listens() -> None:
    """It says that nothing listens, where, and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, so that nobody else listens there, and not listening itself
        error = await refusal(f"tcp://127.0.0.1:{taken.getsockname()[1]}")
    assert error.reason is Reason.UNREACHABLE
    assert "Nothing listens at tcp://127.0.0.1" in error.detail
    assert "systemctl start docker" in error.detail


async def test_no_socket(tmp_path: Path) -> None:
    """It says that there is no such socket."""
    error = await refusal(f"unix://{tmp_path}/docker.sock")
    assert error.reason is Reason.UNREACHABLE
    assert "Mount the socket" in error.detail


async def test_permission_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells a socket that it may not use from one that is not there."""

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")  # root, as some run tests, is never denied by the system

    monkeypatch.setattr(socket.socket, "connect", denied)
    error = await refusal("unix:///var/run/docker.sock")
    assert error.reason is Reason.FORBIDDEN
    assert "Permission denied on unix:///var/run/docker.sock" in error.detail
    assert "group" in error.detail


async def test_unix_socket(tmp_path: Path) -> None:
    """It speaks over a socket file as well."""

    async def answer(request: web.Request) -> web.Response:
        version = {"ApiVersion": "1.51"}
        return web.json_response(version if request.path == "/version" else {"State": {"Status": "running"}})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "d.sock")).start()
    try:
        async with DockerClient(f"unix://{tmp_path}/d.sock") as client:
            assert await client.state(KEYCLOAK) == RUNNING
    finally:
        await runner.cleanup()


async def test_silence() -> None:
    """It gives up at its deadline when the daemon takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = await refusal(f"tcp://127.0.0.1:{silent.getsockname()[1]}", seconds=0.2)
    assert error.reason is Reason.TIMEOUT
    assert "docker info" in error.detail


async def test_cancelled() -> None:
    """It can be cancelled at once; its thread ends by itself."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with DockerClient(f"tcp://127.0.0.1:{silent.getsockname()[1]}", seconds=0.5) as client:
            task = asyncio.create_task(client.state(KEYCLOAK))
            taken, _ = await asyncio.to_thread(silent.accept)
            task.cancel()
            with taken, pytest.raises(asyncio.CancelledError):
                await task


@pytest.mark.parametrize(
    ("status", "text", "reason", "words"),
    [
        (403, "Forbidden by rule", Reason.FORBIDDEN, "HTTP 403: Forbidden by rule. Let the bot read containers"),
        (500, '{"message":"no space left"}', Reason.REFUSED, "HTTP 500: no space left"),
        (400, "Client sent an HTTP request to an HTTPS server.\n", Reason.REFUSED, "cert_path: the daemon speaks TLS"),
        (200, "<html>hello</html>", Reason.FAILED, "does not answer like Docker"),
        (200, "[]", Reason.FAILED, "does not answer like Docker"),
        (200, "{}", Reason.FAILED, "does not answer like Docker"),
        (200, '{"ApiVersion":"1.2"}', Reason.FAILED, "does not answer like Docker"),
        (200, '{"ApiVersion":"1.51"}', Reason.FAILED, "does not answer like Docker: a container without State.Status"),
        (404, '{"message":"page not found"}', Reason.REFUSED, "HTTP 404: page not found"),
    ],
)
async def test_other_answers(status: int, text: str, reason: Reason, words: str) -> None:
    """It tells apart what answers in Docker's place, with a remedy."""
    async with serving(lambda _: web.Response(status=status, text=text)) as address:
        error = await refusal(f"tcp://{address}")
    assert error.reason is reason
    assert words in error.detail


async def test_hangs_up() -> None:
    """It says so when the connection is closed without an answer."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with Listener(hang_up) as listener:
        error = await refusal(f"tcp://127.0.0.1:{await listener.open()}")
    assert error.reason is Reason.UNREACHABLE
    assert "hung up" in error.detail


async def test_proxies_ignored(docker: SimulatedDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks the daemon itself, whatever proxies the environment names."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with DockerClient(docker.host) as client:
        assert await client.state(KEYCLOAK) is not None


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority whose certificate lies where Docker's command line would look for it."""
    one = Authority.new(tmp_path)
    assert one.ca_file == tmp_path / "ca.pem"
    return one


def healthy(request: web.Request) -> web.Response:
    return web.json_response({"ApiVersion": "1.51"} if request.path == "/version" else {"State": {"Status": "running"}})


async def test_tls(authority: Authority, tmp_path: Path) -> None:
    """It speaks TLS with the authority in the folder."""
    context = authority.context("good")
    async with serving(healthy, ssl_context=context) as address, DockerClient(f"tcp://{address}", tmp_path) as client:
        assert await client.state(KEYCLOAK) == RUNNING


async def test_tls_untrusted(authority: Authority, tmp_path: Path) -> None:
    """It refuses a daemon whose certificate another authority signed, and says why."""
    async with serving(healthy, ssl_context=authority.context("untrusted")) as address:
        error = await refusal(f"tcp://{address}", tmp_path)
    assert error.reason is Reason.UNREACHABLE
    assert "TLS with" in error.detail
    assert "unable to get local issuer certificate" in error.detail


def own_certificate(folder: Path) -> None:
    """Put cert.pem and key.pem, signed by itself, into the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "volati")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


async def test_tls_both_ways(authority: Authority, tmp_path: Path) -> None:
    """It shows its own certificate to a daemon that asks for one; without it, it says what may be missing."""
    own_certificate(tmp_path)
    context = authority.context("good")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(tmp_path / "cert.pem")
    async with serving(healthy, ssl_context=context) as address:
        async with DockerClient(f"tcp://{address}", tmp_path) as client:
            assert await client.state(KEYCLOAK) == RUNNING
        (tmp_path / "cert.pem").unlink()
        error = await refusal(f"tcp://{address}", tmp_path)
    assert error.reason is Reason.UNREACHABLE
    assert "cert_path" in error.detail


async def test_tls_without_authority(tmp_path: Path) -> None:
    """It names the file that is missing from the folder."""
    error = await refusal("tcp://127.0.0.1:1", tmp_path)
    assert f"There is no {tmp_path}/ca.pem" in error.detail
