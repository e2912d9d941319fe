"""From what a person wrote to the private line that answers it; what takes longer is begun in the background."""

from bot.commands import Command, Diagnose, Events, Help, Logs, Refusal, Status, Token, Whoami, Why, parse, right
from bot.slack.message import Message
from bot.slack.views.answers import help_for, refused
from handlers.desk import Asked, Desk
from handlers.diagnose import begin
from handlers.entrance import Errand, enter
from handlers.glances import show
from handlers.token import ask_for_token
from handlers.whoami import show_rights
from handlers.why import ask_why


def hear(desk: Desk, asked: Asked) -> Message | None:
    """The answer to give at once, if any. It never waits: Slack must have it within three seconds."""
    heard: Command | Refusal = parse(asked.text, desk.environments)
    match heard:
        case Diagnose():
            return begin(desk, asked, heard)
        case Status() | Events() | Logs():
            return show(desk, asked, heard)
        case Whoami():
            return show_rights(desk, asked)
        case Token():
            return ask_for_token(desk, asked, heard)
        case Why():
            return ask_why(desk, asked, heard)
        case Help() | Refusal():
            say = refused(heard) if isinstance(heard, Refusal) else help_for(desk.environments)
            return enter(desk, asked, Errand(right(heard), say=say, refuses=isinstance(heard, Refusal)))
