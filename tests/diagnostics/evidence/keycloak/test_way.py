"""Tests of the way to Keycloak: a connection and the realm's requests, of which either may get through or not."""

import pytest

from diagnostics.evidence.http import CERTIFICATE_REFUSED, Answer, Exchange, NoAnswer, Stage
from diagnostics.evidence.keycloak.kinds import (
    KeycloakDiscovery,
    KeycloakKeys,
    KeycloakReach,
    KeycloakRealm,
    RealmPage,
)
from diagnostics.evidence.keycloak.way import KeycloakWay
from diagnostics.evidence.network import Attempt, Certificate, Reached
from diagnostics.model import Evidence, Reason, Unobserved
from diagnostics.observe import Seen
from tests.diagnostics.toys import NOW


def ended(stage: Stage) -> NoAnswer:
    return NoAnswer(stage, "why", timed_out=False, took_ms=1)


OPEN, SERVED, SILENT = Reached("host", 443, tls=True), Answer(200, 1), ended(Stage.ANSWER)
LATE = ended(Stage.TLS)
SHUT = Reached("host", 443, tls=True, failure=LATE)
DROPPED = ended(Stage.CONNECT)


def way(reached: Reached, *pages: Exchange) -> KeycloakWay:
    realm = KeycloakRealm(tuple(RealmPage(str(n), one) for n, one in enumerate(pages)))
    found = Seen({KeycloakReach: KeycloakReach(reached), KeycloakRealm: realm}).get(KeycloakWay)
    assert isinstance(found, KeycloakWay)
    return found


@pytest.mark.parametrize(
    ("seen", "is_open", "failure", "stumble"),
    [
        (way(OPEN, SERVED, SERVED), True, None, None),
        (way(OPEN, SILENT), True, None, None),
        (way(SHUT, SERVED), True, None, LATE),
        (way(SHUT, SILENT), True, None, LATE),
        (way(SHUT, DROPPED, SERVED), True, None, LATE),
        (way(OPEN, SERVED, DROPPED), True, None, DROPPED),
        (way(OPEN, DROPPED, DROPPED), False, DROPPED, DROPPED),
        (way(SHUT, DROPPED, DROPPED), False, LATE, LATE),
        (way(OPEN), False, None, None),
    ],
)
def test_who_gets_through(
    seen: KeycloakWay,
    is_open: bool,  # noqa: FBT001 a column of the table
    failure: NoAnswer | None,
    stumble: NoAnswer | None,
) -> None:
    """Is open when one request got through, whatever came of it then, and ends where the connection ended if not."""
    assert (seen.open, seen.failure, seen.stumble) == (is_open, failure, stumble)


def certificate(name: str) -> Certificate:
    return Certificate(name, "issuer", (name,), NOW, NOW, "ab")


def test_the_certificate_of_the_address_that_failed() -> None:
    """Shows the certificate of the address that was refused, not that of another one that was trusted."""
    refused = NoAnswer(Stage.TLS, "why", timed_out=False, took_ms=1, code=CERTIFICATE_REFUSED)
    both = {"certificate": certificate("good"), "lost": (Attempt("192.0.2.8", refused, certificate("bad")),)}
    reached = Reached("host", 443, tls=True, **both)  # type: ignore[arg-type]  # fields by name
    assert way(reached, SERVED).certificate == certificate("good")
    assert way(reached, refused).certificate == certificate("bad")
    assert way(reached, LATE).certificate is None
    alone = Reached("host", 443, tls=True, certificate=certificate("bad"), failure=refused)
    assert way(alone, LATE).certificate == certificate("bad")


def test_a_connection_lost_later() -> None:
    """Sees also that a page behind the realm's could not be connected to."""
    realm = KeycloakRealm((RealmPage("", SERVED),))
    for later in (KeycloakDiscovery(DROPPED), KeycloakKeys(DROPPED)):
        found = Seen({KeycloakReach: KeycloakReach(OPEN), KeycloakRealm: realm, type(later): later}).get(KeycloakWay)
        assert isinstance(found, KeycloakWay)
        assert (found.open, found.stumble) == (True, DROPPED)


def test_without_the_realm() -> None:
    """Goes by the connection alone where the realm's requests were not seen."""
    unseen = Unobserved("the realm page", Reason.TIMEOUT, "why")
    found = Seen({KeycloakReach: KeycloakReach(SHUT), KeycloakRealm: unseen}).get(KeycloakWay)
    assert found == KeycloakWay(SHUT)


def test_without_the_connection() -> None:
    """Is not seen where the connection was not."""
    unseen = Unobserved("the connection", Reason.TIMEOUT, "why")
    realm: Evidence = KeycloakRealm((RealmPage("", SERVED),))
    assert Seen({KeycloakReach: unseen, KeycloakRealm: realm}).get(KeycloakWay) == Unobserved(
        KeycloakWay.WHAT, Reason.DEPENDS, f"It needs {unseen.what}. {unseen.detail}"
    )
