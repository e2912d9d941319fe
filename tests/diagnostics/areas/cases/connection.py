"""Cases of the way to Keycloak."""

from datetime import timedelta
from typing import Any

from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.keycloak.kinds import KeycloakReach
from diagnostics.evidence.network import Certificate, Reached
from tests.diagnostics.areas.cases.case import NOW, Case

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def certificate(begins: timedelta = -30 * DAY, ends: timedelta = 60 * DAY, **facts: Any) -> Certificate:
    """A certificate for Keycloak's host, valid unless told otherwise; times count from now."""
    sound: dict[str, Any] = {"subject": "CN=keycloak", "issuer": "CN=The CA", "names": ("keycloak.example.com",)}
    return Certificate(**{**sound, **facts}, not_before=NOW + begins, not_after=NOW + ends, fingerprint="ab" * 32)


def reach(**facts: Any) -> KeycloakReach:
    """A connection that got through, but for what is told otherwise."""
    sound: dict[str, Any] = {
        "host": "keycloak.example.com",
        "port": 8443,
        "tls": True,
        "addresses": ("192.0.2.7",),
        "lookup_ms": 2,
        "connect_ms": 3,
        "handshake_ms": 9,
        "certificate": certificate(),
    }
    return KeycloakReach(Reached(**{**sound, **facts}))


def failed(stage: Stage, words: str, *, timed_out: bool = False, **facts: Any) -> KeycloakReach:
    """A connection that ended at a stage, after 1,500 ms."""
    failure = NoAnswer(stage, words, timed_out=timed_out, took_ms=1500)
    return reach(failure=failure, **{"certificate": None, **facts})


SOUND = reach()
NAME = failed(Stage.NAME, "Name or service not known", addresses=(), connect_ms=None)
REFUSED = failed(Stage.CONNECT, "Connection refused")
DROPPED = failed(Stage.CONNECT, "nothing within 1.5 s", timed_out=True)
UNTRUSTED = failed(Stage.TLS, "unable to get local issuer certificate", certificate=certificate())
PLAIN_PORT = failed(Stage.TLS, "record layer failure")
SLOW_HANDSHAKE = failed(Stage.TLS, "nothing within 1.5 s", timed_out=True, certificate=certificate())


def shown(**facts: Any) -> KeycloakReach:
    """A handshake refused over a certificate with these facts."""
    return failed(Stage.TLS, "certificate verify failed", certificate=certificate(**facts))


CASES = (
    Case(
        "keycloak.name-unknown",
        fires=(NAME, failed(Stage.NAME, "nothing within 1.5 s", timed_out=True, addresses=())),
        silent=(SOUND, REFUSED, PLAIN_PORT),
        says="keycloak.example.com cannot be looked up",
    ),
    Case(
        "keycloak.refused",
        fires=(REFUSED, failed(Stage.CONNECT, "No route to host")),
        silent=(SOUND, DROPPED, NAME, PLAIN_PORT),
        says="keycloak.example.com:8443",
    ),
    Case(
        "keycloak.connect-timeout",
        fires=(DROPPED,),
        silent=(SOUND, REFUSED, NAME, SLOW_HANDSHAKE),
        says="within 1500 ms",
    ),
    Case(
        "keycloak.name-lookup-slow",
        fires=(reach(lookup_ms=500), reach(lookup_ms=4000)),
        silent=(SOUND, reach(lookup_ms=499), reach(lookup_ms=0), reach(lookup_ms=None)),
        says="(limit 500 ms)",
    ),
    Case(
        "keycloak.certificate-expired",
        fires=(shown(ends=0 * DAY), shown(ends=-SECOND), reach(certificate=certificate(ends=-3 * DAY))),
        silent=(SOUND, shown(ends=SECOND), PLAIN_PORT),
        says="ago",
    ),
    Case(
        "keycloak.certificate-expiring",
        fires=(reach(certificate=certificate(ends=14 * DAY)), reach(certificate=certificate(ends=SECOND))),
        silent=(SOUND, reach(certificate=certificate(ends=14 * DAY + SECOND)), shown(ends=0 * DAY), PLAIN_PORT),
        says="The certificate of keycloak.example.com expires in",
    ),
    Case(
        "keycloak.certificate-not-yet-valid",
        fires=(shown(begins=SECOND), shown(begins=DAY)),
        silent=(SOUND, shown(begins=0 * DAY), PLAIN_PORT),
        says="is valid only from 2026-01-0",
    ),
    Case(
        "keycloak.certificate-wrong-name",
        fires=(
            shown(names=("ingress.local",)),
            shown(names=()),
            shown(names=("*.keycloak.example.com",)),
            shown(names=("*.com",)),
        ),
        silent=(SOUND, shown(names=("*.example.com",)), shown(names=("a.b", "KEYCLOAK.Example.com")), PLAIN_PORT),
        says="The certificate shown by keycloak.example.com is for",
    ),
    Case(
        "keycloak.certificate-untrusted",
        fires=(UNTRUSTED,),
        silent=(SOUND, PLAIN_PORT, SLOW_HANDSHAKE, shown(ends=-DAY), shown(begins=DAY), shown(names=("a.b",))),
        says="issued by CN=The CA, is not trusted: unable to get local issuer certificate",
    ),
    Case(
        "keycloak.tls-failed",
        fires=(PLAIN_PORT, SLOW_HANDSHAKE),
        silent=(SOUND, UNTRUSTED, REFUSED, NAME, shown(ends=-DAY)),
        says="The TLS handshake with keycloak.example.com:8443 fails",
    ),
)
