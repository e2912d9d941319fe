"""A modal or a Home tab as a value, and the blocks that only these and buttons need. It never shows one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.message import Block
from bot.slack.text import clean

VIEW_BLOCKS = 100
"""Blocks in a modal or a Home tab (docs.slack.dev/block-kit)."""

TITLE = 24
"""Characters of a modal's title and of the labels of its two buttons (docs.slack.dev/reference/views)."""

TYPED_TEXT = 3_000
"""Characters that a text input takes (docs.slack.dev/reference/block-kit/block-elements)."""

CHOICES = 100
"""Options of a menu, and characters of an option's text (75) below (…/static_select, …/option-object)."""

_OPTION = 75
#: Characters of a dialog's title, text and buttons (docs.slack.dev/reference/block-kit/composition-objects).
_DIALOG_TITLE, _DIALOG_TEXT, _DIALOG_BUTTON = 100, 300, 30
_ERROR = 300  # characters of an error under an input: Slack names no limit, and a phone shows about four lines


@dataclass(frozen=True, slots=True)
class View:
    """A modal, or with `home` a Home tab. `callback_id` names what is done when it is sent; `note` travels with it."""

    title: str
    blocks: tuple[Block, ...]
    callback_id: str = ""
    submit: str = ""
    note: str = ""
    home: bool = False

    def as_json(self) -> dict[str, Any]:
        """What views.open, views.update, views.publish and an acknowledgement take."""
        whole: dict[str, Any] = {"type": "home" if self.home else "modal", "blocks": list(self.blocks)}
        if not self.home:
            whole |= {"title": _plain(self.title[:TITLE]), "close": _plain("Close")}
        if self.submit:
            whole["submit"] = _plain(self.submit[:TITLE])
        named = {"callback_id": self.callback_id, "private_metadata": self.note}
        return whole | {key: value for key, value in named.items() if value}


def button(label: str, action_id: str, value: str, *, style: str = "") -> dict[str, Any]:
    """A button. What it does is in `action_id`, with what in `value`; who may is asked when it is pressed.

    `style` is primary, danger or nothing.
    """
    element = {"type": "button", "text": _plain(label), "action_id": action_id, "value": value}
    return {**element, "style": style} if style else element


def confirmed(element: dict[str, Any], title: str, sentence: str, yes: str) -> dict[str, Any]:
    """The button with Slack's own dialog before it: sure? Texts that are too long end in dots."""
    dialog = {
        "title": _plain(_short(clean(title), _DIALOG_TITLE)),
        "text": _plain(_short(clean(sentence).strip() or clean(title), _DIALOG_TEXT)),
        "confirm": _plain(_short(yes, _DIALOG_BUTTON)),
        "deny": _plain("Not now"),
    }
    return {**element, "confirm": dialog}


def buttons(*elements: dict[str, Any]) -> Block:
    """Buttons in a row."""
    return {"type": "actions", "elements": list(elements)}


def text_input(name: str, label: str, hint: str = "", *, long: bool = False, given: str = "") -> Block:
    """A field for text, named in what is sent; with `long` one of several lines that may be left empty."""
    element: dict[str, Any] = {"type": "plain_text_input", "action_id": name, "max_length": TYPED_TEXT}
    if long:
        element["multiline"] = True
    if given:
        element["initial_value"] = given
    return _input(name, label, element, hint=hint, optional=long)


def file_input(name: str, label: str, hint: str = "") -> Block:
    """A place for one file, which may be left empty."""
    return _input(name, label, {"type": "file_input", "action_id": name, "max_files": 1}, hint=hint, optional=True)


def choice(name: str, label: str, options: Sequence[str], chosen: str) -> Block:
    """A menu."""
    shown = [_option(one) for one in options[:CHOICES]]
    element = {"type": "static_select", "action_id": name, "options": shown, "initial_option": _option(chosen)}
    return _input(name, label, element)


def error_text(sentence: str) -> str:
    """A sentence as it may stand under an input: plain text, no markup."""
    return clean(sentence)[:_ERROR]


def _input(name: str, label: str, element: dict[str, Any], *, hint: str = "", optional: bool = False) -> Block:
    block = {"type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": optional}
    return {**block, "hint": _plain(hint)} if hint else block


def _option(text: str) -> dict[str, Any]:
    return {"text": _plain(text[:_OPTION]), "value": text}


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
