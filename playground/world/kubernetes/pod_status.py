"""What the kubelet writes into a pod's status, from the lives of its containers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.containers import Attempt, Container
from playground.world.kubernetes.images import digest_of, full_name
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.plane import condition, stamp

_NEVER_RAN = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class Seen:
    """What a status is made of."""

    pod: Mapping[str, Any]
    containers: list[Container]
    address: str  # of the pod; nothing while it has none
    host: str  # the node's address
    began: str
    now: str

    @property
    def first(self) -> list[Container]:
        """The init containers."""
        return [one for one in self.containers if one.first]

    @property
    def main(self) -> list[Container]:
        """The others."""
        return [one for one in self.containers if not one.first]


def pod_status(seen: Seen) -> Thing:
    """The whole status."""
    before = seen.pod.get("status", {})
    addresses = {"podIP": seen.address, "podIPs": [{"ip": seen.address}]} if seen.address else {}
    first = {"initContainerStatuses": [_container(one, seen) for one in seen.first]} if seen.first else {}
    return {
        "observedGeneration": seen.pod["metadata"].get("generation", 1),
        "phase": _phase(seen),
        "conditions": _conditions(seen),
        "hostIP": seen.host,
        "hostIPs": [{"ip": seen.host}],
        **addresses,
        "startTime": seen.began,
        **first,
        "containerStatuses": [_container(one, seen) for one in seen.main],
        "qosClass": before["qosClass"],
    }


def _phase(seen: Seen) -> str:
    if seen.first and not all(one.done for one in seen.first):
        failed = any(one.phase == "over" for one in seen.first if not one.done)
        return "Failed" if failed else "Pending"
    if any(one.now is None for one in seen.main):
        return "Pending"
    if all(one.phase in {"over", "stopped"} for one in seen.main):
        return "Succeeded" if all(one.now is not None and one.now.code == 0 for one in seen.main) else "Failed"
    return "Running"


def _conditions(seen: Seen) -> list[Thing]:
    generation = {"observedGeneration": seen.pod["metadata"].get("generation", 1), "lastProbeTime": None}
    known = (seen.pod.get("status") or {}).get("conditions")
    kept = [dict(condition(seen.pod, "DisruptionTarget"))] if condition(seen.pod, "DisruptionTarget") else []
    made = written(known, seen.now, *_wanted(seen, generation))
    return [*kept, *made]


def _wanted(seen: Seen, extra: Thing) -> list[Condition]:
    over = _phase(seen) in {"Succeeded", "Failed"} and all(one.phase != "stopped" for one in seen.main)
    waiting = [one.name for one in seen.first if not one.done]
    unready = [one.name for one in seen.main if not one.ready]
    completed = (
        ("PodCompleted", "")
        if over
        else ("ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    )
    unready_said = completed if unready else ("", "")
    initial = ("ContainersNotInitialized", f"containers with incomplete status: [{' '.join(waiting)}]")
    status = "False" if unready else "True"
    return [
        Condition("PodReadyToStartContainers", "True" if seen.address and not over else "False", extra=extra),
        Condition("Initialized", "False" if waiting else "True", *(initial if waiting else ("", "")), extra=extra),
        Condition("Ready", status, *unready_said, extra=extra),
        Condition("ContainersReady", status, *unready_said, extra=extra),
        Condition("PodScheduled", "True", extra=extra),
    ]


def _container(one: Container, seen: Seen) -> Thing:
    ran = one.now is not None
    return {
        "name": one.name,
        "state": _state(one, seen),
        "lastState": _last(one),
        "ready": one.ready or (one.first and one.done),
        "restartCount": one.restarts,
        "image": full_name(one.spec["image"]) if ran else one.spec["image"],
        "imageID": digest_of(one.spec["image"]) if ran else "",
        **({"containerID": one.now.id} if one.now else {}),
        "started": one.started,
    }


def _state(one: Container, seen: Seen) -> Thing:
    if one.running and one.now and one.now.began_s is not None:
        return {"running": {"startedAt": stamp(one.now.began_s)}}
    if one.phase in {"ended", "over", "stopped"} and one.now:
        return {"terminated": _terminated(one.now)}
    usual = "PodInitializing" if seen.first else "ContainerCreating"
    message = {"message": one.message} if one.message else {}
    return {"waiting": {"reason": one.reason or usual, **message}}


def _last(one: Container) -> Thing:
    shown = one.last if one.running or one.phase in {"ended", "over", "stopped"} else one.now
    return {"terminated": _terminated(shown)} if shown else {}


def _terminated(attempt: Attempt) -> Thing:
    message = {"message": attempt.message} if attempt.message else {}
    return {
        "exitCode": attempt.code,
        "reason": attempt.reason,
        **message,
        "startedAt": _NEVER_RAN if attempt.began_s is None else stamp(attempt.began_s),
        "finishedAt": stamp(attempt.ended_s or 0),
        "containerID": attempt.id,
    }
