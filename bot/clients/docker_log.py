"""Decodes a container's log as the Docker Engine sends it: from a stream of bytes to the newest whole lines.

It never cuts a line: half of a secret would not be recognised as one.
"""

import struct
from collections import deque
from collections.abc import Iterable, Iterator

from diagnostics.evidence.containers import LogTail

#: Before each piece: which stream, three zero bytes, and the piece's length, big-endian
#: (https://docs.docker.com/reference/api/engine/, ContainerAttach, "Stream format").
_HEADER = struct.Struct(">BxxxL")
#: Standard input, output and error; 3 is the daemon's own report that reading failed (moby's stdcopy).
_STREAMS = range(3)
_DAEMON = 3
#: Bytes of one piece. The daemon splits lines at 16 kB; a much longer piece means that this is no such stream.
_PIECE_AT_MOST = 1_000_000


class BrokenLogError(ValueError):
    """The stream is not what the Engine's documentation says, or the daemon reports that it cannot go on."""


def newest(chunks: Iterable[bytes], *, raw: bool, most: int) -> LogTail:
    """The newest lines that fit into `most` bytes. `raw` is how a container with a terminal logs.

    Raises:
        BrokenLogError: the stream cannot be decoded.
    """
    tail = _Tail(most)
    for stream, piece in _raw(chunks) if raw else _pieces(chunks):
        tail.add(stream, piece)
    return tail.whole()


def _raw(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    return ((1, chunk) for chunk in chunks)


def _pieces(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Each piece with its stream, wherever the chunks of the connection happen to end."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while (end := _end(held)) is not None:
            yield held[0], bytes(held[_HEADER.size : end])
            del held[:end]
    if held:
        raise BrokenLogError("it ends in the middle of a piece")


def _end(held: bytearray) -> int | None:
    """Where the first piece ends, or None while it is not all there."""
    if len(held) < _HEADER.size:
        return None
    stream, size = _HEADER.unpack_from(held)
    end: int = _HEADER.size + size
    if (stream not in _STREAMS and stream != _DAEMON) or size > _PIECE_AT_MOST:
        raise BrokenLogError("it is not in Docker's stream format")
    if len(held) < end:
        return None
    if stream == _DAEMON:
        raise BrokenLogError(f"the daemon says: {held[_HEADER.size : end].decode('utf-8', 'replace').strip()}")
    return end


class _Tail:
    """Lines put together per stream, so that output and errors, interleaved, do not tear each other's lines."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._cut = False
        self._open: dict[int, bytes] = {}
        self._overlong: set[int] = set()

    def add(self, stream: int, piece: bytes) -> None:
        """Add a piece of one stream."""
        if stream in self._overlong:
            _, newline, piece = piece.partition(b"\n")
            if not newline:
                return
            self._overlong.discard(stream)
        *whole, rest = (self._open.pop(stream, b"") + piece).split(b"\n")
        for line in whole:
            self._keep(line)
        self._hold(stream, rest)

    def whole(self) -> LogTail:
        """What was kept. A line without an end is whole too: the container ended with it."""
        for rest in self._open.values():
            self._keep(rest)
        return LogTail(tuple(line.rstrip(b"\r").decode("utf-8", "replace") for line in self._lines), self._cut)

    def _hold(self, stream: int, rest: bytes) -> None:
        """Keep a line that has not ended yet; one that cannot fit any more is given up as a whole."""
        if len(rest) > self._most:
            self._overlong.add(stream)
            self._cut = True
        elif rest:
            self._open[stream] = rest

    def _keep(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
        while self._size > self._most:
            self._size -= len(self._lines.popleft())
            self._cut = True
