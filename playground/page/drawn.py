"""A message, a view and the directory as the page needs them: pure, every text already read into nodes."""

from typing import Any

from playground.page.markdown import markdown
from playground.page.markup import mrkdwn
from playground.page.nodes import followable, plain
from playground.page.rich import rich_text
from playground.slack.messages import Message
from playground.slack.people import Channel, Person
from playground.slack.shapes import Json, listing
from playground.slack.views import View
from playground.slack.workspace import Workspace

_ADDRESSES = ("url", "title_url", "title_link")  # fields the page makes links of


def message(seen: Message) -> Json:
    """A message: its place, who wrote it, who sees it, and its content."""
    content = seen.content
    return {
        "channel": seen.channel,
        "ts": seen.ts,
        "thread_ts": seen.thread_ts,
        "author": seen.author,
        "by_app": seen.by_app,
        "only_to": seen.to,
        "broadcast": seen.broadcast,
        "edits": len(seen.versions) - 1,
        "text": content.text,
        "nodes": mrkdwn(content.text),
        "blocks": blocks(list(content.blocks)),
        "attachments": [_attachment(one) for one in content.attachments],
        "files": [_file(one) for one in seen.files],
        "reactions": {name: {"by": by, "nodes": plain(f":{name}:")} for name, by in seen.reactions.items()},
    }


def blocks(value: object) -> Any:  # noqa: ANN401  JSON in, JSON out
    """Blocks with nodes beside each text, and without addresses that a browser should not follow."""
    if isinstance(value, list):
        return [blocks(one) for one in value]
    if not isinstance(value, dict):
        return value
    inner = {key: blocks(one) for key, one in value.items() if key not in _ADDRESSES or followable(str(one))}
    return {**inner, **_nodes(value)}


def _nodes(value: Json) -> Json:
    words = value.get("text")
    match value.get("type"):
        case "rich_text":
            return {"nodes": rich_text(value)}
        case "mrkdwn" if isinstance(words, str):
            return {"nodes": mrkdwn(words)}
        case "markdown" if isinstance(words, str):
            return {"nodes": markdown(words)}
        case "plain_text" | "raw_text" if isinstance(words, str):
            return {"nodes": plain(words)}
    return {}


def _attachment(value: Json) -> Json:
    """Of the old attachments, what apps still use: a pretext, a title, a text, and blocks."""
    words = {key: mrkdwn(str(value[key])) for key in ("pretext", "title", "text") if value.get(key)}
    return {**words, "blocks": blocks(listing(value.get("blocks")))}


def _file(value: Json) -> Json:
    return {key: value.get(key) for key in ("id", "name", "title", "pretty_type", "size")}


def view(seen: View) -> Json:
    """A modal or a Home tab, and what its inputs hold."""
    body = seen.body
    words = {key: blocks(body.get(key)) for key in ("title", "submit", "close")}
    return {
        **words,
        "id": seen.id,
        "hash": seen.hash,
        "blocks": blocks(body["blocks"]),
        "values": seen.values,
        "pushed": seen.previous_id is not None,
    }


def directory(space: Workspace) -> Json:
    """Names by id: people, channels and groups."""
    return {
        "people": {one.id: _person(one, space) for one in space.people.values()},
        "channels": {one.id: one.name for one in space.channels.values()},
        "groups": {one.id: one.handle for one in space.groups.values()},
    }


def _person(one: Person, space: Workspace) -> Json:
    return {"name": one.name, "real_name": one.real_name, "app": one.id == space.app.bot_user_id, "bot": one.bot}


def seats(space: Workspace) -> list[str]:
    """The ids of the people one can be: everyone with a client of their own."""
    return [one.id for one in space.people.values() if not one.bot and not one.deleted and one.id != "USLACKBOT"]


def channels(space: Workspace, person: str) -> list[Json]:
    """The conversations a person is in, as their client lists them."""
    return [_channel(one) for one in space.channels.values() if person in one.members]


def _channel(one: Channel) -> Json:
    return {"id": one.id, "name": one.name, "private": one.private, "archived": one.archived, "direct": one.direct}
