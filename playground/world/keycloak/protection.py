"""The protection interface: a client registers its resources here (UMA 2.0 resource registration)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from playground.world.keycloak import errors
from playground.world.keycloak.calls import JSON_UTF8, Call, Reply, caller
from playground.world.keycloak.realm import UMA_PROTECTION, Authorization, Client, Realm, Resource
from playground.world.keycloak.volaticloud import fresh_id

_LISTING = {"Cache-Control": "no-cache"}
_FIELDS = frozenset(
    {"_id", "name", "displayName", "type", "uri", "uris", "icon_uri", "owner", "ownerManagedAccess"}
    | {"attributes", "scopes", "resource_scopes", "resourceScopes", "typedScopes", "description"}
)


@dataclass(frozen=True, slots=True)
class _Server:
    """The client whose resources these are, and its authorization services."""

    client: Client
    rights: Authorization


def list_resources(call: Call) -> Reply:
    """GET resource_set: ids, or whole resources with deep=true."""
    server = _server(call)
    found = list(_filtered(call, server.rights))[call.window()]
    deep = call.query.get("deep", "false") == "true"
    body = [described(call.realm, server.rights, one) for one in found] if deep else [one.id for one in found]
    return Reply(body, content_type=JSON_UTF8, headers=_LISTING)


def read_resource(call: Call) -> Reply:
    """GET resource_set/{id}: the owner's id without a name, scopes without ids."""
    server = _server(call)
    thing = _known(call, server)
    scopes = [{"name": name} for name in thing.scopes]
    body = described(call.realm, server.rights, thing)
    body["owner"] = {"id": thing.owner}
    body |= {"resource_scopes": scopes, "scopes": scopes} if scopes else {}
    return Reply(body, content_type=JSON_UTF8)


def create_resource(call: Call) -> Reply:
    """POST resource_set. An id that exists is overwritten, as the server does it."""
    server = _server(call)
    if not server.rights.remote_management:  # measured: reading and changing go on
        raise errors.oauth(400, "not_supported", "Remote management is disabled.")
    thing = _registered(call, server)
    if server.rights.named(thing.name, thing.owner) not in (None, server.rights.resources.get(thing.id)):
        raise errors.invalid_request(f"Resource with name [{thing.name}] already exists.", 409)
    rights = _written(server.rights, thing)
    body = described(call.realm, rights, thing)
    del body["attributes"]
    body |= {"resource_scopes": body["scopes"]} if thing.scopes else {}
    scopes = {name: rights.scopes[name] for name in thing.scopes}
    change = _on(server, lambda before: _written(replace(before, scopes={**scopes, **before.scopes}), thing))
    return Reply(body, 201, JSON_UTF8, change=change)


def update_resource(call: Call) -> Reply:
    """PUT resource_set/{id}."""
    server = _server(call)
    before = _known(call, server)
    thing = replace(_registered(call, server), id=before.id, owner=before.owner)
    return Reply(status=204, change=_on(server, lambda rights: _written(rights, thing)))


def delete_resource(call: Call) -> Reply:
    """DELETE resource_set/{id}."""
    server = _server(call)
    thing = _known(call, server)
    return Reply(status=204, change=_on(server, lambda rights: rights.without_resource(thing.id)))


def described(realm: Realm, rights: Authorization, thing: Resource) -> dict[str, Any]:
    """A resource as listings show it. What it does not have is left out, not null."""
    body: dict[str, Any] = {
        "name": thing.name,
        "type": thing.type,
        "owner": {"id": thing.owner, "name": realm.owner_name(thing.owner)},
        "ownerManagedAccess": thing.owner_managed,
        "displayName": thing.display_name,
        "attributes": {name: list(values) for name, values in thing.attributes.items()},
        "_id": thing.id,
        "uris": list(thing.uris),
        "scopes": [{"id": rights.scopes[name], "name": name} for name in thing.scopes] or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _server(call: Call) -> _Server:
    """Whose resources these are. The order of the refusals is the server's own."""
    if call.authorization and not call.bearer():
        raise errors.plain(401, "HTTP 401 Unauthorized")
    who = caller(call, call.bearer())
    if who is None:
        raise errors.invalid_bearer()
    name = who.client.client_id
    if who.client.authorization is None:
        text = f"Client application [{name}] is not registered as a resource server."
        raise errors.oauth(403, "invalid_clientId", text)
    if not who.has_role(name, UMA_PROTECTION):
        raise errors.oauth(403, "invalid_scope", "Requires uma_protection scope.")
    return _Server(who.client, who.client.authorization)


def _known(call: Call, server: _Server) -> Resource:
    thing = server.rights.resources.get(call.path["id"])
    if thing is None:
        raise errors.nothing_there()
    return thing


def _filtered(call: Call, rights: Authorization) -> Iterable[Resource]:
    asked = call.query
    owner = call.realm.owner_id(asked["owner"]) if "owner" in asked else ""
    for thing in rights.resources.values():
        if (
            _named(asked, thing)
            and asked.get("type") in (None, "", thing.type)
            and owner in ("", thing.owner)
            and ("uri" not in asked or asked["uri"] in thing.uris)
            and ("scope" not in asked or asked["scope"] in thing.scopes)
        ):
            yield thing


def _named(asked: Mapping[str, str], thing: Resource) -> bool:
    name = asked.get("name", "")
    exact = asked.get("exactName", "false") == "true"
    return not name or (thing.name == name if exact else name.lower() in thing.name.lower())


def _registered(call: Call, server: _Server) -> Resource:
    """The resource that the request describes. Raises Refusal as the server does."""
    said = call.object()
    unknown = next((name for name in said if name not in _FIELDS), None)
    if unknown is not None:
        kind = "UmaResourceRepresentation"
        raise errors.plain(400, f'Invalid json representation for {kind}. Unrecognized field "{unknown}".')
    if not said.get("name"):
        raise errors.oauth(409, "conflict", "Duplicate resource error")
    return Resource(
        id=said.get("_id") or fresh_id(),
        name=said["name"],
        owner=_owner(call, server, said.get("owner")),
        type=said.get("type"),
        display_name=said.get("displayName"),
        scopes=tuple(_scope_names(said)),
        attributes={name: tuple(values) for name, values in said.get("attributes", {}).items()},
        uris=tuple(said.get("uris", ())),
        owner_managed=bool(said.get("ownerManagedAccess", False)),
    )


def _owner(call: Call, server: _Server, said: Any) -> str:  # noqa: ANN401  # a name, an id, an object or nothing
    text = (said.get("id") or said.get("name")) if isinstance(said, dict) else said
    if not text:
        return server.client.id
    found = call.realm.owner_id(text)
    if found is None:
        raise errors.server_failed()
    return found


def _scope_names(said: Mapping[str, Any]) -> Iterable[str]:
    for one in said.get("resource_scopes") or said.get("scopes") or ():
        yield one["name"] if isinstance(one, dict) else one


def _written(rights: Authorization, thing: Resource) -> Authorization:
    known = {**{name: fresh_id() for name in thing.scopes}, **rights.scopes}
    return replace(rights, scopes=known).with_resource(thing)


def _on(server: _Server, change: Callable[[Authorization], Authorization]) -> Callable[[Realm], Realm]:
    """The change of the realm that changes this client's authorization, whatever else is wrong with it."""

    def changed(realm: Realm) -> Realm:
        client = realm.clients.get(server.client.id)
        if client is None or client.authorization is None:
            return realm
        return realm.with_client(replace(client, authorization=change(client.authorization)))

    return changed
