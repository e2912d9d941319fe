"""Cases of the way to Keycloak."""

from datetime import timedelta
from typing import Any

import msgspec

from diagnostics.evidence.http import CERTIFICATE_REFUSED, Exchange, NoAnswer, Stage
from diagnostics.evidence.keycloak.way import KeycloakWay
from diagnostics.evidence.network import Attempt, Certificate, Reached
from tests.diagnostics.areas.cases.case import DOWN, NOW, OK, SILENT, Case
from tests.diagnostics.areas.cases.case import REFUSED as ASKED_IN_VAIN

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def certificate(begins: timedelta = -30 * DAY, ends: timedelta = 60 * DAY, **facts: Any) -> Certificate:
    """A certificate for Keycloak's host, valid unless told otherwise; times count from now."""
    sound: dict[str, Any] = {"subject": "CN=keycloak", "issuer": "CN=The CA", "names": ("keycloak.example.com",)}
    return Certificate(**{**sound, **facts}, not_before=NOW + begins, not_after=NOW + ends, fingerprint="ab" * 32)


def reach(*asked: Exchange, **facts: Any) -> KeycloakWay:
    """A connection that got through, but for what is told otherwise; beside what became of the realm's requests."""
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
    return KeycloakWay(Reached(**{**sound, **facts}), asked)


def failed(stage: Stage, words: str, *, timed_out: bool = False, code: str = "", **facts: Any) -> KeycloakWay:
    """A connection that ended at a stage, after 1,500 ms."""
    failure = NoAnswer(stage, words, timed_out=timed_out, took_ms=1500, code=code)
    return reach(failure=failure, **{"certificate": None, **facts})


def beside(seen: KeycloakWay, *asked: Exchange) -> KeycloakWay:
    """The same connection, beside requests of which this became."""
    return KeycloakWay(seen.reached, asked)


def lost(address: str, code: str, stage: Stage = Stage.CONNECT) -> Attempt:
    """An address that was tried in vain."""
    return Attempt(address, NoAnswer(stage, code, timed_out=not code, took_ms=3400, code=code))


def two(*gone: Attempt, **facts: Any) -> KeycloakWay:
    """A host with two addresses, of which these could not be used."""
    return reach(addresses=("192.0.2.7", "2001:db8::7"), lost=gone, **facts)


SOUND = reach()
NAME = failed(Stage.NAME, "Name or service not known", addresses=(), connect_ms=None)
NAME_LATE = failed(Stage.NAME, "nothing within 2.4 s", timed_out=True, addresses=(), lookup_ms=2400)
REFUSED = failed(Stage.CONNECT, "Connection refused")
DROPPED = failed(Stage.CONNECT, "nothing within 1.5 s", timed_out=True)
UNTRUSTED = failed(
    Stage.TLS, "unable to get local issuer certificate", code=CERTIFICATE_REFUSED, certificate=certificate()
)
NO_ROUTE = failed(Stage.CONNECT, "No route to host", code="EHOSTUNREACH")
NO_NETWORK = failed(Stage.CONNECT, "Network is unreachable", code="ENETUNREACH")
PLAIN_PORT = failed(Stage.TLS, "record layer failure")
SLOW_HANDSHAKE = failed(Stage.TLS, "nothing within 1.5 s", timed_out=True, certificate=certificate())


def shown(code: str = CERTIFICATE_REFUSED, **facts: Any) -> KeycloakWay:
    """A handshake refused over a certificate with these facts."""
    return failed(Stage.TLS, "certificate verify failed", code=code, certificate=certificate(**facts))


def by_address(host: str, *names: str) -> KeycloakWay:
    """A handshake with a host that is asked for by its address."""
    return KeycloakWay(msgspec.structs.replace(shown(names=names).reached, host=host))


SERVED = (OK, DOWN)


CASES = (
    Case(
        "keycloak.name-unknown",
        fires=(NAME, failed(Stage.NAME, "nothing within 1.5 s", timed_out=True, addresses=())),
        silent=(SOUND, REFUSED, PLAIN_PORT, beside(NAME, OK)),
        says="keycloak.example.com cannot be looked up",
    ),
    Case(
        "keycloak.refused",
        fires=(REFUSED, failed(Stage.CONNECT, "Connection refused", code="ECONNREFUSED"), beside(SOUND, ASKED_IN_VAIN)),
        silent=(SOUND, DROPPED, NAME, PLAIN_PORT, NO_ROUTE, beside(REFUSED, DOWN), beside(REFUSED, ASKED_IN_VAIN, OK)),
        says="keycloak.example.com:8443",
    ),
    Case(
        "keycloak.no-route",
        fires=(NO_ROUTE, NO_NETWORK, failed(Stage.CONNECT, "Permission denied", code="EACCES")),
        silent=(SOUND, REFUSED, DROPPED, beside(NO_ROUTE, SILENT)),
        says="no way to keycloak.example.com:8443",
    ),
    Case(
        "keycloak.connect-timeout",
        fires=(DROPPED, beside(DROPPED, ASKED_IN_VAIN)),
        silent=(SOUND, REFUSED, NAME, NO_ROUTE, SLOW_HANDSHAKE, *(beside(DROPPED, one) for one in (*SERVED, SILENT))),
        says="within 1500 ms",
    ),
    Case(
        "keycloak.address-unusable",
        fires=(
            two(lost("2001:db8::7", "ECONNREFUSED")),
            two(lost("2001:db8::7", "")),
            reach(addresses=("192.0.2.8", "2001:db8::7", "::2"), lost=(lost("2001:db8::7", "ENETUNREACH"),)),
            two(lost("2001:db8::7", "CERT_HAS_EXPIRED", Stage.TLS)),
            beside(two(lost("2001:db8::7", "ECONNREFUSED")), OK),
        ),
        silent=(
            SOUND,
            two(),
            two(lost("2001:db8::7", "ENETUNREACH")),
            two(lost("2001:db8::7", "EADDRNOTAVAIL")),
            two(lost("2001:db8::7", "EHOSTUNREACH")),
            two(lost("192.0.2.7", "ENETUNREACH")),
            reach(addresses=("127.0.0.1", "::1"), lost=(lost("::1", "ECONNREFUSED"),)),
            two(lost("192.0.2.7", "ECONNREFUSED"), lost("2001:db8::7", ""), failure=REFUSED.reached.failure),
        ),
        says="addresses of keycloak.example.com cannot be used: 2001:db8::7 (",
    ),
    Case(
        "keycloak.connection-unsteady",
        fires=(beside(DROPPED, OK), beside(REFUSED, DOWN), beside(SLOW_HANDSHAKE, OK), reach(OK, ASKED_IN_VAIN)),
        silent=(SOUND, reach(OK, DOWN), reach(OK, SILENT), DROPPED, beside(DROPPED, ASKED_IN_VAIN)),
        says="another was answered",
    ),
    Case(
        "keycloak.name-lookup-slow",
        fires=(reach(lookup_ms=500), reach(lookup_ms=4000)),
        silent=(
            *(SOUND, reach(lookup_ms=499), reach(lookup_ms=0), reach(lookup_ms=None), NAME_LATE),
            reach(host="192.0.2.7", lookup_ms=900),
        ),
        says="(limit 500 ms)",
    ),
    Case(
        "keycloak.certificate-expired",
        fires=(shown(ends=0 * DAY), shown(ends=-SECOND), reach(certificate=certificate(ends=-3 * DAY))),
        silent=(SOUND, shown(ends=SECOND), PLAIN_PORT, beside(shown(ends=-DAY), OK)),
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
        silent=(SOUND, shown(begins=0 * DAY), PLAIN_PORT, beside(shown(begins=DAY), OK)),
        says="is valid only from 2026-01-0",
    ),
    Case(
        "keycloak.certificate-wrong-name",
        fires=(
            shown(names=("ingress.local",)),
            shown(names=()),
            shown(names=("*.keycloak.example.com",)),
            shown(names=("*.com",)),
            shown("HOSTNAME_MISMATCH", names=("keycloak.example.com",)),
            by_address("192.0.2.7", "keycloak.example.com", "192.0.2.8"),
        ),
        silent=(
            SOUND,
            shown(names=("*.example.com",)),
            shown(names=("a.b", "KEYCLOAK.Example.com")),
            by_address("2001:db8::7", "2001:DB8:0:0::7"),
            PLAIN_PORT,
            SLOW_HANDSHAKE,
            reach(certificate=certificate(names=())),
            failed(Stage.TLS, "reset", code="ECONNRESET", certificate=certificate(names=("a.b",))),
            beside(shown(names=("a.b",)), OK),
        ),
        says=" is for ",
    ),
    Case(
        "keycloak.certificate-untrusted",
        fires=(UNTRUSTED,),
        silent=(
            *(SOUND, PLAIN_PORT, SLOW_HANDSHAKE, shown(ends=-DAY), shown(begins=DAY), shown(names=("a.b",))),
            failed(Stage.TLS, "reset", code="ECONNRESET", certificate=certificate()),
            beside(UNTRUSTED, OK),
        ),
        says="issued by CN=The CA, is not trusted: unable to get local issuer certificate",
    ),
    Case(
        "keycloak.tls-failed",
        fires=(
            PLAIN_PORT,
            SLOW_HANDSHAKE,
            failed(Stage.TLS, "reset", code="ECONNRESET", certificate=certificate()),
            failed(Stage.TLS, "self-signed certificate", code=CERTIFICATE_REFUSED),
        ),
        silent=(SOUND, UNTRUSTED, REFUSED, NAME, shown(ends=-DAY), beside(SLOW_HANDSHAKE, OK)),
        says="The TLS handshake with keycloak.example.com:8443 fails",
    ),
)
