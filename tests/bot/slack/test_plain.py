"""A message in a terminal."""

from typing import Any

import pytest

from bot.slack.message import Message, context, section
from bot.slack.plain import plain


def test_reads_as_in_slack() -> None:
    """It shows what a reader in Slack sees: no markup, links with their address, code set in."""
    message = Message(
        "fallback",
        (
            section(":red_circle: *Down.* <@U1|anna> in <#C1> said a &lt; b\n```kubectl get pods\nkubectl top```"),
            context("See <https://book.example.com/x|the book>. `keycloak.slow`"),
        ),
    )
    assert plain(message).splitlines() == [
        "🔴 Down. @anna in #C1 said a < b",
        "    kubectl get pods",
        "    kubectl top",
        "",
        "  See the book (https://book.example.com/x). keycloak.slow",
    ]


def test_reads_a_message_without_blocks() -> None:
    """It shows the text where there are no blocks."""
    assert plain(Message("a &amp; b")) == "a & b"


def test_reads_what_a_person_typed() -> None:
    """It shows rich text, which is what Slack makes of an ordinary message, piece by piece and line by line."""
    pieces = [
        {"type": "text", "text": "is <it> down, "},
        {"type": "user", "user_id": "U1"},
        {"type": "text", "text": "?\nsee "},
        {"type": "link", "url": "https://book.example.com", "text": "the book"},
        {"type": "emoji", "name": "warning"},
    ]
    rich = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": pieces},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "kubectl get pods"}]},
            {
                "type": "rich_text_list",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "channel", "channel_id": "C1"}]}],
            },
        ],
    }
    assert plain(Message("fallback", (rich,))).splitlines() == [
        "is <it> down, @U1?",
        "see the book (https://book.example.com)⚠️",
        "    kubectl get pods",
        "• #C1",
    ]


@pytest.mark.parametrize("block", [{"type": "video"}, {"type": "image", "alt_text": "a graph"}, {}])
def test_reads_a_block_of_another_kind(block: dict[str, Any]) -> None:
    """It shows the fallback text for a block it does not know, and the blocks it does."""
    assert plain(Message("a &amp; b", (block, section("known")))).splitlines() == ["a & b", "known"]


def test_reads_every_block_of_ours() -> None:
    """It shows headings, fields, choices and pictures' words beside the rest."""
    blocks: tuple[dict[str, Any], ...] = (
        {"type": "header", "text": {"type": "plain_text", "text": "Keycloak"}},
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Asked by* anna"}]},
        {"type": "divider"},
        {"type": "actions", "elements": [{"type": "static_select", "placeholder": {"text": "Level"}}]},
        {"type": "context", "elements": [{"type": "image", "alt_text": "a graph"}]},
    )
    shown = [line for line in plain(Message("fallback", blocks)).splitlines() if line]
    assert shown == ["Keycloak", "Asked by anna", "[Level]", "  a graph"]
