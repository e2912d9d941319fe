"""The private answers to a command: on it, help, no and why, and what went wrong. Pure."""

from collections.abc import Sequence

from bot.slack.message import Message, context, lines, section
from bot.slack.text import code, said
from bot.slack.words import title
from bot.words.commands import AREAS_TO_COME, COMMANDS, Refusal, Word

_REFUSAL_TEXT = 500  # characters; refusals are one sentence, and this is room for its markup
_NAME = 80  # characters of a name in a sentence; names of areas and environments are far below
_USAGE = 200  # characters of how a word is used: above the longest, so that none is cut
_REMEDY = 600  # characters of what an error says


def on_it(areas: Sequence[str], environment: str, channel: str | None) -> Message:
    """A diagnosis has begun, and where its answer comes: a channel's id, or None for the thread it was asked in."""
    looked_at = " and ".join(title(area) for area in areas)
    text = f"On it: looking at {said(looked_at, _REFUSAL_TEXT)} in {said(environment, _NAME)}."
    where = f"in a thread in <#{channel}>" if channel else "in this thread"
    return _one_line(f"{text} The answer comes {where}.")


def joined(area: str, environment: str, since: str, where: str) -> Message:
    """The same diagnosis is under way. `since` is "12 s ago", or empty; `where` is a place or a link, as markup."""
    began = f", begun {since}" if since else ""
    about = f"{said(title(area), _NAME)} in {said(environment, _NAME)}"
    return _one_line(f"{about} is being looked at already{began}. The answer comes in {where}.")


def refused(refusal: Refusal) -> Message:
    """Why nothing is done, and what would work."""
    line = said(refusal.text, _REFUSAL_TEXT)
    example = f"Try {code(f'/volati {refusal.example}', _NAME)}" if refusal.example else ""
    return Message(line, (section(lines([line, example])),))


def help_for(environments: Sequence[str]) -> Message:
    """What can be asked for, and what is to come."""
    usable = [_usage(word) for word in COMMANDS if word.available]
    to_come = ", ".join(code(word.word, _NAME) for word in COMMANDS if not word.available)
    places = ", ".join(said(name, _NAME) for name in environments[:10])
    small = [
        f"Environments: {places}. Without “in …” it is the first.",
        f"Areas to come: {', '.join(AREAS_TO_COME)}.",
        f"Words to come: {to_come}.",
    ]
    blocks = (section(lines(["*What you can ask for*", *usable])), context("\n".join(small)))
    return Message("What you can ask for: /volati diagnose keycloak", blocks)


def failed(error_id: str, about: str) -> Message:
    """The bot itself failed. `about` says what is not known now, as in "Nothing is known about Keycloak"."""
    line = f":warning: Volati itself failed. {said(about, _REFUSAL_TEXT)}"
    small = f"Try again. If it fails again, search Volati's log for {code(error_id, _NAME)}: the reason is there."
    return Message(f"Volati itself failed: {error_id}", (section(line), context(small)))


def stopped(about: str) -> Message:
    """The bot was stopped before it had an answer."""
    line = f"Volati was stopped before it could say: {said(about, _REFUSAL_TEXT)}. Ask again once it is back."
    return _one_line(line)


def told(sentence: str) -> Message:
    """One plain sentence, such as what an error says must be done."""
    return _one_line(said(sentence, _REMEDY))


def _usage(word: Word) -> str:
    return f"{code(f'/volati {word.usage}', _USAGE)} – {said(word.does, _REFUSAL_TEXT)}"  # noqa: RUF001 a dash


def _one_line(line: str) -> Message:
    return Message(line, (section(line),))
