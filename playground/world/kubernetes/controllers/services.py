"""Services of type LoadBalancer and ingresses: the addresses that the cloud and the ingress controller give them."""

from collections.abc import Mapping
from typing import Any

from playground.world.kubernetes.events import Source
from playground.world.kubernetes.plane import NEVER, Controller, Plane, is_ready, leaving, name_of
from playground.world.kubernetes.store import Frozen

ADDRESS = "127.0.0.1"  # where the platform's edge listens
_CLOUD = Source("service-controller")
_INGRESS = Source("nginx-ingress-controller")
_CLASS = "nginx"


def reconcile(plane: Plane) -> float:
    """Give every load balancer its address, and every ingress of our class that of the controller."""
    for service in plane.listed("Service"):
        if service["spec"].get("type") == "LoadBalancer" and not leaving(service):
            _balance(plane, service)
    address = _published(plane)
    for ingress in plane.listed("Ingress"):
        if (
            ours(plane, ingress)
            and address is not None
            and ingress.get("status", {}).get("loadBalancer", {}) != address
        ):
            plane.write_status(ingress, {"loadBalancer": address})
            fresh = plane.read("Ingress", ingress["metadata"]["namespace"], name_of(ingress)) or ingress
            plane.events.normal(fresh, _INGRESS, "Sync", "Scheduled for sync")
    return NEVER


def ours(plane: Plane, ingress: Mapping[str, Any]) -> bool:
    """Whether the ingress controller takes care of an ingress: its class exists and is the controller's."""
    annotations = ingress["metadata"].get("annotations") or {}
    named = ingress["spec"].get("ingressClassName") or annotations.get("kubernetes.io/ingress.class")
    found = plane.read("IngressClass", "", named) if named else None
    return found is not None and found["spec"]["controller"] == "k8s.io/ingress-nginx"


def _balance(plane: Plane, service: Frozen) -> None:
    has = service.get("status", {}).get("loadBalancer", {}).get("ingress")
    if plane.machine.load_balancer and not has:
        plane.events.normal(service, _CLOUD, "EnsuringLoadBalancer", "Ensuring load balancer")
        plane.write_status(service, {"loadBalancer": {"ingress": [{"ip": ADDRESS, "ipMode": "VIP"}]}})
        plane.events.normal(service, _CLOUD, "EnsuredLoadBalancer", "Ensured load balancer")
    elif not plane.machine.load_balancer and (has or "status" not in service or _untold(plane, service)):
        plane.write_status(service, {"loadBalancer": {}})
        plane.events.normal(service, _CLOUD, "EnsuringLoadBalancer", "Ensuring load balancer")
        why = (
            "Error syncing load balancer: failed to ensure load balancer: load balancer limit reached for this account"
        )
        plane.events.warning(service, _CLOUD, "SyncLoadBalancerFailed", why)


def _untold(plane: Plane, service: Frozen) -> bool:
    events = plane.listed("Event", service["metadata"]["namespace"])
    return not any(
        one["reason"] == "SyncLoadBalancerFailed" and one["involvedObject"]["uid"] == service["metadata"]["uid"]
        for one in events
    )


def _published(plane: Plane) -> Mapping[str, Any] | None:
    """What the controller publishes: its service's address, while one of its pods is ready to say so."""
    service = plane.read("Service", "ingress-nginx", "ingress-nginx-controller")
    if service is None or not any(is_ready(pod) for pod in plane.listed("Pod", "ingress-nginx")):
        return None
    given = service.get("status", {}).get("loadBalancer", {}).get("ingress") or ()
    return {"ingress": [{"ip": one["ip"]} for one in given]} if given else {}


SERVICES = Controller("services", frozenset({"Service", "Ingress", "IngressClass", "Pod"}), reconcile)
