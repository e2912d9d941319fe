"""Tells one person something, the way their words came: at the command's response_url, or where they mentioned us."""

import structlog

from bot.slack.errors import SlackError
from bot.slack.message import Message
from handlers.desk import Asked, Desk

_log = structlog.get_logger()


async def privately(desk: Desk, asked: Asked, message: Message) -> None:
    """Tell the person; where even that fails, the log has to do."""
    try:
        if asked.response_url:
            await desk.poster.answer(asked.response_url, message)
        else:
            await desk.poster.whisper(asked.channel, asked.person, message, asked.thread_ts)
    except SlackError as error:
        _log.warning("a person could not be told", message=message.text, reason=str(error))
