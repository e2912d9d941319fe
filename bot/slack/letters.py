"""A letter: one thing to bring to Slack, as a value that can wait in the store. Pure; what it holds is redacted.

It says where it goes: into a channel or a thread, into a message as its new content, to one person, or as a file.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.slack.limits import BLOCKS_IN_MESSAGE
from bot.slack.message import Message, context

PRIVATE = "private-"
"""How lanes begin whose letters are for one person: they are never written to the store."""

LETTER_SECONDS = 24 * 3600.0
"""How long a letter may wait: after a day nobody looks for it any more."""

PRIVATE_SECONDS = 3600.0
"""The same for what one person asked: after an hour they have asked again, or elsewhere."""

REPEAT = "Sent again after an interruption: this may be a repeat."
"""What stands under a message that may already be there."""

EVENT = "volati_letter"
"""The type of the metadata by which a letter is found again among Slack's messages."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A report too long for a message: the name of its file, a title, and its text.

    With a `picture` (PNG) that is what the file holds, and the text says the same for who cannot see it.
    """

    name: str
    title: str
    text: str
    picture: bytes = field(default=b"", repr=False)

    @property
    def content(self) -> bytes:
        """What the file holds."""
        return self.picture or self.text.encode(errors="replace")


class Letter(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing to bring to Slack.

    `thread` and `edits` name a message: by its ts, or by the id of a letter that is not posted yet. `person` is whom
    it is shown to alone, `answers` the response_url of the command that it answers. `since` in seconds since 1970.
    `broadcast`: the reply is shown in the channel, too.
    """

    id: str
    channel: str
    text: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    thread: str = ""
    edits: str = ""
    person: str = ""
    answers: str = ""
    file: Attachment | None = None
    since: float = 0.0
    broadcast: bool = False

    @property
    def lane(self) -> str:
        """What it is sent in order with: all that goes into its channel, or to its reader."""
        return f"{PRIVATE}{self.person or 'reader'}" if self.person or self.answers else self.channel

    @property
    def seconds(self) -> float:
        """How long it may wait."""
        return PRIVATE_SECONDS if self.lane.startswith(PRIVATE) else LETTER_SECONDS

    @property
    def body(self) -> dict[str, Any]:
        """The fields of a message."""
        return {"text": self.text, "blocks": list(self.blocks)}

    def document(self) -> bytes:
        """The letter as it is stored."""
        return msgspec.json.encode(self)

    @classmethod
    def read(cls, document: bytes) -> "Letter":
        """The letter of a document. Raises msgspec.DecodeError for any other."""
        return msgspec.json.decode(document, type=cls)

    def saying(self, message: Message) -> "Letter":
        """The same with another message in it."""
        return msgspec.structs.replace(self, text=message.text, blocks=message.blocks)

    def plainly(self) -> "Letter":
        """The same without blocks: what is left when Slack refuses their form."""
        return msgspec.structs.replace(self, blocks=())

    def marked(self) -> "Letter":
        """The same, marked as what may be a repeat."""
        room = len(self.blocks) < BLOCKS_IN_MESSAGE
        blocks = (*self.blocks, context(REPEAT)) if self.blocks and room else self.blocks
        return msgspec.structs.replace(self, text=f"{self.text} ({REPEAT})", blocks=blocks)


def new_id() -> str:
    """An id for a letter, unlike any other, and unlike a ts of Slack's, which begins with a digit."""
    return f"L{secrets.token_hex(8)}"


def edit_id(channel: str, ts: str) -> str:
    """The id of all edits of a message: while one waits, the next takes its place."""
    return f"E{channel}-{ts}"


def is_posted(ts: str) -> bool:
    """Whether this is Slack's ts of a message, and not the id of a letter still waiting."""
    return ts[:1].isdigit()
