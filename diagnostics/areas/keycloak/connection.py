"""Checks of the way to Keycloak: name, connection, certificate."""

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.areas.keycloak.platform import host
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.keycloak.kinds import KeycloakReach
from diagnostics.evidence.network import Certificate, Reached
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
#: From two days on, days are what a person counts in.
_HOURS_AS_DAYS = 48


@check(KeycloakReach, "keycloak.name-unknown", "Keycloak's name is not known", _CRITICAL, Section.KEYCLOAK)
def name_unknown(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """Without an address nothing can reach Keycloak: a wrong host name, a missing DNS record, or a dead resolver."""
    failure = seen.reached.failure
    if failure and failure.stage is Stage.NAME:
        summary = f"The name {seen.reached.host} cannot be looked up: {failure.detail}"
        yield Sign(host(context), summary, _facts(seen.reached), f"getent ahosts {seen.reached.host}")


@check(KeycloakReach, "keycloak.refused", "Nothing listens at Keycloak's address", _CRITICAL, Section.KEYCLOAK)
def refused(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """A refused connection means that the host is there and Keycloak is not: stopped, crashed, or another port."""
    failure = seen.reached.failure
    if failure and failure.stage is Stage.CONNECT and not failure.timed_out:
        summary = f"Keycloak does not accept connections at {_address(seen.reached)}: {failure.detail}"
        yield Sign(host(context), summary, _facts(seen.reached), _connect_command(seen.reached))


@check(KeycloakReach, "keycloak.connect-timeout", "Connections to Keycloak time out", _CRITICAL, Section.KEYCLOAK)
def connect_timeout(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """Silence instead of a refusal is how a firewall or a network policy drops connections, or a host that is off."""
    failure = seen.reached.failure
    if failure and failure.stage is Stage.CONNECT and failure.timed_out:
        summary = (
            f"No connection to {_address(seen.reached)} within {failure.took_ms} ms: "
            "a firewall or network policy drops it, or the host is off"
        )
        yield Sign(host(context), summary, _facts(seen.reached), _connect_command(seen.reached))


@check(
    KeycloakReach,
    "keycloak.name-lookup-slow",
    "Looking up Keycloak's name is slow",
    _WARNING,
    Section.KEYCLOAK,
)
def name_lookup_slow(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """Every new connection waits for the lookup; slow ones mean a resolver that is dead or asked in vain first."""
    took, limit = seen.reached.lookup_ms, context.limits.name_lookup_slow_ms
    if took is not None and took >= limit:
        summary = f"Looking up {seen.reached.host} took {took} ms (limit {limit} ms)"
        yield Sign(host(context), summary, _facts(seen.reached), f"time getent ahosts {seen.reached.host}")


@check(
    KeycloakReach,
    "keycloak.certificate-expired",
    "Keycloak's certificate has expired",
    _CRITICAL,
    Section.KEYCLOAK,
)
def certificate_expired(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """Every client that checks certificates refuses an expired one, so nobody can log in."""
    certificate = seen.reached.certificate
    if certificate and certificate.not_after <= context.at:
        ago = _days(context.at - certificate.not_after)
        summary = f"The certificate of {seen.reached.host} expired on {certificate.not_after:%Y-%m-%d}, {ago} ago"
        yield _certificate_sign(seen.reached, certificate, summary, context)


@check(
    KeycloakReach,
    "keycloak.certificate-not-yet-valid",
    "Keycloak's certificate is not valid yet",
    _CRITICAL,
    Section.KEYCLOAK,
)
def certificate_not_yet_valid(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """A certificate from the future is refused; one of the two clocks is wrong, or it was installed too early."""
    certificate = seen.reached.certificate
    if certificate and certificate.not_before > context.at:
        summary = (
            f"The certificate of {seen.reached.host} is valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC"
        )
        yield _certificate_sign(seen.reached, certificate, summary, context)


@check(
    KeycloakReach,
    "keycloak.certificate-wrong-name",
    "Keycloak's certificate is for another name",
    _CRITICAL,
    Section.KEYCLOAK,
)
def certificate_wrong_name(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """A certificate for another host is refused: the wrong secret in the ingress, or its default certificate."""
    certificate = seen.reached.certificate
    if certificate and not covers(certificate.names, seen.reached.host):
        named = ", ".join(certificate.names) or certificate.subject or "nobody"
        summary = f"The certificate shown by {seen.reached.host} is for {named}"
        yield _certificate_sign(seen.reached, certificate, summary, context)


@check(
    KeycloakReach,
    "keycloak.certificate-untrusted",
    "Keycloak's certificate is not trusted",
    _CRITICAL,
    Section.KEYCLOAK,
)
def certificate_untrusted(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """A certificate whose issuer is not known is refused: a private CA that is not installed, or a missing link."""
    reached, certificate = seen.reached, seen.reached.certificate
    refused = _tls_failed(reached) and not (reached.failure and reached.failure.timed_out)
    if certificate and refused and _in_order(reached, certificate, context):
        detail = reached.failure.detail if reached.failure else ""
        summary = f"The certificate of {reached.host}, issued by {certificate.issuer}, is not trusted: {detail}"
        yield _certificate_sign(reached, certificate, summary, context)


@check(KeycloakReach, "keycloak.tls-failed", "The TLS handshake with Keycloak fails", _CRITICAL, Section.KEYCLOAK)
def tls_failed(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """Without a handshake there is no certificate to judge: a plain-HTTP port, an old protocol, a broken proxy."""
    failure = seen.reached.failure
    if failure and _tls_failed(seen.reached) and (seen.reached.certificate is None or failure.timed_out):
        summary = f"The TLS handshake with {_address(seen.reached)} fails: {failure.detail}"
        yield Sign(host(context), summary, _facts(seen.reached), _tls_command(seen.reached))


@check(
    KeycloakReach,
    "keycloak.certificate-expiring",
    "Keycloak's certificate expires soon",
    _WARNING,
    Section.KEYCLOAK,
)
def certificate_expiring(seen: KeycloakReach, context: Context) -> Iterator[Sign]:
    """A certificate that should have been renewed by now will take every login down on its last day."""
    certificate = seen.reached.certificate
    if certificate is None:
        return
    left = certificate.not_after - context.at
    if timedelta(0) < left <= timedelta(days=context.limits.certificate_days):
        summary = (
            f"The certificate of {seen.reached.host} expires in {_days(left)}, on {certificate.not_after:%Y-%m-%d}"
        )
        yield _certificate_sign(seen.reached, certificate, summary, context)


CHECKS = (
    name_unknown,
    refused,
    connect_timeout,
    certificate_expired,
    certificate_not_yet_valid,
    certificate_wrong_name,
    certificate_untrusted,
    tls_failed,
    certificate_expiring,
    name_lookup_slow,
)


def covers(names: tuple[str, ...], wanted: str) -> bool:
    """Whether a certificate's names cover a host; a star stands for one label (RFC 6125)."""
    rest = wanted.lower().partition(".")[2]
    return any(name.lower() in {wanted.lower(), f"*.{rest}"} for name in names)


def _tls_failed(reached: Reached) -> bool:
    return isinstance(reached.failure, NoAnswer) and reached.failure.stage is Stage.TLS


def _in_order(reached: Reached, certificate: Certificate, context: Context) -> bool:
    """Whether dates and names are right, so that a refusal must be about trust."""
    in_time = certificate.not_before <= context.at < certificate.not_after
    return in_time and covers(certificate.names, reached.host)


def _address(reached: Reached) -> str:
    return f"{reached.host}:{reached.port}"


def _days(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= _HOURS_AS_DAYS else f"{hours} h"


def _facts(reached: Reached) -> tuple[Fact, ...]:
    facts = [Fact("addresses", ", ".join(reached.addresses) or "none")]
    if reached.lookup_ms is not None:
        facts.append(Fact("name lookup", f"{reached.lookup_ms} ms"))
    if reached.connect_ms is not None:
        facts.append(Fact("connect", f"{reached.connect_ms} ms"))
    if reached.failure is not None:
        facts.append(Fact(f"ended at {reached.failure.stage}", reached.failure.detail))
    return tuple(facts)


def _certificate_sign(reached: Reached, certificate: Certificate, summary: str, context: Context) -> Sign:
    facts = (
        Fact("subject", certificate.subject),
        Fact("names", ", ".join(certificate.names)),
        Fact("issuer", certificate.issuer),
        Fact("valid", f"{certificate.not_before:%Y-%m-%d %H:%M} to {certificate.not_after:%Y-%m-%d %H:%M} UTC"),
    )
    return Sign(host(context), summary, facts, _tls_command(reached))


def _connect_command(reached: Reached) -> str:
    return f"nc -vz -w 5 {reached.host} {reached.port}"


def _tls_command(reached: Reached) -> str:
    return (
        f"openssl s_client -connect {_address(reached)} -servername {reached.host} </dev/null"
        " | openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
    )
