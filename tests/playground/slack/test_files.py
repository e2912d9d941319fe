"""Files, uploaded with the vendor's own client."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.server import SimulatedSlack


async def test_upload(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It takes a file in three steps and shares it in a thread, without telling which message that is."""
    root = await client.chat_postMessage(channel="C0ENGINE0", text="root")
    answer = await client.files_upload_v2(
        channel="C0ENGINE0",
        thread_ts=root["ts"],
        filename="run.txt",
        title="The run",
        content="all of it",
        initial_comment="Attached.",
    )
    shared = slack.thread("#engineering", root["ts"])[1]
    assert (shared.text, shared.files[0]["title"], shared.files[0]["size"]) == ("Attached.", "The run", 9)
    assert slack.core.files.find(answer["file"]["id"]).data == b"all of it"
    assert "ts" not in answer.data


async def refused(client: AsyncWebClient, method: str, **arguments: object) -> str:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=arguments)
    return str(caught.value.response["error"])


async def test_refusals(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It refuses files with Slack's own codes."""
    ask, done = "files.getUploadURLExternal", "files.completeUploadExternal"
    assert await refused(client, ask, filename="a.txt", length=0) == "invalid_arguments"
    assert await refused(client, ask, filename="a.txt", length=1, alt_txt="x" * 1001) == "invalid_arguments"
    assert await refused(client, ask, length=1) == "invalid_arguments"
    assert await refused(client, done, files="[]") == "invalid_arguments"
    assert await refused(client, done, files='[{"id": "F0NOTHING"}]') == "file_not_found"
    promised = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    given = f'[{{"id": "{promised["file_id"]}"}}]'
    assert await refused(client, done, files=given) == "file_not_found"
    slack.switches.file_uploads_disabled = True
    assert await refused(client, ask, filename="a.txt", length=1) == "file_uploads_disabled"


async def test_bytes_as_promised(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It takes exactly as many bytes as were promised, once."""
    promised = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with aiohttp.ClientSession() as session:
        for data, status in ((b"four", 400), (b"two", 200), (b"two", 400)):
            async with session.post(promised["upload_url"], data=data) as response:
                assert response.status == status


async def test_where_it_may_share(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It shares only where the bot is."""
    promised = await client.files_getUploadURLExternal(filename="a.txt", length=3)
    async with aiohttp.ClientSession() as session, session.post(promised["upload_url"], data=b"abc"):
        pass
    given = f'[{{"id": "{promised["file_id"]}"}}]'
    done = "files.completeUploadExternal"
    assert await refused(client, done, files=given, channel_id="C0RANDOM0") == "not_in_channel"
    assert await refused(client, done, files=given, channel_id="C0NOWHERE") == "channel_not_found"
    await client.api_call(done, json={"files": given, "channels": "C0ENGINE0,C0DEVOPS0"})
    assert len(slack.messages("#engineering")) == len(slack.messages("#devops")) == 1
    await client.files_delete(file=promised["file_id"])
    assert await refused(client, "files.info", file=promised["file_id"]) == "file_not_found"


async def test_private(slack: SimulatedSlack, client: AsyncWebClient) -> None:
    """It sends whoever may not read a file to a page to sign in, as Slack does, with status 200 in the end."""
    stored = slack.core.files.add("a.txt", b"abc", "U0ONCALL0", 0)
    url = (await client.files_info(file=stored.id))["file"]["url_private"]
    slack.switches.scopes.discard("files:read")
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        assert (response.status, response.content_type) == (200, "text/html")
