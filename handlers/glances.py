"""`status`, `events`, `logs`: quick looks, and the buttons that turn their pages.

A command is answered to the person who asks, a mention in the thread. A button is answered to who pressed it.
"""

import re
from functools import partial

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.board import board
from bot.commands import Events, Logs, Status, right
from bot.glances import NoClusterError
from bot.slack.errors import SlackRefused
from bot.slack.message import Message
from bot.slack.views.answers import told
from bot.slack.views.events import events
from bot.slack.views.logs import logs
from bot.slack.views.overview import status_now
from bot.slack.views.pages import TURN, Paged, turned
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.privately import privately, say_soon

_GONE = "What this button stands for is not there any more. Type /volati help to see what is."
_log = structlog.get_logger()


def listen(app: AsyncApp, desk: Desk) -> None:
    """Hear the buttons."""

    @app.action(re.compile(f"^{TURN}"))
    async def pressed(ack: AsyncAck, body: Json) -> None:
        await ack()
        asked = Asked.by_button(body)
        command = turned(asked.text, desk.environments)
        say_soon(desk, asked, show(desk, asked, command) if command else told(_GONE))


def show(desk: Desk, asked: Asked, command: Paged) -> Message | None:
    """Look, and answer."""
    return enter(desk, asked, Errand(right(command), partial(_answer, desk, asked, command), long=True))


async def _answer(desk: Desk, asked: Asked, command: Paged) -> None:
    message = await _looked(desk, command)
    if not asked.mentioned_ts:
        await privately(desk, asked, message)
        return
    try:
        await desk.poster.post(asked.channel, message, asked.thread_ts or asked.mentioned_ts)
    except SlackRefused as error:
        _log.info("an answer is told privately", what=right(command), reason=str(error))
        await privately(desk, asked, message)


async def _looked(desk: Desk, command: Paged) -> Message:
    match command:
        case Status():
            return await _status(desk, command)
        case Events():
            return events(await desk.glances.events(command.environment), command)
        case Logs():
            return logs(await desk.glances.logs(command), command)


async def _status(desk: Desk, command: Status) -> Message:
    """The verdicts that are remembered, also where there is no cluster to look at."""
    known = await board(desk.memory, desk.environments, desk.clock.now())
    try:
        look = await desk.glances.overview(command.environment or desk.environments[0])
    except NoClusterError as error:
        return status_now(known, str(error), command)
    return status_now(known, look, command)
