"""response_url: five answers within thirty minutes."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from playground.slack.clock import ManualClock
from playground.slack.messages import Message
from playground.slack.server import SimulatedSlack


def given(workspace: SimulatedSlack, message: Message | None = None) -> AsyncWebhookClient:
    """The vendor's client for an address the on-call engineer's action gave."""
    return AsyncWebhookClient(workspace.core.response_urls.give("U0ONCALL0", "C0ENGINE0", message))


async def test_five_times(still: SimulatedSlack) -> None:
    """It takes five answers, each shown to the person alone, and no sixth."""
    address = given(still)
    for number in range(5):
        answer = await address.send(text=str(number))
        assert (answer.status_code, answer.body) == (200, "ok")
    sixth = await address.send(text="5")
    assert sixth.status_code == 404
    assert "used_url" in sixth.body
    assert [one.text for one in still.ephemerals("oncall")] == ["0", "1", "2", "3", "4"]
    assert still.messages("#engineering") == []


async def test_thirty_minutes(still: SimulatedSlack, clock: ManualClock) -> None:
    """It takes answers for thirty minutes."""
    address = given(still)
    clock.advance(30 * 60)
    assert (await address.send(text="in time")).status_code == 200
    clock.advance(1)
    late = await address.send(text="late")
    assert (late.status_code, "expired_url" in late.body) == (404, True)


async def test_to_everyone(slack: SimulatedSlack) -> None:
    """It shows an answer to everyone when it says so."""
    await given(slack).send(text="all", response_type="in_channel")
    assert [one.text for one in slack.messages("#engineering")] == ["all"]
    assert slack.ephemerals("oncall") == []


@pytest.mark.parametrize("private", [True, False])
async def test_original(slack: SimulatedSlack, client: AsyncWebClient, private: bool) -> None:  # noqa: FBT001  a parameter of the test
    """It replaces and deletes the message that was acted on, seen by one person or by all."""
    if private:
        await client.chat_postEphemeral(channel="C0ENGINE0", user="U0ONCALL0", text="one")
    else:
        await client.chat_postMessage(channel="C0ENGINE0", text="one")
    message = slack.person("oncall").sees("#engineering")[0]
    address = given(slack, message)
    await address.send(text="two", replace_original=True)
    assert [one.content.text for one in message.versions] == ["one", "two"]
    await address.send(delete_original=True)
    assert slack.person("oncall").sees("#engineering") == []


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "no_text"),
    ({"blocks": [{"type": "section"}]}, "invalid_blocks"),
    ({"blocks": "x"}, "invalid_blocks_format"),
]


@pytest.mark.parametrize(("body", "code"), WRONG)
async def test_wrong_answers(slack: SimulatedSlack, body: dict[str, Any], code: str) -> None:
    """It holds answers to the same limits and says what is wrong."""
    url = slack.core.response_urls.give("U0ONCALL0", "C0ENGINE0")
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        assert response.status == 400
        assert (await response.json())["error"] == code
    assert slack.ledger.of("response_url")[0].error == code


async def test_unknown_address(slack: SimulatedSlack) -> None:
    """It knows only the addresses it gave, and takes only JSON."""
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{slack.url}/actions/T0/9/playground", json={"text": "x"}) as response:
            assert response.status == 404
        url = slack.core.response_urls.give("U0ONCALL0", "C0ENGINE0")
        async with session.post(url, data="{") as response:
            assert response.status == 400
