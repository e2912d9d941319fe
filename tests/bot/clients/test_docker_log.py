"""Docker's log stream, decoded into the newest whole lines."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clients.docker_log import BrokenLogError, newest
from diagnostics.evidence.containers import LogTail

PLENTY = 1_000_000


def frame(stream: int, text: bytes) -> bytes:
    return struct.pack(">BxxxL", stream, len(text)) + text


def test_documented_example() -> None:
    """It decodes by the documented header: stream, three zero bytes, length big-endian."""
    body = b"\x01\x00\x00\x00\x00\x00\x00\x06hello\n" + b"\x02\x00\x00\x00\x00\x00\x00\x05oops\n"
    assert newest([body], raw=False, most=PLENTY) == LogTail(("hello", "oops"))


@given(
    lines=st.lists(st.tuples(st.sampled_from([1, 2]), st.text("ab\u00e9 ", max_size=9)), max_size=9),
    cut=st.integers(1, 7),
)
def test_any_chunks(lines: list[tuple[int, str]], cut: int) -> None:
    """It does not matter where the connection cuts the stream."""
    body = b"".join(frame(stream, f"{text}\n".encode()) for stream, text in lines)
    chunks = [body[at : at + cut] for at in range(0, len(body), cut)]
    assert newest(chunks, raw=False, most=PLENTY).lines == tuple(text for _, text in lines)


def test_interleaved() -> None:
    """It puts a line together that the other stream came between."""
    body = frame(1, b"secret=ab") + frame(2, b"error\n") + frame(1, b"cd\n")
    assert newest([body], raw=False, most=PLENTY).lines == ("error", "secret=abcd")


def test_raw() -> None:
    """It takes a terminal's output as it is, without its carriage returns."""
    assert newest([b"one\r\ntw", b"o\r\n"], raw=True, most=PLENTY) == LogTail(("one", "two"))


def test_unfinished_last_line() -> None:
    """It keeps the last words of a container, though they do not end in a newline."""
    assert newest([frame(2, b"killed")], raw=False, most=PLENTY).lines == ("killed",)


def test_not_utf8() -> None:
    """It keeps a line whose bytes are no text."""
    assert newest([b"caf\xe9\n"], raw=True, most=PLENTY).lines == ("caf\ufffd",)


@pytest.mark.parametrize(
    ("most", "expected"),
    [(9, LogTail(("aaa", "bbb", "ccc"))), (8, LogTail(("bbb", "ccc"), cut=True)), (2, LogTail((), cut=True))],
)
def test_bound(most: int, expected: LogTail) -> None:
    """It keeps the newest lines that fit, each of them whole, and says that others did not."""
    assert newest([b"aaa\nbbb\nccc\n"], raw=True, most=most) == expected


def test_overlong_line() -> None:
    """It gives up a line that fits nowhere as a whole, and goes on with the next."""
    chunks = [b"before\n", b"x" * 60, b"y" * 60, b"z\nafter\n"]
    assert newest(chunks, raw=True, most=50) == LogTail(("before", "after"), cut=True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (frame(1, b"hello")[:-1], "middle of a piece"),
        (b"\x01\x00\x00", "middle of a piece"),
        (b"2026-11-23 plain text, not framed", "not in Docker's stream format"),
        (struct.pack(">BxxxL", 1, 2_000_000_000), "not in Docker's stream format"),
        (frame(3, b"cannot read log file\n"), "the daemon says: cannot read log file"),
    ],
)
def test_broken(body: bytes, words: str) -> None:
    """It says what is wrong with a stream that cannot be decoded."""
    with pytest.raises(BrokenLogError, match=words):
        newest([body], raw=False, most=PLENTY)
