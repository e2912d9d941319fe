"""`status`, `events`, `logs`, `audit`: quick looks, and the buttons that turn their pages.

A command is answered to the person who asks, a mention in the thread. A button is answered to who pressed it. The audit
is always told to the person alone: it names people, all of whom Slack would notify.
"""

import re
from functools import partial

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.runs.board import board
from bot.runs.glances import NoClusterError
from bot.slack.errors import SlackRefused
from bot.slack.message import Message
from bot.slack.views.answers import told
from bot.slack.views.events import events
from bot.slack.views.logs import logs
from bot.slack.views.overview import status_now
from bot.slack.views.pages import TURN, Paged, turned
from bot.words.commands import Audit, Events, Logs, Status, right
from handlers.audit import audited
from handlers.desk import Asked, Desk, Json
from handlers.entrance import Errand, enter
from handlers.privately import privately, say_soon
from handlers.standing import links_learnt, standing

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
    message = await _looked(desk, asked, command)
    if not asked.mentioned_ts or isinstance(command, Audit):
        await privately(desk, asked, message)
        return
    try:
        await desk.poster.post(asked.channel, message, asked.thread_ts or asked.mentioned_ts)
    except SlackRefused as error:
        _log.info("an answer is told privately", what=right(command), reason=str(error))
        await privately(desk, asked, message)


async def _looked(desk: Desk, asked: Asked, command: Paged) -> Message:
    match command:
        case Status():
            return await _status(desk, asked, command)
        case Events():
            return events(await desk.glances.events(command.environment), command)
        case Logs():
            return logs(await desk.glances.logs(command), command)
        case Audit():
            return await audited(desk, command)


async def _status(desk: Desk, asked: Asked, command: Status) -> Message:
    """The verdicts that are remembered and what is open, also where there is no cluster to look at."""
    known = await board(desk.memory, desk.environments, desk.clock.now())
    how = await standing(desk, asked.asker)
    if await links_learnt(desk, how):
        how = await standing(desk, asked.asker)
    try:
        look = await desk.glances.overview(command.environment or desk.environments[0])
    except NoClusterError as error:
        return status_now(known, str(error), command, how)
    return status_now(known, look, command, how)
