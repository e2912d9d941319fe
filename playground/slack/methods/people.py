"""Methods about people and user groups: users.info, list and lookupByEmail, usergroups.list and users.list."""

from playground.slack.call import Call
from playground.slack.people import Person
from playground.slack.records import group_json, user_json
from playground.slack.refusals import SlackRefusal
from playground.slack.shapes import Json


def _shape(call: Call, person: Person) -> Json:
    return user_json(person, call.core.app, with_email="users:read.email" in call.core.switches.scopes)


async def info(call: Call) -> Json:
    """One person, of whatever kind."""
    return {"user": _shape(call, call.person())}


async def everyone(call: Call) -> Json:
    """All people of the workspace."""
    people = [one for one in call.core.workspace.people.values() if one.team_id == call.core.app.team_id]
    return {
        "members": [_shape(call, person) for person in people],
        "cache_ts": int(call.core.clock.now()),
        "response_metadata": {"next_cursor": ""},
    }


async def by_email(call: Call) -> Json:
    """The person with an address; a deactivated one is not found."""
    wanted = call.needed("email", "users_not_found")
    for person in call.core.workspace.people.values():
        if person.email == wanted and not person.deleted and not person.bot:
            return {"user": _shape(call, person)}
    raise SlackRefusal("users_not_found")


def _paid(call: Call) -> None:
    if call.core.switches.free_plan:
        raise SlackRefusal("plan_upgrade_required")


async def groups(call: Call) -> Json:
    """The user groups; disabled ones only when asked for."""
    _paid(call)
    shown = [
        group for group in call.core.workspace.groups.values() if not group.disabled or call.flag("include_disabled")
    ]
    with_users = call.flag("include_users")
    return {"usergroups": [group_json(group, call.core.app, with_users=with_users) for group in shown]}


async def group_users(call: Call) -> Json:
    """Who is in a user group."""
    _paid(call)
    group = call.core.workspace.groups.get(call.text("usergroup"))
    if group is None or (group.disabled and not call.flag("include_disabled")):
        raise SlackRefusal("no_such_subteam")
    return {"users": list(group.users)}
