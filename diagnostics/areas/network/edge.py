"""Checks of the public names: what they resolve to, what answers at the load balancer, which certificate it shows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

from msgspec.structs import replace

from diagnostics.areas.network.naming import controller_facts, kept_facts
from diagnostics.check import Sign, check
from diagnostics.commands import curl
from diagnostics.context import Context
from diagnostics.evidence.cluster.kinds import Host
from diagnostics.evidence.cluster.routes import HostState, PublicNames, covers, unique
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Certificate, Reached
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import counted, few, span

_CRITICAL, _WARNING = Severity.CRITICAL, Severity.WARNING
_SECTION = Section.NETWORK_INGRESS
#: What the gateway means by each status (ingress-nginx): who, behind it, is missing.
_GATEWAY = {
    502: "a pod behind it hangs up, or nothing listens at the port it leads to",
    503: "no ready pod is behind the service it leads to",
    504: "the pods behind it do not answer in time, or a network policy drops the way there",
}
#: What ingress-nginx calls itself in the certificate it shows where it has no better one.
_PLACEHOLDER = "Kubernetes Ingress Controller Fake Certificate"


@dataclass(frozen=True, slots=True)
class _Lost:
    """A name, how far the connection under it got, and where it ended."""

    host: HostState
    reached: Reached
    failure: NoAnswer

    @property
    def timed_out(self) -> bool:
        """Whether a deadline ended it."""
        return self.failure.timed_out


@check(PublicNames, "network.dns-missing", "A public name does not resolve", _CRITICAL, _SECTION)
def dns_missing(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """A name without a record leads nowhere: nobody outside finds the platform, however well it runs."""
    for one, host in _looked_at(seen, context):
        if host.missing:
            detail = host.lookup_failure.detail if host.lookup_failure else "it has no address"
            summary = f"{one.name} does not resolve: {detail}{_should_be(host)}"
            yield _sign(one, summary, _name_facts(host), f"dig +noall +answer +comments {one.name}")


@check(PublicNames, "network.resolver-silent", "A public name could not be looked up", _WARNING, _SECTION)
def resolver_silent(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """The nameserver did not answer, or failed: what the names lead to is not known, and visitors may meet the same."""
    unknown = [(one, host) for one, host in _looked_at(seen, context) if host.lookup_failure and not host.missing]
    if unknown:
        (first, host), names = unknown[0], few(one.name for one, _ in unknown)
        detail = host.lookup_failure.detail if host.lookup_failure else ""
        rests_on = unique(subject for one, _ in unknown for subject in one.rests_on)
        command = f"dig +noall +answer +comments {first.name}"
        yield Sign(
            first.subject, f"{names} could not be looked up: {detail}", _name_facts(host), command, None, rests_on
        )


@check(PublicNames, "network.dns-elsewhere", "A public name leads elsewhere", _WARNING, _SECTION)
def dns_elsewhere(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """The name's record is not the load balancer's address, so its visitors go somewhere else.

    A proxy in front, such as a content network, looks the same: then it is right, and this can be ignored.
    """
    for one, host in _looked_at(seen, context):
        strays = _strays(host)
        if strays:
            summary = (
                f"{one.name} resolves to {few(strays)}, and its load balancer is at {few(host.balancers)}"
                f"{'' if len(strays) == len(host.addresses) else ' (other addresses of it are right)'}"
            )
            yield _sign(one, summary, _name_facts(host), f"dig +short {one.name} A {one.name} AAAA")


@check(PublicNames, "network.lookup-slow", "Looking up a public name is slow", _WARNING, _SECTION)
def lookup_slow(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """Every new visitor waits for the lookup; slow ones mean a nameserver that is dead or asked in vain first."""
    limit = context.limits.name_lookup_slow_ms
    slow = [(host.lookup_ms, one, host) for one, host in _looked_at(seen, context) if _took(host) >= limit]
    if slow:
        worst, one, host = max(slow, key=lambda lookup: lookup[0] or 0)
        others = f"; {counted(len(slow) - 1, 'other name')} took long too" if len(slow) > 1 else ""
        summary = f"Looking up {one.name} took {worst} ms (limit {limit} ms){others}"
        yield _sign(one, summary, _name_facts(host), f"dig {one.name} | grep 'Query time'")


@check(PublicNames, "network.edge-refused", "Nothing listens at the load balancer", _CRITICAL, _SECTION)
def edge_refused(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """A refused connection means that the address is there and no ingress controller listens behind it."""
    for address, lost in _unconnected(seen, context, timed_out=False).items():
        detail = lost[0].failure.detail
        summary = f"The load balancer at {address} does not accept connections for {_names(lost)}: {detail}"
        yield _balancer_sign(address, lost, summary)


@check(PublicNames, "network.edge-timeout", "Connections to the load balancer time out", _CRITICAL, _SECTION)
def edge_timeout(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """Silence instead of a refusal is how a firewall drops connections, or a load balancer without healthy nodes."""
    for address, lost in _unconnected(seen, context, timed_out=True).items():
        summary = (
            f"No connection to the load balancer at {address} for {_names(lost)} within {lost[0].failure.took_ms} ms: "
            "a firewall drops it, or no node behind it is healthy"
        )
        yield _balancer_sign(address, lost, summary)


@check(PublicNames, "network.edge-tls-failed", "The TLS handshake at the load balancer fails", _CRITICAL, _SECTION)
def edge_tls_failed(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """Without a handshake there is no certificate to judge: a plain port, an old protocol, or a proxy that hangs."""
    failed = (one for one in _failed(seen, context, Stage.TLS) if one.reached.certificate is None or one.timed_out)
    for address, lost in _by_balancer(failed).items():
        summary = f"The TLS handshake for {_names(lost)} at {address} fails: {lost[0].failure.detail}"
        yield _shared_sign(address, lost, summary, _reach_facts(lost[0].reached), _tls_command(lost[0].host))


@check(PublicNames, "network.edge-silent", "The load balancer does not answer a request", _CRITICAL, _SECTION)
def edge_silent(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """The connection stands and no answer comes: the controller hangs, or something between cuts requests off."""
    for address, lost in _by_balancer(_unanswered(seen, context)).items():
        failure = lost[0].failure
        summary = f"{_names(lost)} at {address} can be connected to and does not answer GET /: {failure.detail}"
        facts = (Fact("GET /", f"{failure.detail} (after {failure.took_ms} ms)"),)
        yield _shared_sign(address, lost, summary, facts, _curl(lost[0].host, context))


@check(PublicNames, "network.gateway-error", "The ingress controller answers an error of its own", _CRITICAL, _SECTION)
def gateway_error(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """The controller runs and cannot hand requests on; the status says what is missing behind it."""
    for one, host in _looked_at(seen, context):
        if host.status in _GATEWAY:
            summary = f"{one.name} answers {host.status}: {_GATEWAY[host.status]}"
            facts = (Fact("GET /", f"HTTP {host.status}"), Fact("ingress", few(one.ingresses)))
            yield _sign(one, summary, facts, _curl(one, context))


@check(PublicNames, "network.certificate-expired", "A public name's certificate has expired", _CRITICAL, _SECTION)
def certificate_expired(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """Every client that checks certificates refuses an expired one: nobody reaches this name any more."""
    for one, certificate in _certificates(seen, context):
        if certificate.not_after <= context.at:
            ago = span((context.at - certificate.not_after).total_seconds())
            summary = f"The certificate of {one.name} expired on {certificate.not_after:%Y-%m-%d}, {ago} ago"
            yield _certificate_sign(one, certificate, summary)


@check(
    PublicNames,
    "network.certificate-not-yet-valid",
    "A public name's certificate is not valid yet",
    _CRITICAL,
    _SECTION,
)
def certificate_not_yet_valid(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """A certificate from the future is refused; one of the two clocks is wrong, or it was installed too early."""
    for one, certificate in _certificates(seen, context):
        if certificate.not_before > context.at:
            since = f"{certificate.not_before:%Y-%m-%d %H:%M} UTC"
            yield _certificate_sign(one, certificate, f"The certificate of {one.name} is valid only from {since}")


@check(
    PublicNames,
    "network.certificate-wrong-name",
    "A public name's certificate is for another name",
    _CRITICAL,
    _SECTION,
)
def certificate_wrong_name(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """A certificate for another host is refused: the wrong secret in the ingress, or the controller's placeholder."""
    for one, certificate in _certificates(seen, context):
        if not covers(certificate.names, one.name):
            named = few(certificate.names) or certificate.subject or "nobody"
            yield _certificate_sign(one, certificate, f"{_for_another(one, certificate, named)}{_in_secret(one)}")


@check(PublicNames, "network.certificate-untrusted", "A public name's certificate is not trusted", _CRITICAL, _SECTION)
def certificate_untrusted(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """A certificate whose issuer is not known is refused: a private CA, a staging issuer, or a missing link."""
    for lost in _failed(seen, context, Stage.TLS):
        one, certificate, failure = lost.host, lost.reached.certificate, lost.failure
        if certificate and one.tls and not failure.timed_out and _in_order(one, certificate, context):
            detail = f"issued by {certificate.issuer}, is not trusted: {failure.detail}"
            yield _certificate_sign(one, certificate, f"The certificate of {one.name}, {detail}")


@check(PublicNames, "network.certificate-expiring", "A public name's certificate expires soon", _WARNING, _SECTION)
def certificate_expiring(seen: PublicNames, context: Context) -> Iterator[Sign]:
    """A certificate that should have been renewed by now will make this name unreachable on its last day."""
    for one, certificate in _certificates(seen, context):
        left = certificate.not_after - context.at
        if timedelta(0) < left <= timedelta(days=context.limits.certificate_days):
            day = f"{certificate.not_after:%Y-%m-%d}"
            yield _certificate_sign(
                one, certificate, f"The certificate of {one.name} expires in {span(left.total_seconds())}, on {day}"
            )


CHECKS = (
    dns_missing,
    dns_elsewhere,
    edge_refused,
    edge_timeout,
    certificate_expired,
    certificate_not_yet_valid,
    certificate_wrong_name,
    certificate_untrusted,
    edge_tls_failed,
    gateway_error,
    edge_silent,
    certificate_expiring,
    resolver_silent,
    lookup_slow,
)


def _ours(seen: PublicNames, context: Context) -> Iterator[HostState]:
    """The names that the platform's controller serves, without those that stand for many."""
    mine, kind = context.cluster.controller_class, seen.kind_of(context.cluster.controller)
    ours = (one for one in seen.hosts if mine in one.controllers and not one.name.startswith("*"))
    return (replace(one, served_by=kind) for one in ours)


def _looked_at(seen: PublicNames, context: Context) -> Iterator[tuple[HostState, Host]]:
    return ((one, one.seen) for one in _ours(seen, context) if one.seen)


def _failed(seen: PublicNames, context: Context, stage: Stage) -> Iterator["_Lost"]:
    """The names for which the connection to the load balancer ended at a stage."""
    for one, host in _looked_at(seen, context):
        failure = host.reached.failure if host.reached else None
        if host.reached and failure and failure.stage is stage:
            yield _Lost(one, host.reached, failure)


def _unconnected(seen: PublicNames, context: Context, *, timed_out: bool) -> dict[str, list["_Lost"]]:
    """The names that could not be connected to, by the load balancer's address: it is at fault, not each of them."""
    return _by_balancer(one for one in _failed(seen, context, Stage.CONNECT) if one.timed_out is timed_out)


def _unanswered(seen: PublicNames, context: Context) -> Iterator["_Lost"]:
    """The names that could be connected to, and whose request got no answer."""
    for one, host in _looked_at(seen, context):
        if host.reached and host.no_status and host.no_status.stage is Stage.ANSWER:
            yield _Lost(one, host.reached, host.no_status)


def _by_balancer(some: Iterable["_Lost"]) -> dict[str, list["_Lost"]]:
    found: dict[str, list[_Lost]] = defaultdict(list)
    for lost in some:
        found[_address(lost.reached)].append(lost)
    return found


def _names(some: list["_Lost"]) -> str:
    return few(lost.host.name for lost in some)


def _balancer_sign(address: str, some: list["_Lost"], summary: str) -> Sign:
    reached = some[0].reached
    rests_on = unique(subject for lost in some for subject in lost.host.rests_on)
    command = f"nc -vz -w 5 {_plain(reached)} {reached.port}"
    return Sign(Subject("load balancer", address), summary, _reach_facts(reached), command, None, rests_on)


def _shared_sign(address: str, some: list["_Lost"], summary: str, facts: tuple[Fact, ...], command: str) -> Sign:
    """A sign of the one name it is about; where several share it, of the load balancer that they share."""
    if len(some) == 1:
        return _sign(some[0].host, summary, facts, command)
    rests_on = unique(subject for lost in some for subject in lost.host.rests_on)
    facts = (*facts, *controller_facts(some[0].host.served_by))
    return Sign(Subject("load balancer", address), summary, facts, command, None, rests_on)


def _certificates(seen: PublicNames, context: Context) -> Iterator[tuple[HostState, Certificate]]:
    """The certificate of each name: the one shown, or where none was seen the one in its secret."""
    for one in _ours(seen, context):
        shown = one.seen.reached.certificate if one.seen and one.seen.reached else None
        certificate = shown or (one.sealed.certificate if one.sealed else None)
        if certificate and one.tls:
            yield one, certificate


def _in_order(one: HostState, certificate: Certificate, context: Context) -> bool:
    """Whether dates and names are right, so that a refusal must be about trust."""
    in_time = certificate.not_before <= context.at < certificate.not_after
    return in_time and covers(certificate.names, one.name)


def _took(host: Host) -> int:
    """How many ms a lookup took that gave something; 0 for one that gave nothing, which is another's to name."""
    return 0 if host.lookup_failure or host.lookup_ms is None else host.lookup_ms


def _strays(host: Host) -> tuple[str, ...]:
    """The addresses of a name that are none of its load balancer's, of the families the load balancer has."""
    try:
        balancers = {ip_address(one) for one in host.balancers}
        found = [ip_address(one) for one in host.addresses]
    except ValueError:
        return ()  # a load balancer known by name only: whether its addresses are these is not known
    if any(one.is_global for one in found) and not any(one.is_global for one in balancers):
        return ()  # a load balancer behind a router: no public name can have its address
    families = {one.version for one in balancers}
    right = any(one in balancers for one in found)
    judged = [one for one in found if one.version in families or not right]
    return tuple(str(one) for one in judged if one not in balancers) if balancers else ()


def _should_be(host: Host) -> str:
    return f"; its load balancer is at {few(host.balancers)}" if host.balancers else ""


def _for_another(one: HostState, certificate: Certificate, named: str) -> str:
    if _PLACEHOLDER in certificate.subject:
        return f"{one.name} shows the ingress controller's placeholder certificate, for {named}"
    return f"The certificate of {one.name} is for {named}"


def _in_secret(one: HostState) -> str:
    """What is in the secret, where that is why a placeholder is shown."""
    kept = one.sealed.certificate if one.sealed else None
    return f"; the one in secret {one.secret} is for {few(kept.names) or 'nobody'}" if kept and one.seen else ""


def _sign(one: HostState, summary: str, facts: tuple[Fact, ...], command: str) -> Sign:
    return Sign(one.subject, summary, (*facts, *controller_facts(one.served_by)), command, None, one.rests_on)


def _certificate_sign(one: HostState, certificate: Certificate, summary: str) -> Sign:
    valid = f"{certificate.not_before:%Y-%m-%d %H:%M} to {certificate.not_after:%Y-%m-%d %H:%M} UTC"
    facts = (
        Fact("subject", certificate.subject),
        Fact("names", few(certificate.names) or "none"),
        Fact("issuer", certificate.issuer),
        Fact("valid", valid),
        Fact("secret", one.secret or "none"),
        *kept_facts(one.kept_by),
    )
    return _sign(one, summary, facts, _tls_command(one))


def _name_facts(host: Host) -> tuple[Fact, ...]:
    took = (Fact("name lookup", f"{host.lookup_ms} ms"),) if host.lookup_ms is not None else ()
    failure = (Fact("lookup ended", host.lookup_failure.detail),) if host.lookup_failure else ()
    addresses = Fact("resolves to", ", ".join(host.addresses) or "nothing")
    return (addresses, Fact("load balancer", ", ".join(host.balancers) or "unknown"), *took, *failure)


def _reach_facts(reached: Reached) -> tuple[Fact, ...]:
    took = (Fact("connect", f"{reached.connect_ms} ms"),) if reached.connect_ms is not None else ()
    failure = reached.failure
    ended = (Fact(f"ended at {failure.stage}", failure.detail),) if failure else ()
    return (Fact("load balancer", _address(reached)), *took, *ended)


def _plain(reached: Reached) -> str:
    return reached.addresses[0] if reached.addresses else reached.host


def _address(reached: Reached) -> str:
    address = _plain(reached)
    return f"[{address}]:{reached.port}" if ":" in address else f"{address}:{reached.port}"


def _connect_to(one: HostState) -> str:
    """The load balancer's address, to which a command must go whatever the name resolves to."""
    reached = one.seen.reached if one.seen else None
    return _address(reached) if reached else f"{one.name}:443"


def _curl(one: HostState, context: Context) -> str:
    asked = f"--connect-to ::{_connect_to(one)} https://{one.name}/"
    return f"{curl(context.cluster.ca_file)} -m 10 -o /dev/null -w '%{{http_code}}\\n' {asked}"


def _tls_command(one: HostState) -> str:
    return (
        f"openssl s_client -connect {_connect_to(one)} -servername {one.name} </dev/null"
        " | openssl x509 -noout -subject -issuer -dates -ext subjectAltName"
    )
