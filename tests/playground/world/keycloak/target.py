"""One Keycloak, real or simulated, as the contract's calls see it: how to ask it, and with which tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self

import httpx

DEADLINE_S = 20.0  # for one answer: a real server that has just started needs its time


class Keycloak(Protocol):
    """What the real and the simulated one have in common."""

    @property
    def url(self) -> str:
        """The base address, without a slash at the end."""

    @property
    def realm(self) -> str:
        """The realm's name."""

    @property
    def client_id(self) -> str:
        """The backend's client."""

    @property
    def client_secret(self) -> str:
        """Its secret, as the platform holds it."""

    @property
    def admin_client_id(self) -> str:
        """The client that may look at users, clients and authorization."""

    @property
    def admin_client_secret(self) -> str:
        """Its secret."""

    @property
    def passwords(self) -> Mapping[str, str]:
        """The people's passwords by user name."""

    async def switch_on(self, fault: str) -> None:
        """Break something."""

    async def heal(self) -> None:
        """Mend everything."""

    async def expired_token(self) -> str:
        """A token of the backend's client whose time is over."""


@dataclass
class Target:
    """A Keycloak in a known state. The tokens and ids in `known` were got while it was healthy."""

    keycloak: Keycloak
    name: str
    state: str = ""
    known: dict[str, str] = field(default_factory=dict)
    _http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        self._http = httpx.AsyncClient(timeout=DEADLINE_S)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def be(self, state: str) -> None:
        """Bring it into that state: healthy first, tokens taken, then the fault."""
        if self.state == state:
            return
        await self.keycloak.heal()
        await self._look_around()
        if state != "healthy":
            await self.keycloak.switch_on(state)
        self.state = state

    async def send(self, method: str, path: str, token: str = "", **more: Any) -> httpx.Response:
        """One request. `path` begins after the base address; `token` is sent as the bearer."""
        assert self._http is not None, "use the target with `async with`"
        headers = {**more.pop("headers", {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        return await self._http.request(method, f"{self.keycloak.url}{path}", headers=headers, **more)

    async def in_realm(self, method: str, path: str, token: str = "", **more: Any) -> httpx.Response:
        """One request below the realm."""
        return await self.send(method, f"/realms/{self.keycloak.realm}{path}", token, **more)

    async def token(self, form: Mapping[str, Any], token: str = "", **more: Any) -> httpx.Response:
        """One request to the token endpoint."""
        return await self.in_realm("POST", "/protocol/openid-connect/token", token, data=form, **more)

    async def admin(self, method: str, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        """One request to the realm's admin interface, with the service client's token unless another is given."""
        used = self.known["admin"] if token is None else token
        return await self.send(method, f"/admin/realms/{self.keycloak.realm}{path}", used, **more)

    def own(self, **more: str) -> dict[str, str]:
        """The form by which the backend's client gets its token, with fields added or replaced."""
        made = {"grant_type": "client_credentials", "client_id": self.keycloak.client_id}
        return {**made, "client_secret": self.keycloak.client_secret, **more}

    def login(self, user: str, **more: str) -> dict[str, str]:
        """The form by which a person logs in through the dashboard."""
        word = self.keycloak.passwords.get(user, "nothing")
        return {"grant_type": "password", "client_id": "dashboard", "username": user, "password": word, **more}

    async def _look_around(self) -> None:
        admin = {"client_id": self.keycloak.admin_client_id, "client_secret": self.keycloak.admin_client_secret}
        for name, form in (
            ("own", self.own()),
            ("admin", self.own(**admin)),
            ("alice", self.login("alice")),
            ("bob", self.login("bob")),
        ):
            self.known[name] = (await self.token(form)).raise_for_status().json()["access_token"]
        await self._ids()

    async def _ids(self) -> None:
        query = {"deep": "true", "max": "100"}
        answer = await self.in_realm("GET", "/authz/protection/resource_set", self.known["own"], params=query)
        things = {one.get("displayName"): one["_id"] for one in answer.raise_for_status().json()}
        self.known["bot"] = things["Alice's grid bot"]
        self.known["bobs"] = things["Bob's scalper"]
        for name in ("alice", "bob"):
            found = await self.admin("GET", "/users", params={"username": name, "exact": "true"})
            self.known[f"{name}_id"] = found.raise_for_status().json()[0]["id"]
        clients = await self.admin("GET", "/clients", params={"clientId": self.keycloak.client_id})
        self.known["client_id"] = clients.raise_for_status().json()[0]["id"]
        robot = await self.admin("GET", f"/clients/{self.known['client_id']}/service-account-user")
        self.known["robot_id"] = robot.raise_for_status().json()["id"]
