"""Is this token valid here, and if not why: the checks behind explaining a JWT."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnostics.areas.keycloak.platform import expected, issuers
from diagnostics.check import Area, Sign, check
from diagnostics.context import Context
from diagnostics.evidence.keycloak.kinds import KeycloakKeys, KeycloakRealm, PresentedToken, TokenActivity
from diagnostics.evidence.tokens import Signature, TokenFacts
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section

_CRITICAL, _WARNING, _SECTION = Severity.CRITICAL, Severity.WARNING, Section.GRAPHQL_AUTHORIZATION
#: Reads the claims of a token in the terminal, as the runbook does, and verifies nothing.
_COMMAND = "cut -d. -f2 | tr '_-' '/+' | base64 -d 2>/dev/null | jq '{iss,aud,azp,exp,iat,preferred_username}'"


@check(PresentedToken, "token.expired", "The token has expired", _CRITICAL, _SECTION)
def expired(seen: PresentedToken, _: Context) -> Iterator[Sign]:
    """An expired token is refused everywhere; a client that keeps sending it does not refresh."""
    ends = seen.token.expires_at
    if ends and ends <= seen.received_at:
        yield _sign(seen, f"It expired {_span(seen.received_at - ends)} ago, at {_clock(ends)}")


@check(PresentedToken, "token.not-yet-valid", "The token is not valid yet", _CRITICAL, _SECTION)
def not_yet_valid(seen: PresentedToken, context: Context) -> Iterator[Sign]:
    """A token from the future is refused: the clock of its issuer or of its reader is wrong."""
    begins = max((time for time in (seen.token.issued_at, seen.token.not_before) if time), default=None)
    if begins and begins > seen.received_at + timedelta(seconds=context.limits.clock_skew_seconds):
        yield _sign(seen, f"It is valid only in {_span(begins - seen.received_at)}, from {_clock(begins)}")


@check(PresentedToken, "token.issuer-wrong", "The token is from another issuer", _CRITICAL, _SECTION)
def issuer_wrong(seen: PresentedToken, context: Context) -> Iterator[Sign]:
    """A token of another realm, environment or address is refused, however valid it is there."""
    wanted = issuers(context)
    if seen.token.issuer.rstrip("/") not in wanted:
        yield _sign(seen, f"It was issued by {seen.token.issuer or 'nobody named'}; {wanted[0]} is expected here")


@check(PresentedToken, "token.key-unknown", "The token is signed with an unknown key", _CRITICAL, _SECTION)
def key_unknown(seen: PresentedToken, _: Context) -> Iterator[Sign]:
    """The realm publishes no such key: another realm, or keys that were rotated since."""
    if seen.signature is Signature.KEY_UNKNOWN:
        yield _sign(
            seen, f"It is signed with key id {seen.token.key_id or 'unnamed'}, which the realm does not publish"
        )


@check(PresentedToken, "token.signature-wrong", "The token's signature is wrong", _CRITICAL, _SECTION)
def signature_wrong(seen: PresentedToken, _: Context) -> Iterator[Sign]:
    """A signature that does not fit means that the token was changed, cut, or forged."""
    if seen.signature is Signature.WRONG:
        yield _sign(seen, f"Its signature does not fit key id {seen.token.key_id}: it was changed, cut or forged")


@check(PresentedToken, "token.algorithm-refused", "The token's algorithm is not accepted", _CRITICAL, _SECTION)
def algorithm_refused(seen: PresentedToken, context: Context) -> Iterator[Sign]:
    """Accepting any algorithm a token names, `none` among them, is how forged tokens get in."""
    wanted, assumed = expected(context).algorithm, expected(context).algorithm_assumed
    if seen.signature is Signature.ALGORITHM_WRONG or (seen.token.algorithm != wanted and not assumed):
        yield _sign(seen, f"It is signed with {seen.token.algorithm or 'no algorithm'}; {wanted} is expected here")


@check(PresentedToken, "token.algorithm-unusual", "The token's algorithm is not the usual one", _WARNING, _SECTION)
def algorithm_unusual(seen: PresentedToken, context: Context) -> Iterator[Sign]:
    """Volati was not told what the platform accepts; a backend left at the default refuses every other algorithm."""
    usual = expected(context).algorithm
    unusual = seen.token.algorithm != usual and seen.signature is not Signature.ALGORITHM_WRONG
    if unusual and expected(context).algorithm_assumed:
        yield _sign(seen, f"It is signed with {seen.token.algorithm}, which the realm publishes; {usual} is usual")


@check(PresentedToken, "token.not-an-access-token", "It is not an access token", _CRITICAL, _SECTION)
def not_an_access_token(seen: PresentedToken, _: Context) -> Iterator[Sign]:
    """Keycloak's ID and refresh tokens look alike and are refused where an access token is wanted."""
    if seen.token.kind and seen.token.kind != "Bearer":
        yield _sign(seen, f"It is of the type {seen.token.kind}; the API takes access tokens, type Bearer")


@check(TokenActivity, "token.inactive", "Keycloak counts the token as inactive", _CRITICAL, _SECTION)
def inactive(seen: TokenActivity, context: Context) -> Iterator[Sign]:
    """A token can be in order by itself and dead all the same: signed out, session ended, user disabled."""
    if not seen.active:
        summary = "Keycloak counts it as inactive: signed out, session ended, user disabled, or not valid at all"
        facts = (Fact("introspection", "active: false"),)
        yield Sign(Subject("realm", expected(context).realm), summary, facts, _COMMAND)


CHECKS = (
    algorithm_refused,
    algorithm_unusual,
    issuer_wrong,
    key_unknown,
    signature_wrong,
    expired,
    not_yet_valid,
    not_an_access_token,
    inactive,
)

AREA = Area(
    name="token",
    title="Token",
    section=_SECTION,
    checks=CHECKS,
    requires=(KeycloakRealm, KeycloakKeys, PresentedToken),
    optional=(TokenActivity,),
)


def claims(token: TokenFacts) -> tuple[Fact, ...]:
    """The claims of a token that a person asks for, in words."""
    none = "not in the token, which is lightweight; introspection tells" if token.lightweight else "none"
    times = {"issued": token.issued_at, "not before": token.not_before, "expires": token.expires_at}
    return (
        Fact("issuer", token.issuer or "none"),
        Fact("user", token.username or token.subject or none),
        Fact("subject", token.subject or "none"),
        Fact("for client", token.authorized_party or "none"),
        Fact("audience", ", ".join(token.audience) or none),
        *(Fact(label, _clock(moment)) for label, moment in times.items() if moment),
        Fact("realm roles", ", ".join(token.realm_roles) or none),
        Fact("client roles", ", ".join(token.client_roles) or none),
        Fact("signed with", f"{token.algorithm or 'nothing'}, key id {token.key_id or 'unnamed'}"),
    )


def _sign(seen: PresentedToken, summary: str) -> Sign:
    owner = seen.token.username or seen.token.subject or "unnamed"
    return Sign(Subject("token of", owner), summary, claims(seen.token), _COMMAND)


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _span(span: timedelta) -> str:
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)[:40] or "0 s"
