"""Tests of the simulated edge: it answers as a nameserver and as ingress-nginx do, and breaks as it is told."""

import asyncio
import socket
import ssl
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from playground.world.certificates import Authority
from playground.world.edge.server import SimulatedEdge
from playground.world.edge.state import EdgeState
from playground.world.faults.edge import EDGE_FAULTS, ELSEWHERE
from playground.world.faults.model import Fault
from tests.playground.world.edge.platforms import API, CONSOLE, edge_state, trusting


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.new(tmp_path_factory.mktemp("ca"))


async def asked(edge: SimulatedEdge, name: str, kind: str = "A", *, tcp: bool = False) -> dns.message.Message:
    host, _, port = edge.nameserver.address.rpartition(":")
    ask = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await ask(dns.message.make_query(name, kind), host, timeout=2.0, port=int(port))


def addresses(answer: dns.message.Message) -> list[str]:
    return [record.to_text() for part in answer.answer for record in part]


async def fetched(edge: SimulatedEdge, host: str, trust: ssl.SSLContext) -> bytes:
    """The whole answer to `GET /` under a name."""
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.front.port, ssl=trust, server_hostname=host)
    writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


async def test_it_answers_names(authority: Authority) -> None:
    """Answers for the names it knows, by type, over both protocols, and remembers what it was asked."""
    async with SimulatedEdge(lambda: edge_state(authority)) as edge:
        assert addresses(await asked(edge, CONSOLE)) == ["127.0.0.1"]
        assert addresses(await asked(edge, CONSOLE.upper(), "AAAA", tcp=True)) == ["::1"]
        empty = await asked(edge, API, "AAAA")
        assert (empty.rcode(), addresses(empty)) == (dns.rcode.NOERROR, [])
        assert (await asked(edge, "gone.example.com")).rcode() == dns.rcode.NXDOMAIN
        assert ("udp", CONSOLE, "A") in edge.nameserver.asked
        assert ("tcp", CONSOLE.upper(), "AAAA") in edge.nameserver.asked


async def test_long_answers_are_truncated(authority: Authority) -> None:
    """Says over UDP that an answer does not fit, and gives all of it over TCP."""
    many = tuple(f"192.0.2.{n}" for n in range(1, 101))
    async with SimulatedEdge(lambda: edge_state(authority).with_record(API, *many)) as edge:
        short = await asked(edge, API)
        assert short.flags & dns.flags.TC
        assert len(addresses(await asked(edge, API, tcp=True))) == 100


async def test_noise_is_not_answered(authority: Authority) -> None:
    """Says nothing to what is no question, and goes on answering."""
    async with SimulatedEdge(lambda: edge_state(authority)) as edge:
        host, _, port = edge.nameserver.address.rpartition(":")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(b"noise", (host, int(port)))
        assert addresses(await asked(edge, API)) == ["127.0.0.1"]


async def test_it_answers_as_the_gateway(authority: Authority) -> None:
    """Shows each name its own certificate, and answers a page, or nginx's own for what it does not know."""
    trust = trusting(authority)
    async with SimulatedEdge(lambda: edge_state(authority)) as edge:
        assert (await fetched(edge, API, trust)).startswith(b"HTTP/1.1 200 OK")
        await edge.switch_on("gateway-503")
        assert b"<center><h1>503 Service Temporarily Unavailable</h1></center>" in await fetched(edge, API, trust)
        assert (await fetched(edge, CONSOLE, trust)).startswith(b"HTTP/1.1 200 OK")
        assert edge.front.asked[0] == (API, "/")


async def test_the_placeholder(authority: Authority) -> None:
    """Shows its placeholder for a name without a certificate, and for one whose certificate is for another."""
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    state = edge_state(authority)
    swapped = state.with_certificate(CONSOLE, state.certificates[API])
    async with SimulatedEdge(lambda: swapped) as edge:
        for name in ("gone.example.com", CONSOLE):
            with pytest.raises(ssl.SSLCertVerificationError):
                await fetched(edge, name, trusting(authority))
            assert b"HTTP/1.1" in await fetched(edge, name, blind)
        assert b"404 Not Found" in await fetched(edge, "gone.example.com", blind)


async def test_it_follows_what_changes(authority: Authority) -> None:
    """Follows the state it is given, without a restart."""
    now = [edge_state(authority)]
    async with SimulatedEdge(lambda: now[0]) as edge:
        assert addresses(await asked(edge, API)) == ["127.0.0.1"]
        now[0] = now[0].with_record(API, "192.0.2.1")
        assert addresses(await asked(edge, API)) == ["192.0.2.1"]
        now[0] = now[0].with_certificate(API, None)
        with pytest.raises(ssl.SSLCertVerificationError):
            await fetched(edge, API, trusting(authority))


async def test_nothing_listens_and_listens_again(authority: Authority) -> None:
    """Stops to listen while it is down, and comes back at the same port."""
    trust = trusting(authority)
    async with SimulatedEdge(lambda: edge_state(authority)) as edge:
        port = edge.front.port
        await edge.switch_on("edge-refused")
        with pytest.raises(ConnectionRefusedError):
            await fetched(edge, API, trust)
        await edge.switch_off("edge-refused")
        assert (edge.front.port, edge.faults) == (port, ())
        assert (await fetched(edge, API, trust)).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("fault", "code"), [("nameserver-failing", dns.rcode.SERVFAIL), ("api-name-missing", dns.rcode.NXDOMAIN)]
)
async def test_a_nameserver_that_fails(authority: Authority, fault: str, code: dns.rcode.Rcode) -> None:
    """Answers as it is told to fail."""
    async with SimulatedEdge(lambda: edge_state(authority)) as edge:
        await edge.switch_on(fault)
        assert (await asked(edge, API)).rcode() == code
        await edge.heal()
        assert (await asked(edge, API)).rcode() == dns.rcode.NOERROR


async def test_a_nameserver_that_is_silent(authority: Authority) -> None:
    """Says nothing at all while it is silent."""
    async with SimulatedEdge(lambda: edge_state(authority)) as edge:
        await edge.switch_on("nameserver-silent")
        host, _, port = edge.nameserver.address.rpartition(":")
        with pytest.raises(dns.exception.Timeout):
            await dns.asyncquery.udp(dns.message.make_query(API, "A"), host, timeout=0.05, port=int(port))


async def test_an_answer_elsewhere(authority: Authority) -> None:
    """Leads a name elsewhere, and the others where they led."""
    async with SimulatedEdge(lambda: edge_state(authority)) as edge:
        await edge.switch_on("api-name-elsewhere")
        assert addresses(await asked(edge, API)) == [ELSEWHERE]
        assert addresses(await asked(edge, CONSOLE)) == ["127.0.0.1"]


@pytest.mark.parametrize("fault", EDGE_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_changes_the_state(fault: Fault[EdgeState], tmp_path: Path) -> None:
    """Changes something, says what in a sentence, and owes a finding of the network area."""
    sound = edge_state(Authority.new(tmp_path))
    assert fault.apply(sound) != sound
    assert fault.breaks.endswith(".")
    assert (fault.expect or "").startswith("network.")


async def test_afterwards_nothing_is_left(authority: Authority) -> None:
    """Leaves no port open behind."""
    async with SimulatedEdge(lambda: edge_state(authority)) as edge:
        ports = [edge.front.port, int(edge.nameserver.address.rpartition(":")[2])]
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
    with pytest.raises(KeyError, match="no fault"):
        await edge.switch_on("nonsense")
