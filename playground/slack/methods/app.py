"""Methods about the app itself: auth.test, apps.connections.open, api.test, blocks.validate."""

from playground.slack.blocks import Surface
from playground.slack.call import Call
from playground.slack.limits import block_faults, view_faults
from playground.slack.shapes import Json, mapping


async def auth_test(call: Call) -> Json:
    """Who the token belongs to."""
    app = call.core.app
    return {
        "url": f"https://{app.team_domain}.slack.example/",
        "team": app.team_domain,
        "user": app.bot_name,
        "team_id": app.team_id,
        "user_id": app.bot_user_id,
        "bot_id": app.bot_id,
        "is_enterprise_install": False,
    }


async def connections_open(call: Call) -> Json:
    """An address for one socket."""
    sockets, origin = call.core.sockets, call.core.origin
    address = origin.replace("http://", "ws://")
    return {"url": f"{address}/link/?ticket={sockets.ticket()}&app_id={call.core.app.api_app_id}"}


async def api_test(call: Call) -> Json:
    """Whether anybody is there."""
    return {"args": {key: value for key, value in call.arguments.items() if key != "token"}}


async def blocks_validate(call: Call) -> Json:
    """Every fault of blocks, of a message's blocks, or of a view."""
    view = call.structure("view", "invalid_arguments")
    if isinstance(view, dict):
        faults = view_faults(view)
    else:
        message = mapping(call.structure("message", "invalid_arguments"))
        blocks = message.get("blocks", call.structure("blocks", "invalid_blocks_format"))
        surface: Surface = "message"
        faults = block_faults(blocks, surface)
    errors = [{"pointer": one.pointer, "code": "invalid", "message": one.message} for one in faults]
    return {"valid": not errors, "errors": errors}
