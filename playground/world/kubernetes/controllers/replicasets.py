"""Replica sets: as many pods as wanted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.controllers.pods import POD, ForbiddenPodError, Retries, active, create_pod
from playground.world.kubernetes.events import Source
from playground.world.kubernetes.plane import (
    NEVER,
    Plane,
    condition,
    controller_uid,
    is_ready,
    labels_of,
    leaving,
    name_of,
    seconds,
)
from playground.world.kubernetes.selectors import matches
from playground.world.kubernetes.store import Frozen

_SOURCE = Source("replicaset-controller")


@dataclass
class ReplicaSets:
    """The controller. It remembers what it tries again, and when."""

    retries: Retries = field(default_factory=Retries)
    refused: dict[str, str] = field(default_factory=dict)  # by uid: why the last pod was not admitted

    def reconcile(self, plane: Plane) -> float:
        """Bring every replica set to its number of pods, and report on it."""
        due_s = NEVER
        for replica_set in (one for one in plane.listed("ReplicaSet") if _sound(one)):
            pods = _pods(plane, replica_set)
            if not leaving(replica_set):
                due_s = min(due_s, self._bring(plane, replica_set, active(pods)))
            due_s = min(due_s, self._report(plane, replica_set, _pods(plane, replica_set)))
        return due_s

    def age(self, by_s: float) -> None:
        """Have failed so many seconds earlier."""
        self.retries.age(by_s)

    def _bring(self, plane: Plane, replica_set: Frozen, pods: list[Frozen]) -> float:
        uid, missing = replica_set["metadata"]["uid"], replica_set["spec"]["replicas"] - len(pods)
        if missing <= 0:
            self._worked(uid)
            for pod in sorted(pods, key=_worth)[: -missing or 0]:
                _delete(plane, replica_set, pod)
            return NEVER
        waits_s = self.retries.waits(uid, plane.now_s)
        return waits_s if waits_s is not None else self._create(plane, replica_set, missing)

    def _create(self, plane: Plane, replica_set: Frozen, missing: int) -> float:
        uid = replica_set["metadata"]["uid"]
        try:
            for _ in range(missing):
                create_pod(plane, replica_set, _SOURCE)
        except ForbiddenPodError as forbidden:
            self.refused[uid] = str(forbidden)
            plane.events.warning(replica_set, _SOURCE, "FailedCreate", f"Error creating: {forbidden}")
            return self.retries.failed(uid, plane.now_s)
        self._worked(uid)
        return NEVER

    def _worked(self, uid: str) -> None:
        self.retries.worked(uid)
        self.refused.pop(uid, None)

    def _report(self, plane: Plane, replica_set: Frozen, pods: list[Frozen]) -> float:
        counted = active(pods)
        ready = [pod for pod in counted if is_ready(pod)]
        patience_s = replica_set["spec"].get("minReadySeconds", 0)
        available_at = [seconds(condition(pod, "Ready")["lastTransitionTime"]) + patience_s for pod in ready]
        available = sum(at <= plane.now_s for at in available_at)
        counts = {
            "replicas": len(counted),
            "fullyLabeledReplicas": _labelled(replica_set, counted),
            "readyReplicas": len(ready),
            "availableReplicas": available,
        }
        kept = {word: number for word, number in counts.items() if number or word == "replicas"}
        status = {
            **kept,
            "terminatingReplicas": sum(leaving(pod) for pod in pods),
            "observedGeneration": replica_set["metadata"]["generation"],
            **self._failure(plane, replica_set),
        }
        plane.write_status(replica_set, status)
        return min((at for at in available_at if at > plane.now_s), default=NEVER)

    def _failure(self, plane: Plane, replica_set: Frozen) -> Mapping[str, Any]:
        why = self.refused.get(replica_set["metadata"]["uid"])
        if not why:
            return {}
        before = replica_set.get("status", {}).get("conditions")
        return {"conditions": written(before, plane.now, Condition("ReplicaFailure", "True", "FailedCreate", why))}


def _sound(replica_set: Frozen) -> bool:
    """Whether it selects the pods that it makes; the API server lets no other in."""
    spec = replica_set["spec"]
    return matches(spec["selector"], (spec["template"].get("metadata") or {}).get("labels") or {})


def _pods(plane: Plane, replica_set: Frozen) -> list[Frozen]:
    """Its pods; one without a controller that it selects is adopted, one whose label was taken away is let go."""
    uid, selector = replica_set["metadata"]["uid"], replica_set["spec"]["selector"]
    owned = plane.owned("Pod", replica_set)
    for pod in owned:
        if not matches(selector, labels_of(pod)):
            plane.write(pod, lambda thing: thing["metadata"].update(ownerReferences=[]))
    return [pod for pod in plane.owned("Pod", replica_set) if controller_uid(pod) == uid]


def _labelled(replica_set: Frozen, pods: list[Frozen]) -> int:
    wanted = (replica_set["spec"]["template"]["metadata"].get("labels") or {}).items()
    return sum(wanted <= dict(labels_of(pod)).items() for pod in pods)


def _worth(pod: Frozen) -> tuple[bool, bool, bool, float]:
    """How little would be lost with a pod, least first: without a node, not running, not ready, young."""
    began_s = seconds(pod["metadata"]["creationTimestamp"])
    return bool(pod["spec"].get("nodeName")), pod["status"].get("phase") == "Running", is_ready(pod), -began_s


def _delete(plane: Plane, replica_set: Frozen, pod: Frozen) -> None:
    plane.store.delete(POD, pod["metadata"]["namespace"], name_of(pod))
    plane.events.normal(replica_set, _SOURCE, "SuccessfulDelete", f"Deleted pod: {name_of(pod)}")
