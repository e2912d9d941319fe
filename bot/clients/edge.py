"""The platform from outside, by hand: a load balancer visited at its own address under a public name, over TLS.

The certificate is taken even when it is not trusted, and the front page is asked for all the same: nothing secret is
sent there. Whether it is trusted is told by a second handshake that sends nothing.
"""

import asyncio
import re
import ssl
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import TypeVar

from bot.clients.certificates import any_certificate, certificate_of
from bot.clients.failures import words
from bot.clients.names import NameClient
from diagnostics.evidence.cluster.edge_client import Found, Visit
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Reached

#: Seconds for each stage: a connection, a handshake, an answer. Their sum stays below a source's 5 s.
STAGE_SECONDS = 1.4
#: Bytes read of an answer: its first line is all that is wanted.
_AT_MOST = 16_384
#: The port that https goes without saying.
HTTPS = 443
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: |\r?\n)")
T = TypeVar("T")


class EdgeClient:
    """Satisfies `diagnostics.evidence.cluster.edge_client.Edge`.

    Args:
        names: who looks names up.
        trust: the TLS context that decides which certificates are trusted.
        port: where load balancers speak TLS.
        seconds: the deadline of each stage.
    """

    def __init__(
        self, names: NameClient, trust: ssl.SSLContext, port: int = 443, seconds: float = STAGE_SECONDS
    ) -> None:
        self._names = names
        self._trust = trust
        self._port = port
        self._seconds = seconds

    async def look_up(self, name: str) -> Found:
        """What a name resolves to. Raises nothing but cancellation."""
        return await self._names.look_up(name)

    async def visit(self, name: str, balancer: str) -> Visit:
        """Connect to a load balancer, take the certificate for a name, and ask for its front page."""
        address, failure = await self._address(balancer)
        if failure:
            return Visit(Reached(name, self._port, tls=True, failure=failure))
        talk = _Talk(name, address, self._port, self._seconds)
        return await talk.held(self._trust)

    async def _address(self, balancer: str) -> tuple[str, NoAnswer | None]:
        """The load balancer's address; some providers give it a name, which is their own."""
        if _is_address(balancer):
            return balancer, None
        found = await self._names.look_up(balancer)
        return (found.addresses[0], None) if found.addresses else ("", found.failure)


class _Talk:
    """One visit to one address under one name."""

    def __init__(self, name: str, address: str, port: int, seconds: float) -> None:
        self._name = name
        self._address = address
        self._port = port
        self._seconds = seconds

    async def held(self, trust: ssl.SSLContext) -> Visit:
        """The visit from the first packet to the answer."""
        lines, connect_ms, failure = await self._timed(Stage.CONNECT, self._connected)
        if lines is None:
            return Visit(self._reached(failure=failure))
        reader, writer = lines
        try:
            _, handshake_ms, failure = await self._timed(Stage.TLS, lambda: self._shaken(writer, any_certificate()))
            if failure:
                return Visit(self._reached(connect_ms=connect_ms, failure=failure))
            shown = certificate_of(writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b"")
            (status, _, silence), untrusted = await asyncio.gather(
                self._timed(Stage.ANSWER, lambda: self._asked(reader, writer)), self._refusal(trust)
            )
            reached = self._reached(
                connect_ms=connect_ms, handshake_ms=handshake_ms, certificate=shown, failure=untrusted
            )
            return Visit(reached, status, silence)
        finally:
            _hang_up(writer)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._address, self._port, limit=_AT_MOST)

    async def _shaken(self, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        await writer.start_tls(context, server_hostname=self._name)

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        """The status of the front page."""
        host = self._name if self._port == HTTPS else f"{self._name}:{self._port}"
        heads = (f"GET / HTTP/1.1\r\nHost: {host}", "User-Agent: volati", "Accept: */*", "Connection: close")
        writer.write("\r\n".join((*heads, "", "")).encode("ascii", "replace"))
        await writer.drain()
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("it hung up before it answered") from error
        except asyncio.LimitOverrunError as error:
            raise ConnectionError("what it answers is no HTTP") from error
        found = _STATUS.match(line)
        if found is None:
            raise ConnectionError("what it answers is no HTTP")
        return int(found[1])

    async def _refusal(self, trust: ssl.SSLContext) -> NoAnswer | None:
        """Why the certificate is not trusted; None where it is."""
        _, _, failure = await self._timed(Stage.TLS, lambda: self._trusted(trust))
        return failure

    async def _trusted(self, trust: ssl.SSLContext) -> None:
        _, writer = await asyncio.open_connection(
            self._address, self._port, ssl=trust, server_hostname=self._name, limit=_AT_MOST
        )
        _hang_up(writer)

    async def _timed(self, stage: Stage, act: Callable[[], Awaitable[T]]) -> tuple[T | None, int, NoAnswer | None]:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                return await act(), _ms(began), None
        except TimeoutError:
            late = f"nothing within {self._seconds:g} s"
            return None, _ms(began), NoAnswer(stage, late, timed_out=True, took_ms=_ms(began))
        except (OSError, ssl.SSLError, UnicodeError) as error:
            return None, _ms(began), NoAnswer(stage, words(error), timed_out=False, took_ms=_ms(began))

    def _reached(self, **facts: object) -> Reached:
        return Reached(self._name, self._port, tls=True, addresses=(self._address,), **facts)  # type: ignore[arg-type]


def _hang_up(writer: asyncio.StreamWriter) -> None:
    """End a connection at once: nobody waits for a farewell, least of all from one that says nothing."""
    writer.transport.abort()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
