"""The admin interface, as far as a permission is traced through it: users, clients, roles. It only reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from playground.world.keycloak import errors
from playground.world.keycloak.calls import JSON_UTF8, Call, Caller, Reply, caller
from playground.world.keycloak.realm import DEFAULT_SCOPES, OPTIONAL_SCOPES, UMA_PROTECTION, Client, User
from playground.world.keycloak.volaticloud import MANAGEMENT

NO_CACHE = {"Cache-Control": "no-cache"}
_RIGHTS_OVER_USERS = ("manageGroupMembership", "resetPassword", "mapRoles", "impersonate", "manage")


def require(call: Call, *roles: str) -> Caller:
    """Who is asking, when they have one of the management roles. Raises Refusal 401 or 403."""
    who = caller(call, call.bearer())
    if who is None:
        raise errors.plain(401, "HTTP 401 Unauthorized")
    if not {*roles} & {*who.user.client_roles.get(MANAGEMENT, ())}:
        raise errors.plain(403, "HTTP 403 Forbidden")
    return who


def listing(body: Any) -> Reply:  # noqa: ANN401  # whatever JSON a page shows
    """An answer as the admin interface gives most of its pages."""
    return Reply(body, content_type=JSON_UTF8, headers=NO_CACHE)


def list_users(call: Call) -> Reply:
    """GET users: by `username` (a part of it, or the whole with exact=true), `first`, `max`."""
    require(call, "view-users")
    wanted = call.query.get("username", "").lower()
    exact = call.query.get("exact", "false") == "true"
    found = [
        one
        for one in call.realm.users.values()
        if not one.service_account_of and (one.username == wanted if exact else wanted in one.username)
    ]
    return listing([{**_user(one), "access": {"manage": False}} for one in found[call.window()]])


def read_user(call: Call) -> Reply:
    """GET users/{id}."""
    require(call, "view-users")
    return listing(_user(_known_user(call)))


def read_role_mappings(call: Call) -> Reply:
    """GET users/{id}/role-mappings: realm roles, and client roles by client."""
    require(call, "view-users")
    user = _known_user(call)
    realm = call.realm
    body: dict[str, Any] = {"realmMappings": [_realm_role(realm.id, f"default-roles-{realm.name}")]}
    clients = {name: _client_mapping(call, name, roles) for name, roles in user.client_roles.items() if roles}
    return listing({**body, "clientMappings": clients} if clients else body)


def read_client_role_mappings(call: Call) -> Reply:
    """GET users/{id}/role-mappings/clients/{client}."""
    require(call, "view-users")
    user = _known_user(call)
    client = _client_of(call, call.path["client"])
    roles = user.client_roles.get(client.client_id, ())
    return listing([_client_role(client.id, name) for name in roles])


def list_clients(call: Call) -> Reply:
    """GET clients: all, or the one named by `clientId`."""
    require(call, "view-clients")
    wanted = call.query.get("clientId")
    return listing([_client(one) for one in call.realm.clients.values() if wanted in (None, one.client_id)])


def read_client(call: Call) -> Reply:
    """GET clients/{client}."""
    require(call, "view-clients")
    return listing(_client(_client_of(call, call.path["client"])))


def list_client_roles(call: Call) -> Reply:
    """GET clients/{client}/roles."""
    require(call, "view-clients")
    client = _client_of(call, call.path["client"])
    return listing([_client_role(client.id, UMA_PROTECTION)] if client.authorization else [])


def read_service_account(call: Call) -> Reply:
    """GET clients/{client}/service-account-user."""
    require(call, "view-clients")
    client = _client_of(call, call.path["client"])
    user = call.realm.service_account(client)
    if user is None:
        raise errors.plain(400, f"Service account not enabled for the client '{client.client_id}'")
    return listing(_user_core(user))


def read_realm(call: Call) -> Reply:
    """GET the realm itself: for these roles little more than its name."""
    require(call, "view-users", "view-clients", "view-authorization", "manage-authorization")
    return listing({"realm": call.realm.name})


def _client_of(call: Call, key: str) -> Client:
    if key not in call.realm.clients:
        raise errors.plain(404, "Could not find client")
    return call.realm.clients[key]


def _known_user(call: Call) -> User:
    if call.path["user"] not in call.realm.users:
        raise errors.plain(404, "User not found")
    return call.realm.users[call.path["user"]]


def _user(user: User) -> dict[str, Any]:
    rights = {"view": True, **dict.fromkeys(_RIGHTS_OVER_USERS, False)}
    if user.service_account_of:
        return {**_user_core(user), "access": rights}
    return {
        **_user_core(user),
        "firstName": user.first_name,
        "lastName": user.last_name,
        "email": user.email,
        "emailVerified": True,
        "access": rights,
    }


def _user_core(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "emailVerified": False,
        "enabled": user.enabled,
        "createdTimestamp": user.created_ms,
        "totp": False,
        "disableableCredentialTypes": [],
        "requiredActions": [],
        "notBefore": 0,
    }


def _client_mapping(call: Call, name: str, roles: Sequence[str]) -> Mapping[str, Any]:
    client = call.realm.client(name)
    key = client.id if client else name
    return {"id": key, "client": name, "mappings": [_client_role(key, role) for role in roles]}


def _realm_role(realm_id: str, name: str) -> dict[str, Any]:
    said = {"description": "${role_default-roles}", "composite": True, "clientRole": False}
    return {"id": f"{realm_id}:{name}", "name": name, **said, "containerId": realm_id}


def _client_role(client_id: str, name: str) -> dict[str, Any]:
    said = {"composite": False, "clientRole": True, "containerId": client_id}
    return {"id": f"{client_id}:{name}", "name": name, **said}


def _client(client: Client) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": client.id,
        "clientId": client.client_id,
        "enabled": client.enabled,
        "publicClient": client.public,
        "serviceAccountsEnabled": client.service_account,
        "directAccessGrantsEnabled": client.password_grant,
        "redirectUris": list(client.redirect_uris),
        "webOrigins": list(client.origins),
        **_CLIENT_AS_CREATED,
    }
    if client.name is not None:
        said["name"] = client.name
    if not client.public:  # the server shows it to whoever may see the client: to be masked by the reader
        said["secret"] = client.secret
    if client.authorization is not None:
        said["authorizationServicesEnabled"] = True
    return said


_CLIENT_AS_CREATED: Mapping[str, Any] = {
    "surrogateAuthRequired": False,
    "alwaysDisplayInConsole": False,
    "clientAuthenticatorType": "client-secret",
    "notBefore": 0,
    "bearerOnly": False,
    "consentRequired": False,
    "standardFlowEnabled": False,
    "implicitFlowEnabled": False,
    "frontchannelLogout": False,
    "protocol": "openid-connect",
    "attributes": {"realm_client": "false"},
    "authenticationFlowBindingOverrides": {},
    "fullScopeAllowed": True,
    "nodeReRegistrationTimeout": -1,
    "defaultClientScopes": list(DEFAULT_SCOPES),
    "optionalClientScopes": list(OPTIONAL_SCOPES),
    "access": {"view": True, "configure": False, "manage": False},
}
