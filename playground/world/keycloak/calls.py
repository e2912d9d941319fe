"""One request and one answer as values, and who is asking. It knows no endpoint and does no input or output."""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.world.keycloak import errors
from playground.world.keycloak.realm import Client, Realm, User
from playground.world.keycloak.tokens import Ring

JSON = "application/json"
PAGE_LENGTH = 100  # entries of a list when the request does not say how many
JSON_UTF8 = "application/json;charset=UTF-8"  # what the server's listing pages say; the others leave it out


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a realm that exists, taken apart."""

    realm: Realm
    ring: Ring
    now_s: float  # by Keycloak's clock
    issuer: str  # the realm's own address, as the hostname setting or the request names it
    method: str = "GET"
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    authorization: str = ""
    body: bytes = b""

    def field(self, name: str) -> str:
        """A form field's first value, or "" when it is absent."""
        return next(iter(self.form.get(name, ())), "")

    def credentials(self) -> tuple[str, str]:
        """The client's name and secret, from the Authorization header (Basic) or from the form."""
        scheme, _, rest = self.authorization.partition(" ")
        if scheme.lower() != "basic":
            return self.field("client_id"), self.field("client_secret")
        try:
            name, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return name, secret

    def number(self, name: str, default: int) -> int:
        """A number of the query. Raises Refusal (404, as the server has it) when it is none."""
        try:
            return int(self.query.get(name, default))
        except ValueError:
            raise errors.not_found() from None

    def window(self) -> slice:
        """Which part of a list is asked for: `first` entries left out, then `max` of them."""
        first = self.number("first", 0)
        return slice(first, first + self.number("max", PAGE_LENGTH))

    def object(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Refusal (400) when it is none."""
        try:
            said = json.loads(self.body)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise errors.invalid_request("Cannot parse the JSON")
        return said

    def bearer(self) -> str:
        """The bearer token, or "" when there is none."""
        scheme, _, rest = self.authorization.partition(" ")
        return rest.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A success. `body` None is an empty one; `change` is what it does to the realm."""

    body: Any = None
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    change: Callable[[Realm], Realm] | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a valid token speaks for, which client it was issued to, and what it says."""

    user: User
    client: Client
    claims: Mapping[str, Any]

    def has_role(self, client_id: str, role: str) -> bool:
        """Whether the token (not the realm of today) carries that client role."""
        return role in self.claims.get("resource_access", {}).get(client_id, {}).get("roles", ())


def caller(call: Call, token: str) -> Caller | None:
    """Who speaks through `token`; None when it, its user or its client is no longer good."""
    claims = call.ring.claims(token, call.now_s)
    if claims is None or claims.get("iss") != call.issuer:
        return None
    user = call.realm.users.get(claims.get("sub", ""))
    client = call.realm.client(claims.get("azp", ""))
    if user is None or client is None or not (user.enabled and client.enabled):
        return None
    if user.service_account_of and call.realm.service_account(client) != user:
        return None
    return Caller(user, client, claims)


def authenticated_client(call: Call) -> Client:
    """The client that made this request. Raises Refusal as the token endpoint does."""
    name, secret = call.credentials()
    client = call.realm.client(name)
    if client is None or not client.enabled:
        raise errors.unknown_client()
    if not client.public and secret != client.secret:
        raise errors.wrong_secret()
    return client


def fresh_jti(kind: str) -> str:
    """A token's id; its first letters tell the server how the token came about."""
    return f"{kind}:{uuid.uuid4()}"
