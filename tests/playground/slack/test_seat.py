"""What a person can press and see in a channel."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from playground.slack.messages import Message
from playground.slack.outcomes import NotPossibleError
from playground.slack.server import SimulatedSlack

Connect = Callable[[SimulatedSlack, AsyncApp], Awaitable[AsyncSocketModeHandler]]
CHANNEL = "C0ENGINE0"


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


CONFIRM = {"title": plain("Sure?"), "text": plain("Restart"), "confirm": plain("Yes"), "deny": plain("No")}
GO = {"type": "button", "action_id": "go", "text": plain("Go"), "value": "plan-1", "confirm": CONFIRM}
OPTIONS = [{"text": plain(name), "value": name.lower()} for name in ("Keycloak", "Database")]
MENU = {"type": "static_select", "action_id": "area", "placeholder": plain("Area"), "options": OPTIONS}
MORE = {"type": "overflow", "action_id": "more", "options": OPTIONS}
PEOPLE = {"type": "multi_users_select", "action_id": "who", "placeholder": plain("Who")}
ACTIONS = {"type": "actions", "block_id": "acts", "elements": [GO, MENU, MORE, PEOPLE]}


async def shown(slack: SimulatedSlack, client: AsyncWebClient, **more: Any) -> Message:
    answer = await client.chat_postMessage(channel=CHANNEL, text="x", blocks=[ACTIONS], **more)
    found = slack.workspace.find(CHANNEL, answer["ts"])
    assert found is not None
    return found


@pytest.fixture
async def heard(slack: SimulatedSlack, app: AsyncApp, connect: Connect) -> list[dict[str, Any]]:
    """The payloads of everything the app hears, all acknowledged."""
    payloads: list[dict[str, Any]] = []

    async def hear(ack: Any, body: Any) -> None:
        payloads.append(body)
        await ack()

    for action in ("go", "area", "more", "who"):
        app.action(action)(hear)
    app.shortcut("triage")(hear)
    app.shortcut("anywhere")(hear)
    app.event("app_home_opened")(hear)
    app.event("app_mention")(hear)
    await connect(slack, app)
    return payloads


async def test_click(slack: SimulatedSlack, client: AsyncWebClient, heard: list[dict[str, Any]]) -> None:
    """It shows the confirmation and then tells the app what was pressed, where, and by whom."""
    root = await shown(slack, client)
    message = await shown(slack, client, thread_ts=root.ts)
    outcome = await slack.person("operator").click(message, "Go")
    assert outcome.acknowledged
    assert outcome.dialog == CONFIRM
    payload = heard[0]
    assert payload["user"]["id"] == "U0OPERAT0"
    assert payload["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": CHANNEL,
        "is_ephemeral": False,
        "thread_ts": root.ts,
    }
    assert payload["message"]["blocks"][0]["block_id"] == "acts"
    action = payload["actions"][0]
    assert (action["action_id"], action["block_id"], action["value"]) == ("go", "acts", "plan-1")


async def test_not_confirmed(slack: SimulatedSlack, client: AsyncWebClient, heard: list[dict[str, Any]]) -> None:
    """It tells the app nothing when the person thinks better of it."""
    message = await shown(slack, client)
    outcome = await slack.person("operator").click(message, "go", confirm=False)
    assert outcome.failure == "not_confirmed"
    assert outcome.dialog == CONFIRM
    assert heard == []


async def test_menus(slack: SimulatedSlack, client: AsyncWebClient, heard: list[dict[str, Any]]) -> None:
    """It reports what was chosen, and what had been chosen before."""
    message = await shown(slack, client)
    person = slack.person("operator")
    await person.choose(message, "area", "Database")
    await person.choose(message, "more", "keycloak")
    await person.choose(message, "who", "U0ONCALL0")
    chosen = [payload["actions"][0] for payload in heard]
    assert chosen[0]["selected_option"]["value"] == "database"
    assert chosen[1]["selected_option"]["value"] == "keycloak"
    assert chosen[2]["selected_users"] == ["U0ONCALL0"]
    assert heard[2]["state"]["values"]["acts"]["area"]["selected_option"]["value"] == "database"
    with pytest.raises(NotPossibleError, match="no option"):
        await person.choose(message, "area", "Nothing")


async def test_only_what_is_shown_now(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It lets nobody press a button that was edited away, in a message that is gone, or out of their sight."""
    message = await shown(slack, client)
    person = slack.person("operator")
    with pytest.raises(NotPossibleError, match="does not show 'stop'"):
        await person.click(message, "stop")
    await client.chat_update(channel=CHANNEL, ts=message.ts, text="decided", blocks=[])
    with pytest.raises(NotPossibleError, match="does not show 'go'"):
        await person.click(message, "go")
    await client.chat_delete(channel=CHANNEL, ts=message.ts)
    with pytest.raises(NotPossibleError, match="deleted"):
        await person.click(message, "go")


async def test_private_message(slack: SimulatedSlack, client: AsyncWebClient, heard: list[dict[str, Any]]) -> None:
    """It lets only the one who sees a private message press in it, and leaves the message out of the payload."""
    await client.chat_postEphemeral(channel=CHANNEL, user="U0OPERAT0", text="x", blocks=[ACTIONS])
    message = slack.ephemerals("operator")[0]
    with pytest.raises(NotPossibleError, match="Only U0OPERAT0"):
        await slack.person("engineer").click(message, "go")
    assert (await slack.person("operator").click(message, "go")).acknowledged
    assert heard[0]["container"]["is_ephemeral"] is True
    assert "message" not in heard[0]


async def test_strangers_to_a_channel(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It lets nobody type or look where they are not."""
    with pytest.raises(NotPossibleError, match="not in #leadership"):
        await slack.person("operator").command("#leadership", "/volati help")
    with pytest.raises(NotPossibleError, match="archived"):
        await slack.person("operator").say("#archive", "hello")
    with pytest.raises(NotPossibleError, match="Nobody is called"):
        slack.person("nobody")
    with pytest.raises(NotPossibleError, match="no channel"):
        slack.messages("#nowhere")


async def test_given_ids(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It gives ids to blocks and elements that came without."""
    bare = {"type": "button", "text": plain("Bare")}
    await client.chat_postMessage(channel=CHANNEL, text="x", blocks=[{"type": "actions", "elements": [bare]}])
    block, element = slack.messages("#engineering")[0].action("Bare") or ({}, {})
    assert block["block_id"]
    assert element["action_id"]


async def test_same_action_in_two_blocks(
    slack: SimulatedSlack, client: AsyncWebClient, heard: list[dict[str, Any]]
) -> None:
    """It tells buttons with the same action id apart by their value."""
    rows = [{"type": "actions", "elements": [{**GO, "value": value}]} for value in ("one", "two")]
    await client.chat_postMessage(channel=CHANNEL, text="x", blocks=rows)
    await slack.person("operator").click(slack.messages("#engineering")[0], "go", value="two")
    assert heard[0]["actions"][0]["value"] == "two"


async def test_message_shortcut(slack: SimulatedSlack, heard: list[dict[str, Any]]) -> None:
    """It carries the whole message to the app, with an address to answer at."""
    message = await slack.person("engineer").say("#engineering", "panic: <nil> & more")
    await slack.person("operator").shortcut(message, "triage")
    payload = heard[0]
    assert payload["message"]["text"] == "panic: &lt;nil&gt; &amp; more"
    assert payload["message_ts"] == message.ts
    assert payload["response_url"].startswith(slack.url)
    await AsyncWebhookClient(payload["response_url"]).send(text="mine", replace_original=True)
    assert message.text == "panic: &lt;nil&gt; &amp; more"
    assert slack.ephemerals("operator")[0].text == "mine"


async def test_global_shortcut(slack: SimulatedSlack, heard: list[dict[str, Any]]) -> None:
    """It has a trigger and no channel."""
    await slack.person("operator").global_shortcut("anywhere")
    assert heard[0]["trigger_id"]
    assert "channel" not in heard[0]
    assert "response_url" not in heard[0]


async def test_mention_in_a_thread(slack: SimulatedSlack, heard: list[dict[str, Any]]) -> None:
    """It says in which thread the app was named."""
    root = await slack.person("engineer").say("#engineering", "something is wrong")
    await slack.person("oncall").mention("#engineering", "diagnose keycloak", thread_ts=root.ts)
    assert heard[0]["event"]["thread_ts"] == root.ts
    assert heard[0]["event_id"]


async def test_home(slack: SimulatedSlack, client: AsyncWebClient, heard: list[dict[str, Any]]) -> None:
    """It tells the app that its Home was opened, shows what is published, and lets it be pressed."""
    person = slack.person("oncall")
    await person.open_home()
    assert "view" not in heard[0]["event"]
    with pytest.raises(NotPossibleError, match="not published"):
        await person.click_home("go")
    await client.views_publish(user_id="U0ONCALL0", view={"type": "home", "blocks": [ACTIONS]})
    assert person.home is not None
    await person.click_home("go")
    assert heard[1]["view"]["id"] == person.home.id
    assert heard[1]["view"]["type"] == "home"
    assert "channel" not in heard[1]
    await person.open_home()
    assert heard[2]["event"]["view"]["id"] == person.home.id


async def test_sees(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It shows a person what everyone sees and what only they see, in order."""
    await client.chat_postMessage(channel=CHANNEL, text="all")
    await client.chat_postEphemeral(channel=CHANNEL, user="U0ONCALL0", text="you")
    assert [one.text for one in slack.person("oncall").sees("#engineering")] == ["all", "you"]
    assert [one.text for one in slack.person("engineer").sees("#engineering")] == ["all"]
