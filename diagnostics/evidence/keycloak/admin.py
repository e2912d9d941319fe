"""What only an admin client may see: users, owners, and how a permission decision came about."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from diagnostics.evidence.http import Http, NoAnswer, Outgoing, Reply, replied
from diagnostics.evidence.json_values import part, word
from diagnostics.evidence.keycloak.kinds import (
    AskedResource,
    AskedUser,
    KeycloakAdmin,
    KeycloakDecision,
    KeycloakOwners,
    KeycloakRealm,
    KeycloakResources,
    KeycloakResourceServer,
    Vote,
)
from diagnostics.evidence.keycloak.session import Credentials, Target
from diagnostics.model import CouldNotLookError, Evidence, Reason
from diagnostics.observe import Seen, Source

#: Distinct owners that are looked up, one request each.
OWNERS_AT_MOST = 50
#: Requests to the admin API at once: it shares Keycloak with everybody who wants to log in.
_AT_ONCE = 5
#: How an id is answered that is none: unknown, or of letters that the server takes no id of.
_NO_SUCH_ID = {400, 404}
_RIGHT = {
    "users": "the realm-management role view-users",
    "clients": "the realm-management role view-clients",
    "authz": "the realm-management role view-authorization",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A permission question: may this user (name or id) do this action (a scope) to this resource (id or name)."""

    user: str
    action: str
    resource: str

    @property
    def flaw(self) -> str:
        """What is no name, in a sentence; empty when all three are names."""
        for what, text in (("user", self.user), ("action", self.action), ("resource", self.resource)):
            if not is_name(text):
                wrong = f"{text!r} is no name of a {what}" if text.strip() else f"The {what} is empty"
                return f"{wrong}. Ask as in: why alice view <id or name of a resource>."
        return ""


def is_name(text: str) -> bool:
    """Whether a text can name something: in the path of an address a dot, two dots or nothing lead elsewhere."""
    return text.strip() not in {"", ".", ".."}


class AdminSession:
    """One run's look through the admin API. It only reads; its token stays inside."""

    def __init__(self, admin: Credentials, target: Target, http: Http) -> None:
        self._admin = admin
        self._target = target
        self._http = http
        self._token = ""
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    async def login(self, seen: Seen) -> KeycloakAdmin:
        """The admin client's own login.

        Raises:
            CouldNotLookError: it is refused; that is our own blindness, not the platform's fault.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": self._admin.client_id,
            "client_secret": self._admin.secret,
        }
        url = f"{self._base(seen)}/realms/{self._realm}/protocol/openid-connect/token"
        reply = replied(await self._http.send(Outgoing("POST", url, form=form)), "The token endpoint")
        document = reply.document()
        self._token = str(document.get("access_token", "")) if isinstance(document, dict) else ""
        if not self._token:
            detail = f"The admin client {self._admin.client_id} cannot log in: {reply.answer().refusal}."
            raise CouldNotLookError(Reason.REFUSED, detail)
        return KeycloakAdmin(reply.answer())

    async def owners(self, seen: Seen) -> KeycloakOwners:
        """Which of the noted owners of resources are no users of the realm."""
        noted = {one.noted_owner for one in seen[KeycloakResources].resources if one.noted_owner}
        asked = sorted(noted)[:OWNERS_AT_MOST]
        known = await asyncio.gather(*(self._is_user(seen, owner) for owner in asked))
        return KeycloakOwners(len(asked), tuple(owner for owner, found in zip(asked, known, strict=True) if not found))

    async def resource_server(self, seen: Seen) -> KeycloakResourceServer:
        """How the client is set up as a resource server.

        Raises:
            CouldNotLookError: it is none, or its settings were not given.
        """
        path = f"clients/{quote(await self._client_id(seen), safe='')}/authz/resource-server"
        reply = replied(await self._send(seen, path), "The admin API")
        client = self._target.client.client_id
        if reply.status == HTTPStatus.NOT_FOUND:
            raise CouldNotLookError(Reason.DEPENDS, f"Authorization services are off for client {client}.")
        _readable(reply, "authz")
        said = part(reply.document())
        mode, remote = word(said.get("policyEnforcementMode")), said.get("allowRemoteResourceManagement")
        if not mode or not isinstance(remote, bool):
            raise CouldNotLookError(Reason.FAILED, f"The admin API gave no settings of the resource server {client}.")
        return KeycloakResourceServer(mode, remote)

    async def user(self, seen: Seen, name: str) -> AskedUser:
        """The user of this name, else of this id.

        Raises:
            CouldNotLookError: the admin API did not say whether there is one.
        """
        found = await self._json(seen, f"users?{urlencode({'username': name, 'exact': 'true'})}", "users")
        user = found[0] if isinstance(found, list) and found else await self._user_by_id(seen, name)
        if not isinstance(user, dict):
            return AskedUser(name, found=False)
        return AskedUser(
            name,
            found=True,
            id=str(user.get("id", "")),
            username=str(user.get("username", "")),
            enabled=bool(user.get("enabled")),
        )

    async def decision(self, seen: Seen, question: Question) -> KeycloakDecision:
        """How Keycloak would decide, policy by policy.

        Nothing is asked about what is not there: for an unknown resource or scope Keycloak 26 evaluates
        something else and may say PERMIT.
        """
        user, resource = seen[AskedUser], seen[AskedResource]
        if not user.found or resource.resource is None or question.action not in resource.resource.scopes:
            raise CouldNotLookError(Reason.DEPENDS, "User, resource and action must exist before they can be judged.")
        body = {
            "userId": user.id,
            "roleIds": [],
            "entitlements": False,
            "context": {"attributes": {}},
            "resources": [
                {"_id": resource.resource.id, "name": resource.resource.name, "scopes": [{"name": question.action}]}
            ],
        }
        client = await self._client_id(seen)
        path = f"clients/{quote(client, safe='')}/authz/resource-server/policy/evaluate"
        return _decision(await self._json(seen, path, "authz", body), resource.resource.id, question.action)

    async def _client_id(self, seen: Seen) -> str:
        client = self._target.client.client_id
        found = await self._json(seen, f"clients?{urlencode({'clientId': client})}", "clients")
        if not (isinstance(found, list) and found):
            raise CouldNotLookError(Reason.DEPENDS, f"The admin API does not know client {client}.")
        return str(found[0].get("id", ""))

    async def _user_by_id(self, seen: Seen, id: str) -> Any:  # noqa: ANN401 JSON
        reply = replied(await self._send(seen, f"users/{quote(id, safe='')}"), "The admin API")
        if reply.status in _NO_SUCH_ID:
            return None
        _readable(reply, "users")
        return reply.document()

    async def _is_user(self, seen: Seen, id: str) -> bool:
        if not is_name(id):
            return False
        async with self._at_once:
            reply = replied(await self._send(seen, f"users/{quote(id, safe='')}"), "The admin API")
        if reply.answer().ok:
            return True
        _readable(reply, "users")
        return False

    async def _json(self, seen: Seen, path: str, right: str, body: Any = None) -> Any:  # noqa: ANN401 JSON
        reply = replied(await self._send(seen, path, body), "The admin API")
        _readable(reply, right)
        return reply.document()

    async def _send(self, seen: Seen, path: str, body: Any = None) -> Reply | NoAnswer:  # noqa: ANN401 JSON
        url = f"{self._base(seen)}/admin/realms/{self._realm}/{path}"
        method = "GET" if body is None else "POST"
        return await self._http.send(Outgoing(method, url, body=body, bearer=self._token))

    @property
    def _realm(self) -> str:
        return quote(self._target.realm, safe="")

    def _base(self, seen: Seen) -> str:
        realm = seen[KeycloakRealm]
        page = realm.served
        if page is None:
            raise CouldNotLookError(Reason.DEPENDS, realm.unserved)
        return f"{self._target.url}{page.base_path}"


def admin_sources(session: AdminSession) -> tuple[Source[Evidence], ...]:
    """What an admin client adds to a diagnosis."""
    return (
        Source(KeycloakAdmin, session.login, (KeycloakRealm,)),
        Source(KeycloakOwners, session.owners, (KeycloakAdmin, KeycloakResources)),
        Source(KeycloakResourceServer, session.resource_server, (KeycloakAdmin,)),
    )


def question_sources(session: AdminSession, question: Question) -> tuple[Source[Evidence], ...]:
    """What an admin client adds to the question why a permission is granted or denied."""

    async def user(seen: Seen) -> AskedUser:
        return await session.user(seen, question.user)

    async def decision(seen: Seen) -> KeycloakDecision:
        return await session.decision(seen, question)

    return (
        Source(KeycloakAdmin, session.login, (KeycloakRealm,)),
        Source(AskedUser, user, (KeycloakAdmin,)),
        Source(KeycloakDecision, decision, (KeycloakAdmin, AskedUser, AskedResource)),
    )


def _readable(reply: Reply, right: str) -> None:
    """Pass an answer that says yes or "not found".

    Raises:
        CouldNotLookError: the right is missing, or the answer is of another kind.
    """
    answer = reply.answer()
    if answer.status in {401, 403}:
        raise CouldNotLookError(Reason.FORBIDDEN, f"The admin client lacks {_RIGHT[right]} (HTTP {answer.status}).")
    if not answer.ok and answer.status != 404:  # noqa: PLR2004 not found is an answer
        raise CouldNotLookError(Reason.REFUSED, f"The admin API answered {answer.refusal}.")


def _decision(document: Any, resource: str, action: str) -> KeycloakDecision:  # noqa: ANN401 JSON
    results = document.get("results", []) if isinstance(document, dict) else []
    result: dict[str, Any] = next((one for one in results if one.get("resource", {}).get("_id") == resource), {})
    allowed = tuple(str(scope.get("name", "")) for scope in result.get("allowedScopes") or [])
    granted = result.get("status") == "PERMIT" and action in allowed
    votes = tuple(vote for policy in result.get("policies") or [] for vote in _votes(policy, ""))
    return KeycloakDecision(granted, allowed, votes)


def _votes(policy: dict[str, Any], under: str) -> list[Vote]:
    """A permission's vote and those of the policies it rests on; two levels is all Keycloak makes."""
    about = policy.get("policy") or {}
    name = str(about.get("name", ""))
    own = Vote(name, str(about.get("type", "")), policy.get("status") == "PERMIT", under)
    rest = [vote for one in policy.get("associatedPolicies") or [] if not under for vote in _votes(one, name)]
    return [own, *rest]
