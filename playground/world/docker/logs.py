"""The log of a container as the Engine sends it: chosen by stream, time and number, framed or raw."""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from playground.world.docker.shapes import moment
from playground.world.docker.state import ERR, OUT, Container, Entry

#: Stream, three zero bytes, the piece's length, big-endian (Engine API, ContainerAttach, "Stream format").
_HEADER = struct.Struct(">BxxxL")
#: The daemon takes lines apart after this many bytes.
PIECE_AT_MOST = 16_384
_TRUE = {"1", "true", "True"}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which part of a log is asked for. `tail` None means all; times are in seconds since 1970."""

    streams: frozenset[int]
    tail: int | None
    since_s: float
    until_s: float
    timestamps: bool

    @classmethod
    def of(cls, query: Mapping[str, str], now_s: float) -> Self:
        """From the request. A tail that is no number means all of it, as the Engine has it."""
        wanted = {OUT: query.get("stdout"), ERR: query.get("stderr")}
        tail = query.get("tail", "all")
        return cls(
            streams=frozenset(stream for stream, word in wanted.items() if word in _TRUE),
            tail=int(tail) if tail.isdecimal() else None,
            since_s=float(query.get("since") or 0),
            until_s=float(query.get("until") or 0) or now_s,
            timestamps=query.get("timestamps") in _TRUE,
        )


def sent(container: Container, choice: Choice) -> Iterable[bytes]:
    """The pieces of the answer's body, one for each piece of a line."""
    for entry in _chosen(container, choice):
        stamp = f"{moment(entry.at_s)} " if choice.timestamps else ""
        end = "\r\n" if container.tty else "\n"  # a terminal returns its carriage as well
        text = f"{stamp}{entry.text}{end}".encode()
        for at in range(0, len(text), PIECE_AT_MOST):
            piece = text[at : at + PIECE_AT_MOST]
            yield piece if container.tty else _HEADER.pack(entry.stream, len(piece)) + piece


def _chosen(container: Container, choice: Choice) -> list[Entry]:
    told = [
        entry
        for entry in container.tells(choice.until_s)
        if entry.stream in choice.streams and choice.since_s <= entry.at_s <= choice.until_s
    ]
    return told if choice.tail is None else told[len(told) - min(choice.tail, len(told)) :]
