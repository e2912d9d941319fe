"""The words that findings share."""

import pytest

from diagnostics.words import counted, few, one_line, raw_line, span


def test_few() -> None:
    """Names a few things and counts the rest."""
    assert few("abc") == "a, b, c"
    assert few("abcde") == "a, b, c and 2 more"
    assert few([]) == ""


def test_counted() -> None:
    """Puts a number before its noun."""
    assert [counted(number, "pod") for number in (0, 1, 2)] == ["0 pods", "1 pod", "2 pods"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "120 min"),
        (7200, "2 h"),
        (172799, "48 h"),
        (172800, "2 days"),
    ],
)
def test_spans(seconds: float, words: str) -> None:
    """Says a span as a person would."""
    assert span(seconds) == words


def test_foreign_lines() -> None:
    """Shows a foreign line as one printable line of at most 200 characters."""
    assert one_line("a\tb\n\x1b[31mc\u200bd") == "a b [31mc d"
    assert one_line("x" * 200) == "x" * 200
    assert one_line("x" * 201) == "x" * 200 + "…"
    assert raw_line("a\tb\n" + "x" * 201) == "a b …"
