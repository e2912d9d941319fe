"""Brings a report too long for a message to Slack: as a file, or where none may be uploaded as pages of a thread.

A file takes three steps: ask for an address, bring the bytes there, share it
(docs.slack.dev/messaging/working-with-files).
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

from bot.slack.errors import AccessLost, SlackRefused, UploadRefused
from bot.slack.letters import REPEAT, Attachment, Letter
from bot.slack.limits import FILE_ALT_TEXT, OUR_SECTION_TEXT, size
from bot.slack.message import Message, context, section
from bot.slack.text import code_block, said

PAGES = 5
"""Most messages that a report becomes where it cannot be a file: more would bury the verdict."""

SECTIONS = 4
"""Code blocks in one page: together some 11,000 characters, within OUR_BLOCKS_TEXT."""

ATTACHMENT_BYTES = 500_000
"""Longest text of a file. It waits in the store while Slack is away; a run of an area has some 20 kB."""

_NEEDED = frozenset({"missing_scope"})
_ESCAPED = 5  # characters that one may become when it is written: &amp;
_TITLE = 120  # characters

Call = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


class Uploads(Protocol):
    """Brings bytes to an address that Slack gave."""

    async def upload(self, url: str, content: bytes) -> None:
        """Raises SlackError."""
        ...


def shortened(attachment: Attachment) -> Attachment:
    """The same, with what is beyond ATTACHMENT_BYTES left out and counted at its end."""
    written = attachment.text.encode(errors="replace")
    if len(written) <= ATTACHMENT_BYTES:
        return attachment
    kept = written[:ATTACHMENT_BYTES].decode(errors="ignore")
    missing = len(attachment.text) - len(kept)
    return Attachment(
        attachment.name, attachment.title, f"{kept}\n… ({missing:,} more characters are not in this file)"
    )


async def upload(call: Call, uploads: Uploads, letter: Letter, thread: str, *, repeat: bool = False) -> None:
    """Share the letter's file in its thread.

    Raises:
        SlackError: it is not there; `paged` says of which refusals pages are the way out.
    """
    file = letter.file or Attachment("", "", "")
    content = file.content
    described = {"alt_txt": file.text[:FILE_ALT_TEXT]} if file.picture else {}
    asked = {"filename": file.name, "length": len(content), **described}
    ticket = await call("files.getUploadURLExternal", asked)
    await uploads.upload(str(ticket.get("upload_url") or ""), content)
    shared: dict[str, Any] = {
        "files": [{"id": str(ticket.get("file_id") or ""), "title": file.title}],
        "channel_id": letter.channel,
        "initial_comment": f"{letter.text} ({REPEAT})" if repeat else letter.text,
    }
    await call("files.completeUploadExternal", shared | ({"thread_ts": thread} if thread else {}))


def paged(error: SlackRefused) -> bool:
    """Whether a report that Slack refused as a file should be posted in pages."""
    return isinstance(error, UploadRefused) or (isinstance(error, AccessLost) and error.code in _NEEDED)


def pages(attachment: Attachment) -> tuple[Message, ...]:
    """The report as messages, at most PAGES; each says which it is, and the last how much is missing."""
    pieces = list(_pieces(attachment.text))
    parts = [pieces[at : at + SECTIONS] for at in range(0, len(pieces), SECTIONS)]
    shown = parts[:PAGES]
    missing = sum(len(piece) for part in parts[PAGES:] for piece in part)
    messages = [_page(attachment, part, f"page {number} of {len(shown)}") for number, part in enumerate(shown, 1)]
    if missing and messages:
        note = f"{missing:,} more characters do not fit here: Slack takes no files from Volati in this workspace."
        last = messages[-1]
        messages[-1] = Message(last.text, (*last.blocks, context(note)))
    return tuple(messages)


def _page(attachment: Attachment, part: list[str], which: str) -> Message:
    line = f"{said(attachment.title, _TITLE)}, {which}"
    return Message(line, (context(line), *(section(code_block(piece, OUR_SECTION_TEXT)) for piece in part)))


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that each fit a block when written, cut at the ends of lines where that is possible."""
    kept, room = "", _ROOM
    for line in text.strip("\n").splitlines(keepends=True):
        for chunk in _chunks(line):
            if _written(chunk) > room:
                yield kept
                kept, room = "", _ROOM
            kept, room = kept + chunk, room - _written(chunk)
    if kept:
        yield kept


_ROOM = OUR_SECTION_TEXT - 20  # characters; the marks of a code block take up to ten


def _chunks(line: str) -> Iterator[str]:
    """A line, or its parts where it is longer than a block."""
    most = _ROOM // _ESCAPED
    return (line[at : at + most] for at in range(0, len(line), most)) if _written(line) > _ROOM else iter((line,))


def _written(text: str) -> int:
    """Characters the text takes when it is escaped."""
    return size(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">")) + 2 * text.count("```")
