"""Stateful sets: pods with numbers, brought up one after the other and replaced from the last to the first."""

from dataclasses import dataclass, field

from playground.world.kubernetes.controllers.pods import (
    POD,
    ForbiddenPodError,
    Retries,
    create_pod,
    template_hash,
)
from playground.world.kubernetes.events import Source
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.plane import NEVER, Plane, is_over, is_ready, labels_of, leaving, name_of
from playground.world.kubernetes.store import Frozen

_SOURCE = Source("statefulset-controller")
_REVISION = "controller-revision-hash"


@dataclass
class StatefulSets:
    """The controller. It remembers what it tries again, and when."""

    retries: Retries = field(default_factory=Retries)

    def reconcile(self, plane: Plane) -> float:
        """Bring every stateful set to its pods, one at a time, and report on it."""
        due_s = NEVER
        for stateful in plane.listed("StatefulSet"):
            if not leaving(stateful):
                due_s = min(due_s, self._bring(plane, stateful))
            _report(plane, stateful)
        return due_s

    def age(self, by_s: float) -> None:
        """Have failed so many seconds earlier."""
        self.retries.age(by_s)

    def _bring(self, plane: Plane, stateful: Frozen) -> float:
        pods = _by_number(plane, stateful)
        wanted = stateful["spec"]["replicas"]
        for number in range(wanted):
            pod = pods.get(number)
            if pod is None:
                return self._create(plane, stateful, number)
            if is_over(pod) and not leaving(pod):
                plane.store.delete(POD, pod["metadata"]["namespace"], name_of(pod))
                return NEVER
            if not is_ready(pod) and stateful["spec"].get("podManagementPolicy") != "Parallel":
                break
        _take_down(plane, stateful, pods)
        return NEVER

    def _create(self, plane: Plane, stateful: Frozen, number: int) -> float:
        uid = stateful["metadata"]["uid"]
        waits_s = self.retries.waits(uid, plane.now_s)
        if waits_s is not None:
            return waits_s
        try:
            made = create_pod(plane, stateful, _SOURCE, f"{name_of(stateful)}-{number}")
        except ForbiddenPodError as forbidden:
            told = (
                f"create Pod {name_of(stateful)}-{number} in StatefulSet {name_of(stateful)} failed error: {forbidden}"
            )
            plane.events.warning(stateful, _SOURCE, "FailedCreate", told)
            return self.retries.failed(uid, plane.now_s)
        self.retries.worked(uid)
        labels = {
            "statefulset.kubernetes.io/pod-name": name_of(made),
            "apps.kubernetes.io/pod-index": str(number),
            _REVISION: _revision(stateful),
        }
        plane.write(made, lambda thing: thing["metadata"].setdefault("labels", {}).update(labels))
        return NEVER


def _take_down(plane: Plane, stateful: Frozen, pods: dict[int, Frozen]) -> None:
    """Take one pod down: one too many, or one of an older template, the last first."""
    wanted = stateful["spec"]["replicas"]
    for number in sorted(pods, reverse=True):
        pod = pods[number]
        if leaving(pod):
            return
        old = labels_of(pod).get(_REVISION) != _revision(stateful)
        if number >= wanted or (old and number >= _first_renewed(stateful)):
            plane.store.delete(POD, pod["metadata"]["namespace"], name_of(pod))
            told = f"delete Pod {name_of(pod)} in StatefulSet {name_of(stateful)} successful"
            plane.events.normal(stateful, _SOURCE, "SuccessfulDelete", told)
            return
        if not is_ready(pod):
            return


def _first_renewed(stateful: Frozen) -> float:
    """From which number on pods are renewed by themselves: with OnDelete none is."""
    strategy = stateful["spec"].get("updateStrategy") or {}
    rolling = strategy.get("rollingUpdate") or {}
    return NEVER if strategy.get("type") == "OnDelete" else rolling.get("partition") or 0


def _by_number(plane: Plane, stateful: Frozen) -> dict[int, Frozen]:
    return {int(name_of(pod).rpartition("-")[2]): pod for pod in plane.owned("Pod", stateful)}


def _revision(stateful: Frozen) -> str:
    return f"{name_of(stateful)}-{template_hash(stateful['spec']['template'])}"


def _report(plane: Plane, stateful: Frozen) -> None:
    pods = [pod for pod in _by_number(plane, stateful).values() if not leaving(pod)]
    revision = _revision(stateful)
    updated = sum(labels_of(pod).get(_REVISION) == revision for pod in pods)
    ready = sum(is_ready(pod) for pod in pods)
    whole = updated == len(pods) == stateful["spec"]["replicas"]
    before = stateful.get("status", {}).get("currentRevision", revision)
    counts = {
        "readyReplicas": ready,
        "currentReplicas": updated if whole else len(pods) - updated,
        "updatedReplicas": updated,
    }
    status: Thing = {
        "observedGeneration": stateful["metadata"]["generation"],
        "replicas": len(pods),
        **{word: number for word, number in counts.items() if number},
        "currentRevision": revision if whole else before,
        "updateRevision": revision,
        "collisionCount": 0,
        "availableReplicas": ready,
    }
    plane.write_status(stateful, status)
