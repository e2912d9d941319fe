"""The realm of the simulated Keycloak, built in a real one through its admin interface, broken and mended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

import httpx

from playground.world.keycloak.realm import UMA_PROTECTION
from playground.world.keycloak.volaticloud import (
    ADMIN,
    ADMIN_ROLES,
    API,
    BOT_SCOPES,
    DASHBOARD,
    MANAGEMENT,
    REALM,
    Secrets,
    fresh_id,
)
from tests.live.keycloak_process import Running

DEADLINE_S = 30.0  # for one answer
EXPIRY_S = 10.0  # within which a token that lives a second must be over
GRID, STRATEGY, SCALPER = "Alice's grid bot", "Alice's breakout strategy", "Bob's scalper"


class RealKeycloak:
    """A real Keycloak with VolatiCloud's realm. It speaks like SimulatedKeycloak: switch_on, heal, and its names.

    It holds no connection between two calls, so it may be used from any event loop.
    """

    def __init__(self, running: Running) -> None:
        """`running` answers already; `heal` builds the realm."""
        self.url = running.url
        self.realm = REALM
        self.client_id = API
        self.admin_client_id = ADMIN
        self._running = running
        self._known = Secrets()
        self._sound = False

    @property
    def client_secret(self) -> str:
        """What the platform holds as its client's secret."""
        return self._known.api

    @property
    def admin_client_secret(self) -> str:
        """The secret of the client that may look around."""
        return self._known.admin

    @property
    def passwords(self) -> Mapping[str, str]:
        """The people's passwords by user name."""
        return self._known.passwords

    async def heal(self) -> None:
        """Build the realm anew, unless it is sound already."""
        if not self._sound:
            async with Administrator(self._running) as admin:
                await admin.send("DELETE", "", missing_ok=True)
                await _build(admin, self._known)
            self._sound = True

    async def switch_on(self, fault: str) -> None:
        """Break something. Raises KeyError for a fault that only the simulation can have."""
        broken = BREAKS[fault]
        self._sound = False
        async with Administrator(self._running) as admin:
            await broken(admin)

    async def expired_token(self) -> str:
        """A token of the backend's client whose time is over. The realm is left as it was."""
        async with Administrator(self._running) as admin:
            await _change_client(admin, attributes={"access.token.lifespan": "1"})
            try:
                token = await admin.own_token(self.client_secret)
                async with asyncio.timeout(EXPIRY_S):
                    while await admin.is_active(token, self.client_secret):  # noqa: ASYNC110  # no event: another process
                        await asyncio.sleep(0.2)  # s; the server's clock cannot be set, only asked
            finally:
                await _change_client(admin, attributes={"access.token.lifespan": ""})
        return token


class Administrator:
    """The server's first administrator, at work in the realm; every refusal is a RuntimeError that quotes it."""

    def __init__(self, running: Running) -> None:
        """Use it with `async with`."""
        self._running = running
        self._http = httpx.AsyncClient(base_url=running.url, timeout=DEADLINE_S)
        self._token = ""

    async def __aenter__(self) -> Self:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": self._running.administrator}
        answer = await self._http.post(
            "/realms/master/protocol/openid-connect/token", data={**form, "password": self._running.password}
        )
        self._token = _checked(answer).json()["access_token"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, method: str, path: str, body: Any = None, *, missing_ok: bool = False) -> Any:
        """One request below /admin/realms/{realm}; the JSON of the answer, or None."""
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await self._http.request(method, f"/admin/realms/{REALM}{path}", json=body, headers=headers)
        if missing_ok and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return _checked(answer).json() if answer.content else None

    async def create_realm(self, body: Mapping[str, Any]) -> None:
        """Create the realm."""
        headers = {"Authorization": f"Bearer {self._token}"}
        _checked(await self._http.post("/admin/realms", json=body, headers=headers))

    async def client(self, name: str) -> dict[str, Any]:
        """A client by its name."""
        found: list[dict[str, Any]] = await self.send("GET", f"/clients?clientId={name}")
        return found[0]

    async def user_id(self, name: str) -> str:
        """A user's id by name."""
        found = await self.send("GET", f"/users?username={name}&exact=true")
        return str(found[0]["id"])

    async def own_token(self, secret: str) -> str:
        """A token of the backend's client for itself."""
        form = {"grant_type": "client_credentials", "client_id": API, "client_secret": secret}
        return str(_checked(await self._oidc("token", form)).json()["access_token"])

    async def is_active(self, token: str, secret: str) -> bool:
        """Whether the server still accepts a token."""
        form = {"token": token, "client_id": API, "client_secret": secret}
        return bool(_checked(await self._oidc("token/introspect", form)).json()["active"])

    async def register(self, token: str, body: Mapping[str, Any]) -> str:
        """Register a resource as the backend does; its id."""
        path = f"/realms/{REALM}/authz/protection/resource_set"
        answer = await self._http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
        return str(_checked(answer).json()["_id"])

    async def _oidc(self, page: str, form: Mapping[str, str]) -> httpx.Response:
        return await self._http.post(f"/realms/{REALM}/protocol/openid-connect/{page}", data=form)


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        asked = f"{answer.request.method} {answer.request.url.path}"
        raise RuntimeError(f"Keycloak refused {asked}: {answer.status_code} {answer.text}")
    return answer


async def _build(admin: Administrator, known: Secrets) -> None:
    await admin.create_realm(
        {
            "realm": REALM,
            "enabled": True,
            "accessTokenLifespan": 300,
            "ssoSessionIdleTimeout": 1800,
            "ssoSessionMaxLifespan": 36000,
        }
    )
    for client in _clients(known):
        await admin.send("POST", "/clients", client)
    for name, password in known.passwords.items():
        await admin.send("POST", "/users", _person(name, password))
    await _give_admin_roles(admin)
    await _register_all(admin, known)


def _clients(known: Secrets) -> list[dict[str, Any]]:
    confidential = {"publicClient": False, "serviceAccountsEnabled": True, "standardFlowEnabled": False}
    api = {
        "clientId": API,
        "secret": known.api,
        "name": "VolatiCloud API",
        "authorizationServicesEnabled": True,
        "directAccessGrantsEnabled": True,
    }
    page = "https://console.volaticloud.com"
    dashboard = {"clientId": DASHBOARD, "publicClient": True, "directAccessGrantsEnabled": True}
    return [
        {**confidential, **api},
        {**dashboard, "redirectUris": [f"{page}/*"], "webOrigins": [page]},
        {**confidential, "clientId": ADMIN, "secret": known.admin},
    ]


def _person(name: str, password: str) -> dict[str, Any]:
    return {
        "username": name,
        "enabled": name != "mallory",
        "firstName": name.title(),
        "lastName": "Example",
        "email": f"{name}@example.org",
        "emailVerified": True,
        "credentials": [{"type": "password", "value": password, "temporary": False}],
    }


async def _give_admin_roles(admin: Administrator) -> None:
    management = await admin.client(MANAGEMENT)
    looker = await admin.client(ADMIN)
    user = await admin.send("GET", f"/clients/{looker['id']}/service-account-user")
    roles = await admin.send("GET", f"/clients/{management['id']}/roles")
    wanted = [role for role in roles if role["name"] in ADMIN_ROLES]
    await admin.send("POST", f"/users/{user['id']}/role-mappings/clients/{management['id']}", wanted)


async def _register_all(admin: Administrator, known: Secrets) -> None:
    token = await admin.own_token(known.api)
    alice, bob = await admin.user_id("alice"), await admin.user_id("bob")
    for title, person, more in (
        (GRID, alice, {}),
        (STRATEGY, alice, {"kind": "strategy"}),
        (SCALPER, bob, {"owner": bob}),
    ):
        key = await admin.register(token, _thing(title, person, **more))
        await _let(admin, key, person)


def _thing(title: str, person: str, kind: str = "bot", owner: str = "") -> dict[str, Any]:
    key = fresh_id()
    return {
        "_id": key,
        "name": key,
        "displayName": title,
        "type": f"urn:{API}:resources:{kind}",
        "resource_scopes": list(BOT_SCOPES),
        "attributes": {"ownerId": [person], "type": [kind]},
        "ownerManagedAccess": True,
        **({"owner": owner} if owner else {}),
    }


async def _let(admin: Administrator, resource: str, person: str) -> None:
    """Let a person use a resource."""
    path = f"/clients/{(await admin.client(API))['id']}/authz/resource-server"
    policy = {"name": f"Owner {resource}", "logic": "POSITIVE", "users": [person]}
    made = await admin.send("POST", f"{path}/policy/user", {**policy, "decisionStrategy": "UNANIMOUS"})
    rule = {"name": f"Permission {resource}", "resources": [resource], "policies": [made["id"]]}
    await admin.send("POST", f"{path}/permission/resource", {**rule, "decisionStrategy": "UNANIMOUS"})


async def _let_again(admin: Administrator, resource: str) -> None:
    """Let the person of before use a resource that was registered anew: the policy is still there."""
    path = f"/clients/{(await admin.client(API))['id']}/authz/resource-server"
    policies = await admin.send("GET", f"{path}/policy")
    policy = next(one["id"] for one in policies if one["name"] == f"Owner {resource}")
    rule = {"name": f"Permission {resource} anew", "resources": [resource], "policies": [policy]}
    await admin.send("POST", f"{path}/permission/resource", {**rule, "decisionStrategy": "UNANIMOUS"})


async def _change_client(admin: Administrator, **values: Any) -> None:
    client = await admin.client(API)
    attributes = {**client["attributes"], **values.pop("attributes", {})}
    await admin.send("PUT", f"/clients/{client['id']}", {**client, **values, "attributes": attributes})


async def _change_resource_server(admin: Administrator, **values: Any) -> None:
    path = f"/clients/{(await admin.client(API))['id']}/authz/resource-server"
    await admin.send("PUT", path, {**(await admin.send("GET", path)), **values})


async def _delete_client(admin: Administrator) -> None:
    await admin.send("DELETE", f"/clients/{(await admin.client(API))['id']}")


async def _change_secret(admin: Administrator) -> None:
    await admin.send("POST", f"/clients/{(await admin.client(API))['id']}/client-secret")


async def _take_uma_protection(admin: Administrator) -> None:
    client = await admin.client(API)
    user = await admin.send("GET", f"/clients/{client['id']}/service-account-user")
    path = f"/users/{user['id']}/role-mappings/clients/{client['id']}"
    held = await admin.send("GET", path)
    await admin.send("DELETE", path, [role for role in held if role["name"] == UMA_PROTECTION])


async def _grid_bot(admin: Administrator) -> tuple[str, dict[str, Any]]:
    """The grid bot's address in the admin interface, and what is registered of it."""
    path = f"/clients/{(await admin.client(API))['id']}/authz/resource-server/resource"
    thing = next(one for one in await admin.send("GET", path) if one.get("displayName") == GRID)
    return f"{path}/{thing['_id']}", thing


async def _without_owner(admin: Administrator) -> None:
    path, thing = await _grid_bot(admin)
    await admin.send("PUT", path, {**thing, "attributes": {"type": ["bot"]}})


async def _owned_by_another(admin: Administrator) -> None:
    # The server never changes a resource's owner: it has to be registered anew.
    path, thing = await _grid_bot(admin)
    await admin.send("DELETE", path)
    token = await admin.own_token((await admin.client(API))["secret"])
    alice, bob = await admin.user_id("alice"), await admin.user_id("bob")
    same = {key: thing[key] for key in ("_id", "name")}
    await _let_again(admin, await admin.register(token, {**_thing(GRID, alice, owner=bob), **same}))


async def _realm(admin: Administrator, method: str, body: Any = None) -> None:
    await admin.send(method, "", body)


# The faults of the simulation that an administrator can cause, under the same names.
BREAKS: Mapping[str, Callable[[Administrator], Awaitable[None]]] = {
    "realm-gone": lambda admin: _realm(admin, "DELETE"),
    "realm-disabled": lambda admin: _realm(admin, "PUT", {"realm": REALM, "enabled": False}),
    "https-required": lambda admin: _realm(admin, "PUT", {"realm": REALM, "sslRequired": "ALL"}),
    "wrong-client-secret": _change_secret,
    "client-disabled": lambda admin: _change_client(admin, enabled=False),
    "client-missing": _delete_client,
    "service-account-off": lambda admin: _change_client(
        admin, serviceAccountsEnabled=False, authorizationServicesEnabled=False
    ),
    "authorization-services-off": lambda admin: _change_client(admin, authorizationServicesEnabled=False),
    "no-uma-protection": _take_uma_protection,
    "lightweight-tokens": lambda admin: _change_client(
        admin, attributes={"client.use.lightweight.access.token.enabled": "true"}
    ),
    "remote-management-off": lambda admin: _change_resource_server(admin, allowRemoteResourceManagement=False),
    "enforcement-disabled": lambda admin: _change_resource_server(admin, policyEnforcementMode="DISABLED"),
    "enforcement-permissive": lambda admin: _change_resource_server(admin, policyEnforcementMode="PERMISSIVE"),
    "resource-without-owner": _without_owner,
    "owner-differs": _owned_by_another,
}
