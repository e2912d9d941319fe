"""Tests of the look from outside, against the simulated edge: every stage told apart, and nothing waits for ever."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator

import pytest

from bot.clients.edge import EdgeClient
from bot.clients.names import NameClient
from diagnostics.evidence.cluster.edge_client import Visit
from diagnostics.evidence.http import Stage
from playground.listener import Listener
from playground.world.certificates import Authority
from playground.world.edge.server import SimulatedEdge
from tests.bot.clients.servers import dropping, nobody, says, silent, talking
from tests.playground.world.edge.platforms import API, CONSOLE, edge_state, trusting

HERE = "127.0.0.1"
SOON = 0.3  # seconds for one stage where it is to run out


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("ca"))


@pytest.fixture
async def edge(authority: Authority) -> AsyncIterator[SimulatedEdge]:
    async with SimulatedEdge(lambda: edge_state(authority)) as running:
        yield running


def client(authority: Authority, port: int, nameserver: str = "", seconds: float = 5.0) -> EdgeClient:
    return EdgeClient(NameClient(nameserver, seconds), trusting(authority), port, seconds)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


async def test_a_sound_name(authority: Authority, edge: SimulatedEdge) -> None:
    """Sees the certificate, the times and the status of a sound name, at the load balancer's address."""
    seen = await client(authority, edge.front.port).visit(API, HERE)
    reached = seen.reached
    assert (seen.status, seen.no_status, reached.failure) == (200, None, None)
    assert (reached.host, reached.port, reached.addresses) == (API, edge.front.port, (HERE,))
    assert reached.certificate is not None
    assert reached.certificate.names == (API,)
    assert reached.connect_ms is not None
    assert reached.handshake_ms is not None
    assert edge.front.asked == [(API, "/")]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("expired", "expired"), ("not-yet-valid", "not yet valid"), ("untrusted", "unable to get local issuer")],
)
async def test_a_certificate_that_is_refused(authority: Authority, kind: str, words: str) -> None:
    """Takes the certificate and the status also where the certificate is refused, and says why it is."""
    state = edge_state(authority, kind)  # type: ignore[arg-type]  # one of the kinds
    async with SimulatedEdge(lambda: state) as edge:
        seen = await client(authority, edge.front.port).visit(CONSOLE, HERE)
    assert seen.status == 200
    assert seen.reached.certificate is not None
    assert seen.reached.certificate.names == (CONSOLE,)
    assert seen.reached.failure is not None
    assert seen.reached.failure.stage is Stage.TLS
    assert words in seen.reached.failure.detail


async def test_the_placeholder(authority: Authority, edge: SimulatedEdge) -> None:
    """Sees the controller's placeholder where it is shown."""
    await edge.switch_on("edge-placeholder")
    seen = await client(authority, edge.front.port).visit(API, HERE)
    assert seen.reached.certificate is not None
    assert "Fake Certificate" in seen.reached.certificate.subject
    assert seen.reached.failure is not None


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_the_gateways_errors(authority: Authority, edge: SimulatedEdge, status: int) -> None:
    """Keeps the gateway's own status."""
    await edge.switch_on(f"gateway-{status}")
    assert (await client(authority, edge.front.port).visit(API, HERE)).status == status


async def test_a_name_nobody_has(authority: Authority, edge: SimulatedEdge) -> None:
    """Keeps the 404 of the default backend."""
    assert (await client(authority, edge.front.port).visit("gone.example.com", HERE)).status == 404


async def visited(authority: Authority, port: int) -> Visit:
    began = time.monotonic()
    seen = await client(authority, port, seconds=SOON).visit(API, HERE)
    assert time.monotonic() - began < 10 * SOON
    return seen


def ended(seen: Visit) -> tuple[Stage, bool]:
    assert seen.reached.failure is not None
    assert seen.status is None
    return seen.reached.failure.stage, seen.reached.failure.timed_out


async def test_nothing_listens(authority: Authority) -> None:
    """Says that nothing listens."""
    seen = await visited(authority, port_of(nobody()))
    assert ended(seen) == (Stage.CONNECT, False)
    assert seen.reached.addresses == (HERE,)
    assert seen.reached.failure is not None
    assert seen.reached.failure.detail == "Connection refused"


async def test_nothing_answers_the_connection(authority: Authority) -> None:
    """Says that connections are dropped, in its time."""
    async with dropping() as port:
        assert ended(await visited(authority, port)) == (Stage.CONNECT, True)


async def test_nothing_answers_the_handshake(authority: Authority) -> None:
    """Says that the handshake is not answered, in its time."""
    async with talking(silent) as url:
        assert ended(await visited(authority, port_of(url))) == (Stage.TLS, True)


async def test_a_plain_port(authority: Authority) -> None:
    """Says that the handshake fails at a port that speaks plain HTTP."""
    async with talking(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        seen = await visited(authority, port_of(url))
        assert ended(seen) == (Stage.TLS, False)
        assert seen.reached.certificate is None


async def test_nothing_answers_the_request(authority: Authority, edge: SimulatedEdge) -> None:
    """Keeps the certificate where the request is not answered, and says that it was not."""
    await edge.switch_on("edge-mute")
    seen = await visited(authority, edge.front.port)
    assert seen.no_status is not None
    assert (seen.no_status.stage, seen.no_status.timed_out) == (Stage.ANSWER, True)
    assert seen.reached.certificate is not None


@pytest.mark.parametrize(
    "answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"x" * 40_000, b"HTTP/2 200\r\n", b"HTTP/1.1 20 OK\r\n", b"\n"]
)
async def test_what_is_no_http(authority: Authority, answer: bytes) -> None:
    """Says that an answer is none, however it looks, and reads no more of it than it must."""
    context = authority.context("good")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with Listener(talk) as listener:
        seen = await client(authority, await listener.open(tls=context)).visit("localhost", HERE)
    assert seen.status is None
    assert seen.no_status is not None
    assert seen.no_status.stage is Stage.ANSWER
    assert not seen.no_status.timed_out


async def test_a_load_balancer_with_a_name(authority: Authority, edge: SimulatedEdge) -> None:
    """Looks up the load balancer's own name where it has no address, and never the public name's."""
    looking = client(authority, edge.front.port, edge.nameserver.address)
    seen = await looking.visit(API, CONSOLE)
    assert (seen.status, seen.reached.addresses[0]) == (200, HERE)
    assert {name for _, name, _ in edge.nameserver.asked} == {CONSOLE}
    lost = await looking.visit(API, "lb.example.net")
    assert lost.reached.failure is not None
    assert lost.reached.failure.stage is Stage.NAME


async def test_it_can_be_cancelled(authority: Authority) -> None:
    """Ends at once when it is cancelled."""
    async with talking(silent) as url:
        visit = asyncio.ensure_future(client(authority, port_of(url), seconds=60.0).visit(API, HERE))
        await asyncio.wait([visit], timeout=0.1)
        visit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visit


async def test_names_are_looked_up(authority: Authority, edge: SimulatedEdge) -> None:
    """Looks names up by the nameserver it was given."""
    found = await client(authority, 443, edge.nameserver.address).look_up(API)
    assert (found.addresses, found.failure) == ((HERE,), None)


def test_the_context_is_strict(authority: Authority) -> None:
    """Is tested with a context that checks names."""
    assert trusting(authority).verify_mode is ssl.CERT_REQUIRED
