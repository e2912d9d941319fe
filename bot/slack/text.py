"""Writes values into Slack's markup so that none of them can be taken for markup, and none is cut in silence.

Slack reads only `&`, `<` and `>` as its own, and wants just these escaped
(docs.slack.dev/messaging/formatting-message-text). Backticks would open or close code.
"""

import re
import unicodedata
from datetime import UTC, datetime

from bot.slack.limits import size

_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_FIRST_VISIBLE = 0x20
_DELETE = 0x7F
_PICTURES = 0x2400  # Unicode's pictures of control characters, in their order
_PICTURE_OF_DELETE = "\u2421"
_REPLACED = "\ufffd"
_FENCE = re.compile("`{3,}")


def clean(text: str, *, lines: bool = False) -> str:
    """The text without what a reader cannot see or what would deceive them.

    Control characters become their pictures (␛ for escape), white space of every kind becomes blanks; marks of no
    width and those that turn the direction of reading go. With `lines`, line breaks and tabs stay.
    """
    return "".join(_seen(letter, lines=lines) for letter in text)


def _seen(letter: str, *, lines: bool) -> str:
    if letter in "\n\t" and lines:
        return letter
    kind = unicodedata.category(letter)
    if letter.isspace() or kind in {"Zl", "Zp"}:
        return " "
    if kind == "Cc":
        return _picture(letter)
    if kind == "Cs":  # half of a pair: no encoding can carry it
        return _REPLACED
    return "" if kind == "Cf" else letter


def _picture(letter: str) -> str:
    code = ord(letter)
    if code < _FIRST_VISIBLE:
        return chr(_PICTURES + code)
    return _PICTURE_OF_DELETE if code == _DELETE else _REPLACED


def said(text: str, most: int) -> str:
    """A value as part of a sentence: clean, on one line, escaped, at most `most` characters when written."""
    return _fitted(clean(text).strip().replace("`", "'"), most)


def code(text: str, most: int) -> str:
    """A value as code in a line, with its backticks turned into apostrophes; empty for an empty value."""
    inner = clean(text).strip().replace("`", "'")
    return f"`{_fitted(inner, most - 2)}`" if inner else ""


def code_block(text: str, most: int) -> str:
    """Lines of code, such as a command to copy. Three backticks in a row would end it, so they are set apart."""
    inner = _apart(clean(text, lines=True).strip("\n"))
    written = _fitted(inner, most - 8) or " "
    before, after = (" " if written.startswith("`") else ""), (" " if written.endswith("`") else "")
    return f"```{before}{written}{after}```"


def code_line(text: str, most: int) -> str:
    """A line for a block of code that is put together elsewhere: its indentation stays, and it cannot end the block."""
    return _fitted(_apart(clean(text).rstrip()), most)


def _apart(text: str) -> str:
    """The text with no three backticks in a row."""
    return _FENCE.sub(lambda found: " ".join(found[0]), text)


def link(url: str, label: str, most: int) -> str:
    """A link of ours (the address comes from the settings); only its label when it does not fit."""
    address = clean(url).replace(" ", "%20").replace("|", "%7C").replace(">", "%3E").replace("<", "%3C")
    written = said(label, most)
    linked = f"<{address}|{written}>"
    return linked if size(linked) <= most else written


def moment(at: datetime) -> str:
    """A time that each reader sees on their own clock, and in UTC where Slack cannot say it."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC>"


def _fitted(text: str, most: int) -> str:
    """The text escaped; when it is too long, its beginning and how many characters are missing."""
    written = "".join(_ESCAPES.get(letter, letter) for letter in text[: most + 1])
    if len(text) <= most and size(written) <= most:
        return written
    kept, room = [], most - len(f"… ({len(text):,} more characters)")
    for letter in text[:most]:
        room -= size(_ESCAPES.get(letter, letter))
        if room < 0:
            break
        kept.append(_ESCAPES.get(letter, letter))
    return f"{''.join(kept)}… ({len(text) - len(kept):,} more characters)"
