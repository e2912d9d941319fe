"""Daemon sets: a pod on every node that takes it."""

from playground.world.kubernetes.controllers.pods import POD, pod_from, template_hash
from playground.world.kubernetes.events import Source
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.plane import NEVER, Controller, Plane, is_over, is_ready, labels_of, leaving, name_of
from playground.world.kubernetes.store import Frozen

_SOURCE = Source("daemonset-controller")
_REVISION = "controller-revision-hash"


def reconcile(plane: Plane) -> float:
    """Bring every daemon set to its pods, and report on it."""
    for daemon in plane.listed("DaemonSet"):
        if not leaving(daemon):
            _bring(plane, daemon)
        _report(plane, daemon)
    return NEVER


def _bring(plane: Plane, daemon: Frozen) -> None:
    pods = {pod["spec"]["nodeName"]: pod for pod in plane.owned("Pod", daemon) if not is_over(pod)}
    for node in plane.listed("Node"):
        if name_of(node) not in pods:
            _create(plane, daemon, name_of(node))
    old = [pod for pod in pods.values() if labels_of(pod).get(_REVISION) != template_hash(daemon["spec"]["template"])]
    settled = all(is_ready(pod) and not leaving(pod) for pod in pods.values())
    by_hand = daemon["spec"].get("updateStrategy", {}).get("type") == "OnDelete"
    for pod in old[:1] if settled and not by_hand else ():
        plane.store.delete(POD, pod["metadata"]["namespace"], name_of(pod))
        plane.events.normal(daemon, _SOURCE, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")


def _create(plane: Plane, daemon: Frozen, node: str) -> None:
    pod = pod_from(daemon)
    pod["spec"]["nodeName"] = node
    pod["metadata"].setdefault("labels", {})[_REVISION] = template_hash(daemon["spec"]["template"])
    made = plane.store.create(POD, pod)
    plane.events.normal(daemon, _SOURCE, "SuccessfulCreate", f"Created pod: {name_of(made)}")


def _report(plane: Plane, daemon: Frozen) -> None:
    pods = [pod for pod in plane.owned("Pod", daemon) if not leaving(pod)]
    ready, wanted = sum(is_ready(pod) for pod in pods), len(plane.listed("Node"))
    updated = sum(labels_of(pod).get(_REVISION) == template_hash(daemon["spec"]["template"]) for pod in pods)
    status: Thing = {
        "currentNumberScheduled": len(pods),
        "numberMisscheduled": 0,
        "desiredNumberScheduled": wanted,
        "numberReady": ready,
        "observedGeneration": daemon["metadata"]["generation"],
        "updatedNumberScheduled": updated,
        **({"numberAvailable": ready} if ready else {}),
        **({"numberUnavailable": wanted - ready} if wanted > ready else {}),
    }
    plane.write_status(daemon, status)


DAEMON_SETS = Controller("daemonsets", frozenset({"DaemonSet", "Pod", "Node"}), reconcile)
