"""A message as a value, and the few blocks ours are made of. It knows limits and never posts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack shows: blocks, and one line of text for notifications and readers that show no blocks."""

    text: str
    blocks: tuple[Block, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The fields of chat.postMessage, chat.update and of an acknowledgement."""
        return {"text": self.text, "blocks": list(self.blocks)}


def section(markup: str) -> Block:
    """A paragraph. Never folded behind "see more", and nothing in it is turned into a mention by itself."""
    return {"type": "section", "text": _markup(markup), "expand": True}


def context(*markups: str) -> Block:
    """Small print: at most ten texts in a row."""
    return {"type": "context", "elements": [_markup(markup) for markup in markups]}


def lines(parts: Iterable[str]) -> str:
    """The parts that are not empty, one a line."""
    return "\n".join(part for part in parts if part)


def _markup(markup: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": markup, "verbatim": True}
