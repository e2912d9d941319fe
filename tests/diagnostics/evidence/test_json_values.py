"""Tests of taking values out of JSON that anybody may have written."""

import pytest

from diagnostics.evidence.json_values import part, word


@pytest.mark.parametrize("value", [None, [], "text", 5, True])
def test_no_object(value: object) -> None:
    """Gives an empty object for what is none."""
    assert part(value) == {}
    assert part({"a": value}) == {"a": value}


@pytest.mark.parametrize("value", [None, [], {}, 5, True])
def test_no_text(value: object) -> None:
    """Gives an empty text for what is none."""
    assert word(value) == ""


def test_a_text() -> None:
    """Gives a text as it is, but for half a surrogate pair, which nothing could write down."""
    assert word("Alice é") == "Alice é"
    assert word("a\ud800b") == "a?b"
