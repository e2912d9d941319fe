"""The admin interface to the authorization services: resources, policies, permissions, and "evaluate"."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from playground.world.keycloak import errors
from playground.world.keycloak.admin import NO_CACHE, listing, require
from playground.world.keycloak.authorization import Decision, Judged, decide, everything
from playground.world.keycloak.calls import JSON_UTF8, Call, Reply, fresh_jti
from playground.world.keycloak.claims import Grant, rpt_claims
from playground.world.keycloak.protection import described
from playground.world.keycloak.realm import Authorization, Client, Permission, Policy, Resource, User
from playground.world.keycloak.uma import permission

# Measured: either role opens these pages; view-clients alone does too.
_ROLES = ("view-authorization", "manage-authorization", "view-clients")


@dataclass(frozen=True, slots=True)
class _Server:
    """A client that is a resource server."""

    client: Client
    rights: Authorization


def read_server(call: Call) -> Reply:
    """GET …/authz/resource-server: its settings. `clientId` is, in spite of its name, the uuid."""
    server = _server(call)
    body = {
        "id": server.client.id,
        "clientId": server.client.id,
        "name": server.client.client_id,
        "allowRemoteResourceManagement": server.rights.remote_management,
        "policyEnforcementMode": server.rights.enforcement,
        "resources": [],
        "policies": [],
        "scopes": [],
        "decisionStrategy": server.rights.strategy,
    }
    return Reply(body, content_type=JSON_UTF8)


def list_resources(call: Call) -> Reply:
    """GET …/resource: by `name` (a part of it), `owner`, `type`."""
    server = _server(call)
    asked = call.query
    owner = call.realm.owner_id(asked["owner"]) if "owner" in asked else ""
    found = [
        one
        for one in server.rights.resources.values()
        if asked.get("name", "").lower() in one.name.lower()
        and asked.get("type") in (None, one.type)
        and owner in ("", one.owner)
    ]
    return listing([described(call.realm, server.rights, one) for one in found[call.window()]])


def read_resource(call: Call) -> Reply:
    """GET …/resource/{id}."""
    server = _server(call)
    return listing(described(call.realm, server.rights, _known(call, server)))


def list_permissions_of_resource(call: Call) -> Reply:
    """GET …/resource/{id}/permissions."""
    server = _server(call)
    thing = _known(call, server)
    found = [one for one in server.rights.permissions.values() if thing.id in one.resources]
    return listing([{**_brief(one), "config": {}} for one in found])


def list_scopes(call: Call) -> Reply:
    """GET …/scope."""
    return listing([_scope(name, key) for name, key in _server(call).rights.scopes.items()])


def list_policies(call: Call) -> Reply:
    """GET …/policy: policies, and permissions too unless permission=false; by `name` (a part of it)."""
    rights = _server(call).rights
    wanted = call.query.get("name", "").lower()
    permissions: list[dict[str, Any]] = []
    if call.query.get("permission") != "false":
        permissions = [{**_brief(one), "config": _config_of_permission(one)} for one in rights.permissions.values()]
    policies = [_policy(one) for one in rights.policies.values()]
    return listing([one for one in (*permissions, *policies) if wanted in one["name"].lower()])


def read_policy(call: Call) -> Reply:
    """GET …/policy/{id}: of a policy or a permission."""
    rights = _server(call).rights
    key = call.path["id"]
    if key in rights.policies:
        return listing(_policy(rights.policies[key]))
    if key not in rights.permissions:
        raise errors.nothing_there(NO_CACHE)
    one = rights.permissions[key]
    return listing({**_brief(one), "config": _config_of_permission(one)})


def list_associated_policies(call: Call) -> Reply:
    """GET …/policy/{id}/associatedPolicies: the policies of a permission."""
    rights = _server(call).rights
    found = rights.permissions.get(call.path["id"])
    keys = found.policies if found else ()
    return listing([{**_brief(rights.policies[key]), "config": {}} for key in keys])


def list_permissions(call: Call) -> Reply:
    """GET …/permission: all, or those about one `resource`."""
    rights = _server(call).rights
    wanted = call.query.get("resource")
    found = [one for one in rights.permissions.values() if wanted is None or wanted in one.resources]
    return listing([_permission(one) for one in found])


def evaluate(call: Call) -> Reply:
    """POST …/policy/evaluate: what would be decided for a user, and by which policies.

    As the server does: a resource that does not exist is dropped, and when none is left *every* resource
    is evaluated; a scope that does not exist is dropped too; a user who does not exist breaks it. A resource
    that no permission guards is left out where it is denied, and the answer as a whole is then PERMIT.
    """
    server = _server(call)
    asked = call.object()
    user = call.realm.users.get(asked.get("userId", ""))
    if user is None:
        raise errors.server_failed()
    wanted = _evaluated(server, user, asked)
    judged = [decide(server.rights, user, one, scopes) for one, scopes in wanted]
    decisions = [one for one in judged if one.permits or one.judged]
    return Reply(_evaluation(call, server, user, decisions), content_type=JSON_UTF8)


def _server(call: Call) -> _Server:
    require(call, *_ROLES)
    client = call.realm.clients.get(call.path["client"])
    if client is None:
        raise errors.plain(404, "Could not find client")
    if client.authorization is None:
        raise errors.not_found()
    return _Server(client, client.authorization)


def _known(call: Call, server: _Server) -> Resource:
    thing = server.rights.resources.get(call.path["id"])
    if thing is None:
        raise errors.nothing_there(NO_CACHE)
    return thing


def _evaluated(server: _Server, user: User, asked: Mapping[str, Any]) -> list[tuple[Resource, tuple[str, ...]]]:
    rights = server.rights
    wanted = []
    for entry in asked.get("resources") or ():
        thing = rights.resources.get(entry.get("_id", ""))
        if thing is not None:
            named = tuple(one["name"] for one in entry.get("scopes") or ())
            known = tuple(name for name in named if name in rights.scopes)
            wanted.append((thing, known if named else thing.scopes))
    return wanted or [(one, one.scopes) for one in everything(rights, server.client, user)]


def _evaluation(call: Call, server: _Server, user: User, decisions: list[Decision]) -> dict[str, Any]:
    granted = [permission(one) for one in decisions if one.permits]
    grant = Grant(user, server.client, jti=fresh_jti("onrtna"))
    claims = rpt_claims(call, grant, server.client.client_id, granted)
    del claims["iss"]  # it is shown, never signed, and nobody issued it
    return {
        "results": [_result(server.rights, one) for one in decisions],
        "entitlements": False,
        "status": _status(permits=bool(granted) or not decisions),
        "rpt": claims,
    }


def _result(rights: Authorization, decision: Decision) -> dict[str, Any]:
    thing = decision.resource
    suffix = f" with scopes [{', '.join(decision.asked)}]" if decision.asked else ""
    return {
        "resource": {"name": f"{thing.name}{suffix}", "_id": thing.id},
        "scopes": _scopes(rights, decision.asked),
        "policies": [_judged(rights, one) for one in decision.judged],
        "status": _status(permits=decision.permits),
        "allowedScopes": _scopes(rights, decision.granted),
        "deniedScopes": [],
    }


def _judged(rights: Authorization, judged: Judged) -> dict[str, Any]:
    guarded = [rights.resources[key] for key in judged.permission.resources if key in rights.resources]
    scopes = [name for one in guarded for name in one.scopes]
    about = {"resources": [one.name for one in guarded], "scopes": scopes, "config": {}}
    said = [_associated(policy, yes=yes) for policy, yes in judged.policies]
    return {
        "policy": {**_brief(judged.permission), **about},
        "status": _status(permits=judged.permits),
        "associatedPolicies": said,
        "scopes": [],
    }


def _associated(policy: Policy, *, yes: bool) -> dict[str, Any]:
    shown = {**_brief(policy), "resources": [], "scopes": [], "config": {}}
    return {"policy": shown, "status": _status(permits=yes), "associatedPolicies": [], "scopes": []}


def _status(*, permits: bool) -> str:
    return "PERMIT" if permits else "DENY"


def _scopes(rights: Authorization, names: Iterable[str]) -> list[dict[str, str]]:
    return [_scope(name, rights.scopes[name]) for name in names]


def _scope(name: str, key: str) -> dict[str, str]:
    return {"id": key, "name": name}


def _brief(one: Permission | Policy) -> dict[str, Any]:
    said = {"id": one.id, "name": one.name, "type": one.kind, "logic": "POSITIVE"}
    described_as = {"description": one.description} if one.description else {}
    return {**said, **described_as, "decisionStrategy": one.strategy}


def _permission(one: Permission) -> dict[str, Any]:
    return {**_brief(one), **({"resourceType": one.resource_type} if one.resource_type else {})}


def _config_of_permission(one: Permission) -> dict[str, str]:
    return {"defaultResourceType": one.resource_type} if one.resource_type else {}


def _policy(one: Policy) -> dict[str, Any]:
    if one.kind == "js":
        code = "// by default, grants any permission associated with this policy\n$evaluation.grant();\n"
        return {**_brief(one), "config": {"code": code}}
    members = json.dumps(list(one.members)) if one.kind == "user" else _roles(one.members)
    return {**_brief(one), "config": {f"{one.kind}s": members}}


def _roles(names: tuple[str, ...]) -> str:
    return json.dumps([{"id": name, "required": False} for name in names])
