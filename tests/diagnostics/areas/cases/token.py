"""Cases of the client's own token, and of a token that somebody presents."""

from datetime import timedelta
from typing import Any

from diagnostics.evidence.keycloak.kinds import KeycloakToken, PresentedToken, TokenActivity
from diagnostics.evidence.tokens import Signature, TokenFacts
from tests.diagnostics.areas.cases.case import ISSUER, NOW, OK, Case, context


def facts(**claims: Any) -> TokenFacts:
    """A token issued now for five minutes, but for what is told otherwise."""
    sound: dict[str, Any] = {
        "algorithm": "RS256",
        "key_id": "k1",
        "issuer": ISSUER,
        "subject": "5c6f",
        "audience": ("account",),
        "authorized_party": "volaticloud-api",
        "issued_at": NOW,
        "not_before": None,
        "expires_at": later(300),
        "kind": "Bearer",
        "username": "alice",
    }
    return TokenFacts(**{**sound, **claims})


def later(seconds: float) -> Any:
    """The moment so many seconds from now."""
    return NOW + timedelta(seconds=seconds)


def own(signature: Signature = Signature.VALID, **claims: Any) -> KeycloakToken:
    """The client's own token."""
    return KeycloakToken(facts(**claims), signature, ("k1", "k2"), NOW)


def shown(signature: Signature = Signature.VALID, **claims: Any) -> PresentedToken:
    """A presented token."""
    return PresentedToken(facts(**claims), signature, ("k1", "k2"), NOW)


ASSUMED = context(algorithm_assumed=True)

CASES = (
    Case(
        "keycloak.token-key-unknown",
        fires=(own(Signature.KEY_UNKNOWN, key_id="k9"),),
        silent=(own(), own(Signature.WRONG), own(Signature.ALGORITHM_WRONG)),
        says="key id k9, the published key ids are k1, k2",
    ),
    Case(
        "keycloak.token-signature-wrong",
        fires=(own(Signature.WRONG),),
        silent=(own(), own(Signature.KEY_UNKNOWN), own(Signature.ALGORITHM_WRONG)),
        says="k1 is published, and does not fit",
    ),
    Case(
        "keycloak.token-algorithm-wrong",
        fires=(own(algorithm="ES256"), own(Signature.ALGORITHM_WRONG, algorithm="none")),
        silent=(own(), own(Signature.WRONG)),
        says="the platform expects RS256",
    ),
    Case(
        "keycloak.token-algorithm-wrong",
        fires=(own(Signature.ALGORITHM_WRONG, algorithm="none"),),
        silent=(own(), own(algorithm="ES256")),
        says="Tokens are signed with none",
        context=ASSUMED,
    ),
    Case(
        "keycloak.token-algorithm-unusual",
        fires=(own(algorithm="ES256"), own(Signature.KEY_UNKNOWN, algorithm="PS512")),
        silent=(own(), own(Signature.ALGORITHM_WRONG, algorithm="none")),
        says="RS256 is usual, and no other is configured here",
        context=ASSUMED,
    ),
    Case(
        "keycloak.token-not-yet-valid",
        fires=(own(issued_at=later(31)), own(not_before=later(31))),
        silent=(own(), own(issued_at=later(30)), own(issued_at=None), own(not_before=later(-1))),
        says="becomes valid only in 31 s",
    ),
    Case(
        "keycloak.token-expired",
        fires=(own(expires_at=NOW), own(expires_at=later(-60))),
        silent=(own(), own(expires_at=later(1)), own(expires_at=None)),
        says="expired",
    ),
    Case(
        "keycloak.token-life-short",
        fires=(own(expires_at=later(29)), own(expires_at=later(1))),
        silent=(own(), own(expires_at=later(30)), own(expires_at=NOW), own(issued_at=None), own(expires_at=None)),
        says="(limit 30 s)",
    ),
    Case(
        "keycloak.token-issuer-wrong",
        fires=(own(issuer="https://old.example.org/realms/volaticloud"), own(issuer="")),
        silent=(own(), own(issuer=f"{ISSUER}/")),
        says=f"the platform expects {ISSUER}",
    ),
    Case(
        "token.expired",
        fires=(shown(expires_at=NOW), shown(expires_at=later(-3725))),
        silent=(shown(), shown(expires_at=later(1)), shown(expires_at=None)),
        says="It expired",
    ),
    Case(
        "token.not-yet-valid",
        fires=(shown(issued_at=later(31)), shown(not_before=later(7200))),
        silent=(shown(), shown(issued_at=later(30)), shown(issued_at=None)),
        says="It is valid only in",
    ),
    Case(
        "token.issuer-wrong",
        fires=(shown(issuer="https://other.example.org"), shown(issuer="")),
        silent=(shown(), shown(issuer=f"{ISSUER}/")),
        says=f"{ISSUER} is expected here",
    ),
    Case(
        "token.key-unknown",
        fires=(shown(Signature.KEY_UNKNOWN), shown(Signature.KEY_UNKNOWN, key_id="")),
        silent=(shown(), shown(Signature.WRONG)),
        says="which the realm does not publish",
    ),
    Case(
        "token.signature-wrong",
        fires=(shown(Signature.WRONG),),
        silent=(shown(), shown(Signature.KEY_UNKNOWN), shown(Signature.ALGORITHM_WRONG)),
        says="k1: it was changed, cut or forged",
    ),
    Case(
        "token.algorithm-refused",
        fires=(shown(algorithm="HS256"), shown(Signature.ALGORITHM_WRONG, algorithm="none")),
        silent=(shown(), shown(Signature.WRONG)),
        says="RS256 is expected here",
    ),
    Case(
        "token.algorithm-refused",
        fires=(shown(Signature.ALGORITHM_WRONG, algorithm="HS256"),),
        silent=(shown(), shown(algorithm="ES256")),
        says="It is signed with HS256",
        context=ASSUMED,
    ),
    Case(
        "token.algorithm-unusual",
        fires=(shown(algorithm="ES256"),),
        silent=(shown(), shown(Signature.ALGORITHM_WRONG, algorithm="none")),
        says="It is signed with ES256",
        context=ASSUMED,
    ),
    Case(
        "token.not-an-access-token",
        fires=(shown(kind="ID"), shown(kind="Refresh")),
        silent=(shown(), shown(kind="")),
        says="It is of the type",
    ),
    Case(
        "token.inactive",
        fires=(TokenActivity(OK, active=False),),
        silent=(TokenActivity(OK, active=True),),
        says="Keycloak counts it as inactive",
    ),
)
