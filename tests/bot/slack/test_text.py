"""Values in Slack's markup."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.limits import size
from bot.slack.text import clean, code, code_block, code_line, link, said

# Any text at all, with what markup is made of much more often.
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("<>&`!@#|*\u202e\u200b\x1b\n"))) | st.text(min_size=300)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("a\nb\u2028c\u00a0d", "a b c d"),
        ("\x1b[31mred", "␛[31mred"),
        ("evil\u202etxt.exe", "eviltxt.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half\ud800", "half\ufffd"),
        ("a `tick`", "a 'tick'"),
    ],
)
def test_says_a_value(text: str, shown: str) -> None:
    """It shows what can be read and hides nothing but tricks."""
    assert said(text, 100) == shown


def test_cuts_never_in_silence() -> None:
    """It says how much of a long value is missing, and never splits an escape."""
    assert said("&" * 100, 60) == "&amp;&amp;&amp;&amp;&amp;&amp;&amp;… (93 more characters)"


def test_code_survives_backticks() -> None:
    """It keeps code in one piece whatever is in it."""
    assert code("a`b", 20) == "`a'b`"
    assert code("  ", 20) == ""
    assert code_block("echo ```x``` `y`", 90) == "```echo ` ` `x` ` ` `y` ```"


def test_links_only_where_there_is_room() -> None:
    """It links to our own address, and leaves a link out that would be too long."""
    assert link("https://book.example.com/#a", "A > B", 100) == "<https://book.example.com/#a|A &gt; B>"
    assert link("https://book.example.com/" + "x" * 100, "A", 50) == "A"


@given(TEXTS, st.integers(40, 400))
def test_is_never_longer_than_told(text: str, most: int) -> None:
    """It stays within its room, however much the escaping adds."""
    assert size(said(text, most)) <= most
    assert size(code(text, most)) <= most
    assert size(code_block(text, most)) <= most


@given(TEXTS, st.integers(40, 400))
@example("  indented ```" + "`" * 7, 100)
def test_a_line_of_code(text: str, most: int) -> None:
    """It stays within its room, and cannot end the block of code it is put into."""
    line = code_line(text, most)
    assert size(line) <= most
    assert "```" not in line
    assert not set("<>\n") & set(line)
    assert code_line("\tat main.go", 40) == " at main.go"


@given(TEXTS)
@example("`" * 5)
@example("a" + "`" * 7 + "b")
def test_leaves_no_markup(text: str) -> None:
    """It leaves nothing in a value that Slack could read as its own, and nothing that cannot be encoded."""
    shown = said(text, 400)
    assert not set("<>`\n") & set(shown)
    assert code(text, 400).count("`") in {0, 2}
    assert "```" not in code_block(text, 400)[3:-3]
    assert not code_block(text, 400)[3:-3].endswith("`")
    (clean(text) + shown).encode("utf-8")
