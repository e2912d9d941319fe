"""Writes a message as text for a terminal, as a reader in Slack would see it. Pure."""

import re
from collections.abc import Callable, Iterator

from bot.slack.message import Block, Message

SIGNS = {
    ":red_circle:": "🔴",
    ":large_orange_circle:": "🟠",
    ":white_circle:": "⚪",
    ":large_green_circle:": "🟢",
    ":mag:": "🔎",
    ":rotating_light:": "🚨",
    ":zzz:": "💤",
    ":bell:": "🔔",
    ":pager:": "📟",
    ":raised_hand:": "✋",
    ":arrow_up:": "⬆️",
    ":speech_balloon:": "💬",
    ":warning:": "⚠️",
    ":white_check_mark:": "✅",
    ":no_entry:": "⛔",
    ":x:": "❌",
    ":grey_question:": "❔",
    ":memo:": "📝",
    ":hourglass_flowing_sand:": "⏳",
    ":wastebasket:": "🗑️",
    ":heavy_minus_sign:": "\N{HEAVY MINUS SIGN}",
}
"""What each sign of the bot's messages looks like, by its name in markup."""

_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")
_ADDRESS = re.compile(r"<(https?://[^|>]+)>")
_MOMENT = re.compile(r"<!date\^[0-9]+\^[^|<>]*\|([^<>]*)>")
_GROUP = re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<([@#])([A-Z0-9]+)(?:\|([^>]*))?>")
_BLOCK_OF_CODE = re.compile(r"```(.*?)```", re.DOTALL)
_BOLD = re.compile(r"\*([^*\n]+)\*")
_CODE = re.compile(r"`([^`\n]+)`")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain(message: Message) -> str:
    """The message as lines of text; its fallback text where it has no blocks, or one of a kind not known here."""
    readers = [(_READERS.get(str(block.get("type"))), block) for block in message.blocks]
    told = [line for read, block in readers if read for line in read(block)]
    whole = bool(readers) and all(read for read, _ in readers)
    return "\n".join(told if whole else [*_read(message.text), *told])


def _section(block: Block) -> list[str]:
    texts = [*([block["text"]] if "text" in block else ()), *block.get("fields", ())]
    return [*(line for text in texts for line in _read(text["text"])), ""]


def _actions(block: Block) -> list[str]:
    labels = (element.get("text") or element.get("placeholder") for element in block["elements"])
    return ["  ".join(f"[{_unescaped(label['text'])}]" for label in labels if label), ""]


def _context(block: Block) -> list[str]:
    said = (element.get("text") or element.get("alt_text", "") for element in block["elements"])
    return [*(f"  {line}" for text in said for line in _read(text)), ""]


def _rich_text(block: Block) -> list[str]:
    """What a person typed, as Slack keeps it: pieces of lines, which hold no markup."""
    return [*(line for part in block["elements"] for line in _rich_lines(part)), ""]


def _rich_lines(part: Block) -> Iterator[str]:
    if part["type"] == "rich_text_list":
        yield from (f"• {line}" for item in part["elements"] for line in _rich_lines(item))
    else:
        before = "    " if part["type"] == "rich_text_preformatted" else ""
        said = "".join(_piece(one) for one in part["elements"])
        yield from (f"{before}{line}" for line in said.splitlines())


def _piece(one: Block) -> str:
    if one["type"] == "emoji":
        name = f":{one['name']}:"
        return SIGNS.get(name, name)
    if one["type"] == "link":
        return f"{one['text']} ({one['url']})" if one.get("text") else str(one["url"])
    mark, field = _NAMED.get(one["type"], ("", "text"))
    return f"{mark}{one.get(field, '')}"


_NAMED = {
    "user": ("@", "user_id"),
    "usergroup": ("@", "usergroup_id"),
    "broadcast": ("@", "range"),
    "channel": ("#", "channel_id"),
}
"""Pieces of rich text that name somebody: the mark before the name, and the field that holds it."""

_READERS: dict[str, Callable[[Block], list[str]]] = {
    "section": _section,
    "actions": _actions,
    "context": _context,
    "header": lambda block: [*_read(block["text"]["text"]), ""],
    "divider": lambda _: [],
    "rich_text": _rich_text,
}
"""How each kind of block is read."""


def _read(markup: str) -> list[str]:
    """Markup as lines: code blocks indented, everything else without its signs."""
    found: list[str] = []
    for place, part in enumerate(_BLOCK_OF_CODE.split(markup)):
        if place % 2:
            found += [f"    {_unescaped(line)}" for line in part.splitlines()]
        else:
            found += [_inline(line) for line in part.strip("\n").splitlines()]
    return found


def _inline(line: str) -> str:
    for name, sign in SIGNS.items():
        line = line.replace(name, sign)
    line = _CODE.sub(r"\1", _BOLD.sub(r"\1", line))
    line = _GROUP.sub(r"@\1", _MOMENT.sub(r"\1", line))
    line = _MENTION.sub(lambda found: f"{found[1]}{found[3] or found[2]}", line)
    return _unescaped(_ADDRESS.sub(r"\1", _LINK.sub(r"\2 (\1)", line)))


def _unescaped(text: str) -> str:
    for entity, letter in _ENTITIES:
        text = text.replace(entity, letter)
    return text
