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
#: What the daemon takes for no; anything else is yes.
_FALSE = {"", "0", "no", "false", "none"}


class NoTimeError(ValueError):
    """A time was asked for that is no number; the text is the daemon's."""


def yes(word: str | None) -> bool:
    """Whether a word of a request means yes, as the daemon reads them."""
    return (word or "").strip().lower() not in _FALSE


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
        """From the request. A tail that is no number means all of it, as the Engine has it.

        Raises:
            NoTimeError: a time is no number.
        """
        wanted = {OUT: query.get("stdout"), ERR: query.get("stderr")}
        tail = query.get("tail", "all")
        return cls(
            streams=frozenset(stream for stream, word in wanted.items() if yes(word)),
            tail=int(tail) if tail.isdecimal() else None,
            since_s=_moment(query.get("since")),
            until_s=_moment(query.get("until")) or now_s,
            timestamps=yes(query.get("timestamps")),
        )


def _moment(word: str | None) -> float:
    """Seconds since 1970; 0 for none."""
    try:
        return float(word or 0)
    except ValueError:
        raise NoTimeError(f'strconv.ParseInt: parsing "{word}": invalid syntax') from None


def sent(container: Container, choice: Choice) -> Iterable[bytes]:
    """The pieces of the answer's body, one for each piece of a line; each bears the line's time, where it is wanted."""
    for entry in _chosen(container, choice):
        stamp = f"{moment(entry.at_s)} ".encode() if choice.timestamps else b""
        end = "\r\n" if container.tty else "\n"  # a terminal returns its carriage as well
        text = f"{entry.text}{end}".encode()
        for at in range(0, len(text), PIECE_AT_MOST):
            piece = stamp + text[at : at + PIECE_AT_MOST]
            yield piece if container.tty else _HEADER.pack(entry.stream, len(piece)) + piece


def _chosen(container: Container, choice: Choice) -> list[Entry]:
    """The newest lines first, of both streams, and of these the wanted stream's: so the daemon has it."""
    told = [entry for entry in container.tells(choice.until_s) if choice.since_s <= entry.at_s <= choice.until_s]
    newest = told if choice.tail is None else told[len(told) - min(choice.tail, len(told)) :]
    return [entry for entry in newest if entry.stream in choice.streams]
