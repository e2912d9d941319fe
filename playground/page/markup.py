"""Slack's own markup (`mrkdwn`) as nodes. It reads what an app sent, so nothing in it is trusted.

The form is docs.slack.dev/messaging/formatting-message-text. It takes time in proportion to the text: a mark looks
for its partner only so far.
"""

import html
import re
from collections.abc import Callable, Iterator

from playground.page.nodes import SHORTCODE, Node, around, code, emoji, followable, joined, link, named, pre, text

_FENCE = "```"
_MARKS = {"*": "bold", "_": "italic", "~": "strike"}
_ESCAPED_QUOTE = "&gt;"
#: How many partners a mark tries before it counts as a plain character: stops a row of asterisks from costing n².
_TRIES = 8
_SPECIAL = re.compile(r"[`<:*_~]")


def mrkdwn(words: str) -> list[Node]:
    """The nodes of a text in Slack's markup."""
    return joined(_fenced(words))


def _fenced(words: str) -> Iterator[Node]:
    parts = words.split(_FENCE)
    if len(parts) % 2 == 0:  # an opening fence without its end is three plain backticks
        parts[-2:] = [_FENCE.join(parts[-2:])]
    for place, part in enumerate(parts):
        if place % 2:
            yield pre(_decoded(_bare(part)))
        else:
            # The line breaks around a block of code are the block's own.
            inner = part.removeprefix("\n") if place else part
            yield from _lines(inner.removesuffix("\n") if place + 1 < len(parts) else inner)


def _bare(words: str) -> str:
    """Code as it is read: an address in angle brackets is only the address."""
    return re.sub(r"<(?:[^<>|]*\|)?([^<>|]*)>", r"\1", words)


def _lines(words: str) -> Iterator[Node]:
    quoted: list[str] = []
    for place, line in enumerate(words.split("\n")):
        if line.startswith((_ESCAPED_QUOTE, ">")):
            quoted.append(line.removeprefix(_ESCAPED_QUOTE).removeprefix(">").removeprefix(" "))
            continue
        if quoted:
            yield _quote(quoted)
            quoted = []
        elif place:
            yield text("\n")
        yield from inline(line)
    if quoted:
        yield _quote(quoted)


def _quote(lines: list[str]) -> Node:
    return around("quote", joined(inline("\n".join(lines))))


def inline(words: str) -> Iterator[Node]:
    """The nodes of a text without blocks of code and quotes."""
    place = 0
    while found := _SPECIAL.search(words, place):
        if found.start() > place:
            yield text(_decoded(words[place : found.start()]))
        end, nodes = _READERS[found[0]](words, found.start())
        yield from nodes
        place = end
    if place < len(words):
        yield text(_decoded(words[place:]))


def _as_it_is(words: str, at: int) -> tuple[int, list[Node]]:
    return at + 1, [text(words[at])]


def _code(words: str, at: int) -> tuple[int, list[Node]]:
    end = words.find("`", at + 1)
    if end <= at + 1 or "\n" in words[at:end]:
        return _as_it_is(words, at)
    return end + 1, [code(_decoded(_bare(words[at + 1 : end])))]


def _emoji(words: str, at: int) -> tuple[int, list[Node]]:
    found = SHORTCODE.match(words, at)
    return (found.end(), [emoji(found[1])]) if found else _as_it_is(words, at)


def _emphasis(words: str, at: int) -> tuple[int, list[Node]]:
    mark = words[at]
    end = _partner(words, mark, at) if _opens(words, at) else -1
    if end < 0:
        return _as_it_is(words, at)
    return end + 1, [around(_MARKS[mark], joined(inline(words[at + 1 : end])))]


def _opens(words: str, at: int) -> bool:
    before, after = words[at - 1 : at], words[at + 1 : at + 2]
    return not before.isalnum() and bool(after.strip())


def _partner(words: str, mark: str, at: int) -> int:
    """Where the mark ends, on the same line; -1 when it does not."""
    end = at + 1
    line_end = words.find("\n", at) if "\n" in words[at:] else len(words)
    for _ in range(_TRIES):
        end = words.find(mark, end + 1, line_end)
        if end < 0:
            return -1
        if words[end - 1].strip() and not words[end + 1 : end + 2].isalnum():
            return end
    return -1


def _angled(words: str, at: int) -> tuple[int, list[Node]]:
    end = words.find(">", at)
    if end < 0 or "\n" in words[at:end]:
        return _as_it_is(words, at)
    target, _, label = words[at + 1 : end].partition("|")
    return end + 1, _target(target, _decoded(label)) or [text(_decoded(words[at : end + 1]))]


def _target(target: str, label: str) -> list[Node]:
    """What stands in angle brackets: a mention, a command of Slack's, or an address; nothing when it is none."""
    rest = target[1:]
    match target[:1]:
        case "@":
            return [named("person", rest, label)]
        case "#":
            return [named("channel", rest, label)]
        case "!":
            return _command(rest, label)
        case _:
            url = _decoded(target)
            return link(url, [text(label or url.removeprefix("mailto:"))]) if followable(url) else []


def _command(words: str, label: str) -> list[Node]:
    kind, _, rest = words.partition("^")
    if kind == "subteam":
        return [named("group", rest, label)]
    if kind in {"here", "channel", "everyone"}:
        return [{"is": "everyone", "range": kind}]
    return [text(label or words)]  # a date shows its fallback


def _decoded(words: str) -> str:
    """The three characters Slack escapes; one pass, so that `&amp;lt;` stays `&lt;`."""
    return re.sub(r"&(?:amp|lt|gt);", lambda found: html.unescape(found[0]), words)


_READERS: dict[str, Callable[[str, int], tuple[int, list[Node]]]] = {
    "`": _code,
    "<": _angled,
    ":": _emoji,
    **dict.fromkeys(_MARKS, _emphasis),
}
