"""Tests of the linear-time patterns."""

import re
import time

import pytest

from diagnostics.patterns import BadPatternError, Pattern, PatternSet, escaped

ANY = bytes(range(256))


def test_finds_where_re_finds() -> None:
    """It gives the same offsets as Python's own re on ordinary patterns, empty matches included."""
    text = b"user=bob, pass=x; n=12 \xc3\xa9"
    for source in (r"(\w+)=(\w+)?", r"x*", r"[^a-z]+", r"\bn", r"(a)|(b)"):
        ours = [hit.span() for hit in Pattern(source).finditer(text)]
        assert ours == [hit.span() for hit in re.finditer(source.encode(), text)]


def test_hit_gives_groups() -> None:
    """It gives offsets and bytes of groups, and says which took part."""
    hit = Pattern(r"(a)|(b+)").search(b"xxbb")
    assert hit is not None
    assert (hit.span(), hit.start(2), hit.end(2), hit.group(2)) == ((2, 4), 2, 4, b"bb")
    assert not hit.has(1)
    assert hit.group(1) == b""


def test_positions_bound_the_search() -> None:
    """It looks only between `pos` and `endpos`, and not at all when they cross."""
    word = Pattern(r"[a-z]+")
    assert [hit.group() for hit in (word.search(b"abc def", 1, 3), word.match(b"abc", 1)) if hit] == [b"bc", b"bc"]
    assert word.match(b"abc def", 3) is None
    assert word.fullmatch(b"abc", 0, 99)
    assert word.search(b"abc", 5) is None
    assert list(word.finditer(b"abc", 5)) == []


def test_ends_are_those_of_the_text() -> None:
    """It takes `^` and `$` for the ends of the whole text, also when it looks at a part."""
    assert Pattern("c$").search(b"abcd", 0, 3) is None
    assert Pattern("^b").search(b"abcd", 1) is None


def test_escapes_every_byte() -> None:
    """It escapes a literal so that it matches itself alone."""
    assert Pattern(escaped(ANY)).fullmatch(ANY)
    assert not Pattern(escaped(b"a.c")).fullmatch(b"abc")


def test_names_a_bad_pattern() -> None:
    """It names the pattern that is refused and says why."""
    with pytest.raises(BadPatternError, match=r"'\(\?=x\)' is refused: .*perl"):
        Pattern("(?=x)")
    with pytest.raises(BadPatternError, match=r"'\['"):
        PatternSet(("ok", "["))


def test_set_says_which() -> None:
    """It says which patterns occur, in order, and none of none."""
    some = PatternSet(("refused", "time", "[0-9]+"))
    assert some.which(b"timed out after 5 s") == (1, 2)
    assert some.which(b"fine") == ()
    assert PatternSet(()).which(b"fine") == ()


def test_takes_linear_time() -> None:
    """It is not held up by the pattern that holds up Python's re for ever."""
    began = time.process_time()
    assert Pattern(r"(a+)+$").search(b"a" * 1_000_000 + b"b") is None
    assert time.process_time() - began < 1  # second; it takes a few milliseconds
