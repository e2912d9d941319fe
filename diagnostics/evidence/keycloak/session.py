"""How Keycloak is looked at: which requests are made of it, and which facts are taken from the answers.

One session serves one run. It keeps the client's token to itself: no token is ever part of the evidence.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from diagnostics.evidence.http import Answer, Http, NoAnswer, Outgoing, Reply, answered, replied, words_of
from diagnostics.evidence.json_values import part, word
from diagnostics.evidence.keycloak.kinds import (
    KeycloakClientSecret,
    KeycloakDiscovery,
    KeycloakEvaluation,
    KeycloakKeys,
    KeycloakLogin,
    KeycloakProtection,
    KeycloakReach,
    KeycloakRealm,
    KeycloakRegistration,
    KeycloakResources,
    KeycloakToken,
    RealmPage,
    Resource,
)
from diagnostics.evidence.keycloak.registration import Registration
from diagnostics.evidence.network import Network
from diagnostics.evidence.tokens import MalformedTokenError, Signature, TokenFacts, Tokens
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.observe import Seen

#: The paths Keycloak serves realms under: without a prefix since 17, with `/auth` before (and where told so).
BASE_PATHS = ("/auth", "")
#: Resources read at the most: two pages. More are counted as "and more", which is enough to judge a pattern.
RESOURCES_AT_MOST = 200
#: Resources in one page of the listing.
RESOURCES_IN_A_PAGE = 100
UMA_TICKET = "urn:ietf:params:oauth:grant-type:uma-ticket"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A confidential client's id and secret, and where the secret was configured."""

    client_id: str
    secret: str = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True)
class Target:
    """Which realm, seen by which client. `base_path` is None where the configuration leaves it open."""

    url: str
    realm: str
    client: Credentials
    base_path: str | None = None
    #: A keyed fingerprint: the same secret gives the same text, and nobody can guess back.
    fingerprint: Callable[[str], str] = field(repr=False, default=lambda _: "")


@dataclass(frozen=True, slots=True)
class Tools:
    """The clients a session looks through."""

    http: Http
    network: Network
    tokens: Tokens


#: What the login page says of a client, in Keycloak's own English words.
_CLIENT_PAGES = (("missing", "client not found"), ("disabled", "client disabled"))


class KeycloakSession:
    """One run's look at one realm. Each method looks once and gives evidence."""

    def __init__(self, run_id: str, target: Target, tools: Tools) -> None:
        self._run_id = run_id
        self._target = target
        self.tools = tools
        self._token = ""
        self._deep: Registration | None = None
        self.jwks = b""

    def bearer(self) -> str:
        """The client's token, once it has logged in; to be sent to the platform's own backend and to nobody else."""
        return self._token

    async def reach(self, _: Seen) -> KeycloakReach:
        """The connection to the host."""
        reached = await self.tools.network.reach(self._target.url)
        _not_ours(reached.failure)
        return KeycloakReach(reached)

    async def realm(self, _: Seen) -> KeycloakRealm:
        """The realm's page under each known base path, the configured one first."""
        first = self._target.base_path
        known = dict.fromkeys([*([] if first is None else [first]), *BASE_PATHS])
        return KeycloakRealm(tuple(await asyncio.gather(*(self._page(path) for path in known))))

    async def discovery(self, seen: Seen) -> KeycloakDiscovery:
        """The OpenID configuration."""
        exchange = await self.get(f"{self.realm_url(seen)}/.well-known/openid-configuration")
        document = _object(exchange)
        return KeycloakDiscovery(
            answered(exchange),
            issuer=words_of(document.get("issuer")),
            token_endpoint=words_of(document.get("token_endpoint")),
            jwks_uri=words_of(document.get("jwks_uri")),
        )

    async def keys(self, seen: Seen) -> KeycloakKeys:
        """The signing keys, from where the platform reads them: under its own configured address."""
        exchange = await self.get(f"{self.realm_url(seen)}/protocol/openid-connect/certs")
        if not isinstance(exchange, Reply):
            return KeycloakKeys(exchange)
        self.jwks = exchange.body
        return KeycloakKeys(exchange.answer(), self.tools.tokens.keys(exchange.body))

    async def client_secret(self, _: Seen) -> KeycloakClientSecret:
        """What can be said of the configured secret without saying it."""
        client = self._target.client
        if not client.origin:
            raise CouldNotLookError(
                Reason.NOT_CONFIGURED,
                f"Set {KeycloakClientSecret.SETTING} to have the client's side looked at.",
            )
        return self._secret_facts()

    async def login(self, seen: Seen) -> KeycloakLogin:
        """A login by client credentials, as the backend does it."""
        form = {"grant_type": "client_credentials", **self.client_form()}
        reply = await self._token_request(seen, form)
        secret = self._secret_facts()
        if not isinstance(reply, Reply):
            return KeycloakLogin(reply, secret=secret)
        token = str(_object(reply).get("access_token", ""))
        if token:
            self._token = token
            return KeycloakLogin(reply.answer(), self._read(token), reply.received_at, secret=secret)
        page = await self._client_page(seen, reply.answer())
        return KeycloakLogin(reply.answer(), client_page=page, secret=secret)

    async def token(self, seen: Seen) -> KeycloakToken:
        """The signature of the login's token, checked against the published keys."""
        login, keys = seen[KeycloakLogin], seen[KeycloakKeys]
        if login.token is None or login.received_at is None:
            raise _no_token(login)
        if not (isinstance(keys.exchange, Answer) and keys.exchange.ok):
            raise CouldNotLookError(Reason.DEPENDS, "There are no published keys to check the signature against.")
        published = tuple(key.key_id for key in keys.keys)
        signature = self._signature(login.token)
        if signature is Signature.KEY_UNKNOWN and (again := await self.keys(seen)).keys:
            # Keycloak makes a key when the first token needs it: the keys may have been read a moment too early.
            published = tuple(key.key_id for key in again.keys)
            signature = self._signature(login.token)
        return KeycloakToken(login.token, signature, published, login.received_at)

    def _signature(self, token: TokenFacts) -> Signature:
        return self.tools.tokens.signature(self._token, self.jwks, (token.algorithm,))

    async def protection(self, seen: Seen) -> KeycloakProtection:
        """Whether the client may use the protection API, by asking it for one resource."""
        token = self._needed_token(seen)
        exchange = await self.get(f"{self.resource_set(seen)}?first=0&max=1", authorized=True)
        if not token.lightweight:
            return KeycloakProtection(answered(exchange), token.client_roles)
        return KeycloakProtection(answered(exchange), (), True, await self._introspected_roles(seen))  # noqa: FBT003 lightweight

    async def resources(self, seen: Seen) -> KeycloakResources:
        """The registered resources, read page by page up to the bound."""
        self._needed_token(seen)
        self.need_protection(seen)
        read: list[Resource] = []
        while len(read) < RESOURCES_AT_MOST:
            page = await self.resource_page(seen, len(read))
            read.extend(page)
            if len(page) < RESOURCES_IN_A_PAGE:
                return KeycloakResources(tuple(read), more=False)
        return KeycloakResources(tuple(read), more=True)

    async def evaluation(self, seen: Seen) -> KeycloakEvaluation:
        """A UMA ticket request of the client for itself: granted or denied, it shows that evaluation works."""
        self._needed_token(seen)
        form = {
            "grant_type": UMA_TICKET,
            "audience": self._target.client.client_id,
            "response_mode": "permissions",
        }
        return KeycloakEvaluation(answered(await self._token_request(seen, form, self._token)))

    async def registration(self, seen: Seen) -> KeycloakRegistration:
        """A probe resource registered and removed. It writes, so it belongs to deep runs only."""
        self._needed_token(seen)
        self.need_protection(seen)
        self._deep = Registration(self.tools.http, self.resource_set(seen), self._token)
        login = seen[KeycloakLogin].received_at
        return await self._deep.try_out(self._run_id, int(login.timestamp()) if login else 0)

    def registration_cut_off(self) -> KeycloakRegistration | None:
        """What has to be told of a registration that a deadline ended."""
        return self._deep.cut_off() if self._deep else None

    def _secret_facts(self) -> KeycloakClientSecret:
        client = self._target.client
        bare = client.secret.strip()
        return KeycloakClientSecret(
            origin=client.origin,
            empty=not bare,
            surrounding_space=bare != client.secret,
            fingerprint=self._target.fingerprint(client.secret),
        )

    async def _page(self, base_path: str) -> RealmPage:
        exchange = await self.get(self._realm_at(base_path))
        return RealmPage(base_path, answered(exchange), _realm(exchange))

    async def _introspected_roles(self, seen: Seen) -> tuple[str, ...] | None:
        """The client roles that introspection adds to the client's own token; None when it does not say."""
        said = _object(await self.introspect(seen, self._token))
        if said.get("active") is not True:
            return None
        held = {client: part(one).get("roles") for client, one in part(said.get("resource_access")).items()}
        return tuple(f"{client}/{role}" for client, roles in held.items() if isinstance(roles, list) for role in roles)

    async def introspect(self, seen: Seen, token: str) -> Reply | NoAnswer:
        """Ask, as the client, what a token says and whether it is active."""
        url = f"{self.realm_url(seen)}/protocol/openid-connect/token/introspect"
        return await self.tools.http.send(Outgoing("POST", url, form={**self.client_form(), "token": token}))

    async def _client_page(self, seen: Seen, answer: Answer) -> str:
        """What the login page says of a client that the token endpoint only calls invalid."""
        if answer.error != "invalid_client":
            return ""
        query = urlencode(
            {
                "client_id": self._target.client.client_id,
                "response_type": "code",
                "scope": "openid",
                "redirect_uri": "",
            }
        )
        exchange = await self.get(f"{self.realm_url(seen)}/protocol/openid-connect/auth?{query}")
        page = exchange.body.decode("utf-8", "replace").lower() if isinstance(exchange, Reply) else ""
        return next((state for state, words in _CLIENT_PAGES if words in page), "")

    def _needed_token(self, seen: Seen) -> TokenFacts:
        login = seen[KeycloakLogin]
        if login.token is None:
            raise _no_token(login)
        return login.token

    async def resource_page(self, seen: Seen, first: int) -> list[Resource]:
        """One page of the registered resources, from the `first` on; the last page is shorter than a page.

        Raises:
            CouldNotLookError: they were not given.
        """
        query = f"deep=true&first={first}&max={RESOURCES_IN_A_PAGE}"
        return await self.listed(f"{self.resource_set(seen)}?{query}")

    async def listed(self, url: str) -> list[Resource]:
        """The resources of a listing.

        Raises:
            CouldNotLookError: they were not given.
        """
        reply = replied(await self.get(url, authorized=True), "The protection API")
        document = reply.document()
        if not isinstance(document, list):
            raise CouldNotLookError(Reason.REFUSED, f"The resources were not given: {reply.answer().refusal}.")
        return [resource_of(item) for item in document if isinstance(item, dict)]

    def need_protection(self, seen: Seen) -> None:
        """Pass when the protection API lets the client in.

        Raises:
            CouldNotLookError: it does not.
        """
        exchange = seen[KeycloakProtection].exchange
        if not isinstance(exchange, Answer):
            raise CouldNotLookError(Reason.DEPENDS, f"The protection API gave no answer: {exchange.detail}.")
        if not exchange.ok:
            raise CouldNotLookError(Reason.DEPENDS, f"The protection API refused: {exchange.refusal}.")

    def _read(self, token: str) -> TokenFacts:
        try:
            return self.tools.tokens.read(token)
        except MalformedTokenError as error:
            raise CouldNotLookError(Reason.FAILED, f"The access token is not a JWT: {error}") from error

    def client_form(self) -> dict[str, str]:
        """The client's credentials as form fields."""
        client = self._target.client
        return {"client_id": client.client_id, "client_secret": client.secret}

    async def _token_request(self, seen: Seen, form: dict[str, str], bearer: str = "") -> Reply | NoAnswer:
        url = f"{self.realm_url(seen)}/protocol/openid-connect/token"
        return await self.tools.http.send(Outgoing("POST", url, form=form, bearer=bearer))

    async def get(self, url: str, *, authorized: bool = False) -> Reply | NoAnswer:
        """One GET request, with the client's token where `authorized`.

        Raises:
            CouldNotLookError: our own machine could not connect.
        """
        outcome = await self.tools.http.send(Outgoing("GET", url, bearer=self._token if authorized else ""))
        _not_ours(outcome)
        return outcome

    def resource_set(self, seen: Seen) -> str:
        """The address of the protection API's resources."""
        return f"{self.realm_url(seen)}/authz/protection/resource_set"

    def realm_url(self, seen: Seen) -> str:
        """The realm's address where it is really served.

        Raises:
            CouldNotLookError: it is served nowhere.
        """
        realm = seen[KeycloakRealm]
        page = realm.served
        if page is None:
            raise CouldNotLookError(Reason.DEPENDS, realm.unserved)
        return self._realm_at(page.base_path)

    def _realm_at(self, base_path: str) -> str:
        return f"{self._target.url}{base_path}/realms/{quote(self._target.realm, safe='')}"


def _not_ours(outcome: Reply | NoAnswer | None) -> None:
    """Pass unless it was our own machine that could not connect.

    Raises:
        CouldNotLookError: it was.
    """
    if isinstance(outcome, NoAnswer) and outcome.ours:
        detail = f"This machine could open no connection: {outcome.detail}. Free its resources, or raise its limits."
        raise CouldNotLookError(Reason.FAILED, detail)


def _realm(exchange: Reply | NoAnswer) -> str:
    """The realm whose own page this is; empty when it is no such page, whatever its status."""
    named = _object(exchange).get("realm")
    good = isinstance(exchange, Reply) and exchange.answer().ok
    return named if good and isinstance(named, str) else ""


def _object(exchange: Reply | NoAnswer) -> dict[str, Any]:
    """The JSON object of an exchange; empty when there is none."""
    document = exchange.document() if isinstance(exchange, Reply) else None
    return document if isinstance(document, dict) else {}


def _no_token(login: KeycloakLogin) -> CouldNotLookError:
    outcome = login.exchange.refusal if isinstance(login.exchange, Answer) else login.exchange.detail
    detail = f"It needs the client's token, and the login gave none: {outcome.rstrip('.')}."
    return CouldNotLookError(Reason.DEPENDS, detail)


def resource_of(item: dict[str, Any]) -> Resource:
    """A resource as the protection API describes it."""
    owner = part(item.get("owner"))
    noted = part(item.get("attributes")).get("ownerId")
    scopes = item.get("scopes")
    return Resource(
        id=str(item.get("_id", "")),
        name=str(item.get("displayName") or item.get("name", "")),
        kind=str(item.get("type", "")),
        owner_id=word(owner.get("id")),
        owner_name=word(owner.get("name")),
        noted_owner=word(noted[0] if isinstance(noted, list) and noted else noted).strip(),
        scopes=tuple(word(part(one).get("name")) for one in scopes if one) if isinstance(scopes, list) else (),
    )
