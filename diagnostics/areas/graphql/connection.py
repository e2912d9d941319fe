"""Checks of the way to the backend's endpoints: name, connection, certificate."""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from shlex import quote

from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.evidence.cluster.routes import covers
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Certificate, Reached
from diagnostics.evidence.surface.kinds import SurfaceReach
from diagnostics.evidence.surface.views import host_of
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import few, span

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING


class _Flaw(StrEnum):
    """What is wrong with a certificate; the first of these that holds."""

    EXPIRED = "expired"
    EARLY = "not yet valid"
    NAME = "wrong name"
    UNTRUSTED = "untrusted"
    EXPIRING = "expiring"


@check(SurfaceReach, "graphql.name-unknown", "The backend's name is not known", _CRITICAL, Section.GRAPHQL)
def name_unknown(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """Without an address nobody reaches the API: a wrong host name, a missing DNS record, or a dead resolver."""
    del context
    for one, failure in _ended(seen, Stage.NAME):
        summary = f"The name {one.host} cannot be looked up: {failure.detail}"
        yield Sign(host_of(one.host), summary, _facts(one), f"getent ahosts {quote(one.host)}")


@check(SurfaceReach, "graphql.refused", "Nothing listens at the backend's address", _CRITICAL, Section.GRAPHQL)
def refused(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """A refused connection means that the host is there and nothing serves: no ingress, no proxy, or another port."""
    del context
    for one, failure in _ended(seen, Stage.CONNECT):
        if not failure.timed_out:
            summary = f"No connection to {one.host}:{one.port}: {failure.detail}"
            yield Sign(host_of(one.host), summary, _facts(one), _connect(one))


@check(SurfaceReach, "graphql.connect-timeout", "Connections to the backend time out", _CRITICAL, Section.GRAPHQL)
def connect_timeout(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """Silence instead of a refusal is how a firewall or a network policy drops connections, or a host that is off."""
    del context
    for one, failure in _ended(seen, Stage.CONNECT):
        if failure.timed_out:
            summary = (
                f"No connection to {one.host}:{one.port} within {failure.took_ms} ms: "
                "a firewall or network policy drops it, or the host is off"
            )
            yield Sign(host_of(one.host), summary, _facts(one), _connect(one))


@check(SurfaceReach, "graphql.certificate-expired", "The backend's certificate has expired", _CRITICAL, Section.GRAPHQL)
def certificate_expired(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """Every client that checks certificates refuses an expired one: the API is there and nobody may use it."""
    for one, certificate in _flawed(seen, context, _Flaw.EXPIRED):
        ago = span((context.at - certificate.not_after).total_seconds())
        summary = f"The certificate of {one.host} expired on {certificate.not_after:%Y-%m-%d}, {ago} ago"
        yield _certificate_sign(one, certificate, summary)


@check(
    SurfaceReach,
    "graphql.certificate-not-yet-valid",
    "The backend's certificate is not valid yet",
    _CRITICAL,
    Section.GRAPHQL,
)
def certificate_not_yet_valid(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """A certificate from the future is refused; one of the two clocks is wrong, or it was installed too early."""
    for one, certificate in _flawed(seen, context, _Flaw.EARLY):
        summary = f"The certificate of {one.host} is valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC"
        yield _certificate_sign(one, certificate, summary)


@check(
    SurfaceReach,
    "graphql.certificate-wrong-name",
    "The backend's certificate is for another name",
    _CRITICAL,
    Section.GRAPHQL,
)
def certificate_wrong_name(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """A certificate for another host is refused: the wrong secret in the ingress, or a proxy's placeholder."""
    for one, certificate in _flawed(seen, context, _Flaw.NAME):
        names = few(certificate.names) or certificate.subject or "nobody"
        yield _certificate_sign(one, certificate, f"The certificate shown for {one.host} is for {names}")


@check(
    SurfaceReach,
    "graphql.certificate-untrusted",
    "The backend's certificate is not trusted",
    _CRITICAL,
    Section.GRAPHQL,
)
def certificate_untrusted(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """A certificate whose issuer is not known is refused: a private CA, a staging issuer, or a missing link."""
    for one, certificate in _flawed(seen, context, _Flaw.UNTRUSTED):
        why = one.failure.detail if one.failure else ""
        summary = f"The certificate of {one.host}, issued by {certificate.issuer}, is not trusted: {why}"
        yield _certificate_sign(one, certificate, summary)


@check(SurfaceReach, "graphql.tls-failed", "The TLS handshake with the backend fails", _CRITICAL, Section.GRAPHQL)
def tls_failed(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """Without a handshake there is no certificate to judge: a plain port, an old protocol, or a proxy that hangs."""
    del context
    for one, failure in _ended(seen, Stage.TLS):
        if not failure.certificate_refused:
            summary = f"The TLS handshake with {one.host}:{one.port} fails: {failure.detail}"
            yield Sign(host_of(one.host), summary, _facts(one), _handshake(one))


@check(
    SurfaceReach, "graphql.certificate-expiring", "The backend's certificate expires soon", _WARNING, Section.GRAPHQL
)
def certificate_expiring(seen: SurfaceReach, context: Context) -> Iterator[Sign]:
    """A certificate that should have been renewed by now will make the API unreachable on its last day."""
    for one, certificate in _flawed(seen, context, _Flaw.EXPIRING):
        left = span((certificate.not_after - context.at).total_seconds())
        summary = f"The certificate of {one.host} expires in {left}, on {certificate.not_after:%Y-%m-%d}"
        yield _certificate_sign(one, certificate, summary)


CHECKS = (
    name_unknown,
    refused,
    connect_timeout,
    certificate_expired,
    certificate_not_yet_valid,
    certificate_wrong_name,
    certificate_untrusted,
    tls_failed,
)
#: After all that says what does not work now.
LATER_CHECKS = (certificate_expiring,)


def _ended(seen: SurfaceReach, stage: Stage) -> Iterator[tuple[Reached, NoAnswer]]:
    """The hosts whose connection ended at a stage."""
    return ((one, one.failure) for one in seen.hosts if one.failure and one.failure.stage is stage)


def _flawed(seen: SurfaceReach, context: Context, flaw: _Flaw) -> Iterator[tuple[Reached, Certificate]]:
    """The hosts whose certificate has this flaw, and none that comes before it."""
    for one in seen.hosts:
        if one.certificate and _flaw(one, one.certificate, context) is flaw:
            yield one, one.certificate


def _flaw(one: Reached, certificate: Certificate, context: Context) -> _Flaw | None:
    refusal = one.failure if one.failure and one.failure.certificate_refused else None
    if certificate.not_after <= context.at:
        return _Flaw.EXPIRED
    if certificate.not_before > context.at:
        return _Flaw.EARLY
    if refusal and (refusal.name_refused or not covers(certificate.names, one.host)):
        return _Flaw.NAME
    if refusal:
        return _Flaw.UNTRUSTED
    soon = certificate.not_after - context.at <= timedelta(days=context.limits.certificate_days)
    return _Flaw.EXPIRING if soon else None


def _facts(one: Reached) -> tuple[Fact, ...]:
    lookup = (Fact("name lookup", f"{one.lookup_ms} ms"),) if one.lookup_ms is not None else ()
    failure = (Fact(f"ended at {one.failure.stage}", one.failure.detail),) if one.failure else ()
    return (Fact("addresses", few(one.addresses) or "none"), *lookup, *failure)


def _certificate_sign(one: Reached, certificate: Certificate, summary: str) -> Sign:
    valid = f"{certificate.not_before:%Y-%m-%d %H:%M} to {certificate.not_after:%Y-%m-%d %H:%M} UTC"
    facts = (
        Fact("subject", certificate.subject),
        Fact("names", few(certificate.names) or "none"),
        Fact("issuer", certificate.issuer),
        Fact("valid", valid),
    )
    dates = f"{_handshake(one)} | openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
    return Sign(host_of(one.host), summary, facts, dates)


def _connect(one: Reached) -> str:
    return f"nc -vz -w 5 {quote(one.host)} {one.port}"


def _handshake(one: Reached) -> str:
    return f"openssl s_client -connect {quote(one.host)}:{one.port} -servername {quote(one.host)} </dev/null"
