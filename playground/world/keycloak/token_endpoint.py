"""The token endpoint: four grants, refused as the server refuses them."""

from collections.abc import Callable, Mapping
from typing import Any

from playground.world.keycloak import errors
from playground.world.keycloak.calls import Call, Reply, authenticated_client, fresh_jti
from playground.world.keycloak.claims import (
    Grant,
    access_claims,
    granted_scope,
    id_claims,
    refresh_claims,
)
from playground.world.keycloak.realm import SESSION_IDLE_S, User
from playground.world.keycloak.uma import UMA_TICKET, uma_ticket

NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, section 5.1


def token(call: Call) -> Reply:
    """POST …/protocol/openid-connect/token."""
    if not call.realm.enabled:
        raise errors.realm_disabled()
    kind = call.field("grant_type")
    if not kind:
        raise errors.invalid_request("Missing form parameter: grant_type")
    if kind not in GRANTS:
        raise errors.oauth(400, "unsupported_grant_type", "Unsupported grant_type")
    return Reply(GRANTS[kind](call), headers=NEVER_STORED)


def _client_credentials(call: Call) -> Mapping[str, Any]:
    client = authenticated_client(call)
    if client.public:
        raise errors.unauthorized_client("Public client not allowed to retrieve service account")
    user = call.realm.service_account(client)
    if user is None:
        raise errors.unauthorized_client("Client not enabled to retrieve service account")
    grant = Grant(
        user, client, granted_scope(call.field("scope")), fresh_jti("trltcc" if client.lightweight else "trrtcc")
    )
    return {
        "access_token": call.ring.sign(access_claims(call, grant)),
        "expires_in": call.realm.access_token_s,
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        **_id_token(call, grant),
        "not-before-policy": 0,
        "scope": grant.scope,
    }


def _password(call: Call) -> Mapping[str, Any]:
    client = authenticated_client(call)
    if not client.password_grant:
        raise errors.oauth(400, "unauthorized_client", "Client not allowed for direct access grants")
    user = _person(call, call.field("username"))
    if call.field("password") != user.password:
        raise errors.invalid_grant(401, "Invalid user credentials")
    return _session(call, Grant(user, client, granted_scope(call.field("scope"))))


def _person(call: Call, username: str) -> User:
    user = call.realm.user(username)
    if user is None or user.service_account_of:
        raise errors.invalid_grant(401, "Invalid user credentials")
    if not user.enabled:
        raise errors.invalid_grant(400, "Account disabled")
    return user


def _refresh(call: Call) -> Mapping[str, Any]:
    client = authenticated_client(call)
    said = call.ring.refresh_claims(call.field("refresh_token"), call.now_s)
    user = call.realm.users.get(said["sub"]) if said else None
    if said is None or user is None or not user.enabled or said["azp"] != client.client_id:
        raise errors.invalid_grant(400, "Invalid refresh token")
    return _session(call, Grant(user, client, said["scope"], fresh_jti("onrtrt"), said["sid"]))


def _session(call: Call, grant: Grant) -> Mapping[str, Any]:
    return {
        "access_token": call.ring.sign(access_claims(call, grant)),
        "expires_in": call.realm.access_token_s,
        "refresh_expires_in": SESSION_IDLE_S,
        "refresh_token": call.ring.sign_refresh(refresh_claims(call, grant)),
        "token_type": "Bearer",
        **_id_token(call, grant),
        "not-before-policy": 0,
        "session_state": grant.session,
        "scope": grant.scope,
    }


def _id_token(call: Call, grant: Grant) -> Mapping[str, str]:
    if "openid" not in grant.scope.split():
        return {}
    return {"id_token": call.ring.sign(id_claims(call, grant))}


GRANTS: Mapping[str, Callable[[Call], Any]] = {
    "client_credentials": _client_credentials,
    "password": _password,
    "refresh_token": _refresh,
    UMA_TICKET: uma_ticket,
}
