"""Lists, page by page, each decoded and made into plain values in a thread: the loop only waits for bytes.

A call of msgspec's keeps the interpreter's lock until it is done, and the loop stands still meanwhile: a page is split
first, which is a scan, and its things are decoded one after another, so that the lock can change hands between them.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec

from bot.clients.kubernetes import wire
from bot.clients.kubernetes.connection import CALL_SECONDS, Connection, Question, RefusedError
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.model import CouldNotLookError, Reason

#: Things asked for at once: 500 pods are some 5 MB and 12 ms of decoding.
PAGE = 500
#: Things of one kind in a namespace that are read at most. More than this is no cluster of a trading platform.
THINGS_AT_MOST = 20_000
_GONE = 410
_NAMED = msgspec.json.Decoder(wire.Named)
_SPLIT = msgspec.json.Decoder(wire.ListOf[msgspec.Raw])
W = TypeVar("W")
V = TypeVar("V")


async def listed(
    connection: Connection, path: str, right: Right, kind: type[W], read: Callable[[W], V | None]
) -> tuple[V, ...]:
    """All things of a list. What `read` gives None for is left out.

    A list that changed under its pages (410) is read again from the start, once.

    Raises:
        CouldNotLookError: it could not be read to its end; nothing is told of a part.
    """
    try:
        async with asyncio.timeout(CALL_SECONDS):
            try:
                return await _pages(connection, path, right, kind, read)
            except RefusedError as error:
                if error.status != _GONE:
                    raise
            return await _pages(connection, path, right, kind, read)
    except TimeoutError as error:
        detail = f"The API server at {connection.host} did not finish {right} within {CALL_SECONDS:g} s."
        raise CouldNotLookError(Reason.TIMEOUT, detail) from error


async def _pages(
    connection: Connection, path: str, right: Right, kind: type[W], read: Callable[[W], V | None]
) -> tuple[V, ...]:
    decoder = msgspec.json.Decoder(kind)
    found: list[V] = []
    onward = ""
    while True:
        query: dict[str, str | int] = {"limit": PAGE, **({"continue": onward} if onward else {})}
        body = await connection.ask(Question(path, right, query))
        page, onward = await asyncio.to_thread(partial(_page, decoder, body, read, right))
        found += page
        if not onward:
            return tuple(found)
        if len(found) >= THINGS_AT_MOST:
            detail = f"There are more than {THINGS_AT_MOST:,} to {right}; so many are not read. Name fewer namespaces."
            raise CouldNotLookError(Reason.FAILED, detail)


def _page(
    decoder: msgspec.json.Decoder[W], body: bytes, read: Callable[[W], V | None], right: Right
) -> tuple[list[V], str]:
    try:
        page = _SPLIT.decode(body)
    except msgspec.DecodeError as error:
        detail = (
            f"What the API server sent for {right} cannot be read: {error}. Is it an API server that answers there?"
        )
        raise CouldNotLookError(Reason.FAILED, detail) from error
    values = [value for item in page.items or () if (value := _thing(decoder, item, read, right)) is not None]
    return values, page.metadata.continue_


def _thing(
    decoder: msgspec.json.Decoder[W], item: msgspec.Raw, read: Callable[[W], V | None], right: Right
) -> V | None:
    try:
        return read(decoder.decode(item))
    except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
        detail = f"{_name(item)} among what the API server sent for {right} cannot be read: {error}."
        raise CouldNotLookError(Reason.FAILED, detail) from error


def _name(item: msgspec.Raw) -> str:
    """What a thing is called that cannot be read, where that can be."""
    try:
        name = _NAMED.decode(item).metadata.name
    except msgspec.DecodeError:
        name = ""
    return name or "Something"
