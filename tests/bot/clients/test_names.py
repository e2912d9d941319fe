"""Tests of looking names up: by one nameserver, and by this machine's resolver."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import dns.message
import dns.rdatatype
import pytest

from bot.clients.names import NameClient
from bot.clients.nameserver import Nameserver
from diagnostics.evidence.http import Stage
from playground.world.edge.nameserver import Nameserver as Simulated
from playground.world.edge.state import EdgeState, Resolver

NAME = "api.volaticloud.com"
BOTH = ("203.0.113.7", "203.0.113.8", "2001:db8::7")


def edge(*addresses: str, resolver: Resolver = "answering") -> Callable[[], EdgeState]:
    return lambda: EdgeState(records={NAME: addresses}, resolver=resolver)


async def test_all_addresses() -> None:
    """Gives all addresses of both families."""
    async with Simulated(edge(*BOTH)) as server:
        found = await NameClient(server.address).look_up(NAME)
    assert (set(found.addresses), found.failure, found.missing) == (set(BOTH), None, False)
    assert {kind for _, _, kind in server.asked} == {"A", "AAAA"}


async def test_an_answer_that_does_not_fit() -> None:
    """Asks again by TCP where the answer does not fit into a datagram."""
    many = tuple(f"192.0.2.{n}" for n in range(1, 101))
    async with Simulated(edge(*many)) as server:
        found = await NameClient(server.address).look_up(NAME)
    assert set(found.addresses) == set(many)
    assert "tcp" in {protocol for protocol, _, _ in server.asked}


async def test_no_such_name() -> None:
    """Says that a nameserver knows no such name."""
    async with Simulated(edge()) as server:
        found = await NameClient(server.address).look_up("gone.volaticloud.com")
    assert found.missing
    assert found.failure is not None
    assert found.failure.detail == f"NXDOMAIN: nameserver {server.address} knows no such name"
    assert (found.failure.stage, found.failure.timed_out) == (Stage.NAME, False)


async def test_a_name_without_an_address() -> None:
    """Tells a name without an address from one that does not exist."""
    async with Simulated(edge()) as server:
        found = await NameClient(server.address).look_up(NAME)
    assert found.missing
    assert found.failure is not None
    assert "exists and has no address" in found.failure.detail


@pytest.mark.parametrize(("resolver", "words"), [("failing", "SERVFAIL"), ("refusing", "REFUSED")])
async def test_a_nameserver_that_cannot(resolver: Resolver, words: str) -> None:
    """Does not call a name missing because a nameserver cannot answer."""
    async with Simulated(edge(*BOTH, resolver=resolver)) as server:
        found = await NameClient(server.address).look_up(NAME)
    assert not found.missing
    assert found.failure is not None
    assert found.failure.detail == f"nameserver {server.address} answers {words}"


async def test_a_nameserver_that_is_silent() -> None:
    """Says in its time that nobody answered."""
    began = time.monotonic()
    async with Simulated(edge(*BOTH, resolver="silent")) as server:
        found = await NameClient(server.address, 0.2).look_up(NAME)
    assert time.monotonic() - began < 2
    assert not found.missing
    assert found.failure is not None
    assert found.failure.timed_out
    assert found.failure.detail == f"no answer from nameserver {server.address} within 0.2 s"


@asynccontextmanager
async def answering(reply: Callable[[dns.message.Message], Sequence[bytes]]) -> AsyncIterator[str]:
    """A nameserver that answers each datagram with what it is told."""

    class Protocol(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            for wire in reply(dns.message.from_wire(data)):
                self.transport.sendto(wire, addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Protocol, local_addr=("127.0.0.1", 0))
    try:
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    finally:
        transport.close()


def made(question: dns.message.Message, *records: str) -> bytes:
    answer = dns.message.make_response(question)
    for record in records:
        name, ttl, *rest = record.split()
        answer.answer.append(dns.rrset.from_text(name, int(ttl), *rest[:2], *rest[2:]))
    return answer.to_wire()


def kind(question: dns.message.Message) -> dns.rdatatype.RdataType:
    return question.question[0].rdtype


async def test_a_lost_datagram() -> None:
    """Sends a question again whose answer was lost."""
    asked: list[dns.rdatatype.RdataType] = []

    def reply(question: dns.message.Message) -> Sequence[bytes]:
        asked.append(kind(question))
        lost = asked.count(kind(question)) == 1
        return () if lost else (made(question, *([f"{NAME}. 60 IN A 192.0.2.1"] if kind(question) == 1 else [])),)

    async with answering(reply) as address:
        found = await NameClient(address, 1.0).look_up(NAME)
    assert found.addresses == ("192.0.2.1",)
    assert sorted(asked) == [1, 1, 28, 28]


async def test_a_chain_of_aliases() -> None:
    """Takes the addresses at the end of a chain of aliases."""

    def reply(question: dns.message.Message) -> Sequence[bytes]:
        address = (f"lb.example.net. 60 IN A {BOTH[0]}",) if kind(question) == 1 else ()
        return (made(question, f"{NAME}. 60 IN CNAME lb.example.net.", *address),)

    async with answering(reply) as address:
        assert (await NameClient(address).look_up(NAME)).addresses == BOTH[:1]


async def test_only_one_family_is_answered() -> None:
    """Makes do with one family where a nameserver never answers for the other."""

    def reply(question: dns.message.Message) -> Sequence[bytes]:
        return (made(question, f"{NAME}. 60 IN A {BOTH[0]}"),) if kind(question) == 1 else ()

    async with answering(reply) as address:
        found = await NameClient(address, 0.4).look_up(NAME)
    assert (found.addresses, found.failure) == (BOTH[:1], None)


async def test_forged_and_broken_answers() -> None:
    """Waits on for the right answer where forged and broken ones come first."""

    def reply(question: dns.message.Message) -> Sequence[bytes]:
        other = dns.message.make_query(NAME, kind(question))
        right = made(question, *([f"{NAME}. 60 IN A {BOTH[0]}"] if kind(question) == 1 else []))
        return b"noise", made(other, f"{NAME}. 60 IN A 192.0.2.66"), right

    async with answering(reply) as address:
        assert (await NameClient(address).look_up(NAME)).addresses == BOTH[:1]


async def test_a_name_that_is_none() -> None:
    """Says what is wrong with a name that no nameserver could be asked for."""
    async with Simulated(edge()) as server:
        found = await NameClient(server.address).look_up(f"{'x' * 64}.example.com")
    assert not found.missing
    assert found.failure is not None
    assert "label" in found.failure.detail.lower()
    assert server.asked == []


async def test_it_can_be_cancelled() -> None:
    """Ends at once when it is cancelled."""
    async with Simulated(edge(resolver="silent")) as server:
        look = asyncio.ensure_future(NameClient(server.address, 60.0).look_up(NAME))
        await asyncio.wait([look], timeout=0.05)
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look


async def test_this_machines_resolver() -> None:
    """Asks this machine's resolver where no nameserver is given."""
    found = await NameClient().look_up("localhost")
    assert "127.0.0.1" in found.addresses


@pytest.mark.parametrize(
    ("error", "missing"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), True),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), False),
    ],
)
async def test_this_machines_resolver_fails(
    error: OSError,
    missing: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tells a name that does not exist from a resolver that cannot answer."""

    async def fails(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fails)
    found = await NameClient().look_up(NAME)
    assert found.missing is missing
    assert found.failure is not None
    assert error.strerror in found.failure.detail  # type: ignore[operator]  # it has words


def test_an_address_of_six() -> None:
    """Reads a nameserver's address of either family."""
    assert str(Nameserver("[::1]:5353", 1.0)) == "nameserver [::1]:5353"
    assert str(Nameserver("127.0.0.1:53", 1.0)) == "nameserver 127.0.0.1:53"
