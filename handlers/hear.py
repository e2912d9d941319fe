"""From what a person wrote to the private line that answers it; what takes longer is begun in the background."""

from bot.commands import Diagnose, Help, Refusal, parse
from bot.slack.message import Message
from bot.slack.views.answers import help_for, refused
from handlers.desk import Asked, Desk
from handlers.diagnose import begin


def hear(desk: Desk, asked: Asked) -> Message:
    """The answer to give at once. It never waits: Slack must have it within three seconds."""
    heard: Diagnose | Help | Refusal = parse(asked.text, desk.environments)
    match heard:
        case Diagnose():
            return begin(desk, asked, heard)
        case Help():
            return help_for(desk.environments)
        case Refusal():
            return refused(heard)
