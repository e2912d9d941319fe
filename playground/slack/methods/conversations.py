"""Methods that read conversations: info, members, open, replies, history."""

from playground.slack.call import Call
from playground.slack.messages import Message
from playground.slack.people import Channel
from playground.slack.records import channel_json, message_json
from playground.slack.refusals import SlackRefusal
from playground.slack.shapes import Json


async def info(call: Call) -> Json:
    """One conversation."""
    return {"channel": channel_json(call.channel(), call.core.app)}


async def members(call: Call) -> Json:
    """Who is in a conversation."""
    return {"members": sorted(call.channel().members), "response_metadata": {"next_cursor": ""}}


async def open_direct(call: Call) -> Json:
    """The direct conversation with a person."""
    person = call.core.workspace.people.get(call.needed("users", "users_list_not_supplied"))
    if person is None:
        raise SlackRefusal("user_not_found")
    return {"channel": {"id": call.core.workspace.direct(person.id).id}}


def _readable(call: Call) -> Channel:
    channel = call.channel()
    if not call.in_channel(channel):
        raise SlackRefusal("not_in_channel")
    return channel


def _listed(call: Call, messages: list[Message]) -> Json:
    shapes = [message_json(message, call.core.app) for message in messages]
    return {"messages": shapes, "has_more": False, "response_metadata": {"next_cursor": ""}}


async def replies(call: Call) -> Json:
    """A thread, its root first."""
    channel, root = _readable(call), call.text("ts")
    found = [one for one in call.core.workspace.visible(channel.id) if root in (one.ts, one.thread_ts)]
    if not found:
        raise SlackRefusal("thread_not_found")
    return _listed(call, found)


async def history(call: Call) -> Json:
    """What stands in a channel outside of threads, newest first."""
    channel = _readable(call)
    found = [one for one in call.core.workspace.visible(channel.id) if not one.thread_ts or one.broadcast]
    return _listed(call, found[::-1])
