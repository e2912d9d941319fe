"""Tests of Slack's markup as nodes."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.plain import SIGNS
from playground.page.markup import mrkdwn
from playground.page.nodes import Node


def flat(nodes: list[Node]) -> str:
    """The nodes as one line, for reading: marks in angle brackets."""
    return "".join(_flat(node) for node in nodes)


def _flat(node: Node) -> str:
    if node["is"] == "text":
        return str(node["text"])
    inner = flat(node["of"]) if "of" in node else str(node.get("text") or node.get("id") or node.get("name") or "")
    return f"<{node['is']}:{inner}>"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("*bold* and _italic_ and ~gone~", "<bold:bold> and <italic:italic> and <strike:gone>"),
        ("*_both_*", "<bold:<italic:both>>"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("* not bold *", "* not bold *"),
        ("`a *b* <c>`", "<code:a *b* c>"),
        ("a &amp;lt; b &lt;i&gt;", "a &lt; b <i>"),
        ("<@U1|ann> in <#C1|ops>", "<person:U1> in <channel:C1>"),
        ("<!subteam^S1|@ops> <!here>", "<group:S1> <everyone:>"),
        ("<https://a.example|here>", "<link:here>"),
        ("<javascript:alert(1)|here>", "<javascript:alert(1)|here>"),
        ("<data:text/html,x> <b>", "<data:text/html,x> <b>"),
        (":red_circle: at 12:30:45 :nonsense:", "<emoji:red_circle> at 12:30:45 :nonsense:"),
        ("before\n```\ncode &lt;b&gt;\n```\nafter", "before<pre:code <b>>after"),
        ("an ``` open fence", "an ``` open fence"),
        ("&gt; one\n&gt; two\nthree", "<quote:one\ntwo>three"),
        ("<unfinished", "<unfinished"),
    ],
)
def test_nodes(written: str, shown: str) -> None:
    """It reads Slack's marks as Slack does, and leaves everything else as it was written."""
    assert flat(mrkdwn(written)) == shown


def _words(value: Any) -> str:
    if isinstance(value, list):
        return "".join(_words(one) for one in value)
    return _words(value["of"]) if "of" in value else str(value.get("text", ""))


@given(st.text(alphabet="ab \n.", max_size=80))
def test_loses_nothing(written: str) -> None:
    """It keeps every letter of a text without marks."""
    assert _words(mrkdwn(written)) == written


@given(st.text(alphabet="*_~`<>:&;!@#|\n ax", max_size=200))
def test_never_fails(written: str) -> None:
    """It reads any text, and every link in it is one a browser may follow."""
    for node in mrkdwn(written):
        assert node["is"] != "link" or node["url"].lower().startswith(("http://", "https://", "mailto:"))


@pytest.mark.parametrize("row", ["*a", "*", "<", "`", "_*~", "```", ">\n", ":a", "*a _b ~c "])
def test_takes_no_longer_for_hostile_rows(row: str) -> None:
    """It reads 12,000 characters of unclosed marks in well under a second."""
    began = time.perf_counter()
    mrkdwn(row * (12_000 // len(row)))
    assert time.perf_counter() - began < 1.0


@pytest.mark.parametrize("name", sorted(SIGNS))
def test_every_sign_of_the_bot_is_drawn(name: str) -> None:
    """It draws each sign that the bot's messages have, and shows none by its name."""
    assert flat(mrkdwn(name)) == f"<emoji:{name.strip(':')}>"
