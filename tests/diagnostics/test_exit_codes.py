"""Tests of exit codes in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.exit_codes import ended_in_words, in_words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exit code 0: it ended by itself, without an error"),
        (1, "exit code 1: the program failed"),
        (127, "exit code 127: its command was not found"),
        (128, "exit code 128: the program's own code"),
        (129, "exit code 129: ended by SIGHUP"),
        (137, "exit code 137: it was killed (137: out of memory, or a stop that took too long)"),
        (139, "exit code 139: ended by SIGSEGV"),
        (143, "exit code 143: it was stopped (143: SIGTERM)"),
        (42, "exit code 42: the program's own code"),
        (255, "exit code 255: the program's own code"),
        (-1, "exit code -1: the program's own code"),
    ],
)
def test_codes(code: int, words: str) -> None:
    """Says what a code means, and that it is the program's own where nobody else gives it a meaning."""
    assert in_words(code) == words


@given(st.integers())
def test_any_code(code: int) -> None:
    """Has a sentence for every number."""
    assert in_words(code).startswith(f"exit code {code}: ")


@pytest.mark.parametrize(
    ("code", "says", "words"),
    [
        (2, "panic: assignment to entry in nil map", "exit code 2: the program panicked"),
        (2, "fatal error: concurrent map writes", "exit code 2: the program panicked"),
        (2, "usage: volaticloud [flags]", "exit code 2: the program was called wrongly"),
        (1, "panic: assignment to entry in nil map", "exit code 1: the program failed"),
    ],
)
def test_a_panic(code: int, says: str, words: str) -> None:
    """Tells a panic of Go's runtime from a wrong call, which has the same code, by the log's last words."""
    assert ended_in_words(code, says) == words
