"""What a JSON Web Token says, as values without the token, and what reading one needs of a client."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from diagnostics.model import Value


class Signature(StrEnum):
    """What became of checking a token's signature against a set of keys."""

    VALID = "valid"
    KEY_UNKNOWN = "key unknown"
    WRONG = "wrong"
    ALGORITHM_WRONG = "algorithm not accepted"


class TokenFacts(Value, frozen=True):
    """The claims of a token that judging needs. Times are aware, in UTC, None where the claim is missing."""

    algorithm: str
    key_id: str
    issuer: str
    subject: str
    audience: tuple[str, ...]
    authorized_party: str
    issued_at: datetime | None
    not_before: datetime | None
    expires_at: datetime | None
    kind: str = ""
    username: str = ""
    session: str = ""
    scopes: tuple[str, ...] = ()
    realm_roles: tuple[str, ...] = ()
    #: Client roles as `client/role`.
    client_roles: tuple[str, ...] = ()

    @property
    def lightweight(self) -> bool:
        """Whether it is a client's token without a user, a role or an audience: lightweight, as Keycloak calls it.

        What such a token leaves out, introspection adds.
        """
        said = self.username or self.audience or self.realm_roles or self.client_roles
        return self.kind == "Bearer" and bool(self.authorized_party) and not said


class Key(Value, frozen=True):
    """A published signing key, without its numbers."""

    key_id: str
    kind: str
    algorithm: str
    use: str


class MalformedTokenError(Exception):
    """A text is not a JSON Web Token; the message says where it stops being one and holds none of it."""


class Tokens(Protocol):
    """What judging a token needs of a client."""

    def read(self, token: str) -> TokenFacts:
        """The claims, unverified.

        Raises:
            MalformedTokenError: it is not a token.
        """
        ...

    def keys(self, document: bytes) -> tuple[Key, ...]:
        """The keys of a JWKS document; empty when it is not one."""
        ...

    def signature(self, token: str, document: bytes, algorithms: tuple[str, ...]) -> Signature:
        """The signature checked against a JWKS document; times and claims are not looked at.

        Raises:
            MalformedTokenError: it is not a token.
        """
        ...
