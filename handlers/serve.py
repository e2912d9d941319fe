"""The bot as a whole: opens everything, listens until it is told to stop, and ends in order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.bootstrap import Services, open_services
from bot.settings import Settings, SettingsError, SlackSettings
from bot.slack.errors import SlackUnreachable
from bot.slack.poster import Poster
from bot.slack.transport import Transport, open_transport
from bot.tasks import Tasks
from handlers.app import build_app
from handlers.desk import Desk
from handlers.memory import tell_of_the_interrupted
from handlers.sockets import Sockets

DRAIN_SECONDS = 25.0
"""How long jobs under way may finish after a stop: a run's 20 s and its posts, within Kubernetes' grace of 30 s."""

SLACK_AWAY_SECONDS = 5.0
"""Time between tries while Slack cannot be reached at the start."""

_log = structlog.get_logger()
T = TypeVar("T")


async def serve(settings: Settings, stop: asyncio.Event, ready: Callable[[], None] = lambda: None) -> int:
    """Run the bot until `stop` is set; gives the exit code. `ready` is called once it listens.

    Raises:
        SettingsError: Slack is not configured, or a setting cannot be used.
        SlackRefused: Slack does not take a token.
    """
    if settings.slack is None:
        raise SettingsError("Slack is not configured: set slack.bot_token, slack.app_token and slack.channel.")
    async with (
        open_services(settings, memory_required=False) as services,
        open_transport(settings.slack.bot_token.get_secret_value(), settings.slack.api_url) as transport,
    ):
        desk = _desk(services, settings.slack, transport)
        desk.tasks.start("interrupted", lambda: tell_of_the_interrupted(desk, alone=_alone(services)))
        try:
            await _listen(desk, transport, settings.slack, stop, ready)
        finally:
            _log.info("stopped", jobs_cancelled=await desk.tasks.drain(DRAIN_SECONDS))
    return 0


async def _listen(
    desk: Desk, transport: Transport, slack: SlackSettings, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Connect, say so, and take things in until told to stop; the jobs they began go on after that."""
    me = await _unless_stopped(stop, lambda: _patiently(transport.identity))
    if me is None:
        return
    sockets = Sockets(build_app(desk, transport, me), slack.app_token.get_secret_value(), transport.socket_address)
    try:
        await _unless_stopped(stop, lambda: _patiently(sockets.open))
        if not stop.is_set():
            _log.info("listening", environments=desk.environments, channel=desk.channel)
            ready()
        await stop.wait()
    finally:
        await sockets.close()


def _desk(services: Services, slack: SlackSettings, transport: Transport) -> Desk:
    settings = services.settings
    first = settings.environment
    return Desk(
        channel=slack.channel,
        environments=(first, *(name for name in settings.environments if name != first)),
        runbook_url=settings.runbook_url,
        examiner=services.examiner,
        memory=services.store,
        poster=Poster(transport, services.redactor),
        tasks=Tasks(),
        clock=services.clock,
    )


def _alone(services: Services) -> bool:
    """Whether the memory is this process's own, embedded one."""
    return services.store is not None and services.store.server is not None


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What Slack answers, asked until it can be reached."""
    while True:
        try:
            return await ask()
        except SlackUnreachable as error:
            _log.warning("waiting for Slack", reason=str(error))
            await asyncio.sleep(SLACK_AWAY_SECONDS)


async def _unless_stopped(stop: asyncio.Event, work: Callable[[], Awaitable[T]]) -> T | None:
    """What the work gives; None when `stop` is set first."""
    task, stopped = asyncio.ensure_future(work()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for one in (task, stopped):
            one.cancel()
        await asyncio.wait({task, stopped})
