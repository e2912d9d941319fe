"""The shapes of what Slack delivers to the app, field by field; held to the vendor's samples by the tests."""

from dataclasses import dataclass

from playground.slack.messages import Message
from playground.slack.people import App, Channel, Person
from playground.slack.records import message_json
from playground.slack.shapes import Json, with_defaults
from playground.slack.views import View


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an interaction happens: the app, the person, and how the app may answer them."""

    app: App
    person: Person
    trigger_id: str = ""
    response_url: str = ""
    at: str = ""


def _from_slack(scene: Scene, kind: str) -> Json:
    return {
        "type": kind,
        "token": scene.app.verification,
        "api_app_id": scene.app.api_app_id,
        "team": {"id": scene.app.team_id, "domain": scene.app.team_domain},
        "user": _user(scene.person),
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _user(person: Person) -> Json:
    return {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id}


def channel_name(channel: Channel) -> str:
    """The name Slack gives in payloads: private conversations keep theirs to themselves."""
    if channel.direct:
        return "directmessage"
    return "privategroup" if channel.private else channel.name


def slash_command(scene: Scene, channel: Channel, command: str, text: str) -> Json:
    """A slash command."""
    return {
        "token": scene.app.verification,
        "team_id": scene.app.team_id,
        "team_domain": scene.app.team_domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": scene.person.id,
        "user_name": scene.person.name,
        "command": command,
        "text": text,
        "api_app_id": scene.app.api_app_id,
        "is_enterprise_install": "false",
        "response_url": scene.response_url,
        "trigger_id": scene.trigger_id,
    }


def action_json(block: Json, element: Json, extra: Json, at: str) -> Json:
    """One entry of `actions` in a payload."""
    kept = ("type", "action_id", "text", "value", "style", "url", "placeholder", "confirm")
    shape = {key: element[key] for key in kept if key in element}
    whole: Json = with_defaults({**shape, "block_id": block["block_id"], **extra, "action_ts": at})
    return whole


def message_actions(scene: Scene, channel: Channel, message: Message, actions: list[Json]) -> Json:
    """Something pressed in a message; an ephemeral message itself is not in the payload."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        **_from_slack(scene, "block_actions"),
        "container": container,
        "trigger_id": scene.trigger_id,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": {}},
        "response_url": scene.response_url,
        "actions": actions,
    }
    return payload if message.ephemeral else {**payload, "message": message_json(message, scene.app)}


def view_actions(scene: Scene, view: View, actions: list[Json]) -> Json:
    """Something pressed in a modal or a Home tab."""
    return {
        **_from_slack(scene, "block_actions"),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": scene.trigger_id,
        "view": view.json(scene.app),
        "actions": actions,
    }


def view_submission(scene: Scene, view: View) -> Json:
    """A modal sent."""
    return {
        **_from_slack(scene, "view_submission"),
        "trigger_id": scene.trigger_id,
        "view": view.json(scene.app),
        "response_urls": [],
    }


def view_closed(scene: Scene, view: View, *, cleared: bool) -> Json:
    """A modal dismissed."""
    return {**_from_slack(scene, "view_closed"), "view": view.json(scene.app), "is_cleared": cleared}


def block_suggestion(scene: Scene, view: View, names: tuple[str, str], typed: str) -> Json:
    """A menu asks for options; `names` are the block id and the action id."""
    return {
        **_from_slack(scene, "block_suggestion"),
        "container": {"type": "view", "view_id": view.id},
        "block_id": names[0],
        "action_id": names[1],
        "value": typed,
        "view": view.json(scene.app),
    }


def message_shortcut(scene: Scene, channel: Channel, message: Message, callback_id: str) -> Json:
    """A shortcut chosen on a message; the payload carries the whole message."""
    return {
        **_from_slack(scene, "message_action"),
        "callback_id": callback_id,
        "action_ts": scene.at,
        "trigger_id": scene.trigger_id,
        "response_url": scene.response_url,
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message_ts": message.ts,
        "message": message_json(message, scene.app),
    }


def global_shortcut(scene: Scene, callback_id: str) -> Json:
    """A shortcut chosen from anywhere; it has no channel and no response_url."""
    common = _from_slack(scene, "shortcut")
    return {**common, "callback_id": callback_id, "action_ts": scene.at, "trigger_id": scene.trigger_id}


def event_callback(app: App, event: Json, number: int, at: float) -> Json:
    """The wrapping of every event."""
    return {
        "token": app.verification,
        "team_id": app.team_id,
        "context_team_id": app.team_id,
        "context_enterprise_id": None,
        "api_app_id": app.api_app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev0{number:08d}",
        "event_time": int(at),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": app.team_id,
                "user_id": app.bot_user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event['type']}-{app.team_id}-{number}",
    }


def app_mention(message: Message, person: Person) -> Json:
    """The event of somebody naming the app in a message."""
    event = {
        "client_msg_id": f"pg-{message.ts}",
        "type": "app_mention",
        "text": message.text,
        "user": person.id,
        "ts": message.ts,
        "team": person.team_id,
        "blocks": list(message.blocks),
        "channel": message.channel,
        "event_ts": message.ts,
    }
    return {**event, "thread_ts": message.thread_ts} if message.thread_ts else event


def app_home_opened(scene: Scene, channel: Channel, view: View | None) -> Json:
    """The event of somebody opening the app's Home tab."""
    event: Json = {
        "type": "app_home_opened",
        "user": scene.person.id,
        "channel": channel.id,
        "tab": "home",
        "event_ts": scene.at,
    }
    return {**event, "view": view.json(scene.app)} if view else event
