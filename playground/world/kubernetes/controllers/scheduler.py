"""The scheduler: a node for every pod, or the reason why there is none."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.events import SCHEDULER
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.plane import (
    NEVER,
    Controller,
    Plane,
    condition,
    controller_uid,
    is_over,
    labels_of,
    leaving,
    name_of,
    seconds,
)
from playground.world.kubernetes.quantities import amount, requested
from playground.world.kubernetes.store import Frozen

_AGAIN_S = 300.0  # how often what could not be placed is tried again when nothing changes
_HELPLESS = "Preemption is not helpful for scheduling"
_NO_VICTIMS = "No preemption victims found for incoming pod"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a node does not take a pod, and whether evicting others would change that."""

    why: str
    helpless: bool


def reconcile(plane: Plane) -> float:
    """Place every pod that has no node."""
    waiting = [pod for pod in plane.listed("Pod") if not pod["spec"].get("nodeName") and not leaving(pod)]
    return min((_place(plane, pod) for pod in waiting if not is_over(pod)), default=NEVER)


def _place(plane: Plane, pod: Frozen) -> float:
    nodes = plane.listed("Node")
    refused = {name_of(node): _refusal(plane, pod, node) for node in nodes}
    fit = [node for node in nodes if refused[name_of(node)] is None]
    if not fit:
        return _leave(plane, pod, [one for one in refused.values() if one])
    best = min(fit, key=lambda node: _cost(plane, pod, node))
    _bind(plane, pod, name_of(best))
    return NEVER


def _bind(plane: Plane, pod: Frozen, node: str) -> None:
    bound = plane.write(pod, lambda thing: thing["spec"].update(nodeName=node))
    where = f"{pod['metadata']['namespace']}/{name_of(pod)}"
    _tell(plane, bound, Condition("PodScheduled", "True"))
    plane.events.normal(bound, SCHEDULER, "Scheduled", f"Successfully assigned {where} to {node}")


def _leave(plane: Plane, pod: Frozen, refused: list[_Refusal]) -> float:
    told = _summary(refused)
    before = condition(pod, "PodScheduled")
    if before.get("message") != told:
        _tell(plane, pod, Condition("PodScheduled", "False", "Unschedulable", told))
        plane.events.warning(pod, SCHEDULER, "FailedScheduling", told)
        return plane.now_s + _AGAIN_S
    waited_s = plane.now_s - seconds(before["lastTransitionTime"])
    if waited_s and waited_s % _AGAIN_S < 1:
        plane.events.warning(pod, SCHEDULER, "FailedScheduling", told)
    return plane.now_s + _AGAIN_S - waited_s % _AGAIN_S


def _tell(plane: Plane, pod: Frozen, said: Condition) -> None:
    fresh = plane.read("Pod", pod["metadata"]["namespace"], name_of(pod)) or pod
    extra: Thing = {"observedGeneration": fresh["metadata"].get("generation", 1), "lastProbeTime": None}
    full = Condition(said.type, said.status, said.reason, said.message, extra)
    conditions = written(fresh.get("status", {}).get("conditions"), plane.now, full)
    plane.write_status(fresh, {**fresh.get("status", {}), "conditions": conditions})


def _summary(refused: list[_Refusal]) -> str:
    whole = len(refused)
    reasons = ", ".join(f"{count} {why}" for why, count in sorted(Counter(one.why for one in refused).items()))
    help_ = Counter(_HELPLESS if one.helpless else _NO_VICTIMS for one in refused)
    preemption = ", ".join(f"{count} {why}" for why, count in sorted(help_.items(), reverse=True))
    begun = f"0/{whole} nodes are available: {reasons}. no new claims to deallocate, "
    return f"{begun}preemption: 0/{whole} nodes are available: {preemption}."


def _refusal(plane: Plane, pod: Frozen, node: Frozen) -> _Refusal | None:
    spec = pod["spec"]
    if node["spec"].get("unschedulable") and not _tolerates(spec, _CORDON):
        return _Refusal("node(s) were unschedulable", helpless=True)
    wanted = (spec.get("nodeSelector") or {}).items()
    if not wanted <= dict(labels_of(node)).items():
        return _Refusal("node(s) didn't match Pod's node affinity/selector", helpless=True)
    taints = [one for one in node["spec"].get("taints") or () if one["effect"] != "PreferNoSchedule"]
    if any(not _tolerates(spec, taint) for taint in taints):
        return _Refusal("node(s) had untolerated taint(s)", helpless=True)
    return _too_small(plane, spec, node)


_CORDON = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def _too_small(plane: Plane, spec: Mapping[str, Any], node: Frozen) -> _Refusal | None:
    whole = node["status"].get("allocatable")
    if not whole:
        return _Refusal("Too many pods", helpless=False)
    for resource in ("cpu", "memory"):
        asked, most = requested(spec, resource), amount(whole[resource])
        if asked > most:
            return _Refusal(f"Insufficient {resource}", helpless=True)
        if asked + _taken(plane, name_of(node), resource) > most:
            return _Refusal(f"Insufficient {resource}", helpless=False)
    return None


def _taken(plane: Plane, node: str, resource: str) -> float:
    here = (pod for pod in plane.listed("Pod") if pod["spec"].get("nodeName") == node and not is_over(pod))
    return sum(requested(pod["spec"], resource) for pod in here)


def _tolerates(spec: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    return any(_meets(one, taint) for one in spec.get("tolerations") or ())


def _meets(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in {None, "", taint["effect"]}:
        return False
    if not toleration.get("key"):
        return toleration.get("operator") == "Exists"
    same = toleration["key"] == taint["key"]
    return same and (toleration.get("operator") == "Exists" or toleration.get("value") == taint.get("value"))


def _cost(plane: Plane, pod: Frozen, node: Frozen) -> tuple[int, float, str]:
    """Apart from its siblings first, then where most is free."""
    owner, name = controller_uid(pod), name_of(node)
    siblings = sum(
        controller_uid(one) == owner and one["spec"].get("nodeName") == name
        for one in plane.listed("Pod", pod["metadata"]["namespace"])
    )
    return siblings, _taken(plane, name, "memory") / amount(node["status"]["allocatable"]["memory"]), name


SCHEDULING = Controller("scheduler", frozenset({"Pod", "Node"}), reconcile)
