"""Reads the text out of a message as Slack hands it over: blocks, attachments, and what is said of files. Pure.

Whoever wrote the message may be anybody or any app, so every shape is taken, and what is none is passed over.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

DEPTH = 12
"""Blocks within blocks that are followed; Slack's own go five deep (a list in a quote in a rich text)."""

#: A person, a channel, a call or an address; other words in angle brackets are the writer's own.
_MARKUP = re.compile(r"<((?:[@#!]|[a-z]+:)[^<>|]*)(?:\|([^<>]*))?>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
#: The fields of an attachment that hold words, in the order they are shown (…/messaging/attachments).
_SHOWN = ("pretext", "title", "text", "footer")
_INLINE = ("rich_text_section", "rich_text_preformatted", "rich_text_quote")
_TEXT_KINDS = frozenset({"log", "txt", "text", "json", "yaml", "markdown", "csv", "shell", "go", "sql", "diff", "xml"})


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of text that was shared with a message: what Slack calls it, its address, and its size in bytes."""

    name: str
    url: str
    size: int


def text_of(message: Json) -> str:
    """All that a reader of the message sees, and the beginnings of files as far as Slack shows them."""
    blocks = "\n".join(_blocks(message.get("blocks"), 0))
    parts = [blocks if blocks.strip() else _read(message.get("text"))]
    parts += [text for one in _objects(message.get("attachments")) for text in _attachment(one)]
    parts += [text for one in _objects(message.get("files")) for text in _file(one)]
    return "\n".join(part for part in parts if part.strip())


def files_of(message: Json) -> tuple[Attached, ...]:
    """The files of text shared with a message."""
    return tuple(_attached(one) for one in _objects(message.get("files")) if _is_text(one))


def _attached(file: Json) -> Attached:
    size = file.get("size")
    name, url = str(file.get("name") or "a file"), str(file.get("url_private") or "")
    return Attached(name, url, size if isinstance(size, int) else 0)


def _is_text(file: Json) -> bool:
    return str(file.get("mimetype") or "").startswith("text/") or str(file.get("filetype")) in _TEXT_KINDS


def _blocks(blocks: object, depth: int) -> Iterator[str]:
    """The text of blocks, one line or paragraph each."""
    for block in _objects(blocks) if depth < DEPTH else ():
        if block.get("type") in _INLINE:
            yield "".join(_inline(block.get("elements")))
        else:
            yield from _own(block)
            yield from _blocks(block.get("elements"), depth + 1)
            yield from _blocks(block.get("fields"), depth + 1)


def _own(block: Json) -> Iterator[str]:
    text = block.get("text")
    if isinstance(text, str):  # an element of a context, a markdown block, a field
        yield _read(text)
    elif isinstance(text, Mapping):
        yield _read(text.get("text"))


def _inline(elements: object) -> Iterator[str]:
    """The pieces of a line of rich text, which holds no markup."""
    for one in _objects(elements):
        text = one.get("text") or one.get("url") or one.get("name")
        if isinstance(text, str):
            yield text


def _attachment(one: Json) -> Iterator[str]:
    shown = [_read(one.get(name)) for name in _SHOWN]
    shown += [f"{_read(field.get('title'))}: {_read(field.get('value'))}" for field in _objects(one.get("fields"))]
    shown += list(_blocks(one.get("blocks"), 0))
    words = [text for text in shown if text.strip(": ")]
    yield from words or [_read(one.get("fallback"))]


def _file(one: Json) -> Iterator[str]:
    """Its name, and the beginning that Slack shows of a snippet."""
    yield str(one.get("name") or one.get("title") or "")
    preview = one.get("plain_text") or one.get("preview")
    if isinstance(preview, str):
        yield preview


def _read(text: object) -> str:
    """Markup as a reader sees it."""
    if not isinstance(text, str):
        return ""
    plain = _MARKUP.sub(lambda found: found[2] or found[1], text)
    for entity, letter in _ENTITIES:
        plain = plain.replace(entity, letter)
    return plain


def _objects(value: object) -> Iterator[Json]:
    if isinstance(value, list | tuple):
        yield from (one for one in value if isinstance(one, Mapping))
