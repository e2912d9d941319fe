"""What Slack does to typed text."""

from playground.slack.markup import escaped, in_command, in_message, rich_text
from playground.slack.server import SimulatedSlack


async def test_escapes() -> None:
    """It escapes three characters and no others."""
    assert escaped("a < b && c > d \"e\" 'f'") == "a &lt; b &amp;&amp; c &gt; d \"e\" 'f'"


async def test_names(slack: SimulatedSlack) -> None:
    """It turns known names into ids, in commands with the name beside them, and leaves unknown ones."""
    typed = "why @oncall in #engineering not @nobody"
    assert in_command(typed, slack.workspace) == "why <@U0ONCALL0|oncall> in <#C0ENGINE0|engineering> not @nobody"
    assert in_message(typed, slack.workspace) == "why <@U0ONCALL0> in <#C0ENGINE0|> not @nobody"


async def test_rich_text(slack: SimulatedSlack) -> None:
    """It makes elements of people and channels in what is typed."""
    block = rich_text("see @oncall in #engineering & @nobody", slack.workspace)
    assert block["elements"][0]["elements"] == [
        {"type": "text", "text": "see "},
        {"type": "user", "user_id": "U0ONCALL0"},
        {"type": "text", "text": " in "},
        {"type": "channel", "channel_id": "C0ENGINE0"},
        {"type": "text", "text": " & "},
        {"type": "text", "text": "@nobody"},
    ]
