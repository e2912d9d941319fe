"""Tests of reaching a host: each stage apart, and the certificate even when it is refused."""

import asyncio
import errno
import os
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.clients.certificates import certificate_of
from bot.clients.http import REQUEST_SECONDS
from bot.clients.network import REACH_SECONDS, NetworkClient
from diagnostics.evidence.http import CERTIFICATE_REFUSED, Stage
from diagnostics.evidence.network import Reached
from diagnostics.observe import Deadlines
from playground.world.certificates import Authority, Kind
from tests.bot.clients.servers import answering, dropping, nobody, says, silent, talking

SOON = 0.2  # seconds for a stage that is meant to hang


async def reached(url: str, seconds: float = 5.0, trust: ssl.SSLContext | None = None) -> Reached:
    return await NetworkClient(trust or ssl.create_default_context(), seconds).reach(url)


def ended(found: Reached) -> tuple[Stage, bool]:
    assert found.failure is not None
    assert found.failure.detail
    return found.failure.stage, found.failure.timed_out


async def ok(_: web.Request) -> web.Response:
    return web.Response()


async def test_without_tls() -> None:
    """Looks up and connects, and times each."""
    async with answering(ok) as url:
        found = await reached(url)
    assert (found.host, found.tls, found.addresses, found.failure) == ("127.0.0.1", False, ("127.0.0.1",), None)
    assert found.lookup_ms is not None
    assert found.connect_ms is not None
    assert (found.handshake_ms, found.certificate) == (None, None)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [("https://a.invalid", "a.invalid", 443), ("http://A.invalid/x", "a.invalid", 80), ("http://[::1]:8", "::1", 8)],
)
async def test_host_and_port(monkeypatch: pytest.MonkeyPatch, url: str, host: str, port: int) -> None:
    """Takes host and port from the address, and the scheme's own port where none is named."""

    async def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    found = await reached(url)
    assert (found.host, found.port) == (host, port)
    assert ended(found) == (Stage.NAME, False)
    assert found.failure is not None
    assert found.failure.detail == "Name or service not known"


async def test_a_slow_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends a lookup at its deadline."""

    async def hang(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hang)
    found = await reached("http://keycloak.example.com", SOON)
    assert ended(found) == (Stage.NAME, True)
    assert found.addresses == ()


@pytest.mark.parametrize("url", ["http://a:99999", "http://[::1", "http://a:b"])
async def test_an_address_that_is_none(url: str) -> None:
    """Says of an address that cannot be read that it cannot be looked up."""
    assert ended(await reached(url)) == (Stage.NAME, False)


@pytest.mark.parametrize("url", ["http://" + "a" * 70 + ".example.com", "http://a..b", "http://\udcff"])
async def test_a_name_that_is_none(url: str) -> None:
    """Says the same of a host that can be no name."""
    assert ended(await reached(url, SOON))[0] is Stage.NAME


async def test_refused() -> None:
    """Says of a port where nothing listens that connecting failed."""
    found = await reached(nobody("https"))
    assert ended(found) == (Stage.CONNECT, False)
    assert (found.lookup_ms is not None, found.connect_ms, found.certificate) == (True, None, None)


async def test_dropped() -> None:
    """Ends at its deadline when connections are dropped."""
    async with dropping() as port:
        assert ended(await reached(f"https://127.0.0.1:{port}", SOON)) == (Stage.CONNECT, True)


async def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every name lead to these addresses."""
    real = asyncio.get_running_loop().getaddrinfo

    async def several(_: str, port: int, **more: Any) -> list[Any]:
        return [found for address in addresses for found in await real(address, port, **more)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", several)


async def test_one_dead_address_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gets through by the address that lives, and says of the other where it ended."""
    async with answering(ok) as url:
        await resolved(monkeypatch, "127.0.0.2", "127.0.0.1")
        found = await reached(url.replace("127.0.0.1", "keycloak.example.com"))
    assert (found.failure, found.addresses) == (None, ("127.0.0.2", "127.0.0.1"))
    (lost,) = found.lost
    assert (lost.address, lost.failure.stage, lost.failure.code) == ("127.0.0.2", Stage.CONNECT, "ECONNREFUSED")
    assert lost.failure.detail == "Connection refused"


async def test_a_silent_address_does_not_hold_up_the_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Shakes hands with the address that lives while the other one is silent to the end."""
    authority = Authority.new(tmp_path)
    async with dropping() as port:
        await resolved(monkeypatch, "127.0.0.1", "127.0.0.2")
        async with answering(ok, authority.context("good"), host="127.0.0.2", port=port):
            trust = ssl.create_default_context(cafile=authority.ca_file)
            found = await reached(f"https://localhost:{port}", SOON, trust)
    assert (found.failure, found.handshake_ms is not None) == (None, True)
    assert [(one.address, one.failure.timed_out) for one in found.lost] == [("127.0.0.1", True)]


async def test_all_addresses_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tells of the address that got farthest when none lives: a refusal says more than a missing network."""
    await resolved(monkeypatch, "240.0.0.1", "127.0.0.2")
    found = await reached(nobody("https").replace("127.0.0.1", "keycloak.example.com"))
    assert found.failure is not None
    assert found.failure.code == "ECONNREFUSED"
    assert [one.address for one in found.lost] == ["240.0.0.1", "127.0.0.2"]


@pytest.mark.parametrize("number", [errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EACCES])
async def test_no_way(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Tells by the system's own number that no way leads there, in the system's own words."""

    async def fail(*_: Any) -> None:
        raise OSError(number, "Connect call failed")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", fail)
    found = await reached("https://192.0.2.7")
    assert found.failure is not None
    assert (found.failure.no_way, found.failure.code) == (True, errno.errorcode[number])
    assert found.failure.detail == os.strerror(number)


async def test_an_address_of_ipv6() -> None:
    """Reaches an address of IPv6."""
    async with answering(ok, host="::1") as url:
        found = await reached(url)
    assert (found.host, found.addresses, found.failure) == ("::1", ("::1",), None)


async def test_a_plain_port_is_told_apart() -> None:
    """Tells what answers a handshake with something else than TLS, and in words without a line of Python's source."""
    async with talking(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "https") as url:
        found = await reached(url)
    assert found.failure is not None
    assert found.failure.no_tls
    assert "_ssl.c" not in found.failure.detail


async def test_hung_up_at_once() -> None:
    """Says of a server that hangs up in the handshake that the handshake failed, and blames no certificate."""
    async with talking(says(b""), "https") as url:
        found = await reached(url)
    assert ended(found) == (Stage.TLS, False)
    assert found.failure is not None
    assert not found.failure.certificate_refused
    assert " " in found.failure.detail  # a sentence, and not the name of a type


async def test_a_good_certificate(tmp_path: Path) -> None:
    """Shakes hands, and gives the certificate's facts."""
    authority = Authority.new(tmp_path)
    async with answering(ok, authority.context("good")) as url:
        found = await reached(url, trust=ssl.create_default_context(cafile=authority.ca_file))
    assert found.failure is None
    assert found.handshake_ms is not None
    assert found.certificate is not None
    assert found.certificate.names == ("localhost", "127.0.0.1")
    assert found.certificate.issuer == "CN=Volati playground CA"
    assert len(found.certificate.fingerprint) == 64
    assert found.certificate.not_before < found.certificate.not_after


@pytest.mark.parametrize(
    ("kind", "words", "code"),
    [
        ("expired", "certificate has expired", "CERT_HAS_EXPIRED"),
        ("not-yet-valid", "certificate is not yet valid", "CERT_NOT_YET_VALID"),
        ("wrong-name", "IP address mismatch", "IP_ADDRESS_MISMATCH"),
        ("untrusted", "certificate", CERTIFICATE_REFUSED),
    ],
)
async def test_a_refused_certificate(tmp_path: Path, kind: Kind, words: str, code: str) -> None:
    """Shows a certificate although it is refused, and says why it is."""
    authority = Authority.new(tmp_path)
    async with answering(ok, authority.context(kind)) as url:
        found = await reached(url, trust=ssl.create_default_context(cafile=authority.ca_file))
    assert ended(found) == (Stage.TLS, False)
    assert found.certificate is not None
    assert found.handshake_ms is None
    assert found.failure is not None
    assert words in found.failure.detail
    assert (found.failure.code, found.failure.certificate_refused) == (code, True)


async def test_a_plain_port_spoken_tls_to() -> None:
    """Says of a port that speaks plain HTTP that the handshake failed, without a certificate."""
    async with talking(says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "https") as url:
        found = await reached(url)
    assert ended(found) == (Stage.TLS, False)
    assert found.certificate is None


async def test_a_handshake_that_never_comes() -> None:
    """Ends a handshake at its deadline."""
    async with talking(silent, "https") as url:
        assert ended(await reached(url, SOON)) == (Stage.TLS, True)


async def test_a_certificate_that_cannot_be_read() -> None:
    """Has no facts of a certificate that cannot be read."""
    assert certificate_of(b"\x30\x03\x02\x01\x05") is None


async def test_cancelled() -> None:
    """Lets cancellation pass."""
    connected = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.set()
        await silent(reader, writer)

    async with talking(wait, "https") as url:
        task = asyncio.create_task(reached(url))
        await connected.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_stages_fit_into_a_source() -> None:
    """Ends the way before a source's own deadline: a stage that hangs is evidence, not blindness."""
    assert Deadlines().source > REACH_SECONDS >= REQUEST_SECONDS  # and waits as long as the realm's request does
