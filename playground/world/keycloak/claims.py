"""What a token says about a user and a client. It signs nothing."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.world.keycloak import errors
from playground.world.keycloak.calls import Call, fresh_jti
from playground.world.keycloak.realm import (
    ACCOUNT_ROLES,
    DEFAULT_SCOPES,
    OPTIONAL_SCOPES,
    SESSION_IDLE_S,
    Client,
    User,
)

# Management roles bring others with them; the server lists them all in the token.
_BRINGS = {"view-users": ("query-groups", "query-users"), "view-clients": ("query-clients",)}
_NAMED_SCOPES = ("email", "profile")  # of the default scopes, those that the answer's `scope` names
#: What a client's own lightweight token holds, read from a real one.
LIGHTWEIGHT = ("exp", "iat", "jti", "iss", "sub", "typ", "azp", "scope")
_KNOWN_SCOPES = frozenset(("openid", *DEFAULT_SCOPES, *OPTIONAL_SCOPES))


@dataclass(frozen=True, slots=True)
class Grant:
    """A login that succeeded: this user, through this client, with these scopes."""

    user: User
    client: Client
    scope: str = "email profile"
    jti: str = field(default_factory=lambda: fresh_jti("onrtro"))
    session: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def by_itself(self) -> bool:
        """Whether the client speaks for itself and not for a person."""
        return self.user.service_account_of == self.client.id


def granted_scope(asked: str) -> str:
    """The `scope` of the answer. Raises Refusal (invalid_scope) when any asked scope is unknown.

    `uma_protection` is unknown here: it is a role of the client, not a scope.
    """
    words = asked.split()
    if not set(words) <= _KNOWN_SCOPES:
        raise errors.oauth(400, "invalid_scope", f"Invalid scopes: {asked}")
    extra = [word for word in words if word in OPTIONAL_SCOPES]
    opening = ["openid"] if "openid" in words else []
    return " ".join([*opening, *_NAMED_SCOPES, *extra])


def access_claims(call: Call, grant: Grant) -> dict[str, Any]:
    """The claims of an access token; few of them where the client's own tokens are lightweight."""
    said = full_claims(call, grant)
    light = grant.client.lightweight and grant.by_itself
    return {key: said[key] for key in LIGHTWEIGHT} if light else said


def full_claims(call: Call, grant: Grant) -> dict[str, Any]:
    """All that is to be said of a login: an access token holds it, or introspection adds it."""
    access = _resource_access(grant)
    audience = [name for name in access if name != grant.client.client_id]
    return {
        **_times(call, call.realm.access_token_s),
        "jti": grant.jti,
        "iss": call.issuer,
        "aud": audience[0] if len(audience) == 1 else audience,
        "sub": grant.user.id,
        "typ": "Bearer",
        "azp": grant.client.client_id,
        **({} if grant.by_itself else {"sid": grant.session}),
        "acr": "1",
        **({"allowed-origins": list(grant.client.origins)} if grant.client.origins else {}),
        "realm_access": {"roles": list(grant.user.realm_roles)},
        "resource_access": {name: {"roles": list(roles)} for name, roles in access.items()},
        "scope": grant.scope,
        **(_robot(grant.user, grant.client) if grant.by_itself else person_claims(grant.user)),
    }


def rpt_claims(call: Call, grant: Grant, audience: str, permissions: list[dict[str, Any]]) -> dict[str, Any]:
    """The claims of a requesting party token: an access token that lists what it permits."""
    said = access_claims(call, grant)
    said.pop("allowed-origins", None)
    return {**said, "aud": audience, "authorization": {"permissions": permissions}}


def refresh_claims(call: Call, grant: Grant) -> dict[str, Any]:
    """The claims of a refresh token."""
    return {
        **_times(call, SESSION_IDLE_S),
        "jti": str(uuid.uuid4()),
        "iss": call.issuer,
        "aud": call.issuer,
        "sub": grant.user.id,
        "typ": "Refresh",
        "azp": grant.client.client_id,
        "sid": grant.session,
        "scope": grant.scope,
    }


def id_claims(call: Call, grant: Grant) -> dict[str, Any]:
    """The claims of an id token."""
    return {
        **_times(call, call.realm.access_token_s),
        "jti": str(uuid.uuid4()),
        "iss": call.issuer,
        "aud": grant.client.client_id,
        "sub": grant.user.id,
        "typ": "ID",
        "azp": grant.client.client_id,
        "acr": "1",
        **person_claims(grant.user),
    }


def person_claims(user: User) -> dict[str, Any]:
    """What a token says about a person."""
    return {
        "email_verified": True,
        "name": f"{user.first_name} {user.last_name}",
        "preferred_username": user.username,
        "given_name": user.first_name,
        "family_name": user.last_name,
        "email": user.email,
    }


def _robot(user: User, client: Client) -> dict[str, Any]:
    return {
        "clientHost": "127.0.0.1",
        "email_verified": False,
        "preferred_username": user.username,
        "clientAddress": "127.0.0.1",
        "client_id": client.client_id,
    }


def _times(call: Call, lifetime_s: int) -> dict[str, int]:
    return {"exp": int(call.now_s) + lifetime_s, "iat": int(call.now_s)}


def _resource_access(grant: Grant) -> Mapping[str, tuple[str, ...]]:
    own = {name: _expanded(roles) for name, roles in grant.user.client_roles.items() if roles}
    return {**own, "account": ACCOUNT_ROLES}


def _expanded(roles: tuple[str, ...]) -> tuple[str, ...]:
    return (*roles, *(more for role in roles for more in _BRINGS.get(role, ())))
