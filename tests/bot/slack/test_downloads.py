"""Files that people give: fetched with the bot's token, from Slack alone, and up to a bound."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.slack.downloads import Downloads, open_downloads
from bot.slack.errors import SlackRefused, SlackUnreachable
from playground.slack.files import file_json
from playground.slack.server import SimulatedSlack


@pytest.fixture
async def slack() -> AsyncIterator[SimulatedSlack]:
    """A Slack with files."""
    async with SimulatedSlack() as found:
        yield found


@pytest.fixture
async def downloads(slack: SimulatedSlack) -> AsyncIterator[Downloads]:
    """The bot's way to them."""
    async with open_downloads(slack.bot_token, slack.api_url) as found:
        yield found


def shared(slack: SimulatedSlack, data: bytes) -> str:
    stored = slack.core.files.add("a.log", data, "U0ONCALL0", 0)
    return str(file_json(stored, slack.url)["url_private"])


async def test_fetches_text(slack: SimulatedSlack, downloads: Downloads) -> None:
    """It gives the file as text, whatever bytes are in it, up to the very bound."""
    assert await downloads.text(shared(slack, "grüß\n".encode()), 100) == "grüß\n"
    assert await downloads.text(shared(slack, b"\xff" * 3), 3) == "\ufffd" * 3


async def test_refuses_what_is_too_large(slack: SimulatedSlack, downloads: Downloads) -> None:
    """It does not take a part of a file for the whole."""
    with pytest.raises(SlackRefused, match="more than 1,000 bytes"):
        await downloads.text(shared(slack, b"x" * 1_001), 1_000)


async def test_says_which_scope_is_missing(slack: SimulatedSlack, downloads: Downloads) -> None:
    """It names the right that is missing, where Slack leads to its sign-in page."""
    slack.switches.scopes.discard("files:read")
    with pytest.raises(SlackRefused, match="files:read"):
        await downloads.text(shared(slack, b"x"), 10)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://[",
        "https://evil.example/a",
        "http://slack.com/a",
        "https://slack.com.evil.example/",
        "file:///",
    ],
)
async def test_asks_nobody_but_slack(downloads: Downloads, url: str) -> None:
    """It takes the token nowhere but to Slack."""
    with pytest.raises(SlackRefused, match="no address of its own"):
        await downloads.text(url, 10)


async def test_says_that_slack_is_away(slack: SimulatedSlack, downloads: Downloads) -> None:
    """It says in a sentence that the file did not come, without its address."""
    url = shared(slack, b"x")
    await slack.go_down()
    with pytest.raises(SlackUnreachable, match="did not come") as caught:
        await downloads.text(url, 10)
    assert url not in str(caught.value)


async def test_follows_nobody() -> None:
    """It does not follow a redirection, which might lead elsewhere with the token."""
    seen: list[str] = []

    async def lead(request: web.Request) -> web.Response:
        seen.append(request.path)
        raise web.HTTPFound("/elsewhere")

    app = web.Application()
    app.add_routes([web.get("/{tail:.*}", lead)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with open_downloads("xoxb-1", f"{origin}/api/") as downloads:
        with pytest.raises(SlackRefused):
            await downloads.text(f"{origin}/files/a", 10)
    await runner.cleanup()
    assert seen == ["/files/a"]
