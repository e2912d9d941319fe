"""A message as a value that remembers every version it had."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from playground.slack.elements import ACTIVE
from playground.slack.shapes import Json, mapping, walk


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says: a text, and blocks or attachments shown instead of it."""

    text: str = ""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    metadata: Json | None = None

    def with_ids(self, fresh: Iterator[str]) -> "Content":
        """The same with an id on each block and each active element, as Slack gives them where the app gave none."""
        blocks = copy.deepcopy(self.blocks)
        for item in blocks:
            item["block_id"] = item.get("block_id") or next(fresh)
            for inner in walk(item):
                if inner.get("type") in ACTIVE and not inner.get("action_id"):
                    inner["action_id"] = next(fresh)
        return replace(self, blocks=blocks)


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said from `at` on, in seconds since 1970."""

    content: Content
    at: float


@dataclass(slots=True)
class Message:
    """A message in a channel, or one that only `to` sees; `versions` are all it ever said, oldest first."""

    channel: str
    ts: str
    author: str
    versions: list[Version]
    thread_ts: str | None = None
    to: str | None = None
    by_app: bool = True
    broadcast: bool = False
    deleted: bool = False
    files: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def content(self) -> Content:
        """What it says now."""
        return self.versions[-1].content

    @property
    def text(self) -> str:
        """Its text now."""
        return self.content.text

    @property
    def blocks(self) -> tuple[Json, ...]:
        """Its blocks now."""
        return self.content.blocks

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.to is not None

    @property
    def edited(self) -> bool:
        """Whether it was ever changed."""
        return len(self.versions) > 1

    def words(self) -> str:
        """All it shows as one text, for a test or a terminal: its blocks' texts, else its own."""
        shown = "\n".join(_texts(list(self.blocks)))
        return shown or self.text

    def action(self, name: str, value: str | None = None) -> tuple[Json, Json] | None:
        """The block and the element with this action id or label that it shows now, if any."""
        return find_action(self.blocks, name, value)


def _texts(value: object) -> Iterator[str]:
    for item in walk(value):
        if isinstance(item.get("text"), str):
            yield item["text"]
        if isinstance(item.get("title"), str):
            yield item["title"]


def find_action(blocks: object, name: str, value: str | None = None) -> tuple[Json, Json] | None:
    """The block and the active element in it with this action id or label, and this value if one is given."""
    for block in blocks if isinstance(blocks, (list, tuple)) else ():
        for item in walk(block):
            label = mapping(item.get("text")).get("text")
            if "action_id" in item and name in (item["action_id"], label) and value in (None, item.get("value")):
                return block, item
    return None
