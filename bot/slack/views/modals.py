"""The modals that ask, say that something is under way, or say one thing; and the buttons that lead to them. Pure."""

from collections.abc import Sequence

from bot.slack.message import Block, Message, context, section
from bot.slack.text import said
from bot.slack.view import TYPED_TEXT, View, button, buttons, choice, file_input, text_input
from bot.slack.views.incident_forms import TITLES as INCIDENT_TITLES
from bot.slack.views.plan import SIGNED
from bot.words.commands import Token, Why

TOKEN, WHY = "token", "why"
OPEN_TOKEN, OPEN_WHY = "open_token", "open_why"
PASTED, ATTACHED, ENVIRONMENT = "pasted", "attached", "environment"
USER, ACTION, RESOURCE = "user", "action", "resource"

_TAKEN = {SIGNED, *INCIDENT_TITLES}  # what is not looked into, but done
_PROBLEM = 600  # characters of what was wrong
_TITLES = {TOKEN: "Is this token valid?", WHY: "Why this permission?", SIGNED: "Confirm the plan", **INCIDENT_TITLES}


def token_form(environments: Sequence[str], chosen: str, problem: str = "") -> View:
    """Asks for a token, as text or as a file; `problem` says why it asks again."""
    blocks = (
        *_problem(problem),
        text_input(PASTED, "The token", f"Up to {TYPED_TEXT:,} characters; a longer one as a file.", long=True),
        file_input(ATTACHED, "Or a file with it"),
        *_environment(environments, chosen),
        context("Only you see this. Volati explains the token and forgets it. A file stays among your files in Slack."),
    )
    return View(_TITLES[TOKEN], blocks, TOKEN, "Explain")


def why_form(environments: Sequence[str], asked: Why) -> View:
    """Asks whom a permission question is about, what they want to do, and to what."""
    blocks = (
        text_input(USER, "User", "Their name or id in Keycloak.", given=asked.user),
        text_input(ACTION, "Action", "A scope of the resource, such as view, edit or run.", given=asked.action),
        text_input(
            RESOURCE,
            "Resource",
            "The id of the bot, strategy or whatever it is; or its whole name in Keycloak.",
            given=asked.resource,
        ),
        *_environment(environments, asked.environment),
    )
    return View(_TITLES[WHY], blocks, WHY, "Find out")


def looking(kind: str) -> View:
    """It is under way: what was sent is not shown again."""
    said = "Taking it." if kind in _TAKEN else "Looking. The answer comes here within half a minute."
    return View(_TITLES[kind], (section(f":mag: {said}"),))


def answered(kind: str, message: Message) -> View:
    """The answer, in the modal it was asked from."""
    return View(_TITLES[kind], message.blocks or (section(message.text),))


def notice(message: Message) -> View:
    """One thing said to a person where there is nothing but a modal to say it in."""
    return View("Volati", message.blocks or (section(message.text),))


def ask_for_token(command: Token) -> Message:
    """Stands in for the modal where only a button can open one."""
    text = "Volati takes a token in a private window, never in a channel."
    pressed = button("Open the window", OPEN_TOKEN, command.environment)
    return Message(text, (section(text), buttons(pressed)))


def ask_for_why(command: Why) -> Message:
    """The same for a permission question."""
    text = "Say who wants to do what to what."
    pressed = button("Open the window", OPEN_WHY, command.environment)
    return Message(text, (section(text), buttons(pressed)))


def _environment(environments: Sequence[str], chosen: str) -> tuple[Block, ...]:
    """The choice of an environment, where there is one."""
    if len(environments) == 1:
        return ()
    return (choice(ENVIRONMENT, "Environment", environments, chosen if chosen in environments else environments[0]),)


def _problem(problem: str) -> tuple[Block, ...]:
    return (section(f":warning: {said(problem, _PROBLEM)}"),) if problem else ()
