"""A `rich_text` block as nodes: it is a tree already, with Slack's own names for its parts."""

from collections.abc import Callable, Iterator

from playground.page.nodes import Node, around, code, emoji, joined, link, named, pre, text
from playground.slack.shapes import Json, listing, mapping

_STYLES = {"bold": "bold", "italic": "italic", "strike": "strike", "underline": "underline"}


def rich_text(block: Json) -> list[Node]:
    """The nodes of a whole block."""
    return [node for section in listing(block.get("elements")) for node in _section(mapping(section))]


def _section(section: Json) -> Iterator[Node]:
    inner = listing(section.get("elements"))
    match section.get("type"):
        case "rich_text_list":
            items = [around("item", _parts(mapping(one).get("elements"))) for one in inner]
            yield {"is": "list", "ordered": section.get("style") == "ordered", "of": items}
        case "rich_text_preformatted":
            yield pre("".join(_words(mapping(one)) for one in inner))
        case "rich_text_quote":
            yield around("quote", _parts(inner))
        case _:
            yield from _parts(inner)


def _parts(parts: object) -> list[Node]:
    return joined([node for part in listing(parts) for node in _part(mapping(part))])


def _words(part: Json) -> str:
    return str(part.get("text") or part.get("url") or part.get("fallback") or "")


def _part(part: Json) -> list[Node]:
    read = _PARTS.get(str(part.get("type")))
    return _styled(part, read(part)) if read else [text(_words(part))]


def _link(part: Json) -> list[Node]:
    url = str(part.get("url", ""))
    return link(url, [text(str(part.get("text") or url))])


def _styled(part: Json, nodes: list[Node]) -> list[Node]:
    style = mapping(part.get("style"))
    if style.get("code"):
        nodes = [code(_words(part))]
    for name, kind in _STYLES.items():
        if style.get(name):
            nodes = [around(kind, nodes)]
    return nodes


_PARTS: dict[str, Callable[[Json], list[Node]]] = {
    "text": lambda part: [text(_words(part))],
    "link": _link,
    "user": lambda part: [named("person", str(part.get("user_id")))],
    "channel": lambda part: [named("channel", str(part.get("channel_id")))],
    "usergroup": lambda part: [named("group", str(part.get("usergroup_id")))],
    "broadcast": lambda part: [{"is": "everyone", "range": str(part.get("range"))}],
    "emoji": lambda part: [emoji(str(part.get("name")))],
}
