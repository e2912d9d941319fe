"""The shapes of what is delivered and answered, held to the vendor's samples (`tests/payloads/slack`)."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.delivery import Delivery, Receipt
from playground.slack.server import SimulatedSlack

SAMPLES = Path(__file__).parents[2] / "payloads" / "slack"
KINDS: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "boolean": bool}
CHANNEL = "C0ENGINE0"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


CONFIRM = {**{key: plain(key) for key in ("title", "text", "confirm", "deny")}, "style": "danger"}
GO = {
    "type": "button",
    "action_id": "go",
    "text": plain("Go"),
    "value": "plan-1",
    "style": "danger",
    "url": "https://a.example",
    "confirm": CONFIRM,
}
MENU = {"type": "static_select", "action_id": "menu", "options": [{"text": plain("One"), "value": "1"}]}
BLOCKS = [{"type": "actions", "elements": [GO, MENU]}]
MODAL = {
    "type": "modal",
    "title": plain("Title"),
    "submit": plain("Send"),
    "close": plain("Close"),
    "notify_on_close": True,
    "blocks": BLOCKS,
}


def differences(value: object, shape: object, pointer: str = "") -> Iterator[str]:
    """Where a value has not the shape: a pointer, and what is wrong there."""
    if isinstance(shape, str):
        if not isinstance(value, KINDS[shape]) or (shape == "number" and isinstance(value, bool)):
            yield pointer
    elif isinstance(shape, list):
        item = value[0] if isinstance(value, list) and value else None
        yield from differences(item, shape[0], f"{pointer}/0") if isinstance(value, list) else [pointer]
    elif isinstance(shape, dict):
        for key, inner in shape.items():
            held = value.get(key) if isinstance(value, dict) else None
            yield from differences(held, inner, f"{pointer}/{key}")
        if not shape and not isinstance(value, dict):
            yield pointer


def check(name: str, value: object) -> None:
    """The value has the shape of the vendor's sample, but for what is left out with a reason."""
    sample = json.loads((SAMPLES / f"{name}.json").read_text())
    reasons = set(sample["left_out"])
    missing = {
        pointer
        for pointer in differences(value, sample["shape"])
        if not any(pointer == reason or pointer.startswith(f"{reason}/") for reason in reasons)
    }
    assert missing == set()


class Keeping:
    """A carrier that keeps what it carries."""

    def __init__(self) -> None:
        self.kept: list[Delivery] = []

    async def carry(self, delivery: Delivery) -> Receipt:
        """Keep it."""
        self.kept.append(delivery)
        return Receipt(acknowledged=True)


Scene = Callable[[SimulatedSlack, AsyncWebClient], Awaitable[object]]


async def _command(slack: SimulatedSlack, _client: AsyncWebClient) -> None:
    await slack.person("oncall").command("#engineering", "/volati help")


async def _click(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    root = await client.chat_postMessage(channel=CHANNEL, text="root")
    reply = await client.chat_postMessage(channel=CHANNEL, text="x", blocks=BLOCKS, thread_ts=root["ts"])
    await client.chat_update(channel=CHANNEL, ts=reply["ts"], text="y", blocks=BLOCKS)
    await slack.person("oncall").click(slack.thread("#engineering", root["ts"])[1], "go")


async def _open(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    give = slack.core.triggers.give
    opened = await client.views_open(trigger_id=give("U0ONCALL0"), view=MODAL)
    await client.views_push(trigger_id=give("U0ONCALL0", opened["view"]["id"]), view=MODAL)


async def _choose_in_view(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    asking = {"type": "input", "label": plain("Menu"), "element": MENU, "dispatch_action": True}
    await client.views_open(trigger_id=slack.core.triggers.give("U0ONCALL0"), view={**MODAL, "blocks": [asking]})
    await slack.person("oncall").modal.fill("menu", "One")


async def _submit(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    await _open(slack, client)
    await slack.person("oncall").modal.submit()


async def _close(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    await _open(slack, client)
    await slack.person("oncall").modal.close()


async def _shortcut(slack: SimulatedSlack, _client: AsyncWebClient) -> None:
    message = await slack.person("engineer").say("#engineering", "it broke")
    await slack.person("oncall").shortcut(message, "triage")


async def _global(slack: SimulatedSlack, _client: AsyncWebClient) -> None:
    await slack.person("oncall").global_shortcut("anywhere")


async def _mention(slack: SimulatedSlack, _client: AsyncWebClient) -> None:
    await slack.person("oncall").mention("#engineering", "help")


async def _home(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    await client.views_publish(user_id="U0ONCALL0", view={"type": "home", "blocks": BLOCKS})
    await slack.person("oncall").open_home()


DELIVERED: dict[str, Scene] = {
    "slash_command": _command,
    "block_actions_in_message": _click,
    "block_actions_in_view": _choose_in_view,
    "view_submission": _submit,
    "view_closed": _close,
    "message_shortcut": _shortcut,
    "global_shortcut": _global,
    "app_mention": _mention,
    "app_home_opened": _home,
}


@pytest.mark.parametrize("name", DELIVERED)
async def test_delivered(slack: SimulatedSlack, client: AsyncWebClient, name: str) -> None:
    """It delivers the fields of the vendor's sample, with their types."""
    carrier = slack.courier.carrier = Keeping()
    await DELIVERED[name](slack, client)
    check(name, carrier.kept[-1].payload)


async def test_frames(slack: SimulatedSlack) -> None:
    """It sends the frames of Socket Mode as the vendor recorded them."""
    ticket = slack.sockets.ticket()
    address = f"{slack.url}/link/?ticket={ticket}"
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
        check("hello", await socket.receive_json())
        for name, kind in (("envelope_of_a_command", "slash_commands"), ("envelope_of_an_event", "events_api")):
            carrying = slack.sockets.carry(Delivery(kind, {"a": 1}, wants_answer=kind == "slash_commands"))
            receipt, frame = await _both(carrying, socket)
            check(name, frame)
            assert receipt.acknowledged


async def _both(
    carrying: Awaitable[Receipt], socket: aiohttp.ClientWebSocketResponse
) -> tuple[Receipt, dict[str, Any]]:
    waiting = asyncio.ensure_future(carrying)
    frame = await socket.receive_json()
    await socket.send_json({"envelope_id": frame["envelope_id"]})
    return await waiting, frame


ANSWERED: dict[str, dict[str, Any]] = {
    "users.info": {"user": "U0ONCALL0"},
    "usergroups.list": {"include_users": True},
    "auth.test": {},
}


@pytest.mark.parametrize("method", ANSWERED)
async def test_answered(client: AsyncWebClient, method: str) -> None:
    """It answers with the fields of the vendor's sample, with their types."""
    answer = await client.api_call(method, json=ANSWERED[method])
    check(method, answer.data)


def test_every_sample_is_used() -> None:
    """It has a test for each sample."""
    frames = {"hello", "envelope_of_a_command", "envelope_of_an_event"}
    assert {path.stem for path in SAMPLES.glob("*.json")} == {*DELIVERED, *ANSWERED, *frames}


def test_differences_are_found() -> None:
    """It sees a missing field, a wrong type, an empty list."""
    shape = {"a": "string", "b": ["number"], "c": {"d": "boolean"}, "e": {}}
    assert list(differences({"a": "x", "b": [1], "c": {"d": True}, "e": {}}, shape)) == []
    assert list(differences({"a": 1, "b": [], "c": {}}, shape)) == ["/a", "/b/0", "/c/d", "/e"]
