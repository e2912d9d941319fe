"""Tests of what a probe saw, read from a log that anybody may have written."""

from hypothesis import given
from hypothesis import strategies as st

from bot.probe.order import Way
from bot.probe.result import FACTS_AT_MOST, Outcome, Result, found_in
from diagnostics.model import Fact

SEEN = Result(Way.TCP, "db:5432", Outcome.REACHED, "db:5432 takes connections", (Fact("connect", "1 ms"),))


def test_words() -> None:
    """Tells all it saw in words."""
    assert SEEN.words == "db:5432 takes connections (connect 1 ms)"


def test_the_last_line_counts() -> None:
    """Reads the last line that is a result, whatever stands around it."""
    older = Result(Way.TCP, "db:5432", Outcome.LOST, "older")
    assert found_in([older.line(), "{}", SEEN.line(), "warning: x", '{"way":"tcp"}', "[" * 10_000]) == SEEN
    assert found_in(["nothing", ""]) is None


def test_hostile_lines() -> None:
    """Bounds what a line holds, and takes out what a terminal or a message would act on."""
    facts = tuple(Fact("x\n" * 999, "<!channel>\x1b[2J") for _ in range(999))
    found = found_in([Result(Way.TCP, "db\x00", Outcome.REACHED, "a\u202e" * 9999, facts).line()])
    assert found is not None
    assert len(found.facts) == FACTS_AT_MOST
    assert len(found.words) < 30_000
    assert found.words.isprintable()


@given(st.lists(st.text()))
def test_any_log(lines: list[str]) -> None:
    """Reads whatever a log holds, and finds a result only where there is one."""
    found = found_in(lines)
    assert found is None or found.words.isprintable()
