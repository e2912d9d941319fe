"""Names by dnspython, the only module that knows it: what a nameserver, or this machine's resolver, says of one."""

import asyncio
import socket
import time

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from bot.clients.failures import words
from diagnostics.evidence.cluster.edge_client import Found
from diagnostics.evidence.http import NoAnswer, Stage

#: Seconds for one lookup. A datagram may be lost: then the question is sent again.
LOOKUP_SECONDS = 2.0
#: The part of that time that one try may take; two fit in, with some left to say that they failed.
_SHARE = 0.45
_TYPES = (dns.rdatatype.A, dns.rdatatype.AAAA)
#: What this machine's resolver says of a name that does not exist, or has no address.
_UNKNOWN = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class NotAnsweredError(Exception):
    """Raised inside: a nameserver answered that it cannot or will not answer; the message says how."""


class NameClient:
    """Looks names up.

    Args:
        nameserver: host:port of the one that is asked, the host an address; empty for this machine's resolver.
        seconds: the deadline of one lookup.
    """

    def __init__(self, nameserver: str = "", seconds: float = LOOKUP_SECONDS) -> None:
        host, _, port = nameserver.rpartition(":")
        self._server = (host.strip("[]"), int(port)) if nameserver else None
        self._seconds = seconds

    async def look_up(self, name: str) -> Found:
        """All addresses of a name. Raises nothing but cancellation."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                addresses, lack = await (self._asked(name) if self._server else _by_machine(name))
        except (TimeoutError, dns.exception.Timeout):
            who = f"nameserver {self._at}" if self._server else "this machine's resolver"
            late = f"no answer from {who} within {self._seconds:g} s"
            return _lost(began, late, timed_out=True)
        except (NotAnsweredError, dns.exception.DNSException, OSError, ValueError) as error:
            return _lost(began, words(error))
        if lack:
            return _lost(began, lack, missing=True)
        return Found(addresses, _ms(began))

    @property
    def _at(self) -> str:
        host, port = self._server or ("", 0)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def _asked(self, name: str) -> tuple[tuple[str, ...], str]:
        """The addresses by the nameserver, and where there are none why not.

        One family is enough: some nameservers never answer for the other.
        """
        outcomes = await asyncio.gather(*(self._answer(name, kind) for kind in _TYPES), return_exceptions=True)
        answers = [one for one in outcomes if isinstance(one, dns.message.Message)]
        if any(answer.rcode() == dns.rcode.NXDOMAIN for answer in answers):
            return (), f"NXDOMAIN: nameserver {self._at} knows no such name"
        addresses = tuple(dict.fromkeys(address for answer in answers for address in _addresses(answer)))
        lost = next((one for one in outcomes if isinstance(one, BaseException)), None)
        if lost and not addresses:
            raise lost
        return addresses, "" if addresses else f"the name exists and has no address, says nameserver {self._at}"

    async def _answer(self, name: str, kind: dns.rdatatype.RdataType) -> dns.message.Message:
        answer = await self._sent(dns.message.make_query(name, kind))
        if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            raise NotAnsweredError(f"nameserver {self._at} answers {dns.rcode.to_text(answer.rcode())}")
        return answer

    async def _sent(self, question: dns.message.Message) -> dns.message.Message:
        """Ask by UDP, once more where a datagram was lost; by TCP where the answer does not fit."""
        try:
            return await self._once(question)
        except dns.exception.Timeout:
            return await self._once(question)

    async def _once(self, question: dns.message.Message) -> dns.message.Message:
        host, port = self._server or ("", 0)
        seconds = _SHARE * self._seconds
        answer, _ = await dns.asyncquery.udp_with_fallback(
            question, host, timeout=seconds, port=port, ignore_unexpected=True, ignore_errors=True
        )
        return answer


def _addresses(answer: dns.message.Message) -> tuple[str, ...]:
    """The addresses in an answer, those at the end of a chain of aliases too."""
    parts = (part for part in answer.answer if part.rdtype in _TYPES and part.rdclass == dns.rdataclass.IN)
    return tuple(record.to_text() for part in parts for record in part)


async def _by_machine(name: str) -> tuple[tuple[str, ...], str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(name, 0, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in _UNKNOWN:
            return (), f"this machine's resolver knows no such name ({error.strerror})"
        raise
    return tuple(dict.fromkeys(str(address[4][0]) for address in found)), ""


def _lost(began: float, said: str, *, timed_out: bool = False, missing: bool = False) -> Found:
    took = _ms(began)
    return Found((), took, NoAnswer(Stage.NAME, said, timed_out=timed_out, took_ms=took), missing)


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
