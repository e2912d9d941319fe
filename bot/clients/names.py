"""Looking names up: what a chosen nameserver, or else this machine's resolver, says of one, and how long it took."""

import asyncio
import socket
import time
from typing import Protocol

from bot.clients.failures import words
from diagnostics.evidence.cluster.edge_client import Found
from diagnostics.evidence.http import NoAnswer, Stage

#: Seconds for one lookup. A datagram may be lost: then the question is sent again.
LOOKUP_SECONDS = 2.0
#: What this machine's resolver says of a name that does not exist, or has no address.
_UNKNOWN = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class _Asked(Protocol):
    async def addresses(self, name: str) -> tuple[tuple[str, ...], str]:
        """The addresses of a name, and where there are none why not."""
        ...


class NameClient:
    """Looks names up.

    Args:
        nameserver: host:port of the one that is asked, the host an address; empty for this machine's resolver.
        seconds: the deadline of one lookup.
    """

    def __init__(self, nameserver: str = "", seconds: float = LOOKUP_SECONDS) -> None:
        self._asked: _Asked = _nameserver(nameserver, seconds) if nameserver else _Machine()
        self._seconds = seconds

    async def look_up(self, name: str) -> Found:
        """All addresses of a name. Raises nothing but cancellation."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                addresses, lack = await self._asked.addresses(name)
        except TimeoutError:
            return _lost(began, f"no answer from {self._asked} within {self._seconds:g} s", timed_out=True)
        except (OSError, ValueError) as error:
            return _lost(began, words(error))
        if lack:
            return _lost(began, lack, missing=True)
        return Found(addresses, _ms(began))


class _Machine:
    """This machine's resolver, asked as a `Nameserver` is."""

    def __str__(self) -> str:
        return "this machine's resolver"

    async def addresses(self, name: str) -> tuple[tuple[str, ...], str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(name, 0, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            if error.errno in _UNKNOWN:
                return (), f"{self} knows no such name ({error.strerror})"
            raise
        return tuple(dict.fromkeys(str(address[4][0]) for address in found)), ""


def _nameserver(address: str, seconds: float) -> _Asked:
    from bot.clients.nameserver import Nameserver  # noqa: PLC0415 2 MB that only those who name one pay

    return Nameserver(address, seconds)


def _lost(began: float, detail: str, *, timed_out: bool = False, missing: bool = False) -> Found:
    took = _ms(began)
    return Found((), took, NoAnswer(Stage.NAME, detail, timed_out=timed_out, took_ms=took), missing)


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
