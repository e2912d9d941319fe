"""Services, ingresses and policies as the API sends them made into plain values."""

from collections.abc import Iterable

from bot.clients.kubernetes import wire
from bot.clients.kubernetes.quantities import moment
from bot.clients.kubernetes.workloads import selector
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.services import (
    Allowance,
    Backend,
    Endpoint,
    Ingress,
    IngressClass,
    Namespace,
    Peer,
    Policy,
    PolicyPort,
    Route,
    Service,
    ServicePort,
    Slice,
    TlsPart,
)
from diagnostics.redaction import first_words

_SERVICE_OF_SLICE = "kubernetes.io/service-name"
_CLASS = "kubernetes.io/ingress.class"
_DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
#: Annotations of ingresses that are kept: those of controllers, whose values are settings. Snippets may hold anything.
_CONTROLLERS = ("nginx.ingress.kubernetes.io/", "kubernetes.io/ingress.", "cert-manager.io/")
_OPEN_TEXT = ("snippet", "auth-secret", "last-applied-configuration")
_VALUE_AT_MOST = 200


def service(sent: wire.Service) -> Service:
    """A service."""
    meta, spec = sent.metadata, sent.spec
    return Service(
        name=Name(meta.namespace, meta.name),
        type=spec.type or "ClusterIP",
        selector=spec.selector or {},
        ports=tuple(_port(one) for one in spec.ports or ()),
        external_name=spec.external_name or "",
        headless=spec.cluster_ip == "None",
        addresses=_addresses(sent.status),
        unready_too=bool(spec.publish_not_ready_addresses),
        cluster_addresses=_inside(spec),
        created_at=moment(meta.creation_timestamp),
    )


def _inside(spec: wire.ServiceSpec) -> tuple[str, ...]:
    """The addresses inside the cluster, of both families; servers before 1.20 give the first only."""
    every = spec.cluster_ips or [spec.cluster_ip or ""]
    return tuple(one for one in every if one not in {"", "None"})


def _port(one: wire.ServicePort) -> ServicePort:
    target = one.port if one.target_port is None else one.target_port
    return ServicePort(one.port, target, one.name or "", one.protocol or "TCP")


def _addresses(status: wire.BalancerStatus) -> tuple[str, ...]:
    return tuple(one.ip or one.hostname or "" for one in status.load_balancer.ingress or ())


def endpoint_slice(sent: wire.Slice) -> Slice | None:
    """A slice of endpoints; None for one that belongs to no service."""
    belongs = (sent.metadata.labels or {}).get(_SERVICE_OF_SLICE, "")
    if not belongs:
        return None
    return Slice(
        service=Name(sent.metadata.namespace, belongs),
        endpoints=tuple(_endpoint(one) for one in sent.endpoints or ()),
        ports=tuple(one.port for one in sent.ports or () if one.port is not None),
        names=tuple(one.name or "" for one in sent.ports or () if one.port is not None),
    )


def _endpoint(one: wire.Endpoint) -> Endpoint:
    known = one.conditions or wire.EndpointConditions()
    behind = one.target_ref.name if one.target_ref and one.target_ref.kind == "Pod" else ""
    address = (one.addresses or [""])[0]
    return Endpoint(address, known.ready is not False, behind, bool(known.terminating))


def ingress(sent: wire.Ingress) -> Ingress:
    """An ingress."""
    meta, spec = sent.metadata, sent.spec
    annotations = meta.annotations or {}
    return Ingress(
        name=Name(meta.namespace, meta.name),
        class_name=spec.ingress_class_name or annotations.get(_CLASS, ""),
        annotations={key: _shown(key, value) for key, value in annotations.items() if key.startswith(_CONTROLLERS)},
        routes=tuple(_routes(spec.rules)),
        default=_backend(spec.default_backend),
        tls=tuple(TlsPart(tuple(one.hosts or ()), one.secret_name or "") for one in spec.tls or ()),
        addresses=_addresses(sent.status),
    )


def _shown(key: str, value: str) -> str:
    return "…" if any(word in key for word in _OPEN_TEXT) else first_words(value, _VALUE_AT_MOST)


def _routes(rules: Iterable[wire.Rule] | None) -> Iterable[Route]:
    for rule in rules or ():
        for one in (rule.http.paths if rule.http else None) or ():
            backend = _backend(one.backend)
            if backend:
                yield Route(rule.host or "", one.path or "/", one.path_type or "", backend)


def _backend(sent: wire.Backend | None) -> Backend | None:
    """Where it leads; None for one that leads to another kind of thing than a service."""
    if sent is None or sent.service is None:
        return None
    port = sent.service.port
    return Backend(sent.service.name, port.name or port.number or 0)


def ingress_class(sent: wire.IngressClass) -> IngressClass:
    """A class of ingresses."""
    default = (sent.metadata.annotations or {}).get(_DEFAULT_CLASS) == "true"
    return IngressClass(sent.metadata.name, sent.spec.controller or "", default)


def namespace(sent: wire.Namespace) -> Namespace:
    """A namespace."""
    return Namespace(sent.metadata.name, sent.metadata.labels or {})


def policy(sent: wire.Policy) -> Policy:
    """A policy. Without types it limits what comes in, and what goes out where it has rules for that."""
    spec = sent.spec
    types = spec.policy_types
    return Policy(
        name=Name(sent.metadata.namespace, sent.metadata.name),
        pods=selector(spec.pod_selector),
        limits_ingress=types is None or "Ingress" in types,
        limits_egress="Egress" in types if types is not None else spec.egress is not None,
        ingress=tuple(_allowance(one, one.from_) for one in spec.ingress or ()),
        egress=tuple(_allowance(one, one.to) for one in spec.egress or ()),
    )


def _allowance(rule: wire.PolicyRule, peers: Iterable[wire.Peer] | None) -> Allowance:
    ports = tuple(PolicyPort(one.port, one.protocol or "TCP", one.end_port) for one in rule.ports or ())
    return Allowance(tuple(_peer(one) for one in peers or ()), ports)


def _peer(one: wire.Peer) -> Peer:
    block = one.ip_block or wire.Block()
    return Peer(
        pods=None if one.pod_selector is None else selector(one.pod_selector),
        namespaces=None if one.namespace_selector is None else selector(one.namespace_selector),
        block=block.cidr,
        but=tuple(block.except_ or ()),
    )
