"""What a manifest grants."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.delivery import Delivery, Receipt
from playground.slack.outcomes import NotPossibleError
from playground.slack.server import SimulatedSlack

SMALLEST: dict[str, Any] = {
    "display_information": {"name": "Volati"},
    "features": {
        "slash_commands": [{"command": "/ops", "description": "x", "should_escape": False}],
        "shortcuts": [{"name": "Triage", "type": "message", "callback_id": "triage", "description": "x"}],
    },
    "oauth_config": {"scopes": {"bot": ["commands", "chat:write"]}},
    "settings": {"interactivity": {"is_enabled": False}},
}


class Keeping:
    """A carrier that keeps what it carries."""

    def __init__(self) -> None:
        self.kept: list[Delivery] = []

    async def carry(self, delivery: Delivery) -> Receipt:
        """Keep it."""
        self.kept.append(delivery)
        return Receipt(acknowledged=True)


@pytest.fixture
def kept(slack: SimulatedSlack) -> list[Delivery]:
    """What is delivered to an app installed from the smallest manifest."""
    slack.install(SMALLEST)
    carrier = slack.courier.carrier = Keeping()
    return carrier.kept


async def test_commands(slack: SimulatedSlack, kept: list[Delivery]) -> None:
    """It knows the commands of the manifest, and escapes names only where it says so."""
    person = slack.person("oncall")
    assert (await person.command("#engineering", "/volati help")).failure == "unknown_command"
    await person.command("#engineering", "/ops why @oncall <b>")
    assert kept[0].payload["text"] == "why @oncall &lt;b&gt;"


async def test_nothing_more(slack: SimulatedSlack, kept: list[Delivery], client: AsyncWebClient) -> None:
    """It delivers no event nobody subscribed to, no press without interactivity, and offers no other surface."""
    person = slack.person("oncall")
    message = await person.say("#engineering", "@volati help")
    assert (await person.shortcut(message, "triage")).failure == "not_interactive"
    with pytest.raises(NotPossibleError, match="no message shortcut 'other'"):
        await person.shortcut(message, "other")
    with pytest.raises(NotPossibleError, match="no global shortcut 'triage'"):
        await person.global_shortcut("triage")
    with pytest.raises(NotPossibleError, match="no Home tab"):
        await person.open_home()
    assert kept == []
    answer = await client.auth_test()
    assert answer.headers["x-oauth-scopes"] == "chat:write,commands"
