"""From what a person wrote to the private line that answers it; what takes longer is begun in the background."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.slack.message import Message
from bot.slack.views.answers import help_for, refused
from bot.words.acts import Wish
from bot.words.commands import Audit, Diagnose, Events, Help, Logs, Refusal, Status, Token, Whoami, Why, parse, right
from bot.words.incidents import Ack, Escalate, Handover, Incidents, Oncall, Postmortem, Resolve, Snooze
from handlers.acts import propose
from handlers.desk import Asked, Desk
from handlers.diagnose import begin
from handlers.entrance import Errand, enter
from handlers.glances import show
from handlers.incidents import tend
from handlers.token import ask_for_token
from handlers.whoami import show_rights
from handlers.why import ask_why


def hear(desk: Desk, asked: Asked) -> Message | None:
    """The answer to give at once, if any. It never waits: Slack must have it within three seconds."""
    heard = parse(asked.text, desk.environments)
    return _ANSWERS[type(heard)](desk, asked, heard)


def _help(desk: Desk, asked: Asked, _: Help) -> Message | None:
    return enter(desk, asked, Errand("help", say=help_for(desk.environments)))


def _refuse(desk: Desk, asked: Asked, refusal: Refusal) -> Message | None:
    return enter(desk, asked, Errand(right(refusal), say=refused(refusal), refuses=True))


_ANSWERS: Mapping[type, Callable[[Desk, Asked, Any], Message | None]] = {
    Diagnose: begin,
    Status: show,
    Events: show,
    Logs: show,
    Audit: show,
    Whoami: show_rights,
    Token: ask_for_token,
    Why: ask_why,
    Wish: propose,
    **dict.fromkeys((Ack, Escalate, Handover, Incidents, Oncall, Postmortem, Resolve, Snooze), tend),
    Help: _help,
    Refusal: _refuse,
}
"""Who answers which command."""
