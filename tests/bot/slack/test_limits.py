"""Slack's limits, counted."""

from bot.slack.limits import FALLBACK_TEXT, SECTION_TEXT, faults, size
from bot.slack.message import context, section


def test_counts_the_larger_way() -> None:
    """It counts what lies beyond the basic plane twice, as JavaScript does."""
    assert size("a😀") == 3


def test_names_each_fault() -> None:
    """It says of each limit that a message breaks which and by how much."""
    assert faults("text", (section("x" * SECTION_TEXT), context("x"))) == ()
    assert faults("", ()) == ("it has no text",)
    assert "its text has 4001" in faults("x" * (FALLBACK_TEXT + 1), ())[0]
    assert faults("x", (section("x" * (SECTION_TEXT + 1)),))[0].startswith("a text of block 0 has 3001")
    assert faults("x", (section(""),))[0].startswith("a text of block 0 has 0")
    assert faults("x", (context("x"),) * 51) == ("it has 51 blocks; 50 are taken",)
    assert faults("x", (context(*"abcdefghijk"),)) == ("block 0 has 11 elements; 10 are taken",)
    assert faults("x", (section("x" * 2900),) * 5) == ("its blocks have 14500 characters; 13200 are taken",)
