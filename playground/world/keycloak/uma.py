"""The UMA grant: a token in exchange for a permission on a resource, or the bare answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.world.keycloak import errors
from playground.world.keycloak.authorization import Decision, decide, everything
from playground.world.keycloak.calls import Call, authenticated_client, caller, fresh_jti
from playground.world.keycloak.claims import Grant, refresh_claims, rpt_claims
from playground.world.keycloak.realm import SESSION_IDLE_S, Authorization, Client, Resource, User

UMA_TICKET = "urn:ietf:params:oauth:grant-type:uma-ticket"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one `permission` field asks for: a resource and the scopes of it."""

    resource: Resource
    scopes: tuple[str, ...]


def uma_ticket(call: Call) -> Any:  # noqa: ANN401  # an object, or a list for response_mode=permissions
    """The answer to a granted request. Raises Refusal for anything else."""
    user, client = _subject(call)
    if call.field("ticket"):  # tickets are not simulated: every one is as good as forged
        raise errors.oauth(403, "invalid_ticket", "Ticket verification failed")
    server, rights = _resource_server(call)
    fields = call.form.get("permission", ())
    wanted = _asked(fields, rights, user) if fields else _all(rights, server, user)
    decisions = [decide(rights, user, one.resource, one.scopes) for one in wanted]
    permissions = [permission(one) for one in decisions if one.permits]
    if not permissions:
        raise errors.not_authorized()
    return _answer(call, Grant(user, client, jti=fresh_jti("ntrtna")), server.client_id, permissions)


def permission(decision: Decision) -> dict[str, Any]:
    """A granted permission as the server writes it down."""
    scopes = {"scopes": list(decision.granted)} if decision.granted else {}
    return {**scopes, "rsid": decision.resource.id, "rsname": decision.resource.name}


def _subject(call: Call) -> tuple[User, Client]:
    text = call.bearer()
    client = None if text else authenticated_client(call)
    text = text or call.field("subject_token")
    if client is not None and not text:
        return _client_itself(call, client)
    who = caller(call, text)
    if who is None:
        raise errors.invalid_grant(401, "Invalid bearer token")
    return who.user, who.client


def _client_itself(call: Call, client: Client) -> tuple[User, Client]:
    user = call.realm.service_account(client)
    if user is None:
        raise errors.unauthorized_client("Client not enabled to retrieve service account")
    return user, client


def _resource_server(call: Call) -> tuple[Client, Authorization]:
    audience = call.field("audience")
    if not audience:
        raise errors.invalid_request("You must provide the issuedFor")
    client = call.realm.client(audience)
    if client is None:
        raise errors.invalid_request(f"Unknown resource server id: [{audience}]")
    if client.authorization is None:
        raise errors.invalid_request("Client does not support permissions")
    return client, client.authorization


def _all(rights: Authorization, server: Client, user: User) -> list[_Asked]:
    return [_Asked(one, one.scopes) for one in everything(rights, server, user)]


def _asked(fields: Sequence[str], rights: Authorization, user: User) -> list[_Asked]:
    wanted: dict[str, _Asked] = {}
    for text in fields:
        for one in _parsed(text, rights, user):
            before = wanted.get(one.resource.id)
            scopes = (*before.scopes, *one.scopes) if before else one.scopes
            wanted[one.resource.id] = _Asked(one.resource, tuple(dict.fromkeys(scopes)))
    return list(wanted.values())


def _parsed(text: str, rights: Authorization, user: User) -> Iterable[_Asked]:
    name, _, rest = text.partition("#")
    scopes = tuple(word.strip() for word in rest.split(",") if word.strip())
    if not set(scopes) <= set(rights.scopes):
        raise errors.oauth(400, "invalid_scope", f"One of the given scopes [{rest}] is invalid")
    if name:
        thing = _resource(rights, name, user)
        return [_Asked(thing, scopes or thing.scopes)]
    return [_Asked(one, scopes) for one in rights.resources.values() if set(scopes) <= set(one.scopes)]


def _resource(rights: Authorization, name: str, user: User) -> Resource:
    thing = rights.resources.get(name) or rights.named(name, user.id)
    if thing is None:
        raise errors.oauth(400, "invalid_resource", f"Resource with id [{name}] does not exist.")
    return thing


def _answer(call: Call, grant: Grant, audience: str, permissions: Sequence[Mapping[str, Any]]) -> Any:  # noqa: ANN401  # as uma_ticket
    mode = call.field("response_mode")
    if mode == "decision":
        return {"result": True}
    if mode == "permissions":
        return permissions
    if mode:
        raise errors.invalid_request("Invalid response_mode")
    claims = rpt_claims(call, grant, audience, [dict(one) for one in permissions])
    return {
        "upgraded": False,
        "access_token": call.ring.sign(claims),
        "expires_in": call.realm.access_token_s,
        "refresh_expires_in": SESSION_IDLE_S,
        "refresh_token": call.ring.sign_refresh(refresh_claims(call, grant)),
        "token_type": "Bearer",
        "not-before-policy": 0,
    }
