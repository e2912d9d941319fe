"""Token introspection (RFC 7662): is this token good, and what does it say."""

from collections.abc import Mapping
from typing import Any

from playground.world.keycloak import errors
from playground.world.keycloak.calls import Call, Caller, Reply, authenticated_client, caller
from playground.world.keycloak.claims import Grant, full_claims

RPT_HINT = "requesting_party_token"
_NOT_SHOWN = ("clientHost", "clientAddress")


def introspect(call: Call) -> Reply:
    """POST …/protocol/openid-connect/token/introspect."""
    if not call.realm.enabled:
        raise errors.realm_disabled()
    _require_confidential_client(call)
    text = call.field("token")
    if not text:
        raise errors.invalid_request("Token not provided.")
    return Reply(_said(call, text), headers={"Cache-Control": "no-cache"})


def _require_confidential_client(call: Call) -> None:
    try:
        client = authenticated_client(call)
    except errors.Refusal as refusal:
        raise errors.invalid_request("Authentication failed.", 401) from refusal
    if client.public:
        raise errors.invalid_request("Client not allowed.", 403)


def _said(call: Call, text: str) -> dict[str, Any]:
    who = caller(call, text)
    if who is None:
        return {"active": False}
    if call.field("token_type_hint") == RPT_HINT:
        return _permissions(dict(who.claims))
    shown = {key: value for key, value in _all_claims(call, who).items() if key not in _NOT_SHOWN}
    return {
        **shown,
        "client_id": who.client.client_id,
        "username": who.user.username,
        "token_type": "Bearer",
        "active": True,
    }


def _all_claims(call: Call, who: Caller) -> Mapping[str, Any]:
    """What the token says, and what a lightweight one left out."""
    if "realm_access" in who.claims or not who.client.lightweight:
        return who.claims
    grant = Grant(who.user, who.client, who.claims["scope"], who.claims["jti"])
    return {**full_claims(call, grant), **who.claims}


def _permissions(claims: dict[str, Any]) -> dict[str, Any]:
    shown = {key: claims[key] for key in ("exp", "iat", "jti", "aud", "typ", "acr")}
    listed = claims.get("authorization", {}).get("permissions")
    if listed is not None:
        shown["permissions"] = [
            {**one, "resource_id": one["rsid"], "resource_scopes": one.get("scopes", [])} for one in listed
        ]
    return {**shown, "active": True}
