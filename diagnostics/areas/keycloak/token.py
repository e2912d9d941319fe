"""Checks of the token the client gets: would the backend, which verifies it, accept it."""

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.areas.keycloak.platform import client, expected, issuers, page_command, realm, realm_url
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.keycloak.kinds import KeycloakToken
from diagnostics.evidence.tokens import Signature
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING


@check(
    KeycloakToken,
    "keycloak.token-key-unknown",
    "Tokens are signed with a key that is not published",
    _CRITICAL,
    Section.KEYCLOAK_PERMISSION,
)
def token_key_unknown(seen: KeycloakToken, context: Context) -> Iterator[Sign]:
    """After a rotation of keys, a stale copy of the key list (a cache, a proxy) makes every new token unverifiable."""
    if seen.signature is Signature.KEY_UNKNOWN:
        published = ", ".join(seen.published) or "none"
        summary = f"The token is signed with key id {seen.token.key_id}, the published key ids are {published}"
        yield _sign(seen, summary, context)


@check(
    KeycloakToken,
    "keycloak.token-signature-wrong",
    "The token's signature does not match",
    _CRITICAL,
    Section.KEYCLOAK_PERMISSION,
)
def token_signature_wrong(seen: KeycloakToken, context: Context) -> Iterator[Sign]:
    """A published key of the right name that does not fit means two Keycloaks that do not share their keys."""
    if seen.signature is Signature.WRONG:
        summary = f"Key id {seen.token.key_id} is published, and does not fit the signature of a fresh token"
        yield _sign(seen, summary, context)


@check(
    KeycloakToken,
    "keycloak.token-algorithm-wrong",
    "Tokens are signed with another algorithm",
    _CRITICAL,
    Section.KEYCLOAK_PERMISSION,
)
def token_algorithm_wrong(seen: KeycloakToken, context: Context) -> Iterator[Sign]:
    """A verifier that accepts one algorithm, as it should, refuses every token of another."""
    wanted, assumed = expected(context).algorithm, expected(context).algorithm_assumed
    if seen.signature is Signature.ALGORITHM_WRONG or (seen.token.algorithm != wanted and not assumed):
        summary = f"Tokens are signed with {seen.token.algorithm}, the platform expects {wanted}"
        yield _sign(seen, summary, context)


@check(
    KeycloakToken,
    "keycloak.token-algorithm-unusual",
    "Tokens are signed with another algorithm than Keycloak's default",
    _WARNING,
    Section.KEYCLOAK_PERMISSION,
)
def token_algorithm_unusual(seen: KeycloakToken, context: Context) -> Iterator[Sign]:
    """Volati was not told what the platform accepts; a backend left at the default refuses every other algorithm."""
    usual = expected(context).algorithm
    unusual = seen.token.algorithm != usual and seen.signature is not Signature.ALGORITHM_WRONG
    if unusual and expected(context).algorithm_assumed:
        summary = f"Tokens are signed with {seen.token.algorithm}; {usual} is usual, and no other is configured here"
        yield _sign(seen, summary, context)


@check(
    KeycloakToken,
    "keycloak.token-not-yet-valid",
    "A fresh token is not valid yet",
    _CRITICAL,
    Section.KEYCLOAK_PERMISSION,
)
def token_not_yet_valid(seen: KeycloakToken, context: Context) -> Iterator[Sign]:
    """Verifiers refuse a token issued in their future."""
    begins = max((time for time in (seen.token.issued_at, seen.token.not_before) if time), default=None)
    leeway = timedelta(seconds=context.limits.clock_skew_seconds)
    if begins and begins > seen.received_at + leeway:
        early = round((begins - seen.received_at).total_seconds())
        yield _sign(seen, f"A token fetched just now becomes valid only in {early} s", context)


@check(
    KeycloakToken,
    "keycloak.token-expired",
    "A fresh token is already expired",
    _CRITICAL,
    Section.KEYCLOAK_PERMISSION,
)
def token_expired(seen: KeycloakToken, context: Context) -> Iterator[Sign]:
    """A token that has expired on arrival is refused everywhere."""
    ends = seen.token.expires_at
    if ends and ends <= seen.received_at:
        late = round((seen.received_at - ends).total_seconds())
        yield _sign(seen, f"A token fetched just now expired {late} s ago", context)


@check(KeycloakToken, "keycloak.token-life-short", "Tokens live too short", _WARNING, Section.KEYCLOAK_PERMISSION)
def token_life_short(seen: KeycloakToken, context: Context) -> Iterator[Sign]:
    """A token that runs out while a request is on its way turns slow answers into refusals."""
    issued, ends, limit = seen.token.issued_at, seen.token.expires_at, context.limits.token_life_seconds
    if issued and ends and timedelta(0) < ends - issued < timedelta(seconds=limit):
        lives = round((ends - issued).total_seconds())
        yield _sign(seen, f"Access tokens live {lives} s (limit {limit} s)", context)


@check(
    KeycloakToken,
    "keycloak.token-issuer-wrong",
    "A fresh token names another issuer",
    _CRITICAL,
    Section.KEYCLOAK_PERMISSION,
)
def token_issuer_wrong(seen: KeycloakToken, context: Context) -> Iterator[Sign]:
    """The backend compares the issuer letter by letter and refuses the rest."""
    wanted = issuers(context)
    if seen.token.issuer.rstrip("/") not in wanted:
        yield _sign(seen, f"The token's issuer is {seen.token.issuer}, the platform expects {wanted[0]}", context)


CHECKS = (
    token_key_unknown,
    token_signature_wrong,
    token_algorithm_wrong,
    token_algorithm_unusual,
    token_not_yet_valid,
    token_expired,
    token_issuer_wrong,
    token_life_short,
)


def _sign(seen: KeycloakToken, summary: str, context: Context) -> Sign:
    token = seen.token
    facts = (
        Fact("signed with", f"{token.algorithm}, key id {token.key_id or 'unnamed'}: signature {seen.signature}"),
        Fact("published key ids", ", ".join(seen.published) or "none"),
        Fact("issuer", token.issuer),
        Fact("issued, expires, received", _times(seen)),
    )
    subject = realm(context) if seen.signature is not Signature.VALID else client(context)
    return Sign(subject, summary, facts, page_command(f"{realm_url(context)}/protocol/openid-connect/certs", context))


def _times(seen: KeycloakToken) -> str:
    moments = (seen.token.issued_at, seen.token.expires_at, seen.received_at)
    return ", ".join(f"{moment:%H:%M:%S}" if moment else "none" for moment in moments) + " UTC"
