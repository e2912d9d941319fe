"""The calls on which the simulated Keycloak must answer as the real one, and what is compared of an answer."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.playground.world.keycloak.target import Target

Ask = Callable[[Target], Awaitable[httpx.Response]]

UMA_TICKET = "urn:ietf:params:oauth:grant-type:uma-ticket"
RESOURCES = "/authz/protection/resource_set"
INTROSPECT = "/protocol/openid-connect/token/introspect"
DISCOVERY = "/.well-known/openid-configuration"
LOGIN_PAGE = "/protocol/openid-connect/auth?response_type=code&scope=openid&redirect_uri=&client_id="
COMPARED_HEADERS = ("content-type", "cache-control", "pragma", "x-frame-options", "referrer-policy", "date", "server")

REFUSED_PAGE = 400  # with HTML: the login page says why it shows no form
_INSTRUCTION = re.compile(r'class="instruction">([^<]*)<')

# What the real one has more, and nobody here reads.
NOT_COMPARED = {
    "userProfileMetadata",  # the form by which an administrator's console edits a user
}
# An object whose keys are names of things, not of fields.
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Contract:
    """One call, the state in which it is made, and the name under which its answer is kept."""

    name: str
    ask: Ask
    state: str = "healthy"


def seen(answer: httpx.Response) -> dict[str, Any]:
    """What is compared of an answer: status, some headers, keys and types, and the words of an error."""
    headers = {name: answer.headers[name] for name in COMPARED_HEADERS if name in answer.headers}
    found: dict[str, Any] = {"status": answer.status_code, "headers": headers}
    if answer.headers.get("content-type", "").startswith("application/json"):
        body = answer.json()
        found["shape"] = shape(body)
        found["words"] = words(body)
    elif answer.status_code == REFUSED_PAGE:
        told = _INSTRUCTION.search(answer.text)
        found["told"] = told[1] if told else ""
    return found


def shape(value: Any) -> Any:
    """Keys and types of a JSON value; of a list, each different shape once."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in sorted(value.items()) if key not in NOT_COMPARED}
    if isinstance(value, list):
        return [json.loads(text) for text in sorted({json.dumps(shape(one)) for one in value})]
    return {bool: "boolean", int: "number", float: "number", str: "string", type(None): "null"}[type(value)]


def words(value: Any) -> dict[str, Any]:
    """The fields whose very values matter: those of an error, and those that tell a verdict."""
    if not isinstance(value, dict):
        return {}
    told = {key: value[key] for key in _TOLD if key in value}
    if "scope" in told:
        told["scope"] = " ".join(sorted(told["scope"].split()))  # the server gives them in no fixed order
    if isinstance(told.get("expires_in"), int):
        told["expires_in"] = round(told["expires_in"], -1)  # a second may begin while the token is made
    return {key: _UUID.sub("<uuid>", one) if isinstance(one, str) else one for key, one in told.items()}


_TOLD = (
    *("error", "error_description", "token_type", "expires_in", "refresh_expires_in", "scope", "active"),
    *("result", "status", "upgraded", "not-before-policy", "realm", "enabled", "publicClient"),
    *("serviceAccountsEnabled", "authorizationServicesEnabled", "decisionStrategy", "policyEnforcementMode"),
    "allowRemoteResourceManagement",
)


def token(**changed: str) -> Ask:
    """The backend's client asks for its token."""
    return lambda at: at.token({key: one for key, one in at.own(**changed).items() if one != "<none>"})


def login(user: str, **changed: str) -> Ask:
    """A person logs in."""
    return lambda at: at.token(at.login(user, **changed))


def page(path: str, **more: Any) -> Ask:
    """Anybody reads a page below the realm."""
    return lambda at: at.in_realm("GET", path, **more)


def outside(path: str, method: str = "GET", **more: Any) -> Ask:
    """Anybody asks for a path that is not below the realm."""
    return lambda at: at.send(method, path, **more)


def resources(path: str = "", method: str = "GET", who: str = "own", **more: Any) -> Ask:
    """The protection interface is asked with one of the known tokens; `{bot}` and the like are filled in."""
    return lambda at: at.in_realm(method, RESOURCES + path.format_map(at.known), at.known.get(who, who), **more)


def permission(wanted: str, who: str = "alice", **changed: str) -> Ask:
    """The bearer of a known token asks for a permission."""

    async def ask(at: Target) -> httpx.Response:
        form = {"grant_type": UMA_TICKET, "audience": at.keycloak.client_id, **changed}
        asked = {"permission": wanted.format_map(at.known)} if wanted else {}
        kept = {key: one for key, one in {**form, **asked}.items() if one != "<none>"}
        return await at.token(kept, at.known.get(who, who))

    return ask


def introspect(what: str, **changed: str) -> Ask:
    """The backend's client asks what a token says."""

    async def ask(at: Target) -> httpx.Response:
        client = {"client_id": at.keycloak.client_id, "client_secret": at.keycloak.client_secret}
        form = {**client, "token": at.known.get(what, what), **changed}
        return await at.in_realm("POST", INTROSPECT, data={k: v for k, v in form.items() if v != "<none>"})

    return ask


def admin(path: str, who: str | None = None) -> Ask:
    """Somebody reads a page of the admin interface."""

    async def ask(at: Target) -> httpx.Response:
        return await at.admin("GET", path.format_map(at.known), at.known.get(who, who) if who is not None else None)

    return ask


def evaluate(user: str, resource: str = "{bot}", scope: str = "view") -> Ask:
    """An administrator asks what would be decided."""

    async def ask(at: Target) -> httpx.Response:
        key = resource.format_map(at.known)
        thing = {"_id": key, "name": key, "scopes": [{"name": scope}] if scope else []}
        body = {
            "userId": at.known.get(f"{user}_id", user),
            "roleIds": [],
            "entitlements": False,
            "context": {"attributes": {}},
            "resources": [thing],
        }
        path = f"/clients/{at.known['client_id']}/authz/resource-server/policy/evaluate"
        return await at.admin("POST", path, json=body)

    return ask


async def _created(at: Target, **more: Any) -> httpx.Response:
    body = {
        "name": "contract",
        "displayName": "Contract",
        "type": "urn:volaticloud-api:resources:bot",
        "resource_scopes": ["view"],
        "attributes": {"ownerId": [at.known["alice_id"]]},
        "ownerManagedAccess": True,
        **more,
    }
    return await at.in_realm("POST", RESOURCES, at.known["own"], json=body)


async def _deleted(at: Target, key: str) -> httpx.Response:
    return await at.in_realm("DELETE", f"{RESOURCES}/{key}", at.known["own"])


async def create(at: Target) -> httpx.Response:
    """A resource is registered; afterwards it is taken away again."""
    answer = await _created(at)
    await _deleted(at, answer.json()["_id"])
    return answer


async def create_twice(at: Target) -> httpx.Response:
    """A resource is registered twice: the second answer."""
    first = await _created(at)
    answer = await _created(at)
    await _deleted(at, first.json()["_id"])
    return answer


async def create_for_alice(at: Target) -> httpx.Response:
    """A resource is registered in a user's name."""
    answer = await _created(at, owner="alice")
    await _deleted(at, answer.json()["_id"])
    return answer


async def create_for_nobody(at: Target) -> httpx.Response:
    """A resource is registered in the name of a user who does not exist."""
    return await _created(at, owner="nobody")


async def create_nameless(at: Target) -> httpx.Response:
    """A resource without a name is registered."""
    return await at.in_realm("POST", RESOURCES, at.known["own"], json={})


async def create_broken(at: Target) -> httpx.Response:
    """Half a JSON object is registered."""
    kind = {"Content-Type": "application/json"}
    return await at.in_realm("POST", RESOURCES, at.known["own"], content=b"{", headers=kind)


async def read_created(at: Target) -> httpx.Response:
    """What was registered is read again."""
    key = (await _created(at)).json()["_id"]
    answer = await at.in_realm("GET", f"{RESOURCES}/{key}", at.known["own"])
    await _deleted(at, key)
    return answer


async def update(at: Target) -> httpx.Response:
    """What was registered is changed."""
    key = (await _created(at)).json()["_id"]
    body = {"name": "contract", "displayName": "Changed", "resource_scopes": ["view"]}
    answer = await at.in_realm("PUT", f"{RESOURCES}/{key}", at.known["own"], json=body)
    await _deleted(at, key)
    return answer


async def delete(at: Target) -> httpx.Response:
    """What was registered is deleted."""
    return await _deleted(at, (await _created(at)).json()["_id"])


async def delete_twice(at: Target) -> httpx.Response:
    """What was registered is deleted twice: the second answer."""
    key = (await _created(at)).json()["_id"]
    await _deleted(at, key)
    return await _deleted(at, key)


async def expired_at_resources(at: Target) -> httpx.Response:
    """An expired token at the protection interface."""
    return await at.in_realm("GET", RESOURCES, await at.keycloak.expired_token())


async def expired_introspected(at: Target) -> httpx.Response:
    """An expired token is introspected."""
    return await introspect(await at.keycloak.expired_token())(at)


async def expired_asks_permission(at: Target) -> httpx.Response:
    """An expired token asks for a permission."""
    return await permission("{bot}#view", await at.keycloak.expired_token())(at)


async def introspect_permission(at: Target) -> httpx.Response:
    """A requesting party token is introspected as one."""
    rpt = (await permission("{bot}#view")(at)).json()["access_token"]
    return await introspect(rpt, token_type_hint="requesting_party_token")(at)


async def refresh(at: Target) -> httpx.Response:
    """A session is prolonged."""
    first = (await at.token(at.login("alice"))).json()["refresh_token"]
    return await at.token({"grant_type": "refresh_token", "client_id": "dashboard", "refresh_token": first})


async def fresh_at_resources(at: Target) -> httpx.Response:
    """A token taken in this very state at the protection interface."""
    own = (await at.token(at.own())).json()["access_token"]
    return await at.in_realm("GET", RESOURCES, own)


async def fresh_creates(at: Target) -> httpx.Response:
    """A token taken in this very state registers something."""
    own = (await at.token(at.own())).json()["access_token"]
    return await at.in_realm("POST", RESOURCES, own, json={"name": "contract"})


async def fresh_introspected(at: Target) -> httpx.Response:
    """A token taken in this very state is introspected."""
    return await introspect((await at.token(at.own())).json()["access_token"])(at)


async def fresh_evaluates(at: Target) -> httpx.Response:
    """A token taken in this very state asks which permissions its client has."""
    own = (await at.token(at.own())).json()["access_token"]
    return await permission("", own, response_mode="permissions")(at)


async def changes(at: Target) -> httpx.Response:
    """What is registered is written once more as it is."""
    where = f"{RESOURCES}/{at.known['bot']}"
    said = (await at.in_realm("GET", where, at.known["own"])).json()
    kept = {key: said[key] for key in ("name", "displayName", "type", "attributes", "ownerManagedAccess")}
    body = {**kept, "resource_scopes": [one["name"] for one in said["resource_scopes"]]}
    return await at.in_realm("PUT", where, at.known["own"], json=body)


async def evaluate_unguarded(at: Target) -> httpx.Response:
    """It is asked what would be decided about a resource that no permission guards."""
    key = (await _created(at)).json()["_id"]
    answer = await evaluate("alice", key)(at)
    await _deleted(at, key)
    return answer


async def by_basic(at: Target) -> httpx.Response:
    """The client shows its secret in the Authorization header."""
    pair = (at.keycloak.client_id, at.keycloak.client_secret)
    return await at.token({"grant_type": "client_credentials"}, auth=pair)


async def json_to_token(at: Target) -> httpx.Response:
    """The form is sent as JSON."""
    return await at.in_realm("POST", "/protocol/openid-connect/token", json=at.own())


async def resources_by_basic(at: Target) -> httpx.Response:
    """The protection interface is asked with a password instead of a token."""
    return await at.in_realm("GET", RESOURCES, auth=(at.keycloak.client_id, at.keycloak.client_secret))


async def unknown_admin_realm(at: Target) -> httpx.Response:
    """The admin interface of a realm that does not exist."""
    return await at.send("GET", "/admin/realms/nope/users", at.known["admin"])


async def subject_token(at: Target) -> httpx.Response:
    """The backend's client asks for a user's permission with the user's token in the form."""
    form = at.own(grant_type=UMA_TICKET, audience=at.keycloak.client_id, response_mode="decision")
    return await at.token({**form, "permission": f"{at.known['bot']}#view", "subject_token": at.known["alice"]})


_SERVER = "/clients/{client_id}/authz/resource-server"
_AUTH = "/auth/realms/volaticloud"


CONTRACTS: tuple[Contract, ...] = (
    # What anybody may read.
    Contract("realm page", page("")),
    Contract("discovery", page(DISCOVERY)),
    Contract("uma discovery", page("/.well-known/uma2-configuration")),
    Contract("certs", page("/protocol/openid-connect/certs")),
    Contract("login page of a client without return address", page(LOGIN_PAGE + "volaticloud-api")),
    Contract("login page of an unknown client", page(LOGIN_PAGE + "nope")),
    Contract("login page of no client", page(LOGIN_PAGE)),
    Contract("login page of a disabled client", page(LOGIN_PAGE + "volaticloud-api"), "client-disabled"),
    Contract("no such page in realm", page("/nothing")),
    Contract("no such page in protocol", page("/protocol/openid-connect/nothing")),
    Contract("unknown realm page", outside("/realms/nope")),
    Contract("unknown realm discovery", outside(f"/realms/nope{DISCOVERY}")),
    Contract("unknown realm token", outside("/realms/nope/protocol/openid-connect/token", "POST")),
    Contract("unknown realm resources", outside(f"/realms/nope{RESOURCES}")),
    Contract("wrong base path", outside(_AUTH)),
    Contract("wrong base path discovery", outside(_AUTH + DISCOVERY)),
    Contract("wrong base path token", outside(f"{_AUTH}/protocol/openid-connect/token", "POST")),
    Contract("wrong base path for a browser", outside(_AUTH, headers={"Accept": "text/html"})),
    Contract("realms without a name", outside("/realms")),
    # The client's own token.
    Contract("token", token()),
    Contract("token by basic", by_basic),
    Contract("token with openid", token(scope="openid")),
    Contract("token with optional scope", token(scope="openid phone")),
    Contract("token wrong secret", token(client_secret="wrong")),
    Contract("token empty secret", token(client_secret="")),
    Contract("token without secret", token(client_secret="<none>")),
    Contract("token unknown client", token(client_id="nope")),
    Contract("token without client", token(client_id="<none>", client_secret="<none>")),
    Contract("token public client", token(client_id="dashboard", client_secret="<none>")),
    Contract("token public client with secret", token(client_id="dashboard")),
    Contract("token invalid scope", token(scope="nope")),
    Contract("token scope uma_protection", token(scope="openid uma_protection")),
    Contract("token without grant", token(grant_type="<none>")),
    Contract("token without anything", token(grant_type="<none>", client_id="<none>", client_secret="<none>")),
    Contract("token unknown grant", token(grant_type="nope")),
    Contract("token unknown grant, wrong secret", token(grant_type="nope", client_secret="wrong")),
    Contract("token by get", page("/protocol/openid-connect/token")),
    Contract("token by json", json_to_token),
    # People.
    Contract("login", login("alice")),
    Contract("login with openid", login("alice", scope="openid")),
    Contract("login unknown user", login("nobody")),
    Contract("login disabled user", login("mallory")),
    Contract("login wrong password", login("alice", password="wrong")),
    Contract("login through a client that may not", login("alice", client_id="volati-admin")),
    Contract("refresh", refresh),
    Contract("refresh garbage", login("alice", grant_type="refresh_token", refresh_token="a.b.c")),
    # Introspection.
    Contract("introspect own", introspect("own")),
    Contract("introspect alice", introspect("alice")),
    Contract("introspect garbage", introspect("garbage")),
    Contract("introspect nothing", introspect("<none>")),
    Contract("introspect wrong secret", introspect("own", client_secret="wrong")),
    Contract("introspect unknown client", introspect("own", client_id="nope")),
    Contract("introspect public client", introspect("own", client_id="dashboard", client_secret="<none>")),
    Contract("introspect expired", expired_introspected),
    Contract("introspect permission", introspect_permission),
    # Registration.
    Contract("resources", resources()),
    Contract("resources deep", resources("?deep=true&max=100")),
    Contract("resources none", resources("?max=0")),
    Contract("resources of a type", resources("?type=urn:volaticloud-api:resources:bot&deep=true")),
    Contract("resources of an owner", resources("?owner=bob&deep=true")),
    Contract("resources of nobody", resources("?owner=nobody")),
    Contract("resources by name", resources("?name={bot}&exactName=true")),
    Contract("resources by another name", resources("?name=nope")),
    Contract("resources by uri", resources("?uri=/nope")),
    Contract("resources by scope", resources("?scope=run&deep=true")),
    Contract("resources with a bad number", resources("?max=abc")),
    Contract("resource", resources("/{bot}")),
    Contract("resource unknown", resources("/nope")),
    Contract("resource unknown changed", resources("/nope", "PUT", json={"name": "x"})),
    Contract("resources without token", resources(who="")),
    Contract("resources garbage token", resources(who="garbage")),
    Contract("resources expired token", expired_at_resources),
    Contract("resources person's token", resources(who="alice")),
    Contract("resources by basic", resources_by_basic),
    Contract("create", create),
    Contract("create twice", create_twice),
    Contract("create for alice", create_for_alice),
    Contract("create for nobody", create_for_nobody),
    Contract("create nameless", create_nameless),
    Contract("create broken", create_broken),
    Contract("read created", read_created),
    Contract("update", update),
    Contract("delete", delete),
    Contract("delete twice", delete_twice),
    # Permissions.
    Contract("permission", permission("{bot}#view")),
    Contract("permission decision", permission("{bot}#view", response_mode="decision")),
    Contract("permission list", permission("{bot}#view", response_mode="permissions")),
    Contract("permission whole resource", permission("{bot}", response_mode="permissions")),
    Contract("permission everything", permission("", response_mode="permissions")),
    Contract("permission everything for bob", permission("", "bob", response_mode="permissions")),
    Contract("permission by scope", permission("#view", response_mode="permissions")),
    Contract("permission denied", permission("{bot}#view", "bob")),
    Contract("permission denied decision", permission("{bot}#view", "bob", response_mode="decision")),
    Contract("permission on what bob owns", permission("{bobs}#run", "bob", response_mode="decision")),
    Contract("permission unknown resource", permission("nope#view")),
    Contract("permission unknown scope", permission("{bot}#nope")),
    Contract("permission unknown both", permission("nope#nope")),
    Contract("permission unknown scope alone", permission("#nope")),
    Contract("permission unknown audience", permission("{bot}#view", audience="nope")),
    Contract("permission plain audience", permission("{bot}#view", audience="dashboard")),
    Contract("permission without audience", permission("{bot}#view", audience="<none>")),
    Contract("permission garbage token", permission("{bot}#view", "garbage")),
    Contract("permission expired token", expired_asks_permission),
    Contract("permission without token", permission("{bot}#view", "")),
    Contract("permission bad mode", permission("{bot}#view", response_mode="nope")),
    Contract("permission bad ticket", permission("{bot}#view", ticket="nope")),
    Contract("permission of the client itself", permission("{bot}#view", "own")),
    Contract("permission by subject token", subject_token),
    # The admin interface.
    Contract("admin users", admin("/users?username=alice&exact=true")),
    Contract("admin users by part", admin("/users?username=al")),
    Contract("admin users none", admin("/users?username=nobody&exact=true")),
    Contract("admin user", admin("/users/{alice_id}")),
    Contract("admin user unknown", admin("/users/nope")),
    Contract("admin roles of the client's user", admin("/users/{robot_id}/role-mappings")),
    Contract("admin roles of alice", admin("/users/{alice_id}/role-mappings")),
    Contract("admin client roles of the client's user", admin("/users/{robot_id}/role-mappings/clients/{client_id}")),
    Contract("admin clients", admin("/clients?clientId=volaticloud-api")),
    Contract("admin public client", admin("/clients?clientId=dashboard")),
    Contract("admin clients none", admin("/clients?clientId=nope")),
    Contract("admin client", admin("/clients/{client_id}")),
    Contract("admin client unknown", admin("/clients/nope")),
    Contract("admin client roles", admin("/clients/{client_id}/roles")),
    Contract("admin service account", admin("/clients/{client_id}/service-account-user")),
    Contract("admin resource server", admin(_SERVER)),
    Contract("admin resources", admin(f"{_SERVER}/resource?name={{bot}}")),
    Contract("admin resource", admin(f"{_SERVER}/resource/{{bot}}")),
    Contract("admin resource unknown", admin(f"{_SERVER}/resource/nope")),
    Contract("admin permissions of resource", admin(f"{_SERVER}/resource/{{bot}}/permissions")),
    Contract("admin scopes", admin(f"{_SERVER}/scope")),
    Contract("admin permissions", admin(f"{_SERVER}/permission")),
    Contract("admin permissions about resource", admin(f"{_SERVER}/permission?resource={{bot}}")),
    Contract("admin policies", admin(f"{_SERVER}/policy?permission=false")),
    Contract("admin policies and permissions", admin(f"{_SERVER}/policy")),
    Contract("admin policies by name", admin(f"{_SERVER}/policy?name=Owner")),
    Contract("admin policy unknown", admin(f"{_SERVER}/policy/nope")),
    Contract("admin without token", admin("/users", "")),
    Contract("admin garbage token", admin("/users", "garbage")),
    Contract("admin person's token", admin("/users", "alice")),
    Contract("admin client's token", admin("/clients/{client_id}", "own")),
    Contract("admin client's token at authorization", admin(_SERVER, "own")),
    Contract("admin unknown page", admin("/nothing")),
    Contract("admin unknown realm", unknown_admin_realm),
    Contract("evaluate granted", evaluate("alice")),
    Contract("evaluate denied", evaluate("bob")),
    Contract("evaluate all scopes", evaluate("alice", scope="")),
    Contract("evaluate unknown user", evaluate("nobody")),
    Contract("evaluate unknown resource", evaluate("alice", "nope")),
    Contract("evaluate unknown scope", evaluate("alice", scope="nope")),
    # Broken realms and clients.
    Contract("realm gone: page", page(""), "realm-gone"),
    Contract("realm gone: token", token(), "realm-gone"),
    Contract("realm gone: resources", resources(), "realm-gone"),
    Contract("https required: page", page(""), "https-required"),
    Contract("https required: discovery", page(DISCOVERY), "https-required"),
    Contract("https required: uma discovery", page("/.well-known/uma2-configuration"), "https-required"),
    Contract("https required: certs", page("/protocol/openid-connect/certs"), "https-required"),
    Contract("https required: token", token(), "https-required"),
    Contract("https required: token wrong secret", token(client_secret="wrong"), "https-required"),
    Contract("https required: introspect", introspect("own"), "https-required"),
    Contract("https required: resources", resources(), "https-required"),
    Contract("realm disabled: page", page(""), "realm-disabled"),
    Contract("realm disabled: discovery", page(DISCOVERY), "realm-disabled"),
    Contract("realm disabled: certs", page("/protocol/openid-connect/certs"), "realm-disabled"),
    Contract("realm disabled: token", token(), "realm-disabled"),
    Contract("realm disabled: token wrong secret", token(client_secret="wrong"), "realm-disabled"),
    Contract("realm disabled: introspect", introspect("own"), "realm-disabled"),
    Contract("realm disabled: resources", resources(), "realm-disabled"),
    Contract("realm disabled: permission", permission("{bot}#view"), "realm-disabled"),
    Contract("secret changed: token", token(), "wrong-client-secret"),
    Contract("secret changed: introspect", introspect("own"), "wrong-client-secret"),
    Contract("secret changed: resources", resources("?deep=true"), "wrong-client-secret"),
    Contract("client disabled: token", token(), "client-disabled"),
    Contract("client disabled: token wrong secret", token(client_secret="wrong"), "client-disabled"),
    Contract("client disabled: resources", resources(), "client-disabled"),
    Contract("client disabled: admin", admin("/clients?clientId=volaticloud-api"), "client-disabled"),
    Contract("client missing: token", token(), "client-missing"),
    Contract("client missing: resources", resources(), "client-missing"),
    Contract("client missing: permission", permission("{bot}#view"), "client-missing"),
    Contract("client missing: admin", admin("/clients?clientId=volaticloud-api"), "client-missing"),
    Contract("service account off: token", token(), "service-account-off"),
    Contract("service account off: token wrong secret", token(client_secret="wrong"), "service-account-off"),
    Contract("service account off: resources", resources(), "service-account-off"),
    Contract("service account off: permission", permission("{bot}#view"), "service-account-off"),
    Contract("service account off: admin", admin("/clients/{client_id}"), "service-account-off"),
    Contract(
        "service account off: its user", admin("/clients/{client_id}/service-account-user"), "service-account-off"
    ),
    Contract("authorization off: token", token(), "authorization-services-off"),
    Contract("authorization off: resources", fresh_at_resources, "authorization-services-off"),
    Contract("authorization off: resources, older token", resources(), "authorization-services-off"),
    Contract("authorization off: create", fresh_creates, "authorization-services-off"),
    Contract("authorization off: permission", permission("{bot}#view"), "authorization-services-off"),
    Contract("authorization off: admin", admin(_SERVER), "authorization-services-off"),
    Contract("authorization off: admin client", admin("/clients/{client_id}"), "authorization-services-off"),
    Contract("authorization off: evaluate", evaluate("alice"), "authorization-services-off"),
    Contract("no uma_protection: token", token(), "no-uma-protection"),
    Contract("no uma_protection: resources", fresh_at_resources, "no-uma-protection"),
    Contract("no uma_protection: resources, older token", resources(), "no-uma-protection"),
    Contract("no uma_protection: create", fresh_creates, "no-uma-protection"),
    Contract("no uma_protection: permission", permission("{bot}#view"), "no-uma-protection"),
    Contract("no uma_protection: roles", admin("/users/{robot_id}/role-mappings"), "no-uma-protection"),
    # Settings of the client and of its resource server.
    Contract("lightweight: token", token(), "lightweight-tokens"),
    Contract("lightweight: resources", fresh_at_resources, "lightweight-tokens"),
    Contract("lightweight: resources, older token", resources(), "lightweight-tokens"),
    Contract("lightweight: create", fresh_creates, "lightweight-tokens"),
    Contract("lightweight: introspect", fresh_introspected, "lightweight-tokens"),
    Contract("lightweight: permissions", fresh_evaluates, "lightweight-tokens"),
    Contract("remote management off: admin", admin(_SERVER), "remote-management-off"),
    Contract("remote management off: resources", resources("?deep=true"), "remote-management-off"),
    Contract("remote management off: create", fresh_creates, "remote-management-off"),
    Contract("remote management off: change", changes, "remote-management-off"),
    Contract("evaluate unguarded", evaluate_unguarded),
    Contract("enforcement disabled: admin", admin(_SERVER), "enforcement-disabled"),
    Contract("enforcement disabled: evaluate", evaluate("bob"), "enforcement-disabled"),
    Contract("enforcement disabled: evaluate unguarded", evaluate_unguarded, "enforcement-disabled"),
    Contract("enforcement disabled: permission", permission("{bot}#view", "bob"), "enforcement-disabled"),
    Contract("enforcement permissive: admin", admin(_SERVER), "enforcement-permissive"),
    Contract("enforcement permissive: evaluate", evaluate("bob"), "enforcement-permissive"),
    Contract("enforcement permissive: evaluate unguarded", evaluate_unguarded, "enforcement-permissive"),
    # Broken resources.
    Contract("without owner: resources", resources("?deep=true"), "resource-without-owner"),
    Contract("without owner: resource", resources("/{bot}"), "resource-without-owner"),
    Contract("owner differs: resources", resources("?owner=bob&deep=true"), "owner-differs"),
    Contract("owner differs: permission", permission("{bot}#view", response_mode="decision"), "owner-differs"),
)
