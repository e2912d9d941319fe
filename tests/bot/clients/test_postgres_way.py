"""Tests of the way to PostgreSQL by hand: how far it comes, and what is wrong with the certificate."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.clients.postgres_way import PostgresWay
from diagnostics.evidence.database.credentials import Login
from diagnostics.evidence.database.obstacles import Obstacle, of_the_way
from diagnostics.evidence.http import Stage
from diagnostics.evidence.network import Reached
from playground.world.certificates import Authority, Kind
from tests.bot.clients.servers import HOST, dropping, nobody, says, silent, talking

HASTY = 0.5  # seconds: far above what loopback takes


def login(port: int, mode: str = "verify-full", ca: Path | None = None) -> Login:
    return Login(HOST, port, "x", "y", ssl_mode=mode, ca_file=str(ca or ""))


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


async def looked(one: Login) -> Reached:
    return await PostgresWay(HASTY).reach(one)


@contextmanager
def with_tls(context: ssl.SSLContext) -> Iterator[int]:
    """A server that begins TLS as PostgreSQL does, and hangs up after it."""
    with socket.create_server((HOST, 0)) as listening:
        serving = threading.Thread(target=_serve, args=(listening, context))
        serving.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()


def _serve(listening: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):  # it is shut down
        while True:
            line, _ = listening.accept()
            with line, contextlib.suppress(OSError):
                line.settimeout(5)
                if line.recv(8) == b"\x00\x00\x00\x08\x04\xd2\x16\x2f":
                    line.sendall(b"S")
                    with context.wrap_socket(line, server_side=True) as shaken:
                        shaken.recv(1)


async def test_no_tls_asked() -> None:
    """Leaves TLS alone where the login does without."""
    async with talking(silent) as url:
        for mode in ("disable", "allow", "prefer"):
            reached = await looked(login(port_of(url), mode))
            assert (reached.failure, reached.tls) == (None, False)


async def test_no_tls_there() -> None:
    """Tells a server that declines TLS."""
    async with talking(says(b"N")) as url:
        failure = (await looked(login(port_of(url)))).failure
    assert failure is not None
    assert (failure.stage, failure.detail) == (Stage.TLS, "the server speaks no TLS")


async def test_nobody_there() -> None:
    """Tells a refusal from silence."""
    refused = (await looked(login(port_of(nobody())))).failure
    assert refused is not None
    assert of_the_way(refused) is Obstacle.REFUSED
    async with dropping() as port:
        dropped = (await looked(login(port))).failure
    assert dropped is not None
    assert of_the_way(dropped) is Obstacle.TIMEOUT
    async with talking(silent) as url:
        mute = (await looked(login(port_of(url)))).failure
    assert mute is not None
    assert of_the_way(mute) is Obstacle.TIMEOUT


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("expired", Obstacle.CERTIFICATE_EXPIRED),
        ("wrong-name", Obstacle.CERTIFICATE_NAME),
        ("untrusted", Obstacle.CERTIFICATE_UNTRUSTED),
        ("good", None),
    ],
)
async def test_certificates(tmp_path: Path, kind: Kind, expected: Obstacle | None) -> None:
    """Tells what is wrong with a certificate, and shows it in any case."""
    authority = Authority.new(tmp_path)
    with with_tls(authority.context(kind)) as port:
        reached = await looked(login(port, ca=authority.ca_file))
    assert reached.certificate is not None
    assert (of_the_way(reached.failure) if reached.failure else None) is expected


async def test_a_mode_that_looks_at_no_certificate(tmp_path: Path) -> None:
    """Finds nothing wrong with any certificate under sslmode require, as PostgreSQL's own library does not."""
    authority = Authority.new(tmp_path)
    with with_tls(authority.context("expired")) as port:
        reached = await looked(login(port, "require"))
    assert (reached.failure, reached.certificate is not None) == (None, True)


async def test_a_mode_that_looks_at_no_name(tmp_path: Path) -> None:
    """Takes a certificate for another name under verify-ca."""
    authority = Authority.new(tmp_path)
    with with_tls(authority.context("wrong-name")) as port:
        assert (await looked(login(port, "verify-ca", authority.ca_file))).failure is None


async def test_no_authority(tmp_path: Path) -> None:
    """Says that the authority's file cannot be read."""
    authority = Authority.new(tmp_path)
    with with_tls(authority.context("good")) as port:
        failure = (await looked(login(port, ca=tmp_path / "none"))).failure
    assert failure is not None
    assert "cannot be read" in failure.detail
