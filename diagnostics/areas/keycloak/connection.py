"""Checks of the way to Keycloak: name, connection, certificate."""

import shlex
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address

from diagnostics.areas.keycloak.platform import host
from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.http import DATES_REFUSED, Stage
from diagnostics.evidence.keycloak.way import KeycloakWay
from diagnostics.evidence.network import Attempt, Certificate, Reached
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
#: From two days on, days are what a person counts in.
_HOURS_AS_DAYS = 48


@check(KeycloakWay, "keycloak.name-unknown", "Keycloak's name is not known", _CRITICAL, Section.KEYCLOAK)
def name_unknown(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """Without an address nothing can reach Keycloak: a wrong host name, a missing DNS record, or a dead resolver."""
    failure = seen.failure
    if failure and failure.stage is Stage.NAME:
        summary = f"The name {seen.reached.host} cannot be looked up: {failure.detail}"
        yield Sign(host(context), summary, _facts(seen), f"getent ahosts {shlex.quote(seen.reached.host)}")


@check(KeycloakWay, "keycloak.refused", "Nothing listens at Keycloak's address", _CRITICAL, Section.KEYCLOAK)
def refused(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """A refused connection means that the host is there and Keycloak is not: stopped, crashed, or another port."""
    failure = seen.failure
    if failure and failure.stage is Stage.CONNECT and not failure.timed_out and not failure.no_way:
        summary = f"Keycloak does not accept connections at {_address(seen.reached)}: {failure.detail}"
        yield Sign(host(context), summary, _facts(seen), _connect_command(seen.reached))


@check(KeycloakWay, "keycloak.no-route", "No way leads to Keycloak's address", _CRITICAL, Section.KEYCLOAK)
def no_route(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """The network itself says so, and not the host: a missing route, a VPN that is down, a firewall that forbids."""
    failure = seen.failure
    if failure and failure.no_way:
        summary = f"The network knows no way to {_address(seen.reached)}: {failure.detail}"
        yield Sign(host(context), summary, _facts(seen), _route_command(seen.reached))


@check(KeycloakWay, "keycloak.connect-timeout", "Connections to Keycloak time out", _CRITICAL, Section.KEYCLOAK)
def connect_timeout(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """Silence instead of a refusal is how a firewall or a network policy drops connections, or a host that is off."""
    failure = seen.failure
    if failure and failure.stage is Stage.CONNECT and failure.timed_out:
        summary = (
            f"No connection to {_address(seen.reached)} within {failure.took_ms} ms: "
            "a firewall or network policy drops it, or the host is off"
        )
        yield Sign(host(context), summary, _facts(seen), _connect_command(seen.reached))


@check(
    KeycloakWay,
    "keycloak.address-unusable",
    "Not every address of Keycloak's name can be used",
    _WARNING,
    Section.KEYCLOAK,
)
def address_unusable(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """Who is given the dead address waits or fails, and others do not: a stale DNS record, a dead node of several."""
    reached = seen.reached
    lost = () if reached.failure else tuple(one for one in reached.lost if _is_theirs(one, reached))
    if lost:
        named = ", ".join(f"{one.address} ({one.failure.stage}: {one.failure.detail})" for one in lost)
        summary = f"{len(lost)} of {len(reached.addresses)} addresses of {reached.host} cannot be used: {named}"
        yield Sign(host(context), summary, _facts(seen), f"getent ahosts {shlex.quote(reached.host)}")


@check(
    KeycloakWay,
    "keycloak.connection-unsteady",
    "Connections to Keycloak fail now and then",
    _WARNING,
    Section.KEYCLOAK,
)
def connection_unsteady(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """One request got through, another did not: lost packets, an overloaded server, or one node of several."""
    stumble = seen.stumble
    if seen.open and stumble:
        summary = (
            f"Of several connections to {_address(seen.reached)}, one ended at {stumble.stage} after "
            f"{stumble.took_ms} ms ({stumble.detail}); another was answered"
        )
        yield Sign(host(context), summary, _facts(seen), _connect_command(seen.reached))


@check(
    KeycloakWay,
    "keycloak.name-lookup-slow",
    "Looking up Keycloak's name is slow",
    _WARNING,
    Section.KEYCLOAK,
)
def name_lookup_slow(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """Every new connection waits for the lookup; slow ones mean a resolver that is dead or asked in vain first."""
    took, limit = seen.reached.lookup_ms, context.limits.name_lookup_slow_ms
    # A lookup that failed is named as that, and of an address nothing is looked up.
    looked_up = bool(seen.reached.addresses) and _ip(seen.reached.host) is None
    if looked_up and took is not None and took >= limit:
        summary = f"Looking up {seen.reached.host} took {took} ms (limit {limit} ms)"
        yield Sign(host(context), summary, _facts(seen), f"time getent ahosts {shlex.quote(seen.reached.host)}")


@check(
    KeycloakWay,
    "keycloak.certificate-expired",
    "Keycloak's certificate has expired",
    _CRITICAL,
    Section.KEYCLOAK,
)
def certificate_expired(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """Every client that checks certificates refuses an expired one, so nobody can log in."""
    certificate = _judged(seen)
    if certificate and certificate.not_after <= context.at:
        ago = _days(context.at - certificate.not_after)
        summary = f"The certificate of {seen.reached.host} expired on {certificate.not_after:%Y-%m-%d}, {ago} ago"
        yield _certificate_sign(seen.reached, certificate, summary, context)


@check(
    KeycloakWay,
    "keycloak.certificate-not-yet-valid",
    "Keycloak's certificate is not valid yet",
    _CRITICAL,
    Section.KEYCLOAK,
)
def certificate_not_yet_valid(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """A certificate from the future is refused; one of the two clocks is wrong, or it was installed too early."""
    certificate = _judged(seen)
    if certificate and certificate.not_before > context.at:
        summary = (
            f"The certificate of {seen.reached.host} is valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC"
        )
        yield _certificate_sign(seen.reached, certificate, summary, context)


@check(
    KeycloakWay,
    "keycloak.certificate-wrong-name",
    "Keycloak's certificate is for another name",
    _CRITICAL,
    Section.KEYCLOAK,
)
def certificate_wrong_name(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """A certificate for another host is refused: the wrong secret in the ingress, or its default certificate."""
    certificate = _judged(seen)
    if certificate and seen.failure and seen.failure.certificate_refused and _is_other(seen, certificate):
        named = ", ".join(certificate.names) or f"no name ({certificate.subject or 'no subject'})"
        summary = f"The certificate shown by {seen.reached.host} is for {named}"
        yield _certificate_sign(seen.reached, certificate, summary, context)


@check(
    KeycloakWay,
    "keycloak.certificate-untrusted",
    "Keycloak's certificate is not trusted",
    _CRITICAL,
    Section.KEYCLOAK,
)
def certificate_untrusted(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """A certificate whose issuer is not known is refused: a private CA that is not installed, or a missing link."""
    certificate, failure = _judged(seen), seen.failure
    if certificate and failure and failure.certificate_refused and _in_order(seen, certificate, context):
        in_its_chain = " (another certificate of its chain)" if failure.code in DATES_REFUSED else ""
        named = f"The certificate of {seen.reached.host}, issued by {certificate.issuer},"
        summary = f"{named} is not trusted: {failure.detail}{in_its_chain}"
        yield _certificate_sign(seen.reached, certificate, summary, context)


@check(KeycloakWay, "keycloak.tls-failed", "The TLS handshake with Keycloak fails", _CRITICAL, Section.KEYCLOAK)
def tls_failed(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
    """Without a handshake there is no certificate to judge: a plain-HTTP port, an old protocol, a broken proxy."""
    failure = seen.failure
    judged = failure and failure.certificate_refused and seen.certificate
    if failure and failure.stage is Stage.TLS and not judged:
        meaning = " (what answers there speaks no TLS)" if failure.no_tls else ""
        summary = f"The TLS handshake with {_address(seen.reached)} fails: {failure.detail}{meaning}"
        yield Sign(host(context), summary, _facts(seen), _tls_command(seen.reached))


@check(
    KeycloakWay,
    "keycloak.certificate-expiring",
    "Keycloak's certificate expires soon",
    _WARNING,
    Section.KEYCLOAK,
)
def certificate_expiring(seen: KeycloakWay, context: Context) -> Iterator[Sign]:
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
    no_route,
    connect_timeout,
    certificate_expired,
    certificate_not_yet_valid,
    certificate_wrong_name,
    certificate_untrusted,
    tls_failed,
    address_unusable,
    connection_unsteady,
    certificate_expiring,
    name_lookup_slow,
)


def covers(names: tuple[str, ...], wanted: str) -> bool:
    """Whether a certificate's names cover a host; a star stands for one label (RFC 6125), an address for its value."""
    address = _ip(wanted)
    if address is not None:
        return any(_ip(name) == address for name in names)
    rest = wanted.lower().partition(".")[2]
    return any(name.lower() in {wanted.lower(), f"*.{rest}"} for name in names)


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _is_theirs(lost: Attempt, reached: Reached) -> bool:
    """Whether a lost address says something of Keycloak. That no way of IPv6 leads out of here is our own affair."""
    gone = {one.address for one in reached.lost}
    usable = {_version(one) for one in reached.addresses if one not in gone}
    ours = lost.failure.no_way and _version(lost.address) not in usable
    address = _ip(lost.address)
    return not ours and not (address and address.is_loopback)


def _version(address: str) -> int:
    return 6 if ":" in address else 4


def _judged(seen: KeycloakWay) -> Certificate | None:
    """The certificate that can be what is wrong; None where a request got through, since it was accepted then."""
    return None if seen.open else seen.certificate


def _is_other(seen: KeycloakWay, certificate: Certificate) -> bool:
    """Whether it is for another name. Who refuses it for something else has not come to the name yet."""
    named = bool(seen.failure and seen.failure.name_refused)
    return named or not covers(certificate.names, seen.reached.host)


def _in_order(seen: KeycloakWay, certificate: Certificate, context: Context) -> bool:
    """Whether dates and names are right, so that a refusal must be about trust."""
    in_time = certificate.not_before <= context.at < certificate.not_after
    return in_time and not _is_other(seen, certificate)


def _address(reached: Reached) -> str:
    return f"[{reached.host}]:{reached.port}" if ":" in reached.host else f"{reached.host}:{reached.port}"


def _days(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= _HOURS_AS_DAYS else f"{hours} h"


def _facts(seen: KeycloakWay) -> tuple[Fact, ...]:
    reached = seen.reached
    facts = [Fact("addresses", ", ".join(reached.addresses) or "none")]
    if reached.lookup_ms is not None:
        facts.append(Fact("name lookup", f"{reached.lookup_ms} ms"))
    if reached.connect_ms is not None:
        facts.append(Fact("connect", f"{reached.connect_ms} ms"))
    if reached.handshake_ms is not None:
        facts.append(Fact("TLS handshake", f"{reached.handshake_ms} ms"))
    if seen.stumble is not None:
        facts.append(Fact(f"ended at {seen.stumble.stage}", seen.stumble.detail))
    if len(reached.addresses) > 1:
        facts.extend(Fact(one.address, f"{one.failure.stage}: {one.failure.detail}") for one in reached.lost)
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
    return f"nc -vz -w 5 {shlex.quote(reached.host)} {reached.port}"


def _route_command(reached: Reached) -> str:
    return f"ip route get {shlex.quote(next(iter(reached.addresses), reached.host))}"


def _tls_command(reached: Reached) -> str:
    name = "" if _ip(reached.host) else f" -servername {shlex.quote(reached.host)}"
    return (
        f"openssl s_client -connect {shlex.quote(_address(reached))}{name} </dev/null"
        " | openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
    )
