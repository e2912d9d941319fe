"""The road to a host: looked up, every address checked, connected to the very address that was checked, each timed.

Between the check and the connection no name is resolved again: one that changes its answer gains nothing by it.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.clients.certificates import any_certificate, certificate_of
from bot.clients.failures import words
from bot.probe.places import why_not
from bot.probe.result import Outcome
from diagnostics.evidence.network import Certificate
from diagnostics.model import Fact

#: Seconds for one probe: two lost packets (sent again after 1 s, then 2 s) are survived, and a person waits for it.
PROBE_SECONDS = 8.0
#: Addresses of one host that are tried, one after the other: more are a provider's whole front.
ADDRESSES_AT_MOST = 4
#: Bytes that one read of an answer may take: the heads of web servers have some 8 kB at most.
READ_AT_MOST = 65_536
T = TypeVar("T")
Found = tuple[socket.AddressFamily, tuple[Any, ...]]


async def by_machine(host: str, port: int) -> list[Found]:
    """What this machine's resolver says, as the platform's own programs would have it."""
    listed = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((family, place) for family, _, _, _, place in listed))


@dataclass(frozen=True, slots=True)
class Means:
    """What probes work with: their deadline, which certificates they trust, who resolves, which addresses are out."""

    seconds: float = PROBE_SECONDS
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    look_up: Callable[[str, int], Awaitable[list[Found]]] = by_machine
    why_not: Callable[[str], str] = why_not


class EndError(Exception):
    """The road ends here: with which outcome, and why in a sentence."""

    def __init__(self, outcome: Outcome, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome
        self.text = text


@dataclass(slots=True)
class Road:
    """One way to one host and port, as far as it was gone. `facts` are its times and what was met, in order."""

    host: str
    port: int
    means: Means
    facts: list[Fact] = field(default_factory=list)
    _began: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def places(self) -> list[Found]:
        """The host's addresses, every one of them checked.

        Raises:
            EndError: there is none, or a probe does not go to one of them.
        """
        if why := self.means.why_not(self.host):
            raise EndError(Outcome.REFUSED, f"{self.host} {why}")
        found = await self.timed("name lookup", f"{self.host} cannot be looked up", self._looked_up())
        for _, place in found:
            if why := self.means.why_not(str(place[0])):
                raise EndError(Outcome.REFUSED, f"{self.host} leads to {place[0]}, which {why}")
        self.note("address", ", ".join(str(place[0]) for _, place in found[:ADDRESSES_AT_MOST]))
        return found[:ADDRESSES_AT_MOST]

    async def _looked_up(self) -> list[Found]:
        found = await self.means.look_up(self.host, self.port)
        if not found:
            raise EndError(Outcome.LOST, f"{self.host} has no address")
        return found

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["Line"]:
        """A connection to the first of the addresses that takes one; closed at the end of the block.

        Raises:
            EndError: none does.
        """
        places = await self.places()
        line = await self.timed("connect", f"{self} takes no connection", self._first(places))
        try:
            yield line
        finally:
            line.writer.close()
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1.0):  # seconds for a farewell: what was to be seen was seen
                    await line.writer.wait_closed()

    async def _first(self, places: list[Found]) -> "Line":
        """Connect to one after the other, each with its share of what time is left; the last one's failure counts."""
        for left in range(len(places), 1, -1):
            share = (self._began + self.means.seconds - asyncio.get_running_loop().time()) / left
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(share):
                    return await _line(places[-left])
        return await _line(places[-1])

    async def timed(self, what: str, failed: str, act: Awaitable[T]) -> T:
        """What an act gives, with its time noted.

        Raises:
            EndError: it fails, or time is up.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout_at(self._began + self.means.seconds):
                given = await act
        except TimeoutError:
            seconds = f"{time.monotonic() - began:.1f} s"
            raise EndError(Outcome.LOST, f"{failed}: nothing within {seconds}") from None
        except (OSError, ssl.SSLError, UnicodeError, asyncio.IncompleteReadError) as error:
            raise EndError(Outcome.LOST, f"{failed}: {_why(error)}") from error
        self.note(what, f"{round((time.monotonic() - began) * 1000)} ms")
        return given

    def note(self, label: str, value: str) -> None:
        """Remember a fact."""
        self.facts.append(Fact(label, value))

    async def secured(self, line: "Line", trust: ssl.SSLContext) -> None:
        """Speak TLS from here on, with a certificate that is trusted; the one that was shown is noted in any case.

        Raises:
            EndError: the handshake fails.
        """
        try:
            await self.timed(
                "TLS handshake", f"{self} takes no TLS", line.writer.start_tls(trust, server_hostname=self.host)
            )
        except EndError as end:
            if isinstance(end.__cause__, ssl.SSLCertVerificationError):
                self.note_certificate(await self._shown(line))
                raise EndError(Outcome.LOST, f"The certificate of {self} is refused: {_why(end.__cause__)}") from end
            raise
        self.note_certificate(line.writer.get_extra_info("ssl_object").getpeercert(binary_form=True))

    async def _shown(self, line: "Line") -> bytes | None:
        """The certificate that is shown at the same address, whatever it is, over a connection of its own."""
        with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
            async with asyncio.timeout_at(self._began + self.means.seconds):
                again = await _line(line.place)
                try:
                    await again.writer.start_tls(any_certificate(), server_hostname=self.host)
                    return bytes(again.writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b"")
                finally:
                    again.writer.close()
        return None

    def note_certificate(self, shown: bytes | None) -> None:
        """Remember what a certificate says of itself."""
        certificate = certificate_of(shown) if shown else None
        if certificate is not None:
            self.note("certificate", _told(certificate))


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection, and the place it leads to."""

    place: Found
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def _line(found: Found) -> Line:
    family, place = found
    wire = socket.socket(family, socket.SOCK_STREAM)
    try:
        wire.setblocking(False)  # noqa: FBT003 the standard library's own signature
        await asyncio.get_running_loop().sock_connect(wire, place)
        reader, writer = await asyncio.open_connection(sock=wire, limit=READ_AT_MOST)
    except BaseException:  # cancelled too: nothing stays open
        wire.close()
        raise
    return Line(found, reader, writer)


def _why(error: BaseException) -> str:
    return "it ended in the middle" if isinstance(error, asyncio.IncompleteReadError) else words(error)


def _told(certificate: Certificate) -> str:
    names = ", ".join(certificate.names[:4]) or "no name"
    return f"for {names}, until {certificate.not_after:%Y-%m-%d}"
