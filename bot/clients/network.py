"""Reaching a host by hand: name lookup, TCP, TLS, each timed apart, with the certificate even when it is refused."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Certificate, Reached

#: Seconds for each step: a lookup, a connection, two handshakes. Their sum stays below a source's 5 s, and one lost
#: packet (sent again after 1 s) is survived.
STAGE_SECONDS = 1.2
_UNREADABLE = NoAnswer(Stage.NAME, "the address has no host or port that can be read", timed_out=False, took_ms=0)
T = TypeVar("T")


class NetworkClient:
    """Satisfies `diagnostics.evidence.network.Network`.

    Args:
        trust: the TLS context that decides which certificates are trusted.
        seconds: the deadline of each stage.
    """

    def __init__(self, trust: ssl.SSLContext, seconds: float = STAGE_SECONDS) -> None:
        self._trust = trust
        self._seconds = seconds

    async def reach(self, url: str) -> Reached:
        """Look up, connect and shake hands with the host of a URL. Raises nothing but cancellation."""
        try:
            host, port, tls = _target(url)
        except ValueError:
            return Reached("", 0, tls=False, failure=_UNREADABLE)
        facts: dict[str, object] = {}
        failure = await self._stages(host, port, tls=tls, facts=facts)
        return Reached(host, port, tls, failure=failure, **facts)  # type: ignore[arg-type]

    async def _stages(self, host: str, port: int, *, tls: bool, facts: dict[str, object]) -> NoAnswer | None:
        found, took, failure = await self._timed(Stage.NAME, lambda: _lookup(host, port))
        facts["lookup_ms"] = took
        if failure or found is None:
            return failure
        facts["addresses"] = found
        _, took, failure = await self._timed(Stage.CONNECT, lambda: _connect(host, port, None))
        facts["connect_ms"] = None if failure else took
        if failure or not tls:
            return failure
        shown, _, _ = await self._timed(Stage.TLS, lambda: _connect(host, port, _any_certificate()))
        facts["certificate"] = _certificate(shown) if shown else None
        _, took, failure = await self._timed(Stage.TLS, lambda: _connect(host, port, self._trust))
        facts["handshake_ms"] = None if failure else took
        return failure

    async def _timed(self, stage: Stage, act: Callable[[], Awaitable[T]]) -> tuple[T | None, int, NoAnswer | None]:
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                return await act(), _ms(began), None
        except TimeoutError:
            words = f"nothing within {self._seconds:g} s"
            return None, _ms(began), NoAnswer(stage, words, timed_out=True, took_ms=_ms(began))
        except (OSError, ssl.SSLError, UnicodeError) as error:
            return None, _ms(began), NoAnswer(stage, _words(error), timed_out=False, took_ms=_ms(began))


def _target(url: str) -> tuple[str, int, bool]:
    """Host, port and whether it is TLS. Raises ValueError for an address that has none."""
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return parts.hostname or "", parts.port or (443 if tls else 80), tls


async def _lookup(host: str, port: int) -> tuple[str, ...]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[4][0]) for address in found))


async def _connect(host: str, port: int, trust: ssl.SSLContext | None) -> bytes:
    """Connect, and give the certificate shown in DER; empty without TLS."""
    _, writer = await asyncio.open_connection(host, port, ssl=trust)
    try:
        wrapped = writer.get_extra_info("ssl_object")
        return (wrapped.getpeercert(binary_form=True) or b"") if wrapped else b""
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
            await writer.wait_closed()


def _any_certificate() -> ssl.SSLContext:
    """A context that accepts every certificate: used to look at one, never to send anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _certificate(der: bytes) -> Certificate | None:
    """The facts of a certificate; None for one that cannot be read, which TLS then refuses too."""
    try:
        return _facts(x509.load_der_x509_certificate(der))
    except (ValueError, x509.DuplicateExtension):
        return None


def _facts(parsed: x509.Certificate) -> Certificate:
    return Certificate(
        subject=parsed.subject.rfc4514_string(),
        issuer=parsed.issuer.rfc4514_string(),
        names=_names(parsed),
        not_before=parsed.not_valid_before_utc,
        not_after=parsed.not_valid_after_utc,
        fingerprint=parsed.fingerprint(hashes.SHA256()).hex(),
    )


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    """The names it is for: only the alternative names count (RFC 6125), addresses among them."""
    try:
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = names.get_values_for_type(x509.DNSName)
    addresses = names.get_values_for_type(x509.IPAddress)
    return (*hosts, *(str(address) for address in addresses))


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
