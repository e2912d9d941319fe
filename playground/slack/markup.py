"""What Slack does to a text a person types: escapes it, and turns names into ids."""

import re

from playground.slack.shapes import Json
from playground.slack.workspace import Workspace

PERSON = re.compile(r"(?<!\S)@([a-z0-9._-]+)")
CHANNEL = re.compile(r"(?<!\S)#([a-z0-9_-]+)")
NAME = re.compile(r"(?<!\S)([@#][a-z0-9._-]+)")


def escaped(text: str) -> str:
    """The three characters Slack escapes, and no others."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def in_command(text: str, workspace: Workspace) -> str:
    """A slash command's text with `should_escape`: names become ids with their names beside them."""
    return _named(escaped(text), workspace, with_names=True)


def as_typed(text: str, _workspace: Workspace) -> str:
    """A slash command's text without `should_escape`: names stay as they were typed."""
    return escaped(text)


def in_message(text: str, workspace: Workspace) -> str:
    """A message's text: names become ids."""
    return _named(escaped(text), workspace, with_names=False)


def rich_text(text: str, workspace: Workspace) -> Json:
    """The block Slack makes of a typed message: people and channels as elements of their own."""
    parts: list[Json] = []
    for piece in NAME.split(text):
        person = workspace.person(piece) if piece.startswith("@") else None
        channel = workspace.channel(piece) if piece.startswith("#") else None
        if person:
            parts.append({"type": "user", "user_id": person.id})
        elif channel:
            parts.append({"type": "channel", "channel_id": channel.id})
        elif piece:
            parts.append({"type": "text", "text": piece})
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": parts}]}


def _named(text: str, workspace: Workspace, *, with_names: bool) -> str:
    def person(found: re.Match[str]) -> str:
        one = workspace.person(found[1])
        return f"<@{one.id}{'|' + one.name if with_names else ''}>" if one else found[0]

    def channel(found: re.Match[str]) -> str:
        one = workspace.channel(found[1])
        return f"<#{one.id}|{one.name if with_names else ''}>" if one else found[0]

    return CHANNEL.sub(channel, PERSON.sub(person, text))
