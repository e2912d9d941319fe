"""The login page, as far as programs read it: before it asks a person for anything it says whose client it is."""

from playground.world.keycloak.calls import Call, Reply

HTML = "text/html;charset=utf-8"
_PAGE = """<!DOCTYPE html>
<html><head><title>Sign in to {realm}</title></head>
<body><div id="kc-error-message"><p class="instruction">{words}</p></div></body></html>
"""


def show(call: Call) -> Reply:
    """The page that refuses a login: for a missing client, a disabled one, or the lack of an address to return to."""
    client = call.realm.client(call.query.get("client_id", ""))
    if client is None:
        return _refusal(call, "Client not found.")
    if not client.enabled:
        return _refusal(call, "Client disabled.")
    return _refusal(call, "Invalid parameter: redirect_uri")


def _refusal(call: Call, words: str) -> Reply:
    page = _PAGE.format(realm=call.realm.name, words=words)
    return Reply(page, status=400, content_type=HTML)
