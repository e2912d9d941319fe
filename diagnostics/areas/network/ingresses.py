"""Checks of ingresses: their class, their services and ports, their annotations, their certificates' secrets."""

from collections import defaultdict
from collections.abc import Iterator

from diagnostics.areas.network.annotations import PREFIX, clashes, own, unknown
from diagnostics.areas.network.naming import kept_facts
from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.routes import IngressRoutes, IngressState, backends, by_annotation, port_of, unique
from diagnostics.evidence.cluster.services import Route, Sealed
from diagnostics.model import Fact, Severity, Subject
from diagnostics.runbook import Section
from diagnostics.words import few

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
_SECTION = Section.NETWORK_INGRESS
_TLS = "kubernetes.io/tls"
_PAIR = ("tls.crt", "tls.key")


@check(IngressRoutes, "network.ingress-class-unknown", "No controller serves an ingress's class", _CRITICAL, _SECTION)
def ingress_class_unknown(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """An ingress whose class does not exist is ignored by every controller: its hosts answer 404."""
    there = few(one.name for one in seen.classes) or "none"
    for one in seen.ingresses:
        if not one.known or one.controller or by_annotation(one.ingress):
            continue
        wanted, given = one.ingress.class_name, one.ingress.addresses
        asks = f"asks for class {wanted}, which does not exist" if wanted else "names no class, and none is the default"
        summary = f"Ingress {one.ingress.name} {asks}, so no controller serves it; classes there are: {there}"
        known = (Fact("addresses it was given", few(given)),) if given else ()
        facts = (Fact("class", wanted or "none"), Fact("classes there are", there), *known)
        command = f"{context.cluster.kubectl} get ingressclasses"
        # A controller may be told to serve those without a class; the address is its, or is left over.
        weight = _WARNING if given and not wanted else None
        yield Sign(one.subject, summary, facts, command, weight, one.rests_on)


@check(IngressRoutes, "network.ingress-elsewhere", "Another controller serves an ingress", _NOTE, _SECTION)
def ingress_elsewhere(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """It is served by a controller that is not looked at here, so nothing is said of what that makes of it."""
    mine = context.cluster.controller_class
    for one in seen.ingresses:
        wanted = one.ingress.class_name
        # Of the old annotation any controller may make what it likes: Google's and Amazon's have no class for it.
        who = one.controller or (f"whoever serves class {wanted}" if by_annotation(one.ingress) else "")
        if who and who != mine:
            summary = f"Ingress {one.ingress.name} is served by {who}, not by {mine}; it is left alone"
            facts = (Fact("class", wanted or "the default"), Fact("controller", one.controller or "not known"))
            yield Sign(one.subject, summary, facts, _describe(one, context))


@check(
    IngressRoutes,
    "network.ingress-service-missing",
    "An ingress leads to a service that is missing",
    _CRITICAL,
    _SECTION,
)
def ingress_service_missing(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """The controller answers 503 for every path whose service does not exist."""
    for one in _mine(seen, context):
        if one.services is None:
            continue
        missing = unique(to.service for to in backends(one.ingress) if one.service(to.service) is None)
        if missing:
            there = few(service.name.name for service in one.services) or "none"
            summary = (
                f"Ingress {one.ingress.name} leads to {_services(missing)} in namespace {one.ingress.name.namespace}; "
                f"there are: {there}"
            )
            facts = (Fact("missing", few(missing)), Fact("paths that lead there", _paths(one, missing)))
            yield Sign(one.subject, summary, facts, _describe(one, context), None, one.rests_on)


@check(
    IngressRoutes, "network.ingress-port-missing", "An ingress leads to a port its service lacks", _CRITICAL, _SECTION
)
def ingress_port_missing(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """The service is there and has no such port, so the controller finds nobody behind it and answers 503."""
    for one in _mine(seen, context):
        wrong = []
        for to in backends(one.ingress):
            service = one.service(to.service)
            if service and not service.external_name and port_of(service, to.port) is None:
                ports = few(f"{port.number}{f' ({port.name})' if port.name else ''}" for port in service.ports)
                wrong.append(f"port {to.port} of service {to.service}, which has {ports or 'none'}")
        if wrong:
            summary = f"Ingress {one.ingress.name} leads to {few(wrong)}"
            facts = tuple(Fact("leads to", words) for words in wrong)
            yield Sign(one.subject, summary, facts, _describe(one, context), None, one.rests_on)


@check(IngressRoutes, "network.ingress-conflict", "Two ingresses claim one host and path", _WARNING, _SECTION)
def ingress_conflict(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """Only one of them is served, the older one: which of two services answers is then decided by age."""
    claims: dict[tuple[str, str, str], list[tuple[IngressState, Route]]] = defaultdict(list)
    for one in _mine(seen, context):
        for route in () if _canary(one) else one.ingress.routes:
            claims[route.host, route.path, _kind(route)].append((one, route))
    by_host: dict[str, list[list[tuple[IngressState, Route]]]] = defaultdict(list)
    for (host, _, _), claimed in claims.items():
        if len({state.ingress.name for state, _ in claimed}) > 1:
            by_host[host].append(claimed)
    for host, conflicts in by_host.items():
        yield _conflict(host, conflicts, context)


@check(
    IngressRoutes,
    "network.ingress-annotation-unknown",
    "The controller does not know an annotation",
    _WARNING,
    _SECTION,
)
def ingress_annotation_unknown(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """An annotation that is misspelt is ignored in silence: what it should set is not set."""
    for one in _mine(seen, context):
        strange = unknown(one.ingress)
        if strange:
            told = few(f"{name} ({meant})" for name, meant in strange)
            summary = f"Ingress {one.ingress.name} has annotations that ingress-nginx does not know: {told}"
            facts = tuple(Fact(f"{PREFIX}{name}", meant) for name, meant in strange)
            yield Sign(one.subject, summary, facts, _describe(one, context), None, one.rests_on)


@check(IngressRoutes, "network.ingress-annotation-clash", "Annotations of an ingress clash", _WARNING, _SECTION)
def ingress_annotation_clash(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """The controller takes one of them, or none, and says so in its log at most."""
    for one in _mine(seen, context):
        wrong = clashes(one.ingress)
        if wrong:
            summary = f"Annotations of ingress {one.ingress.name} do not go together: {few(wrong)}"
            facts = tuple(Fact("clash", words) for words in wrong)
            yield Sign(one.subject, summary, facts, _describe(one, context), None, one.rests_on)


@check(
    IngressRoutes,
    "network.tls-secret-missing",
    "The secret of an ingress's certificate is missing",
    _CRITICAL,
    _SECTION,
)
def tls_secret_missing(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """Without it the controller shows a placeholder certificate, which every client refuses."""
    for secret, states in _secrets(seen, context):
        if not secret.exists:
            hosts = _hosts(secret, states)
            summary = f"Secret {secret.name}, with the certificate for {few(hosts)}, does not exist"
            yield _secret_sign(secret, states, summary, (Fact("hosts", few(hosts)),), context)


@check(
    IngressRoutes,
    "network.tls-secret-unusable",
    "The secret of an ingress's certificate is unusable",
    _CRITICAL,
    _SECTION,
)
def tls_secret_unusable(seen: IngressRoutes, context: Context) -> Iterator[Sign]:
    """A secret without a readable certificate and its key is as good as none: the controller shows a placeholder."""
    for secret, states in _secrets(seen, context):
        fault = _unusable(secret)
        if secret.exists and fault:
            hosts = _hosts(secret, states)
            summary = f"Secret {secret.name}, with the certificate for {few(hosts)}, is of no use: {fault}"
            facts = (
                Fact("type", secret.type or "unknown"),
                Fact("keys", few(key.name for key in secret.keys) or "none"),
            )
            yield _secret_sign(secret, states, summary, facts, context)


CHECKS = (
    ingress_class_unknown,
    tls_secret_missing,
    tls_secret_unusable,
    ingress_service_missing,
    ingress_port_missing,
    ingress_conflict,
    ingress_annotation_clash,
    ingress_annotation_unknown,
    ingress_elsewhere,
)


def _mine(seen: IngressRoutes, context: Context) -> tuple[IngressState, ...]:
    """The ingresses that the platform's controller serves."""
    return seen.served_by(context.cluster.controller_class)


def _describe(one: IngressState, context: Context) -> str:
    return kubectl(context, "describe ingress", one.ingress.name)


def _services(names: tuple[str, ...]) -> str:
    return (
        f"service {names[0]}, which does not exist" if len(names) == 1 else f"services {few(names)}, which do not exist"
    )


def _paths(one: IngressState, services: tuple[str, ...]) -> str:
    routes = (route for route in one.ingress.routes if route.backend.service in services)
    return few(f"{route.host}{route.path}" for route in routes) or "the default backend"


def _canary(one: IngressState) -> bool:
    return own(one.ingress).get("canary") == "true"


def _kind(route: Route) -> str:
    """What a path's type comes to for nginx: a location by its beginning, or an exact one."""
    return "Exact" if route.kind == "Exact" else "Prefix"


def _conflict(host: str, conflicts: list[list[tuple[IngressState, Route]]], context: Context) -> Sign:
    states = {state.ingress.name: state for claimed in conflicts for state, _ in claimed}
    paths = few(claimed[0][1].path or "/" for claimed in conflicts)
    places = [{(state.ingress.name.namespace, route.backend) for state, route in claimed} for claimed in conflicts]
    differ = any(len(one) > 1 for one in places)
    what = "and lead to different services" if differ else "and lead to the same service"
    summary = f"Ingresses {few(states)} claim {paths} of {host or 'every host'}, {what}; only the oldest is served"
    facts = tuple(
        Fact(f"{state.ingress.name} {route.path}", f"service {route.backend.service}, port {route.backend.port}")
        for claimed in conflicts
        for state, route in claimed
    )
    rests_on = unique(subject for state in states.values() for subject in (state.subject, *state.rests_on))
    command = f"{context.cluster.kubectl} get ingress -A --sort-by=.metadata.creationTimestamp"
    return Sign(Subject("host", host or "*"), summary, facts, command, None if differ else _NOTE, rests_on)


def _secrets(seen: IngressRoutes, context: Context) -> Iterator[tuple[Sealed, list[IngressState]]]:
    """Each secret with a certificate, and the ingresses that use it."""
    users: dict[Name, list[IngressState]] = defaultdict(list)
    found: dict[Name, Sealed] = {}
    for one in _mine(seen, context):
        for secret in one.secrets:
            found[secret.name] = secret
            users[secret.name].append(one)
    return ((secret, users[name]) for name, secret in found.items())


def _hosts(secret: Sealed, states: list[IngressState]) -> tuple[str, ...]:
    parts = (part for state in states for part in state.ingress.tls if part.secret_name == secret.name.name)
    return unique(host for part in parts for host in part.hosts) or ("every host of its ingress",)


def _unusable(secret: Sealed) -> str:
    """What keeps a secret from being used; empty where nothing does. A type of another name alone does not."""
    lacking = [name for name in _PAIR if not (key := secret.key(name)) or key.empty]
    if lacking:
        kind = f", and its type is {secret.type} instead of {_TLS}" if secret.type not in {"", _TLS} else ""
        return f"it has no {' and no '.join(lacking)}{kind}"
    if secret.certificate is None:
        return "its tls.crt is no certificate that can be read"
    return "its tls.key is not the key of its certificate" if secret.key_fits is False else ""


def _secret_sign(
    secret: Sealed, states: list[IngressState], summary: str, facts: tuple[Fact, ...], context: Context
) -> Sign:
    used = Fact("used by", few(state.subject for state in states))
    kept_by = next((found for state in states if (found := state.kept_by(secret.name.name))), None)
    command = kubectl(context, "describe secret", secret.name)
    return Sign(secret.name.subject("Secret"), summary, (*facts, used, *kept_facts(kept_by)), command)
