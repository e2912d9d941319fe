"""`status` and `whoami`: what is known already, told to one person."""

from functools import partial

from bot.board import board
from bot.slack.message import Message
from bot.slack.views.status import status
from bot.slack.views.whoami import whoami
from handlers.desk import Asked, Desk
from handlers.entrance import Errand, enter
from handlers.privately import privately


def show_status(desk: Desk, asked: Asked) -> Message | None:
    """Read the last verdicts, and tell."""
    return enter(desk, asked, Errand("status", partial(_status, desk, asked)))


def show_rights(desk: Desk, asked: Asked) -> Message | None:
    """Tell somebody their rights, once they are known."""
    return enter(desk, asked, Errand("whoami", partial(_rights, desk, asked)))


async def _status(desk: Desk, asked: Asked) -> None:
    await privately(desk, asked, status(await board(desk.memory, desk.environments, desk.clock.now())))


async def _rights(desk: Desk, asked: Asked) -> None:
    await privately(desk, asked, whoami(desk.gate.rights(asked.asker), desk.clock.now()))
