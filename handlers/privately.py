"""Tells one person something, the way their request came: in their modal, at its response_url, or where they wrote."""

import asyncio
from functools import partial

import structlog

from bot.slack.errors import SlackError
from bot.slack.message import Message
from bot.slack.views.home import closed
from bot.slack.views.modals import notice
from bot.tasks import TooBusyError
from handlers.desk import Asked, Desk

SETTLE_SECONDS = 0.5
"""Time from the acknowledgement of a sent modal to the next change of it: two that come together may arrive in either
order, and "looking" would then stay. Slack says nothing of an order; its own answers take about 0.1 s."""

_log = structlog.get_logger()


async def privately(desk: Desk, asked: Asked, message: Message) -> None:
    """Tell the person; where even that fails, the log has to do."""
    try:
        await _tell(desk, asked, message)
    except SlackError as error:
        _log.warning("a person could not be told", message=message.text, reason=str(error))


def say_soon(desk: Desk, asked: Asked, message: Message | None) -> None:
    """Tell the person in a moment, for listeners that may only acknowledge; nothing where there is nothing to say."""
    if message is None:
        return
    try:
        desk.errands.start("tell somebody", partial(privately, desk, asked, message))
    except TooBusyError as error:
        _log.warning("a person could not be told", message=message.text, reason=str(error))


async def _tell(desk: Desk, asked: Asked, message: Message) -> None:
    if asked.home:
        await desk.surfaces.publish(asked.person, closed(message))
    elif asked.view_id:
        await asyncio.sleep(SETTLE_SECONDS)
        await desk.surfaces.update(asked.view_id, notice(message))
    elif asked.response_url:
        await desk.poster.answer(asked.response_url, message, asked.channel, asked.person)
    elif asked.channel:
        await desk.poster.whisper(asked.channel, asked.person, message, asked.thread_ts)
    elif asked.trigger_id:  # a button on the Home tab has neither
        await desk.surfaces.open(asked.trigger_id, notice(message))
