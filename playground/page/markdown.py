"""The `markdown` block as nodes: headings, lists, quotes, rules, fences and what stands in a line. No raw HTML."""

import re
from collections.abc import Iterator
from itertools import groupby

from playground.page.nodes import SHORTCODE, Node, around, code, emoji, joined, link, pre, text

_FENCED = re.compile(r"^```[^\n]*\n(.*?)(?:^```[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"(#{1,6}) +(.*)")
_ITEM = re.compile(r" {0,6}(?:[-*+]|(\d{1,9})[.)]) +(.*)")
_RULE = re.compile(r" {0,3}(?:-{3,}|\*{3,}|_{3,}) *")
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|\[(?P<label>[^\[\]\n]+)\]\((?P<url>[^()\s]+)\)"
    r"|\*\*(?P<bold>[^*\n]+)\*\*"
    r"|~~(?P<strike>[^~\n]+)~~"
    r"|(?<![\w*])[*_](?P<italic>[^*_\n]+)[*_](?!\w)"
    rf"|{SHORTCODE.pattern.replace('(', '(?P<emoji>', 1)}"
)


def markdown(words: str) -> list[Node]:
    """The nodes of a text in Markdown."""
    return joined(_fenced(words))


def _fenced(words: str) -> Iterator[Node]:
    for place, part in enumerate(_FENCED.split(words)):
        if place % 2:
            yield pre(part)
        else:
            yield from _grouped(part)


def _grouped(words: str) -> Iterator[Node]:
    """Lines of one kind together: the lines of a list are one list."""
    for kind, lines in groupby(words.strip("\n").split("\n"), _kind):
        yield from _block(kind, list(lines))


def _kind(line: str) -> str:
    if _HEADING.fullmatch(line):
        return "heading"
    if _RULE.fullmatch(line):
        return "rule"
    item = _ITEM.fullmatch(line)
    if item:
        return "ordered" if item[1] else "bullet"
    return "quote" if line.startswith(">") else "lines"


def _block(kind: str, lines: list[str]) -> Iterator[Node]:
    match kind:
        case "heading":
            yield from (_heading(line) for line in lines)
        case "rule":
            yield {"is": "rule"}
        case "bullet" | "ordered":
            items = [around("item", _inline(found[2])) for line in lines if (found := _ITEM.fullmatch(line))]
            yield {"is": "list", "ordered": kind == "ordered", "of": items}
        case "quote":
            yield around("quote", _inline("\n".join(line[1:].lstrip() for line in lines)))
        case _:
            yield from _inline("\n".join(lines))


def _heading(line: str) -> Node:
    found = _HEADING.fullmatch(line)
    marks, words = (found[1], found[2]) if found else ("#", line)
    return {"is": "heading", "level": len(marks), "of": _inline(words)}


def _inline(words: str) -> list[Node]:
    return joined(_pieces(words))


def _pieces(words: str) -> Iterator[Node]:
    place = 0
    for found in _INLINE.finditer(words):
        yield text(words[place : found.start()])
        yield from _piece(found)
        place = found.end()
    yield text(words[place:])


def _piece(found: re.Match[str]) -> list[Node]:
    kind = str(found.lastgroup)
    inner = found[kind]
    match kind:
        case "code":
            return [code(inner)]
        case "url":
            return link(inner, [text(found["label"])])
        case "emoji":
            return [emoji(inner)]
        case _:
            return [around(kind, _inline(inner))]
