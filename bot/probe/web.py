"""A probe by HTTP: one GET, its status and its times. No content is read beyond counting it, no redirect followed."""

import asyncio
import re

from bot.probe.order import Order
from bot.probe.result import Outcome, plain
from bot.probe.road import READ_AT_MOST, EndError, Line, Road

#: Bytes of a body that are counted: a health page has some hundred; a probe is no download.
BODY_AT_MOST = 1_000_000
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?\r?\n")
_LOCATION = re.compile(rb"\r?\nlocation:[ \t]*([^\r\n]{1,2000})", re.IGNORECASE)
_USER = re.compile("//[^/@]*@")
_REDIRECT = 3


async def asked(order: Order, road: Road) -> str:
    """What came of the request, as a sentence; its times are noted on the road.

    Raises:
        EndError: there was no answer that is one.
    """
    async with road.connected() as line:
        if order.scheme == "https":
            await road.secured(line, road.means.trust)
        line.writer.write(_request(order))
        head = await road.timed("first answer", f"{order} was asked and did not answer", _head(line))
        size = await road.timed("the rest", f"{order} did not end its answer", _counted(line))
    return _told(order, head, size)


def _request(order: Order) -> bytes:
    host = str(Order(order.way, order.host, order.port, order.scheme)).partition("//")[2]
    lines = (
        f"GET {order.path or '/'} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: volati-probe",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


async def _head(line: Line) -> bytes:
    try:
        return await line.reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return await line.reader.read(READ_AT_MOST)
    except asyncio.IncompleteReadError as error:
        return error.partial


async def _counted(line: Line) -> int:
    """How many bytes follow, up to the bound."""
    size = 0
    while size < BODY_AT_MOST and (part := await line.reader.read(READ_AT_MOST)):
        size += len(part)
    return size


def _told(order: Order, head: bytes, size: int) -> str:
    status = _STATUS.match(head)
    if not head:
        raise EndError(Outcome.LOST, f"{order} closed the connection without an answer")
    if not status:
        raise EndError(Outcome.LOST, f"What answers at {order} is no HTTP")
    number = status.group(1).decode()
    more = f"{size} bytes" if size < BODY_AT_MOST else f"{BODY_AT_MOST} bytes and more"
    return f"{order} answers HTTP {number}, {more}{_elsewhere(number, head)}"


def _elsewhere(number: str, head: bytes) -> str:
    """Where a redirect leads, without its query, which may hold what is nobody's business."""
    found = _LOCATION.search(head) if number.startswith(str(_REDIRECT)) else None
    if not found:
        return ""
    place = found.group(1).decode("latin-1").partition("?")[0].partition("#")[0]
    return f", and leads to {plain(_USER.sub('//', place, count=1))}, which was not followed"
