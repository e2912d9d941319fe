"""Methods that show modals and Home tabs: views.open, views.push, views.update, views.publish."""

from playground.slack.call import Call
from playground.slack.grammar import Fault
from playground.slack.limits import check_view
from playground.slack.refusals import SlackRefusal, invalid_arguments
from playground.slack.shapes import Json
from playground.slack.triggers import Trigger
from playground.slack.views import View


def _body(call: Call, kind: str) -> Json:
    view = call.structure("view", "invalid_arguments")
    if not isinstance(view, dict):
        raise invalid_arguments([Fault("/view", "missing required field: view")])
    check_view(view, kind)
    return view


def _trigger(call: Call) -> Trigger:
    return call.core.triggers.take(call.needed("trigger_id", "invalid_trigger_id"))


def _shown(call: Call, view: View) -> Json:
    return {"view": view.json(call.core.app)}


async def open_view(call: Call) -> Json:
    """Open a modal for whoever just did something."""
    body = _body(call, "modal")
    return _shown(call, call.core.views.open(_trigger(call).person, body))


async def push(call: Call) -> Json:
    """Open a modal on top of the one it was asked from."""
    body = _body(call, "modal")
    trigger = _trigger(call)
    if trigger.view_id is None:
        raise SlackRefusal("not_found")
    return _shown(call, call.core.views.push(trigger.person, body))


async def update(call: Call) -> Json:
    """Change an open view; a hash given must be the one it has."""
    view = call.core.views.find(call.text("view_id") or None, call.text("external_id") or None)
    body = _body(call, str(view.body["type"]))
    _same(call, view)
    return _shown(call, call.core.views.update(view, body))


async def publish(call: Call) -> Json:
    """Show a person's Home tab."""
    person = call.person("user_id")
    body = _body(call, "home")
    home = call.core.views.homes.get(person.id)
    if home is not None:
        _same(call, home)
    return _shown(call, call.core.views.publish(person.id, body))


def _same(call: Call, view: View) -> None:
    given = call.text("hash")
    if given and given != view.hash:
        raise SlackRefusal("hash_conflict")
