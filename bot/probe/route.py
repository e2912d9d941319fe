"""A probe of the route: who passes packets on, hop by hop, without any right: by connections that may not go far.

Each attempt is an ordinary connection whose packets may pass only so many routers (its TTL). The router at which they
end says so by ICMP, and Linux hands that to the connection's owner (IP_RECVERR, ip(7)). The first attempt that
arrives is the last: the target sees one connection, as of any client.
"""

import asyncio
import errno
import os
import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import groupby

from bot.clients.failures import words
from bot.probe.result import Outcome
from bot.probe.road import EndError, Found, Road

#: Hops at most: half the internet is nearer than 15, and inside a cluster and its cloud there are two to five.
HOPS_AT_MOST = 15
#: Seconds for one hop: routers answer in milliseconds, from another continent in 0.3 s; TCP sends again after 1 s.
HOP_SECONDS = 0.9
#: Numbers of Linux that Python's socket module does not name.
_IP_RECVERR, _IPV6_RECVERR = 11, 25
_OPTIONS = {
    socket.AF_INET: (socket.IPPROTO_IP, socket.IP_TTL, _IP_RECVERR),
    socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, _IPV6_RECVERR),
}
_ERROR = struct.Struct("=IBBBBII")  # struct sock_extended_err: errno, origin, type, code, pad, info, data
_ICMP, _ICMP6 = 2, 3  # where an error comes from (SO_EE_ORIGIN_…)
_EXCEEDED_4, _EXCEEDED_6 = 11, 3  # "time exceeded" (RFC 792, RFC 4443)
_SOCKADDR_4, _SOCKADDR_6 = 8, 24  # bytes with the address: family, port (and a flow), then it
_ARRIVED = {0, errno.ECONNREFUSED}  # a refusal comes from the target itself


@dataclass(frozen=True, slots=True)
class Hop:
    """Where one attempt ended: by which error number (0: it arrived, -1: silence), and who said so, if it is known.

    `passed`: it ended only for want of hops, at a router that would have passed it on.
    """

    number: int
    error: int
    who: str = ""
    passed: bool = False

    @property
    def words(self) -> str:
        """Who answered, or that nobody did."""
        return self.who or ("no answer" if self.error < 0 else os.strerror(self.error))


async def followed(road: Road) -> str:
    """How far packets get, as a sentence; each hop is noted on the road.

    Raises:
        EndError: the target is not reached, or the system does not let one look.
    """
    place, hops = (await road.places())[0], list[Hop]()
    try:
        while not hops or (len(hops) < HOPS_AT_MOST and (hops[-1].passed or hops[-1].error < 0)):
            hops.append(await _attempt(place, len(hops) + 1))
    finally:
        _noted(road, hops)
    return _told(road, hops)


def _told(road: Road, hops: list[Hop]) -> str:
    last = hops[-1]
    if last.error in _ARRIVED:
        away = f"{last.number} {'hop' if last.number == 1 else 'hops'} away"
        return f"{road} is {away}, and {'refuses' if last.error else 'takes'} the connection"
    if last.error > 0 and not last.passed:
        who = f"{last.who} says: " if last.who else ""
        raise EndError(Outcome.LOST, f"{road} is not reached: {who}{os.strerror(last.error)}")
    seen = [hop for hop in hops if hop.who]
    end = f"the last that answers is {seen[-1].who} at hop {seen[-1].number}" if seen else "nobody on the way answers"
    raise EndError(Outcome.LOST, f"{road} is not reached within {HOPS_AT_MOST} hops; {end}")


def _noted(road: Road, hops: list[Hop]) -> None:
    """Note who is where; those in a row who say nothing as one."""
    for answer, group in groupby(hops, lambda hop: hop.words if hop.error < 0 else f"{hop.number}"):
        row = list(group)
        one, several = f"hop {row[0].number}", f"hops {row[0].number} to {row[-1].number}"
        road.note(one if len(row) == 1 else several, answer if row[0].error < 0 else row[0].words)


async def _attempt(found: Found, number: int) -> Hop:
    family, place = found
    level, ttl, receive = _OPTIONS[family]
    with socket.socket(family, socket.SOCK_STREAM) as wire:
        wire.setblocking(False)  # noqa: FBT003 the standard library's own signature
        try:
            wire.setsockopt(level, receive, 1)
            wire.setsockopt(level, ttl, number)
        except OSError as error:
            raise EndError(Outcome.UNSEEN, f"The route cannot be seen from here: {words(error)}") from error
        try:
            async with asyncio.timeout(HOP_SECONDS):
                await asyncio.get_running_loop().sock_connect(wire, place)
        except TimeoutError:
            return Hop(number, -1)
        except OSError as error:
            return _reported(number, error.errno or -1, wire, str(place[0]))
    return Hop(number, 0, str(place[0]))


def _reported(number: int, error: int, wire: socket.socket, target: str) -> Hop:
    """An attempt that failed, with what the connection's error queue says of it."""
    if error in _ARRIVED:
        return Hop(number, error, target)
    try:
        _, told, _, _ = wire.recvmsg(1, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return Hop(number, error)
    found = next((one for level, kind, data in told if (one := _message(level, kind, data))), None)
    return Hop(number, error, *found) if found else Hop(number, error)


def _message(level: int, kind: int, data: bytes) -> tuple[str, bool] | None:
    """Who reports an error, and whether it is that the packet had passed as many routers as it may."""
    if len(data) < _ERROR.size:
        return None
    _, origin, icmp, *_ = _ERROR.unpack_from(data)
    place = data[_ERROR.size :]  # whoever reports it follows as a sockaddr (ip(7))
    if (level, kind, origin) == (socket.IPPROTO_IP, _IP_RECVERR, _ICMP) and len(place) >= _SOCKADDR_4:
        return str(IPv4Address(place[4:8])), icmp == _EXCEEDED_4
    if (level, kind, origin) == (socket.IPPROTO_IPV6, _IPV6_RECVERR, _ICMP6) and len(place) >= _SOCKADDR_6:
        return str(IPv6Address(place[8:24])), icmp == _EXCEEDED_6
    return None
