"""What the bot answers at once, and what it lets nobody do."""

from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest
from structlog.testing import capture_logs

from handlers import app as module
from handlers.app import COMMAND, build_app
from tests.handlers.world import CHANNEL, World, world


async def answer(here: World, line: str) -> str:
    outcome = await here.slack.person("oncall").command("engineering", line)
    assert outcome.acknowledged
    return outcome.answer.text if outcome.answer else ""


async def test_helps() -> None:
    """It shows privately what can be asked for."""
    async with world() as here:
        assert await answer(here, "/volati help") == "What you can ask for: /volati diagnose keycloak"
        assert await answer(here, "/volati") == "What you can ask for: /volati diagnose keycloak"
        assert here.slack.messages(CHANNEL) == []


async def test_refuses_privately() -> None:
    """It answers an unknown word to the person alone, with no ping in it, and does nothing."""
    async with world() as here:
        assert "did you mean “diagnose”?" in await answer(here, "/volati diagnoze keycloak")
        assert "is not there yet" in await answer(here, "/volati system-restart")
        assert "<!" not in await answer(here, "/volati <!channel> @channel")
        assert here.slack.messages(CHANNEL) == []
        assert here.examines.orders == []


async def test_hears_a_mention_in_a_thread() -> None:
    """It takes the same words after its name, in a thread too, and answers privately there."""
    async with world() as here:
        oncall = here.slack.person("oncall")
        root = await oncall.say("engineering", "something is wrong")
        record = await oncall.mention("engineering", "diagnose keycloak", thread_ts=root.ts)
        await here.done()
        assert record.acknowledged
        (private,) = here.slack.ephemerals("oncall")
        assert private.text.startswith("On it: looking at Keycloak")
        assert private.thread_ts == root.ts
        assert [order.area for order in here.examines.orders] == ["keycloak"]


async def test_same_event_twice_is_one_diagnosis() -> None:
    """It acts once on a mention that Slack delivers three times."""
    async with world() as here:
        here.slack.switches.duplicates = 2
        await here.slack.person("oncall").mention("engineering", "diagnose keycloak")
        await here.done()
        assert len(here.examines.orders) == 1


async def test_listener_failure_gives_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers with a short id when it fails before anything was begun, and logs why under that id."""

    def broken(*_: object) -> None:
        raise RuntimeError("the inside story")

    monkeypatch.setattr(module, "hear", broken)
    async with world() as here:
        with capture_logs() as logs:
            text = await answer(here, "/volati help")
        (entry,) = [entry for entry in logs if entry["event"] == "a listener failed"]
        assert text == f"Volati itself failed: {entry['id']}"


def command_from(team: str) -> AsyncBoltRequest:
    """A slash command from a workspace, as it comes over a socket."""
    body: dict[str, Any] = {
        "command": COMMAND,
        "text": "diagnose keycloak",
        "team_id": team,
        "user_id": "U0STRANG0",
        "channel_id": CHANNEL,
        "trigger_id": "1.2.3",
    }
    return AsyncBoltRequest(mode="socket_mode", body=body)


async def test_other_workspaces_get_nothing() -> None:
    """It does nothing for a workspace that is not its own."""
    async with world() as here:
        app = build_app(here.desk, here.transport, await here.transport.identity())
        response = await app.async_dispatch(command_from("T0OTHER00"))
        await here.done()
        assert here.examines.orders == []
        assert "On it" not in response.body


async def test_acknowledges_at_once_while_it_works() -> None:
    """It acknowledges while diagnoses run in the background: before any of them is done, and far within Slack's 3 s."""
    async with world() as here:
        here.slack.switches.strict_tiers = False
        here.examines.gate.clear()  # no diagnosis comes to its end before all are acknowledged
        oncall = here.slack.person("oncall")
        answers = [await oncall.command("engineering", "/volati diagnose keycloak") for _ in range(20)]
        assert all(answer.acknowledged and answer.latency_ms < 3_000 for answer in answers)
        here.examines.gate.set()
        await here.done()
