"""The Web API, called with the vendor's own client."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.server import SimulatedSlack
from playground.slack.webapi import METHODS

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
CHANNEL = "C0ENGINE0"


async def refused(client: AsyncWebClient, method: str, **arguments: Any) -> dict[str, Any]:
    """The body of a refusal."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=arguments)
    body: dict[str, Any] = caught.value.response.data
    assert body["ok"] is False
    return body


async def code(client: AsyncWebClient, method: str, **arguments: Any) -> str:
    """Slack's code for a refusal."""
    return str((await refused(client, method, **arguments))["error"])


def with_token(slack: SimulatedSlack, token: str | None) -> AsyncWebClient:
    """A client that shows another token."""
    return AsyncWebClient(token=token, base_url=slack.api_url)


async def test_who_am_i(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It tells the bot who it is and, in a header, what it may do."""
    answer = await client.auth_test()
    assert answer["user_id"] == slack.core.app.bot_user_id
    assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")


async def test_tokens(slack: SimulatedSlack) -> None:
    """It tells a missing, a wrong, and a misplaced token apart."""
    assert await code(with_token(slack, None), "auth.test") == "not_authed"
    assert await code(with_token(slack, "xoxb-other"), "auth.test") == "invalid_auth"
    assert await code(with_token(slack, slack.app_token), "auth.test") == "not_allowed_token_type"
    assert await code(with_token(slack, slack.bot_token), "apps.connections.open") == "not_allowed_token_type"


async def test_unknown_method(client: AsyncWebClient) -> None:
    """It has no method it does not have."""
    assert await code(client, "chat.shout") == "unknown_method"


async def test_scopes(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It refuses what was not granted and says what is missing."""
    body = await refused(client, "conversations.replies", channel=CHANNEL, ts="1")
    assert body["error"] == "missing_scope"
    assert "channels:history" in body["needed"]
    assert "chat:write" in body["provided"]
    slack.switches.scopes.discard("chat:write")
    assert await code(client, "chat.postMessage", channel=CHANNEL, text="x") == "missing_scope"


@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if method.scopes])
async def test_every_scope(client: AsyncWebClient, slack: SimulatedSlack, method: str) -> None:
    """It checks the scope of a method before anything else about the call."""
    slack.switches.scopes.clear()
    assert await code(client, method) == "missing_scope"


async def test_forms_and_json(slack: SimulatedSlack) -> None:
    """It reads a call sent as a form, blocks as a string in it, as well as one sent as JSON."""
    form = {"channel": "#engineering", "blocks": '[{"type":"divider"}]', "text": "x"}
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{slack.api_url}chat.postMessage", data=form) as response:
            assert (await response.json())["ok"]
        async with session.post(f"{slack.api_url}chat.postMessage", json={**form, "blocks": "[{"}) as response:
            assert (await response.json())["error"] == "invalid_blocks_format"
        async with session.post(
            f"{slack.api_url}chat.postMessage", data="{", headers={"Content-Type": "application/json"}
        ) as response:
            assert (await response.json())["error"] == "invalid_json"


async def test_post_refusals(client: AsyncWebClient) -> None:
    """It refuses a message with Slack's own codes."""
    post = "chat.postMessage"
    assert await code(client, post, channel="C0NOWHERE", text="x") == "channel_not_found"
    assert await code(client, post, channel="C0SECRET0", text="x") == "channel_not_found"
    assert await code(client, post, channel="C0RANDOM0", text="x") == "not_in_channel"
    assert await code(client, post, channel="C0ARCHIV0", text="x") == "is_archived"
    assert await code(client, post, channel=CHANNEL) == "no_text"
    assert await code(client, post, channel=CHANNEL, blocks={"type": "section"}) == "invalid_blocks_format"
    assert await code(client, post, channel=CHANNEL, blocks=[SECTION] * 51) == "invalid_blocks"
    assert await code(client, post, channel=CHANNEL, text="x", thread_ts="1.0") == "thread_not_found"
    assert await code(client, post, channel=CHANNEL, text="x", metadata="[]") == "invalid_metadata_format"
    assert await code(client, post, channel=CHANNEL, text="x", markdown_text="y") == "markdown_text_conflict"


async def test_fault_in_words(client: AsyncWebClient) -> None:
    """It says where the fault in the blocks is, as Slack does."""
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    body = await refused(client, "chat.postMessage", channel=CHANNEL, blocks=[long])
    wanted = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert wanted in body["errors"]
    assert f"[ERROR] {wanted}" in body["response_metadata"]["messages"]


async def test_long_text_is_cut(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It cuts the text of a new message at 40,000 characters, as Slack does without a word."""
    await client.chat_postMessage(channel=CHANNEL, text="x" * 40_001)
    assert len(slack.messages("#engineering")[0].text) == 40_000


async def test_public_without_membership(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It lets the bot write into a public channel it is not in, with the scope for it."""
    slack.switches.scopes.add("chat:write.public")
    await client.chat_postMessage(channel="C0RANDOM0", text="x")
    assert await code(client, "chat.postMessage", channel="C0SECRET0", text="x") == "channel_not_found"


async def test_threads(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It keeps replies out of the channel, except a broadcast one, and leads a reply's ts to its root."""
    root = await client.chat_postMessage(channel=CHANNEL, text="root")
    reply = await client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=root["ts"])
    await client.chat_postMessage(channel=CHANNEL, text="loud", thread_ts=reply["ts"], reply_broadcast=True)
    assert [one.text for one in slack.messages("#engineering")] == ["root", "loud"]
    assert [one.text for one in slack.thread("#engineering", root["ts"])] == ["root", "reply", "loud"]


async def test_update(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It keeps every version, and drops the blocks when only a text is given."""
    posted = await client.chat_postMessage(channel=CHANNEL, text="one", blocks=[SECTION])
    await client.chat_update(channel=CHANNEL, ts=posted["ts"], blocks=[SECTION, SECTION], text="two")
    await client.chat_update(channel=CHANNEL, ts=posted["ts"], text="three")
    versions = slack.messages("#engineering")[0].versions
    assert [(one.content.text, len(one.content.blocks)) for one in versions] == [
        ("one", 1),
        ("two", 2),
        ("three", 0),
    ]


async def test_update_refusals(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It refuses an edit with Slack's own codes."""
    theirs = await slack.person("oncall").say("#engineering", "hello")
    mine = (await client.chat_postMessage(channel=CHANNEL, text="x"))["ts"]
    edit = "chat.update"
    assert await code(client, edit, channel=CHANNEL, ts="1.0", text="x") == "message_not_found"
    assert await code(client, edit, channel=CHANNEL, ts=theirs.ts, text="x") == "cant_update_message"
    assert await code(client, edit, channel=CHANNEL, ts=mine, text="x" * 4001) == "msg_too_long"
    assert await code(client, edit, channel=CHANNEL, ts=mine, blocks=[{"type": "x"}]) == "invalid_blocks"
    slack.switches.edit_window_s = -1.0
    assert await code(client, edit, channel=CHANNEL, ts=mine, text="x") == "edit_window_closed"
    slack.workspace.channels[CHANNEL].archived = True
    assert await code(client, edit, channel=CHANNEL, ts=mine, text="x") == "is_inactive"


async def test_ephemeral(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It shows a private line to one person, who must be in the channel, and lets nobody edit it."""
    shown = await client.chat_postEphemeral(channel=CHANNEL, user="U0ONCALL0", text="psst")
    assert [one.text for one in slack.ephemerals("oncall")] == ["psst"]
    assert slack.ephemerals("engineer") == []
    assert slack.messages("#engineering") == []
    ts = shown["message_ts"]
    assert await code(client, "chat.update", channel=CHANNEL, ts=ts, text="x") == "message_not_found"
    assert await code(client, "chat.postMessage", channel=CHANNEL, thread_ts=ts, text="x") == "cannot_reply_to_message"
    assert await code(client, "chat.postEphemeral", channel=CHANNEL, user="U0NOBODY", text="x") == "user_not_in_channel"


async def test_delete(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It takes a message of the bot away, once."""
    ts = (await client.chat_postMessage(channel=CHANNEL, text="x"))["ts"]
    theirs = await slack.person("oncall").say("#engineering", "hello")
    await client.chat_delete(channel=CHANNEL, ts=ts)
    assert [one.text for one in slack.messages("#engineering")] == ["hello"]
    assert await code(client, "chat.delete", channel=CHANNEL, ts=ts) == "message_not_found"
    assert await code(client, "chat.delete", channel=CHANNEL, ts=theirs.ts) == "cant_delete_message"


async def test_direct_message(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It opens a direct conversation for a message to a person."""
    answer = await client.chat_postMessage(channel="U0ONCALL0", text="hello")
    assert answer["channel"].startswith("D")
    assert slack.person("oncall").sees(answer["channel"])[0].text == "hello"


async def test_reactions(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It adds a reaction once."""
    ts = (await client.chat_postMessage(channel=CHANNEL, text="x"))["ts"]
    await client.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")
    assert slack.messages("#engineering")[0].reactions == {"eyes": ["U0VOLATI0"]}
    assert await code(client, "reactions.add", channel=CHANNEL, timestamp=ts, name="eyes") == "already_reacted"
    assert await code(client, "reactions.add", channel=CHANNEL, timestamp="1", name="eyes") == "message_not_found"


async def test_people(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It tells guests, bots, deactivated people and people of other workspaces apart."""
    seen = {name: (await client.users_info(user=slack.person(name).person.id))["user"] for name in KINDS}
    assert all(seen[name][field] == value for name, (field, value) in KINDS.items())
    assert await code(client, "users.info", user="U0NOBODY") == "user_not_found"
    everyone = (await client.users_list())["members"]
    assert "stranger" not in [one["name"] for one in everyone]


KINDS = {
    "oncall": ("is_restricted", False),
    "guest": ("is_restricted", True),
    "guest1": ("is_ultra_restricted", True),
    "robot": ("is_bot", True),
    "gone": ("deleted", True),
    "stranger": ("is_stranger", True),
    "admin": ("is_admin", True),
}


async def test_addresses(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It finds living people by address, and shows addresses only with the scope for them."""
    found = await client.users_lookupByEmail(email="oncall@volaticloud.example")
    assert found["user"]["id"] == "U0ONCALL0"
    assert await code(client, "users.lookupByEmail", email="gone@volaticloud.example") == "users_not_found"
    slack.switches.scopes.discard("users:read.email")
    assert "email" not in (await client.users_info(user="U0ONCALL0"))["user"]["profile"]


async def test_groups(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It lists groups and their people, and says when the plan has none."""
    listed = (await client.usergroups_list(include_users=True))["usergroups"]
    assert {group["handle"]: group["users"] for group in listed}["approvers"] == ["U0APPROV0"]
    assert "former" not in [group["handle"] for group in listed]
    assert (await client.usergroups_users_list(usergroup="S0OPERAT0"))["users"] == ["U0OPERAT0", "U0ONCALL0"]
    assert await code(client, "usergroups.users.list", usergroup="S0NOBODY") == "no_such_subteam"
    slack.switches.free_plan = True
    assert await code(client, "usergroups.list") == "plan_upgrade_required"


async def test_conversations(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It describes the channels the bot can see, and reads them once it may."""
    about = (await client.conversations_info(channel="C0RANDOM0"))["channel"]
    assert (about["name"], about["is_member"]) == ("random", False)
    assert await code(client, "conversations.info", channel="C0SECRET0") == "channel_not_found"
    assert "U0VOLATI0" in (await client.conversations_members(channel=CHANNEL))["members"]
    slack.switches.scopes |= {"channels:history", "im:write"}
    root = await client.chat_postMessage(channel=CHANNEL, text="root")
    await client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=root["ts"])
    replies = await client.conversations_replies(channel=CHANNEL, ts=root["ts"])
    assert [one["text"] for one in replies["messages"]] == ["root", "reply"]
    assert len((await client.conversations_history(channel=CHANNEL))["messages"]) == 1
    assert await code(client, "conversations.replies", channel=CHANNEL, ts="1") == "thread_not_found"
    assert await code(client, "conversations.history", channel="C0RANDOM0") == "not_in_channel"
    assert (await client.conversations_open(users="U0ONCALL0"))["channel"]["id"] == "D0ONCALL0"


async def test_permalink(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It gives the address of a message that is there."""
    ts = (await client.chat_postMessage(channel=CHANNEL, text="x"))["ts"]
    link = (await client.chat_getPermalink(channel=CHANNEL, message_ts=ts))["permalink"]
    assert link.startswith(slack.url)
    assert await code(client, "chat.getPermalink", channel=CHANNEL, message_ts="1") == "message_not_found"


async def test_validation_on_request(client: AsyncWebClient) -> None:
    """It says what it would refuse, without doing anything."""
    good = await client.api_call("blocks.validate", json={"blocks": [SECTION]})
    assert good["valid"]
    bad = await client.api_call("blocks.validate", json={"blocks": [{"type": "section"}]})
    assert bad["errors"][0]["pointer"] == "/blocks/0/type"
    view = await client.api_call("blocks.validate", json={"view": {"type": "modal", "blocks": []}})
    assert not view["valid"]


async def test_switched_failures(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It fails as told, for one method or for all."""
    slack.switches.fail_with["chat.postMessage"] = "restricted_action"
    assert await code(client, "chat.postMessage", channel=CHANNEL, text="x") == "restricted_action"
    await client.auth_test()
    slack.switches.fail_with["*"] = "token_revoked"
    assert await code(client, "auth.test") == "token_revoked"


async def test_books(client: AsyncWebClient, slack: SimulatedSlack) -> None:
    """It counts every call and writes down every refusal, never the token."""
    await client.chat_postMessage(channel=CHANNEL, text="x")
    await code(client, "chat.postMessage", channel=CHANNEL)
    assert slack.ledger.calls == {"chat.postMessage": 2}
    assert [entry.error for entry in slack.ledger.rejected] == ["no_text"]
    assert slack.bot_token not in repr(slack.ledger.entries)
