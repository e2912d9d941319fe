"""The way in, over Socket Mode."""

from collections.abc import Awaitable, Callable

import pytest

from bot.slack.errors import AccessLost
from handlers import sockets as module
from handlers.app import build_app
from handlers.sockets import Sockets
from tests.handlers.world import World, world


async def sockets_of(here: World, address: Callable[[str], Awaitable[str]] | None = None, token: str = "") -> Sockets:
    app = build_app(here.desk, here.transport, await here.transport.identity())
    return Sockets(app, token or here.slack.app_token, address or here.transport.socket_address)


async def test_says_when_the_token_is_wrong() -> None:
    """It fails at the start, in words, with a token Slack does not take."""
    async with world() as here:
        sockets = await sockets_of(here, token=here.slack.bot_token)
        try:
            with pytest.raises(AccessLost, match="xapp-"):
                await sockets.open()
        finally:
            await sockets.close()


async def test_asks_for_a_new_address_when_one_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not try a spent address for ever."""
    monkeypatch.setattr(module, "TICKET_SECONDS", 0.05)
    monkeypatch.setattr(module, "PING_SECONDS", 0.1)
    async with world() as here:
        asked: list[str] = []

        async def address(token: str) -> str:
            asked.append(token)
            given = await here.transport.socket_address(token)
            return given if len(asked) > 1 else given.replace("ticket=", "ticket=spent")

        already = len(here.slack.sockets.links)
        sockets = await sockets_of(here, address)
        try:
            await sockets.open()
            await here.slack.until(lambda: len(here.slack.sockets.links) > already)
        finally:
            await sockets.close()
        assert len(asked) >= 2


async def test_comes_back_after_a_cut() -> None:
    """It connects again by itself after Slack was away, and answers again."""
    async with world() as here:
        await here.slack.go_down()
        await here.slack.come_back()
        await here.slack.until(lambda: len(here.slack.sockets.links) == 1, seconds=15)
        outcome = await here.slack.person("oncall").command("engineering", "/volati help")
        assert outcome.acknowledged


async def test_takes_nothing_after_closing() -> None:
    """It is gone once closed, and does not connect again."""
    async with world() as here:
        sockets = await sockets_of(here)
        await sockets.open()
        await here.slack.until(lambda: len(here.slack.sockets.links) == 2)
        await sockets.close()
        await here.slack.until(lambda: len(here.slack.sockets.links) == 1)
