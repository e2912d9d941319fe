"""JSON Web Tokens by PyJWT, the only module that knows it: claims as facts, and signatures checked.

The library brings 9 MB with it and is imported on use (`bot.footprint.at_hand`): an idle bot does without.
"""

import json
from datetime import UTC, datetime
from typing import Any

from diagnostics.evidence.json_values import part, word
from diagnostics.evidence.tokens import Key, MalformedTokenError, Signature, TokenFacts

#: Characters of a token that are looked at. Keycloak's are below 4 kB; headers end at 8 kB in most servers.
TOKEN_AT_MOST = 64_000


class TokenReader:
    """Satisfies `diagnostics.evidence.tokens.Tokens`."""

    def read(self, token: str) -> TokenFacts:
        """The claims, unverified.

        Raises:
            MalformedTokenError: it is not a token, and why.
        """
        import jwt  # noqa: PLC0415 on use, see above

        if len(token) > TOKEN_AT_MOST:
            raise MalformedTokenError(f"it has {len(token)} characters; at most {TOKEN_AT_MOST} are read")
        try:
            parts = jwt.decode_complete(token, options={"verify_signature": False})
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise MalformedTokenError(_why(token, error)) from error
        return _facts(parts["header"], parts["payload"])

    def keys(self, document: bytes) -> tuple[Key, ...]:
        """The keys of a JWKS document; empty when it is not one."""
        return tuple(
            Key(word(key.get("kid")), word(key.get("kty")), word(key.get("alg")), word(key.get("use")))
            for key in _raw_keys(document)
        )

    def signature(self, token: str, document: bytes, algorithms: tuple[str, ...]) -> Signature:
        """The signature checked against a JWKS document; times and claims are not looked at.

        Raises:
            MalformedTokenError: it is not a token, and why.
        """
        import jwt  # noqa: PLC0415 as above

        header = _header(token)
        if header.get("alg") not in algorithms or header.get("alg") == "none":
            return Signature.ALGORITHM_WRONG
        raw = next((key for key in _raw_keys(document) if key.get("kid") == header.get("kid")), None)
        if raw is None:
            return Signature.KEY_UNKNOWN
        try:
            key = jwt.PyJWK(raw, algorithm=header["alg"])
            jwt.decode(token, key, algorithms=list(algorithms), options=_SIGNATURE_ONLY)
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError):  # the last four: a key that is none
            return Signature.WRONG
        return Signature.VALID


_SIGNATURE_ONLY: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _header(token: str) -> dict[str, Any]:
    import jwt  # noqa: PLC0415 as above

    try:
        return jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise MalformedTokenError(_why(token, error)) from error


def _raw_keys(document: bytes) -> list[dict[str, Any]]:
    try:
        keys = json.loads(document).get("keys")
    except (ValueError, AttributeError, RecursionError):
        return []
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []


def _facts(header: dict[str, Any], claims: dict[str, Any]) -> TokenFacts:
    return TokenFacts(
        algorithm=word(header.get("alg")),
        key_id=word(header.get("kid")),
        issuer=word(claims.get("iss")),
        subject=word(claims.get("sub")),
        audience=_words(claims.get("aud")),
        authorized_party=word(claims.get("azp")),
        issued_at=_time(claims.get("iat")),
        not_before=_time(claims.get("nbf")),
        expires_at=_time(claims.get("exp")),
        kind=word(claims.get("typ")),
        username=word(claims.get("preferred_username")),
        session=word(claims.get("sid")),
        scopes=tuple(word(claims.get("scope")).split()),
        realm_roles=_words(part(claims.get("realm_access")).get("roles")),
        client_roles=_client_roles(part(claims.get("resource_access"))),
    )


def _client_roles(access: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{word(client)}/{role}" for client, held in access.items() for role in _words(part(held).get("roles"))
    )


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(word(one) for one in value) if isinstance(value, list) else ()


def _time(value: object) -> datetime | None:
    """A claim's time: seconds since 1970 (RFC 7519, 2). None when missing or beyond the calendar."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _why(token: str, error: Exception) -> str:
    """Why it is no token, without a piece of it."""
    dots = token.count(".")
    if dots != 2:  # noqa: PLR2004 header.payload.signature
        return f"a token has three parts joined by dots; this text has {dots + 1}"
    return f"its parts cannot be decoded ({type(error).__name__}); it may have been cut while being copied"
