"""Tests of Markdown as nodes."""

import pytest

from playground.page.markdown import markdown
from tests.playground.page.test_markup import flat


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# Title\ntext", "<heading:Title>text"),
        ("- one\n- **two**", "<list:<item:one><item:<bold:two>>>"),
        ("1. one\n2) two", "<list:<item:one><item:two>>"),
        ("> said\n> twice", "<quote:said\ntwice>"),
        ("```py\nx = 1\n```\nend", "<pre:x = 1>end"),
        ("[here](https://a.example) [no](javascript:x)", "<link:here> no"),
        ("`a*b*` *i* ~~s~~ :eyes:", "<code:a*b*> <italic:i> <strike:s> <emoji:eyes>"),
        ("one\n---\ntwo", "one<rule:>two"),
        ("<b>not html</b>", "<b>not html</b>"),
    ],
)
def test_nodes(written: str, shown: str) -> None:
    """It reads what a `markdown` block may hold; HTML stays words."""
    assert flat(markdown(written)) == shown
