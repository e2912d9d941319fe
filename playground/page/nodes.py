"""The small vocabulary that every kind of Slack text becomes: nodes the page turns into elements, never into HTML.

A node is an object whose `is` says what it is. Inline: text, bold, italic, strike, underline, code, link, person,
channel, group, everyone, emoji. Standing alone: pre, quote, list, heading, rule.
"""

import re
from collections.abc import Iterator
from typing import Any

from playground.page.emoji import sign

Node = dict[str, Any]

_SCHEMES = ("http://", "https://", "mailto:")
SHORTCODE = re.compile(r":([a-z0-9_+'-]{1,50}):")


def text(words: str) -> Node:
    """Plain words."""
    return {"is": "text", "text": words}


def around(kind: str, of: list[Node]) -> Node:
    """Nodes inside another: bold, italic, strike, underline, quote, list, item, heading."""
    return {"is": kind, "of": of}


def code(words: str) -> Node:
    """Code in a line."""
    return {"is": "code", "text": words}


def pre(words: str) -> Node:
    """Lines of code."""
    return {"is": "pre", "text": words.strip("\n")}


def link(url: str, of: list[Node]) -> list[Node]:
    """A link; only its label where the address is none a browser should follow."""
    return [{"is": "link", "url": url, "of": of}] if followable(url) else of


def followable(url: str) -> bool:
    """Whether this address may become a link: the web or mail, never a script."""
    return url.lower().startswith(_SCHEMES)


def named(kind: str, id: str, label: str = "") -> Node:
    """Somebody or something with an id: person, channel, group. The page knows its name; `label` is for when not."""
    return {"is": kind, "id": id, "label": label}


def emoji(name: str) -> Node:
    """An emoji by its short name; as it was written where it is not known here."""
    shown = sign(name)
    return {"is": "emoji", "name": name, "sign": shown} if shown else text(f":{name}:")


def plain(words: str) -> list[Node]:
    """Words in which only emoji have a meaning, as in `plain_text`."""
    return joined(_pieces(words))


def _pieces(words: str) -> Iterator[Node]:
    for place, piece in enumerate(SHORTCODE.split(words)):
        if place % 2:
            yield emoji(piece)
        elif piece:
            yield text(piece)


def joined(nodes: Iterator[Node] | list[Node]) -> list[Node]:
    """The nodes with neighbouring texts made one, and empty ones left out."""
    whole: list[Node] = []
    for node in nodes:
        if node.get("text") == "":
            continue
        if node["is"] == "text" and whole and whole[-1]["is"] == "text":
            whole[-1] = text(whole[-1]["text"] + node["text"])
        else:
            whole.append(node)
    return whole
