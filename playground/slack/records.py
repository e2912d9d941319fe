"""How Slack describes a message, a person, a channel, a user group: in answers and inside of payloads."""

from playground.slack.messages import Message
from playground.slack.people import App, Channel, Person, UserGroup
from playground.slack.shapes import Json, with_defaults

_UPDATED = 1_760_000_000  # seconds since 1970: when everything here was last changed, for fields nobody reads
_FACES = (24, 32, 48, 72, 192, 512)  # pixels


def message_json(message: Message, app: App) -> Json:
    """A message as Slack reports it."""
    shape: Json = {
        "type": "message",
        "user": message.author,
        "ts": message.ts,
        "text": message.text,
        "team": app.team_id,
        "blocks": with_defaults(message.blocks),
        "attachments": list(message.content.attachments),
    }
    if message.by_app:
        shape |= {"bot_id": app.bot_id, "app_id": app.api_app_id, "bot_profile": bot_profile(app)}
    if message.thread_ts:
        shape["thread_ts"] = message.thread_ts
    if message.edited:
        shape["edited"] = {"user": message.author, "ts": f"{int(message.versions[-1].at)}.000000"}
    if message.content.metadata:
        shape["metadata"] = message.content.metadata
    return shape | ({"files": message.files} if message.files else {})


def bot_profile(app: App) -> Json:
    """The app's own face."""
    return {
        "id": app.bot_id,
        "app_id": app.api_app_id,
        "name": app.bot_name,
        "icons": {f"image_{size}": f"https://slack.example/{size}.png" for size in (36, 48, 72)},
        "deleted": False,
        "updated": _UPDATED,
        "team_id": app.team_id,
    }


def user_json(person: Person, app: App, *, with_email: bool) -> Json:
    """A user as `users.info` gives them; the address only with its own scope."""
    shape: Json = {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "deleted": person.deleted,
        "profile": _profile(person, with_email=with_email),
        "is_bot": person.bot,
        "is_app_user": False,
        "updated": _UPDATED,
    }
    if person.team_id != app.team_id:
        shape["is_stranger"] = True
    return shape if person.deleted else shape | _living(person)


def _profile(person: Person, *, with_email: bool) -> Json:
    return {
        "title": "",
        "phone": "",
        "real_name": person.real_name,
        "real_name_normalized": person.real_name,
        "display_name": person.name,
        "display_name_normalized": person.name,
        "status_text": "",
        "status_emoji": "",
        "status_expiration": 0,
        "avatar_hash": "000000000000",
        "team": person.team_id,
        **{f"image_{size}": f"https://slack.example/{size}.png" for size in _FACES},
        **({"email": person.email} if with_email and not person.bot else {}),
    }


def _living(person: Person) -> Json:
    return {
        "real_name": person.real_name,
        "color": "9f69e7",
        "tz": "Europe/Berlin",
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "is_admin": person.admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.restricted,
        "is_ultra_restricted": person.ultra_restricted,
        "is_email_confirmed": True,
        "who_can_share_contact_card": "EVERYONE",
    }


def channel_json(channel: Channel, app: App) -> Json:
    """A channel as `conversations.info` gives it."""
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.direct and not channel.private,
        "is_group": channel.private and not channel.direct,
        "is_im": channel.direct,
        "is_mpim": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_general": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_member": app.bot_user_id in channel.members,
        "created": _UPDATED,
        "creator": "U0ADMIN00",
        "context_team_id": app.team_id,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
    }


def group_json(group: UserGroup, app: App, *, with_users: bool) -> Json:
    """A user group as `usergroups.list` gives it."""
    shape: Json = {
        "id": group.id,
        "team_id": app.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.handle,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": _UPDATED,
        "date_update": _UPDATED,
        "date_delete": _UPDATED if group.disabled else 0,
        "auto_type": None,
        "auto_provision": False,
        "enterprise_subteam_id": "",
        "created_by": "U0ADMIN00",
        "updated_by": "U0ADMIN00",
        "deleted_by": None,
        "prefs": {"channels": [], "groups": []},
        "channel_count": 0,
        "user_count": len(group.users),
    }
    return shape | ({"users": list(group.users)} if with_users else {})
