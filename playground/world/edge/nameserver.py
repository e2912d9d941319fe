"""A nameserver on loopback, over UDP and, for answers that do not fit, TCP at the same port. It knows A and AAAA."""

import asyncio
import struct
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from types import TracebackType
from typing import Self, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from playground.listener import Listener
from playground.port import LOOPBACK as HOST
from playground.world.edge.state import EdgeState

TTL_S = 60
_TRIES = 20  # ports tried until one is free for both protocols
_UDP_AT_MOST = 512  # bytes, unless the question says that more can be taken (RFC 1035, 4.2.1)
_VERSIONS = {dns.rdatatype.A: 4, dns.rdatatype.AAAA: 6}


class Nameserver:
    """A nameserver to be used with `async with`; afterwards its port is gone. `asked` remembers every question."""

    def __init__(self, state: Callable[[], EdgeState]) -> None:
        self._state = state
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp = Listener(self._talk)
        self._port = 0
        self.asked: list[tuple[str, str, str]] = []  # protocol, name, type

    async def __aenter__(self) -> Self:
        for left in reversed(range(_TRIES)):
            self._port = await self._tcp.open()
            try:
                self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=(HOST, self._port)
                )
            except OSError:
                await self._tcp.close()
                if not left:
                    raise
            else:
                break
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._udp is not None:
            self._udp.close()
        await self._tcp.close()

    @property
    def address(self) -> str:
        """Where it listens, host:port."""
        return f"{HOST}:{self._port}"

    def reply(self, wire: bytes, protocol: str) -> bytes | None:
        """The answer to a question as it came; None where it says nothing."""
        state = self._state()
        if state.resolver == "silent":
            return None
        try:
            question = dns.message.from_wire(wire)
        except (dns.exception.DNSException, ValueError):
            return None  # as real ones do with what is no question
        self._remember(question, protocol)
        made = _answered(question, state)
        most = max(_UDP_AT_MOST, question.payload) if protocol == "udp" else 0
        return made.to_wire(max_size=most, prefer_truncation=protocol == "udp")

    def _remember(self, question: dns.message.Message, protocol: str) -> None:
        for one in question.question:
            name = one.name.to_text(omit_final_dot=True)
            self.asked.append((protocol, name, dns.rdatatype.to_text(one.rdtype)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            answer = self.reply(await reader.readexactly(length), "tcp")
            if answer is not None:
                writer.write(struct.pack("!H", len(answer)) + answer)
                await writer.drain()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams to the nameserver."""

    def __init__(self, server: Nameserver) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to send answers."""
        # asyncio's own datagram transport is no subclass of the class that describes it.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a question."""
        answer = self._server.reply(data, "udp")
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


def _answered(question: dns.message.Message, state: EdgeState) -> dns.message.Message:
    made = dns.message.make_response(question, recursion_available=True)
    if state.resolver == "failing":
        made.set_rcode(dns.rcode.SERVFAIL)
    elif state.resolver == "refusing":
        made.set_rcode(dns.rcode.REFUSED)
    else:
        for one in question.question:
            _answer(made, one, state.records)
    return made


def _answer(made: dns.message.Message, one: dns.rrset.RRset, records: Mapping[str, tuple[str, ...]]) -> None:
    addresses = records.get(one.name.to_text(omit_final_dot=True).lower())
    if addresses is None:
        made.set_rcode(dns.rcode.NXDOMAIN)
        return
    fitting = [address for address in addresses if ip_address(address).version == _VERSIONS.get(one.rdtype)]
    if fitting:
        made.answer.append(dns.rrset.from_text(one.name, TTL_S, dns.rdataclass.IN, one.rdtype, *fitting))
