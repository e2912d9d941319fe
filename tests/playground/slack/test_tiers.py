"""Rate limits."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.clock import ManualClock
from playground.slack.refusals import SlackRefusal
from playground.slack.server import SimulatedSlack
from playground.slack.switches import Switches
from playground.slack.tiers import Tiers


def test_window(clock: ManualClock) -> None:
    """It takes so many calls of a method in a minute and then names the seconds to wait."""
    tiers = Tiers(clock, Switches())
    for _ in range(20):
        tiers.count("usergroups.list", 2)
        clock.advance(1)
    with pytest.raises(SlackRefusal) as caught:
        tiers.count("usergroups.list", 2)
    assert caught.value.retry_after == 40
    tiers.count("usergroups.users.list", 2)
    clock.advance(40)
    tiers.count("usergroups.list", 2)


def test_posts(clock: ManualClock) -> None:
    """It takes a short burst of messages in a channel, then one a second, each channel for itself."""
    tiers = Tiers(clock, Switches())
    for _ in range(5):
        tiers.count_post("C1")
    with pytest.raises(SlackRefusal, match="ratelimited"):
        tiers.count_post("C1")
    tiers.count_post("C2")
    clock.advance(1)
    tiers.count_post("C1")
    with pytest.raises(SlackRefusal, match="ratelimited"):
        tiers.count_post("C1")


def test_switched_off(clock: ManualClock) -> None:
    """It lets everything pass when told to."""
    tiers = Tiers(clock, Switches(strict_tiers=False))
    for _ in range(200):
        tiers.count("chat.update", 3)
        tiers.count_post("C1")


async def test_answer(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It answers 429 with Retry-After, shared by all edits wherever they are."""
    ts = (await client.chat_postMessage(channel="C0ENGINE0", text="x"))["ts"]
    other = (await client.chat_postMessage(channel="C0DEVOPS0", text="x"))["ts"]
    for _ in range(25):
        await client.chat_update(channel="C0ENGINE0", ts=ts, text="y")
        await client.chat_update(channel="C0DEVOPS0", ts=other, text="y")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_update(channel="C0ENGINE0", ts=ts, text="y")
    assert caught.value.response.status_code == 429
    assert 1 <= int(caught.value.response.headers["Retry-After"]) <= 60
    assert [entry.error for entry in slack.ledger.rejected] == ["ratelimited"]


async def test_storm(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It answers 429 to as many calls as a storm was set for."""
    slack.switches.storm("chat.postMessage", calls=2, retry_after_s=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await client.chat_postMessage(channel="C0ENGINE0", text="x")
        assert caught.value.response.headers["Retry-After"] == "7"
    await client.chat_postMessage(channel="C0ENGINE0", text="x")
