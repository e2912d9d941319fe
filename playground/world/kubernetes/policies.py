"""Whether network policies let traffic through: from a pod to an address outside, and from one pod to another."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from playground.world.kubernetes.plane import Plane, labels_of
from playground.world.kubernetes.selectors import matches
from playground.world.kubernetes.store import Frozen


def reaches_outside(plane: Plane, pod: Mapping[str, Any], host: str, port: int) -> bool:
    """Whether a pod may open a connection to a host outside the cluster."""
    rules = _rules(plane, pod, "Egress")
    return rules is None or any(_port(rule, port) and _to_host(rule.get("to"), host) for rule in rules)


def reaches_pod(plane: Plane, source: Frozen, target: Frozen, port: int) -> bool:
    """Whether a pod may open a connection to another pod: by what leaves the one and what enters the other."""
    out, into = _rules(plane, source, "Egress"), _rules(plane, target, "Ingress")
    leaves = out is None or any(_port(rule, port) and _peer(plane, rule.get("to"), source, target) for rule in out)
    enters = into is None or any(_port(rule, port) and _peer(plane, rule.get("from"), target, source) for rule in into)
    return leaves and enters


def _rules(plane: Plane, pod: Mapping[str, Any], way: str) -> list[Mapping[str, Any]] | None:
    """The rules that hold for a pod in one direction; None where no policy speaks of it and everything may pass."""
    found: list[Mapping[str, Any]] = []
    spoken = False
    for policy in plane.listed("NetworkPolicy", pod["metadata"]["namespace"]):
        spec = policy["spec"]
        if way in _types(spec) and matches(spec.get("podSelector") or {}, labels_of(pod)):
            spoken = True
            found.extend(spec.get(way.lower()) or ())
    return found if spoken else None


def _types(spec: Mapping[str, Any]) -> Iterable[str]:
    usual = ["Ingress", "Egress"] if "egress" in spec else ["Ingress"]
    return spec.get("policyTypes") or usual


def _port(rule: Mapping[str, Any], port: int) -> bool:
    ports = rule.get("ports")
    return not ports or any(one.get("port") in {None, port} or isinstance(one.get("port"), str) for one in ports)


def _to_host(peers: Iterable[Mapping[str, Any]] | None, host: str) -> bool:
    if not peers:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True  # a name: who it is, is not known here
    return any("ipBlock" in peer and _in_block(peer["ipBlock"], address) for peer in peers)


def _in_block(block: Mapping[str, Any], address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    inside = address in ipaddress.ip_network(block["cidr"])
    return inside and not any(address in ipaddress.ip_network(one) for one in block.get("except") or ())


def _peer(plane: Plane, peers: Iterable[Mapping[str, Any]] | None, owner: Frozen, other: Frozen) -> bool:
    """Whether a rule's peers include a pod. `owner` is in the namespace that the policy is in."""
    if not peers:
        return True
    return any("ipBlock" not in peer and _is_peer(plane, peer, owner, other) for peer in peers)


def _is_peer(plane: Plane, peer: Mapping[str, Any], owner: Frozen, other: Frozen) -> bool:
    space = other["metadata"]["namespace"]
    if "namespaceSelector" in peer:
        namespace = plane.read("Namespace", "", space)
        here = namespace is not None and matches(peer["namespaceSelector"], labels_of(namespace))
    else:
        here = space == owner["metadata"]["namespace"]
    return here and ("podSelector" not in peer or matches(peer["podSelector"], labels_of(other)))
