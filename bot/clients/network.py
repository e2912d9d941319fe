"""Reaching a host by hand: name lookup, TCP, TLS, each timed apart, with the certificate even when it is refused."""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bot.clients.certificates import any_certificate, certificate_of
from bot.clients.failures import code, words
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Attempt, Certificate, Reached

#: Seconds for the whole way: as long as a request may take, so that both see the same, and below a source's 5 s. Two
#: lost packets (sent again after 1 s, then 2 s) are survived.
REACH_SECONDS = 4.0
#: By which part of that time each stage ends: one that takes too long leaves the next its chance, and is named itself.
_SHARES = {Stage.NAME: 0.6, Stage.CONNECT: 0.85, Stage.TLS: 1.0}
#: Addresses of one host that are tried, all at once: more are a provider's whole front, and tell nothing more.
ADDRESSES_AT_MOST = 8
_UNREADABLE = NoAnswer(Stage.NAME, "the address has no host or port that can be read", timed_out=False, took_ms=0)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Goal:
    """What a URL leads to. `host` is as certificates name it."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class _Address:
    """One address of a host, as the system gives and takes it."""

    family: socket.AddressFamily
    place: tuple[Any, ...]

    def __str__(self) -> str:
        return str(self.place[0])


@dataclass(frozen=True, slots=True)
class _Walk:
    """How far one got by one address."""

    address: str
    connect_ms: int | None = None
    handshake_ms: int | None = None
    certificate: Certificate | None = None
    failure: NoAnswer | None = None

    @property
    def rank(self) -> tuple[bool, bool, bool, bool]:
        """Sorts walks farthest first. A refusal tells more than silence, and silence more than having no way."""
        failure = self.failure
        if failure is None:
            return False, False, False, False
        return True, failure.stage is not Stage.TLS, failure.no_way, failure.timed_out


class NetworkClient:
    """Satisfies `diagnostics.evidence.network.Network`.

    Args:
        trust: the TLS context that decides which certificates are trusted.
        seconds: the deadline of the whole way.
    """

    def __init__(self, trust: ssl.SSLContext, seconds: float = REACH_SECONDS) -> None:
        self._trust = trust
        self._seconds = seconds

    async def reach(self, url: str) -> Reached:
        """Look up, connect and shake hands with the host of a URL. Raises nothing but cancellation."""
        try:
            goal = _goal(url)
        except ValueError:
            return Reached("", 0, tls=False, failure=_UNREADABLE)
        watch = _Watch(self._seconds)
        found, took, failure = await watch.timed(Stage.NAME, lambda: _lookup(goal))
        if found is None:
            return Reached(goal.host, goal.port, goal.tls, lookup_ms=took, failure=failure)
        walks = await asyncio.gather(*(self._walk(goal, one, watch) for one in found[:ADDRESSES_AT_MOST]))
        return _told(goal, took, walks)

    async def _walk(self, goal: _Goal, address: _Address, watch: "_Watch") -> _Walk:
        line, connect_ms, failure = await watch.timed(Stage.CONNECT, lambda: _connected(address))
        if line is None:
            return _Walk(str(address), failure=failure)
        if not goal.tls:
            line.close()
            return _Walk(str(address), connect_ms)
        shown, handshake_ms, failure = await watch.timed(Stage.TLS, lambda: _handshake(line, self._trust, goal.host))
        if failure is None:
            return _Walk(str(address), connect_ms, handshake_ms, certificate_of(shown or b""))
        if failure.certificate_refused:
            shown, _, _ = await watch.timed(Stage.TLS, lambda: _look(address, goal.host))
        return _Walk(str(address), connect_ms, None, certificate_of(shown or b""), failure)


class _Watch:
    """The time that is left for the whole way, and how long each part of it took."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began = asyncio.get_running_loop().time()

    async def timed(self, stage: Stage, act: Callable[[], Awaitable[T]]) -> tuple[T | None, int, NoAnswer | None]:
        """What an act gave, its milliseconds, and the failure where it gave nothing."""
        began = time.monotonic()
        try:
            async with asyncio.timeout_at(self._began + _SHARES[stage] * self._seconds):
                return await act(), _ms(began), None
        except TimeoutError:
            took = _ms(began)
            return None, took, NoAnswer(stage, f"nothing within {took / 1000:.1f} s", timed_out=True, took_ms=took)
        except (OSError, ssl.SSLError, UnicodeError) as error:
            took = _ms(began)
            return None, took, NoAnswer(stage, words(error), timed_out=False, took_ms=took, code=code(error))


def _told(goal: _Goal, lookup_ms: int, walks: list[_Walk]) -> Reached:
    """All walks as one: what the best of them saw, and where the others ended."""
    best = min(walks, key=lambda walk: (walk.rank, walk.address))  # in whatever order DNS gives them today
    return Reached(
        goal.host,
        goal.port,
        goal.tls,
        addresses=tuple(walk.address for walk in walks),
        lookup_ms=lookup_ms,
        connect_ms=best.connect_ms,
        handshake_ms=best.handshake_ms,
        certificate=best.certificate,
        failure=best.failure,
        lost=tuple(Attempt(walk.address, walk.failure, walk.certificate) for walk in walks if walk.failure),
    )


def _goal(url: str) -> _Goal:
    """What a URL leads to. Raises ValueError for an address that cannot be read."""
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return _Goal(parts.hostname or "", parts.port or (443 if tls else 80), tls)


async def _lookup(goal: _Goal) -> list[_Address]:
    found = await asyncio.get_running_loop().getaddrinfo(goal.host, goal.port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(_Address(family, place) for family, _, _, _, place in found))


async def _connected(address: _Address) -> socket.socket:
    line = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        line.setblocking(False)  # noqa: FBT003 the standard library's own signature
        await asyncio.get_running_loop().sock_connect(line, address.place)
    except BaseException:  # cancelled too: nothing stays open
        line.close()
        raise
    return line


async def _handshake(line: socket.socket, trust: ssl.SSLContext, host: str) -> bytes:
    """Shake hands over a connection, hang up, and give the certificate shown in DER."""
    _, writer = await asyncio.open_connection(sock=line, ssl=trust, server_hostname=host)
    try:
        return writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
            await writer.wait_closed()


async def _look(address: _Address, host: str) -> bytes:
    """The certificate shown, whatever it is, over a connection of its own."""
    return await _handshake(await _connected(address), any_certificate(), host)


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
