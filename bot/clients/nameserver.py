"""One chosen nameserver, by dnspython; the only module that knows it. It says what addresses a name has there."""

import asyncio

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from bot.clients.failures import words

#: The part of a lookup's time that one try may take; two fit in, with some left to say that they failed.
_SHARE = 0.45
_TYPES = (dns.rdatatype.A, dns.rdatatype.AAAA)


class Nameserver:
    """Asks one nameserver.

    Args:
        address: its host:port, the host an address.
        seconds: the time of one lookup.
    """

    def __init__(self, address: str, seconds: float) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._seconds = seconds

    def __str__(self) -> str:
        return (
            f"nameserver [{self._host}]:{self._port}" if ":" in self._host else f"nameserver {self._host}:{self._port}"
        )

    async def addresses(self, name: str) -> tuple[tuple[str, ...], str]:
        """The addresses of a name, and where there are none why not.

        Raises:
            TimeoutError: nobody answered.
            OSError: it cannot be reached, or answers that it cannot or will not answer.
            ValueError: this cannot be a name.
        """
        try:
            return await self._asked(name)
        except dns.exception.Timeout as error:
            raise TimeoutError from error
        except dns.exception.DNSException as error:
            raise ConnectionError(words(error)) from error

    async def _asked(self, name: str) -> tuple[tuple[str, ...], str]:
        """Both families are asked for, and one is enough: some nameservers never answer for the other."""
        outcomes = await asyncio.gather(*(self._answer(name, kind) for kind in _TYPES), return_exceptions=True)
        answers = [one for one in outcomes if isinstance(one, dns.message.Message)]
        if any(answer.rcode() == dns.rcode.NXDOMAIN for answer in answers):
            return (), f"NXDOMAIN: {self} knows no such name"
        addresses = tuple(dict.fromkeys(address for answer in answers for address in _addresses(answer)))
        lost = next((one for one in outcomes if isinstance(one, BaseException)), None)
        if lost and not addresses:
            raise lost
        return addresses, "" if addresses else f"the name exists and has no address, says {self}"

    async def _answer(self, name: str, kind: dns.rdatatype.RdataType) -> dns.message.Message:
        answer = await self._sent(dns.message.make_query(name, kind))
        if answer.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            raise ConnectionError(f"{self} answers {dns.rcode.to_text(answer.rcode())}")
        return answer

    async def _sent(self, question: dns.message.Message) -> dns.message.Message:
        """Ask by UDP, once more where a datagram was lost; by TCP where the answer does not fit."""
        try:
            return await self._once(question)
        except dns.exception.Timeout:
            return await self._once(question)

    async def _once(self, question: dns.message.Message) -> dns.message.Message:
        seconds = _SHARE * self._seconds
        answer, _ = await dns.asyncquery.udp_with_fallback(
            question, self._host, timeout=seconds, port=self._port, ignore_unexpected=True, ignore_errors=True
        )
        return answer


def _addresses(answer: dns.message.Message) -> tuple[str, ...]:
    """The addresses in an answer, those at the end of a chain of aliases too."""
    parts = (part for part in answer.answer if part.rdtype in _TYPES and part.rdclass == dns.rdataclass.IN)
    return tuple(record.to_text() for part in parts for record in part)
