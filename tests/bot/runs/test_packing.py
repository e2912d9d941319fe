"""Tests of packing: small, the same again, and bounded whatever a store holds."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.runs import packing
from bot.runs.packing import packed, unpacked


@given(st.binary().map(lambda rest: b"{" + rest))
def test_there_and_back(document: bytes) -> None:
    """Gives the very document again."""
    assert unpacked(packed(document)) == document


def test_small() -> None:
    """Makes a document that repeats itself much smaller."""
    document = b'{"pods":[' + b'{"name":"volaticloud-backend","ready":true},' * 10_000 + b"]}"
    assert len(packed(document)) < len(document) / 20


def test_a_document_that_was_kept_as_it_was() -> None:
    """Reads what was kept before documents were packed."""
    assert unpacked(b'{"format":2}') == b'{"format":2}'


def test_nonsense() -> None:
    """Refuses what it has not packed."""
    with pytest.raises(ValueError, match="cannot be unpacked"):
        unpacked(b"nonsense")


def test_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stops at its bound, however much would come out."""
    monkeypatch.setattr(packing, "UNPACKED_AT_MOST", 1_000)
    with pytest.raises(ValueError, match="more than 1,000 bytes"):
        unpacked(zlib.compress(b"{" + b" " * 1_000_000))
