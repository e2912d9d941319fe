"""`whoami`: a person's own rights, told to them alone."""

from functools import partial

from bot.slack.message import Message
from bot.slack.views.whoami import whoami
from bot.words.commands import Whoami
from handlers.desk import Asked, Desk
from handlers.entrance import Errand, enter
from handlers.privately import privately


def show_rights(desk: Desk, asked: Asked, _: Whoami) -> Message | None:
    """Tell somebody their rights, once they are known."""
    return enter(desk, asked, Errand("whoami", partial(_rights, desk, asked)))


async def _rights(desk: Desk, asked: Asked) -> None:
    await privately(desk, asked, whoami(desk.gate.rights(asked.asker), desk.clock.now()))
