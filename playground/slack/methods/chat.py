"""Methods that write: chat.postMessage, postEphemeral, update, delete, getPermalink, and reactions.add."""

from playground.slack.call import Call
from playground.slack.limits import MARKDOWN_IN_MESSAGE, TEXT_IN_UPDATE, TEXT_KEPT, check_message
from playground.slack.messages import Content, Message
from playground.slack.people import Channel
from playground.slack.records import message_json
from playground.slack.refusals import SlackRefusal
from playground.slack.shapes import Json, listing


def _content(call: Call) -> Content:
    blocks = call.structure("blocks", "invalid_blocks_format")
    attachments = call.structure("attachments", "invalid_attachments")
    metadata = call.structure("metadata", "invalid_metadata_format")
    if blocks is not None and not isinstance(blocks, list):
        raise SlackRefusal("invalid_blocks_format")
    if metadata is not None and not isinstance(metadata, dict):
        raise SlackRefusal("invalid_metadata_format")
    content = Content(_written(call), tuple(listing(blocks)), tuple(listing(attachments)), metadata or None)
    if not all(isinstance(item, dict) for item in (*content.blocks, *content.attachments)):
        raise SlackRefusal("invalid_blocks_format")
    return content


def _written(call: Call) -> str:
    markdown = call.text("markdown_text")
    if markdown and (call.text("text") or call.arguments.get("blocks")):
        raise SlackRefusal("markdown_text_conflict")
    if len(markdown) > MARKDOWN_IN_MESSAGE:
        raise SlackRefusal("msg_too_long")
    return markdown or call.text("text")[:TEXT_KEPT]


def _writable(call: Call) -> Channel:
    channel = call.channel()
    if channel.archived:
        raise SlackRefusal("is_archived")
    anywhere = "chat:write.public" in call.core.switches.scopes and not channel.private
    if not anywhere and not call.in_channel(channel):
        raise SlackRefusal("not_in_channel")
    return channel


def _root(call: Call, channel: Channel) -> str | None:
    """The root of the thread to write into; a reply's own ts leads to its root, as in Slack."""
    wanted = call.text("thread_ts")
    if not wanted:
        return None
    parent = call.core.workspace.any_message(channel.id, wanted)
    if parent is None:
        raise SlackRefusal("thread_not_found")
    if parent.ephemeral:
        raise SlackRefusal("cannot_reply_to_message")
    return parent.thread_ts or parent.ts


async def post_message(call: Call) -> Json:
    """Post a message, or a reply in a thread."""
    channel = _writable(call)
    content = _content(call)
    check_message(content)
    root = _root(call, channel)
    call.core.tiers.count_post(channel.id)
    workspace = call.core.workspace
    message = workspace.write(channel.id, call.core.app.bot_user_id, content, thread_ts=root)
    message.broadcast = call.flag("reply_broadcast")
    workspace.post(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(message, call.core.app)}


async def post_ephemeral(call: Call) -> Json:
    """Show a message to one person of a channel."""
    channel = _writable(call)
    person = call.text("user")
    if person not in channel.members:
        raise SlackRefusal("user_not_in_channel")
    content = _content(call)
    check_message(content)
    workspace = call.core.workspace
    root = call.text("thread_ts") or None
    message = workspace.write(channel.id, call.core.app.bot_user_id, content, thread_ts=root)
    message.to = person
    workspace.post(message)
    return {"message_ts": message.ts}


def _own(call: Call, code: str) -> Message:
    channel = call.channel()
    message = call.core.workspace.find(channel.id, call.needed("ts", "message_not_found"))
    if message is None:
        raise SlackRefusal("message_not_found")
    if channel.archived:
        raise SlackRefusal("is_inactive")
    if message.author != call.core.app.bot_user_id:
        raise SlackRefusal(code)
    return message


def _still_editable(call: Call, message: Message) -> None:
    window = call.core.switches.edit_window_s
    if window is not None and call.core.clock.now() - message.versions[0].at > window:
        raise SlackRefusal("edit_window_closed")


async def update(call: Call) -> Json:
    """Change a message of the app; a text without blocks takes the blocks away, as documented."""
    message = _own(call, "cant_update_message")
    _still_editable(call, message)
    content = _content(call)
    if not content.text and call.arguments.get("blocks") is None:
        content = Content(message.text, message.blocks, content.attachments, message.content.metadata)
    check_message(content, text_limit=TEXT_IN_UPDATE)
    call.core.workspace.edit(message, content)
    shape = message_json(message, call.core.app)
    return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shape}


async def delete(call: Call) -> Json:
    """Take a message of the app away."""
    message = _own(call, "cant_delete_message")
    call.core.workspace.delete(message)
    return {"channel": message.channel, "ts": message.ts}


async def permalink(call: Call) -> Json:
    """The address of a message."""
    channel = call.channel()
    ts = call.needed("message_ts", "message_not_found")
    if call.core.workspace.find(channel.id, ts) is None:
        raise SlackRefusal("message_not_found")
    place = f"{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": f"{call.core.origin}/archives/{place}"}


async def react(call: Call) -> Json:
    """Add a reaction to a message."""
    channel = call.channel()
    message = call.core.workspace.find(channel.id, call.needed("timestamp", "no_item_specified"))
    if message is None:
        raise SlackRefusal("message_not_found")
    name, bot = call.needed("name", "invalid_name"), call.core.app.bot_user_id
    if bot in message.reactions.get(name, []):
        raise SlackRefusal("already_reacted")
    call.core.workspace.react(message, name, bot)
    return {}
