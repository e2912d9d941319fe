"""Between HTTP and the pages: takes a request apart, finds its page, puts the answer together."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qs

from aiohttp import web

from playground.world.keycloak import errors, routes
from playground.world.keycloak.calls import JSON, Call, Reply
from playground.world.keycloak.login_page import HTML
from playground.world.keycloak.state import State

FORM = "application/x-www-form-urlencoded"
_GUARDED = {
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
_FRAMED = {"X-Frame-Options": "SAMEORIGIN"}
_OUTSIDE_BASE = "<html><body><h1>Resource not found</h1></body></html>"
_NO_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in to </title></head><body>Page not found</body></html>\n"


def reply(state: State, request: web.BaseRequest, body: bytes, now_s: float) -> tuple[web.Response, Reply | None]:
    """What Keycloak answers, and the page's own reply when there was one (for the change it makes)."""
    below = _below(state.base_path, request.path)
    if below is None:
        return web.Response(status=404, text=_OUTSIDE_BASE, content_type="text/html"), None
    at = routes.address(below)
    if at is None:
        return _no_such_path(state, request, below), None
    try:
        said = _page(state, at, request, body, now_s)
    except errors.Refusal as refusal:
        return _refused(request, refusal), None
    return _answered(request, said), said


def _below(base_path: str, path: str) -> str | None:
    if base_path and path != base_path and not path.startswith(f"{base_path}/"):
        return None
    return path.removeprefix(base_path) or "/"


def _no_such_path(state: State, request: web.BaseRequest, below: str) -> web.Response:
    if below == "/":
        address = f"{_origin(state, request)}{state.base_path}/admin/"
        return web.Response(status=302, headers={"Location": address, **_GUARDED})
    if "text/html" in request.headers.get("Accept", ""):
        return web.Response(status=404, body=_NO_PAGE, headers={"Content-Type": "text/html;charset=utf-8"})
    return _json(404, errors.no_such_path().body, {"Content-Type": JSON})


def _page(state: State, at: routes.Address, request: web.BaseRequest, body: bytes, now_s: float) -> Reply:
    if state.realm is None or at.realm != state.realm.name:
        raise errors.plain(404, "Realm not found.") if at.table is routes.ADMIN else errors.no_such_realm()
    found = routes.find(at)
    plain = request.scheme == "http" or state.tls_ends_before
    if plain and state.realm.demands_https and at.table is routes.PUBLIC and at.rest in routes.OVER_HTTPS:
        raise errors.https_required()
    call = Call(
        realm=state.realm,
        ring=state.ring,
        now_s=now_s + state.clock_ahead_s,
        issuer=f"{_origin(state, request)}{state.base_path}/realms/{state.realm.name}",
        method=request.method,
        path=found.path,
        query=dict(request.query),
        form=_form(request, body),
        authorization=request.headers.get("Authorization", ""),
        body=body,
    )
    return found.page(request.method)(call)


def _origin(state: State, request: web.BaseRequest) -> str:
    return state.public_url or f"{request.scheme}://{request.host}"


def _form(request: web.BaseRequest, body: bytes) -> Mapping[str, list[str]]:
    if request.content_type != FORM:
        return {}
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def _refused(request: web.BaseRequest, refusal: errors.Refusal) -> web.Response:
    stored = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    at_token = request.method == "POST" and request.path.endswith("/openid-connect/token")
    told = stored if at_token and "error_description" in (refusal.body or {}) else {}
    framed = _frame(request, refusal.body)
    headers = {"Content-Type": JSON, **_GUARDED, **framed, **told, **refusal.headers}
    return _json(refusal.status, refusal.body, headers)


def _answered(request: web.BaseRequest, said: Reply) -> web.Response:
    framed = _frame(request, said.body)
    return _json(said.status, said.body, {"Content-Type": said.content_type, **_GUARDED, **framed, **said.headers})


def _frame(request: web.BaseRequest, body: object) -> Mapping[str, str]:
    # An answer without a body has no such header, but for those to PUT.
    return _FRAMED if body is not None or request.method == "PUT" else {}


def _json(status: int, body: object, headers: Mapping[str, str]) -> web.Response:
    if body is None:
        return web.Response(status=status, headers={k: v for k, v in headers.items() if k != "Content-Type"})
    text = body if headers["Content-Type"] == HTML else json.dumps(body, separators=(",", ":"))
    return web.Response(status=status, body=str(text).encode(), headers=headers)
