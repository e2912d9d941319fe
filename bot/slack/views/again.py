"""The button that runs a diagnosis again, what it stands for, and the message of a run that was interrupted. Pure.

What a button stands for is no right: who may press it is asked when it is pressed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.slack.message import Block, Message, context, section
from bot.slack.text import said
from bot.slack.view import button, buttons
from bot.slack.words import title
from diagnostics.areas import AREAS

RUN_AGAIN = "run_again"
_NAME = 80  # characters of a name in a sentence
_NO = "-"


@dataclass(frozen=True, slots=True)
class Again:
    """A diagnosis to run again. `own`: the first message of the thread is the bot's, and shows how it ends."""

    area: str
    environment: str
    deep: bool
    own: bool

    @property
    def value(self) -> str:
        """The same as a button carries it."""
        return f"{self.area} {self.environment} {'deep' if self.deep else _NO} {'own' if self.own else _NO}"

    @classmethod
    def read(cls, value: str, environments: Sequence[str]) -> "Again | None":
        """What a button's value says; None when it is none of ours, or names what is not there any more."""
        words = value.split(" ")
        if len(words) != len(cls.__slots__):
            return None
        area, environment, deep, own = words
        known = environment in environments and area in {one.name for one in AREAS}
        return cls(area, environment, deep == "deep", own == "own") if known else None


def again_button(again: Again, label: str) -> Block:
    """The button, in a row of its own."""
    return buttons(button(label, RUN_AGAIN, again.value))


def without_buttons(message: Message) -> Message:
    """The message as it stays once one of its buttons was used."""
    return replace(message, blocks=tuple(block for block in message.blocks if block.get("type") != "actions"))


def interrupted(again: Again, person: str) -> Message:
    """There is no answer and none will come; and the way to one. Without an area, what it was about is not known."""
    where = said(again.environment, _NAME)
    about = f"{said(title(again.area), _NAME)} in {where}" if again.area else f"A diagnosis in {where}"
    line = f"{about}: interrupted, Volati was stopped before it had an answer"
    blocks: list[Block] = [section(f":warning: *{line}*")]
    if person:
        blocks.append(context(f"Asked by <@{person}>"))
    if again.area:
        blocks.append(again_button(again, "Run it again"))
    return Message(line, tuple(blocks))
