"""The connection to Slack, held against the simulated one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.slack import transport as module
from bot.slack.errors import (
    AccessLost,
    AnswerLate,
    ChannelClosed,
    MessageRefused,
    SlackBusy,
    SlackRefused,
    SlackUnreachable,
)
from bot.slack.message import Message, section
from bot.slack.poster import Poster
from bot.slack.transport import Transport, open_transport
from diagnostics.redaction import Redactor
from playground.slack.server import SimulatedSlack

CHANNEL = "C0ENGINE0"


@pytest.fixture
async def slack() -> AsyncIterator[SimulatedSlack]:
    """A workspace."""
    async with SimulatedSlack() as workspace:
        yield workspace


@pytest.fixture
async def transport(slack: SimulatedSlack) -> AsyncIterator[Transport]:
    """The bot's connection to it."""
    async with open_transport(slack.bot_token, slack.api_url) as connection:
        yield connection


async def test_posts_and_edits(slack: SimulatedSlack, transport: Transport) -> None:
    """It carries a message there, and its edit."""
    poster = Poster(transport, Redactor())
    place = await poster.post(CHANNEL, Message("first", (section("*first*"),)))
    await poster.update(place, Message("second", (section("*second*"),)))
    assert [message.text for message in slack.messages(CHANNEL)] == ["second"]
    assert slack.ledger.rejected == []


@asynccontextmanager
async def standing_in(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Something that answers in Slack's place; gives where."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_knows_itself(transport: Transport) -> None:
    """It says who the bot is."""
    identity = await transport.identity()
    assert (identity.team_id[0], identity.user_id[0], identity.bot_id[0]) == ("T", "U", "B")


async def test_gets_an_address_for_a_socket(slack: SimulatedSlack, transport: Transport) -> None:
    """It asks for it with the app's token, not the bot's."""
    assert (await transport.socket_address(slack.app_token)).startswith("ws://")
    with pytest.raises(AccessLost, match="xapp-"):
        await transport.socket_address(slack.bot_token)


async def test_translates_refusals(slack: SimulatedSlack, transport: Transport) -> None:
    """It tells refusals apart by what a person must do."""
    for channel, kind in (("C0RANDOM0", ChannelClosed), ("C0NOWHERE", ChannelClosed), ("C0ARCHIV0", ChannelClosed)):
        with pytest.raises(kind):
            await transport.call("chat.postMessage", {"channel": channel, "text": "x"})
    with pytest.raises(MessageRefused):
        await transport.call("chat.postMessage", {"channel": CHANNEL, "text": "x", "blocks": [{"type": "nonsense"}]})
    slack.switches.fail_with["*"] = "token_revoked"
    with pytest.raises(AccessLost, match="Install the app again"):
        await transport.call("chat.postMessage", {"channel": CHANNEL, "text": "x"})


async def test_hears_how_long_to_wait(slack: SimulatedSlack, transport: Transport) -> None:
    """It gives Slack's own Retry-After."""
    slack.switches.storm("chat.update", retry_after_s=11)
    with pytest.raises(SlackBusy) as caught:
        await transport.call("chat.update", {"channel": CHANNEL, "ts": "1.1", "text": "x"})
    assert caught.value.seconds == 11


async def posting(transport: Transport) -> SlackUnreachable:
    """What a post fails with."""
    with pytest.raises(SlackUnreachable) as caught:
        await transport.call("chat.postMessage", {"channel": CHANNEL, "text": "x"})
    return caught.value


STRANGE = {
    "no UTF-8": (200, b'{"ok":true,"ts":"\xff"}'),
    "a list": (200, b"[1]"),
    "a string": (200, b'"ok"'),
    "a number": (200, b"3"),
    "nothing": (200, b""),
    "null": (200, b"null"),
    "a page": (200, b"<html>Please sign in</html>"),
    "endless brackets": (200, b"[" * 100_000),
    "an endless number": (200, b'{"ok":true,"x":' + b"9" * 5_000 + b"}"),
    "a failing server's no UTF-8": (500, b"\xff"),
    "a failing server's brackets": (502, b"[" * 100_000),
}


@pytest.mark.parametrize("kind", ["application/json", "text/html", "application/gzip"])
@pytest.mark.parametrize("what", STRANGE)
async def test_survives_what_is_no_answer(what: str, kind: str) -> None:
    """It takes whatever answers in Slack's place for Slack being away, and not for a success or a fault of its own."""
    status, body = STRANGE[what]

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Content-Type": kind})

    async with standing_in(answer) as url, open_transport("xoxb-1", f"{url}/api/") as transport:
        for ask in (lambda: transport.call("chat.postMessage", {"channel": CHANNEL}), transport.introduction):
            with pytest.raises(SlackUnreachable, match=r"status\.slack\.com"):
                await ask()
        if status == 200:
            return
        with pytest.raises(SlackUnreachable):
            await transport.answer(f"{url}/answer", {"text": "x"})


@pytest.mark.parametrize(
    ("told", "seconds"), [("7", 7), ("", 30), ("soon", 30), ("-1", 30), ("86400", 3600), ("9" * 400, 3600)]
)
async def test_waits_no_longer_than_sense(told: str, seconds: float) -> None:
    """It waits as long as it is told to, half a minute where nothing sensible is said, and never for days."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": told})

    async with standing_in(answer) as url, open_transport("xoxb-1", f"{url}/api/") as transport:
        with pytest.raises(SlackBusy) as caught:
            await transport.call("chat.postMessage", {"channel": CHANNEL})
    assert caught.value.seconds == seconds


async def test_is_somebody_or_waits() -> None:
    """It does not begin as nobody, when something answers "ok" to everything."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async with standing_in(answer) as url, open_transport("xoxb-1", f"{url}/api/") as transport:
        with pytest.raises(SlackUnreachable):
            await transport.identity()


async def test_knows_what_was_not_sent(slack: SimulatedSlack, transport: Transport) -> None:
    """It knows that nothing was done where no connection came about, and where Slack says it did not look."""
    await slack.go_down()
    assert not (await posting(transport)).sent
    await slack.come_back()
    await slack.go_down(refuse=False)
    assert not (await posting(transport)).sent


@pytest.mark.parametrize(
    ("code", "maybe_done"),
    [("internal_error", True), ("fatal_error", True), ("service_unavailable", False), ("request_timeout", False)],
)
async def test_knows_what_may_be_done(
    slack: SimulatedSlack, transport: Transport, code: str, *, maybe_done: bool
) -> None:
    """It knows which of Slack's own failures leave open whether the call was done."""
    slack.switches.fail_with["chat.postMessage"] = code
    assert (await posting(transport)).sent is maybe_done


async def test_names_the_right_that_lacks(slack: SimulatedSlack, transport: Transport) -> None:
    """It says which right is missing, from Slack's own answer."""
    slack.switches.scopes -= {"chat:write"}
    with pytest.raises(AccessLost, match="It needs chat:write, and has app_mentions:read,"):
        await transport.call("chat.postMessage", {"channel": CHANNEL, "text": "x"})


async def test_asks_in_the_form_slack_takes(slack: SimulatedSlack, transport: Transport) -> None:
    """It sends a form to methods that only read, since Slack takes JSON for writing alone."""
    await transport.call("users.info", {"user": "U0ONCALL0", "include_locale": True})
    (entry,) = slack.ledger.of("users.info")
    assert entry.arguments == {"user": "U0ONCALL0", "include_locale": "true"}


async def test_uploads(slack: SimulatedSlack, transport: Transport) -> None:
    """It brings a file's bytes, and says when Slack does not take them."""
    ticket = await transport.call("files.getUploadURLExternal", {"filename": "a.txt", "length": 3})
    with pytest.raises(SlackRefused):
        await transport.upload(ticket["upload_url"], b"four")
    await transport.upload(ticket["upload_url"], b"abc")
    assert slack.core.files.find(ticket["file_id"]).data == b"abc"


async def test_gives_up_in_time(slack: SimulatedSlack, transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends a call that gets no answer."""
    monkeypatch.setattr(module, "CALL_SECONDS", 0.0)
    with pytest.raises(SlackUnreachable, match="TimeoutError"):
        await transport.call("auth.test", {})
    assert slack.url


@pytest.mark.parametrize("url", ["x", "", "//x", "ftp://slack.com/x", "http://", "<!channel>"])
async def test_gives_up_an_address_that_is_none(transport: Transport, url: str) -> None:
    """It does not take an address that leads nowhere for Slack being away, which would be tried again and again."""
    with pytest.raises(AnswerLate):
        await transport.answer(url, {"text": "x"})


async def test_answers_where_it_was_asked(slack: SimulatedSlack, transport: Transport) -> None:
    """It answers at a response_url, privately, until Slack takes no more there."""
    url = slack.core.response_urls.give("U0ONCALL0", CHANNEL)
    poster = Poster(transport, Redactor())
    for _ in range(5):
        await poster.answer(url, Message("psst", (section("psst"),)))
    assert [message.text for message in slack.ephemerals("U0ONCALL0")] == ["psst"] * 5
    with pytest.raises(AnswerLate, match="used up") as caught:
        await poster.answer(url, Message("psst"))
    assert url not in str(caught.value)
