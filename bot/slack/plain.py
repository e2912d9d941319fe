"""Writes a message as text for a terminal, as a reader in Slack would see it. Pure."""

import re
from collections.abc import Iterable

from bot.slack.message import Block, Message

_SIGNS = {
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
    """The message as lines of text; its fallback text when it has no blocks."""
    if not message.blocks:
        return _unescaped(message.text)
    return "\n".join(line for block in message.blocks for line in _lines(block))


def _lines(block: Block) -> Iterable[str]:
    if block["type"] == "section":
        return [*_read(block["text"]["text"]), ""]
    if block["type"] == "actions":
        return ["  ".join(f"[{_unescaped(element['text']['text'])}]" for element in block["elements"]), ""]
    return [*(f"  {line}" for element in block["elements"] for line in _read(element["text"])), ""]


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
    for name, sign in _SIGNS.items():
        line = line.replace(name, sign)
    line = _CODE.sub(r"\1", _BOLD.sub(r"\1", line))
    line = _GROUP.sub(r"@\1", _MOMENT.sub(r"\1", line))
    line = _MENTION.sub(lambda found: f"{found[1]}{found[3] or found[2]}", line)
    return _unescaped(_ADDRESS.sub(r"\1", _LINK.sub(r"\2 (\1)", line)))


def _unescaped(text: str) -> str:
    for entity, letter in _ENTITIES:
        text = text.replace(entity, letter)
    return text
