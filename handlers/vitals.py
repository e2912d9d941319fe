"""Watches over the bot while it serves: does its loop come round, do store and Slack answer. It mends nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.bootstrap import Services
from bot.errors import StoreError
from bot.health import Health, State
from bot.slack.errors import AccessLost, SlackError
from handlers.watchdog import Watchdog, watchdog

BEAT_SECONDS = 1.0
"""Time between two beats of the event loop."""

STORE_EVERY_SECONDS = 10.0
"""Time between two looks at the store: soon enough for /readyz, and nothing to a server."""

WEB_API_EVERY_SECONDS = 60.0
"""Time between two questions whether Slack takes the bot's token: a revoked one shows in /readyz within a minute, over
HTTP too, where no new connection would tell. auth.test takes hundreds a minute (docs.slack.dev/reference/methods)."""

SLACK, STORE, WEB_API = "slack", "store", "web api"
"""What these parts are called in the bot's health."""

_RESTART = "Mend what the reason names; Volati looks for its memory again when it is started anew."


@asynccontextmanager
async def watched(services: Services, health: Health) -> AsyncIterator[None]:
    """Watch for as long as the block lasts."""
    with watchdog() as dog:
        tasks = {
            asyncio.create_task(_beat(health, dog), name="beat"),
            asyncio.create_task(_look_at_the_store(services, health), name="look at the store"),
        }
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


@asynccontextmanager
async def web_api_watched(ask: Callable[[], Awaitable[object]], health: Health) -> AsyncIterator[None]:
    """Ask Slack now and then, for as long as the block lasts."""
    task = asyncio.create_task(_keep_asking(ask, health), name="ask Slack")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def check_web_api(ask: Callable[[], Awaitable[object]], health: Health) -> None:
    """Make a call of Slack's, and report how that went."""
    try:
        await ask()
    except SlackError as error:
        state = State.ILL if isinstance(error, AccessLost) else State.AWAY
        health.report(WEB_API, state, str(error))
    else:
        health.report(WEB_API, State.WELL, "Slack takes the bot token")


async def _keep_asking(ask: Callable[[], Awaitable[object]], health: Health) -> None:
    while True:
        await asyncio.sleep(WEB_API_EVERY_SECONDS)
        await check_web_api(ask, health)


async def _beat(health: Health, dog: Watchdog) -> None:
    """Beat, and put the end off each time: it comes when the loop stands still."""
    while True:
        dog.beat()
        await asyncio.sleep(BEAT_SECONDS)
        health.beat(BEAT_SECONDS)


async def _look_at_the_store(services: Services, health: Health) -> None:
    if services.store is None:
        health.report(STORE, State.AWAY, "it could not be opened: runs are not remembered, and acts refused", _RESTART)
        return
    while True:
        try:
            seconds = await services.store.ping()
        except StoreError as error:
            health.report(STORE, State.AWAY, str(error))
        else:
            health.report(STORE, State.WELL, f"{services.store.address} answers in {seconds * 1000:.0f} ms")
        await asyncio.sleep(STORE_EVERY_SECONDS)
