"""Endpoints and endpoint slices: the addresses behind every service that has a selector."""

from collections.abc import Mapping
from typing import Any

from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.plane import (
    NEVER,
    Controller,
    Plane,
    is_over,
    is_ready,
    labels_of,
    leaving,
    name_of,
    owner_reference,
)
from playground.world.kubernetes.store import Frozen

_ENDPOINTS, _SLICE = kind_named("Endpoints"), kind_named("EndpointSlice")
_CHANGED = "endpoints.kubernetes.io/last-change-trigger-time"


def reconcile(plane: Plane) -> float:
    """Write the addresses of every service."""
    for service in plane.listed("Service"):
        if service["spec"].get("selector") and not leaving(service):
            pods = _pods(plane, service)
            _write_slice(plane, service, pods)
            _write_endpoints(plane, service, pods)
    services = {(one["metadata"]["namespace"], name_of(one)) for one in plane.listed("Service")}
    for endpoints in plane.listed("Endpoints"):
        if (endpoints["metadata"]["namespace"], name_of(endpoints)) not in services:
            plane.store.remove(_ENDPOINTS, endpoints["metadata"]["namespace"], name_of(endpoints))
    return NEVER


def target_port(port: Mapping[str, Any], pod: Mapping[str, Any]) -> int | None:
    """The number of a service's port on a pod; None where it is a name that no container has."""
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    containers = pod["spec"]["containers"]
    named = (one for container in containers for one in container.get("ports") or () if one.get("name") == target)
    return next((int(one["containerPort"]) for one in named), None)


def _pods(plane: Plane, service: Frozen) -> list[Frozen]:
    wanted = service["spec"]["selector"].items()
    listed = plane.listed("Pod", service["metadata"]["namespace"])
    chosen = [pod for pod in listed if wanted <= dict(labels_of(pod)).items()]
    return [pod for pod in chosen if pod.get("status", {}).get("podIP") and not is_over(pod)]


def _ports(service: Frozen, pods: list[Frozen]) -> list[Thing]:
    found = []
    for port in service["spec"].get("ports") or ():
        number = next((number for pod in pods if (number := target_port(port, pod)) is not None), None)
        if number is not None:
            found.append({"name": port.get("name", ""), "protocol": port.get("protocol", "TCP"), "port": number})
    return found


def _write_slice(plane: Plane, service: Frozen, pods: list[Frozen]) -> None:
    ports = _ports(service, pods)
    said = {"addressType": "IPv4", "endpoints": [_endpoint(pod) for pod in pods] or None, "ports": ports or None}
    labels = {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": name_of(service),
    }
    known = plane.owned("EndpointSlice", service)
    if not known:
        about = {
            "generateName": f"{name_of(service)}-",
            "namespace": service["metadata"]["namespace"],
            "labels": labels,
            "annotations": {_CHANGED: plane.now},
            "ownerReferences": [owner_reference(service)],
        }
        plane.store.create(_SLICE, {"metadata": about, **said})
    elif any(known[0].get(word) != value for word, value in said.items()):
        plane.write(known[0], lambda thing: thing.update({**said, "metadata": _touched(plane, thing)}))


def _touched(plane: Plane, thing: Mapping[str, Any]) -> Thing:
    """Its metadata, changed now."""
    about: Thing = thing["metadata"]
    return {**about, "annotations": {**about.get("annotations", {}), _CHANGED: plane.now}}


def _endpoint(pod: Frozen) -> Thing:
    ready, ends = is_ready(pod), leaving(pod)
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready and not ends, "serving": ready, "terminating": ends},
        "targetRef": _reference(pod),
        "nodeName": pod["spec"]["nodeName"],
    }


def _reference(pod: Frozen) -> Thing:
    about = pod["metadata"]
    return {"kind": "Pod", "namespace": about["namespace"], "name": about["name"], "uid": about["uid"]}


def _write_endpoints(plane: Plane, service: Frozen, pods: list[Frozen]) -> None:
    staying = [pod for pod in pods if not leaving(pod)]
    ports = _ports(service, pods)
    ready = [_address(pod) for pod in staying if is_ready(pod)]
    waiting = [_address(pod) for pod in staying if not is_ready(pod)]
    subset = {
        **({"addresses": ready} if ready else {}),
        **({"notReadyAddresses": waiting} if waiting else {}),
        "ports": [{key: port[key] for key in ("name", "port", "protocol") if port[key]} for port in ports],
    }
    subsets = [subset] if (ready or waiting) and ports else None
    namespace = service["metadata"]["namespace"]
    known = plane.read("Endpoints", namespace, name_of(service))
    if known is None:
        about = {
            "name": name_of(service),
            "namespace": namespace,
            "labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"},
            "annotations": {_CHANGED: plane.now},
        }
        plane.store.create(_ENDPOINTS, {"metadata": about, **({"subsets": subsets} if subsets else {})})
    elif known.get("subsets") != subsets:
        rest = {key: value for key, value in known.items() if key not in {"subsets", "metadata"}}
        said = {"subsets": subsets} if subsets else {}
        plane.store.replace(_ENDPOINTS, {**rest, **said, "metadata": _touched(plane, known)})


def _address(pod: Frozen) -> Thing:
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": _reference(pod)}


ENDPOINTS = Controller("endpoints", frozenset({"Service", "Pod", "EndpointSlice", "Endpoints"}), reconcile)
