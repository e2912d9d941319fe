"""A message in a terminal."""

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
