"""Nodes: their own reports, what becomes of them when these stop, and of the pods they have."""

from collections.abc import Mapping
from typing import Any

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.events import KUBELET, NODES, TAINTS
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.machine import NodeState
from playground.world.kubernetes.plane import (
    NEVER,
    Plane,
    condition,
    is_over,
    is_ready,
    leaving,
    name_of,
    seconds,
    stamp,
)
from playground.world.kubernetes.store import Frozen

HEARTBEAT_S = 300.0  # how often a kubelet reports when nothing changes
GRACE_S = 50.0  # --node-monitor-grace-period
_PATIENCE_S = 300.0  # tolerationSeconds that every pod has
_POD = kind_named("Pod")
_PRESSURES: tuple[tuple[str, str, str], ...] = (
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
)
_DISK = {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"}
_UNREACHABLE = "node.kubernetes.io/unreachable"


class NodeLife:
    """Every node's kubelet as far as it reports on its node, and the controller that watches for these reports."""

    def __init__(self) -> None:
        self._silent_since_s: dict[str, float] = {}

    def reconcile(self, plane: Plane) -> float:
        """Report for the nodes that are up, and draw the consequences for those that are gone."""
        return min((self._look(plane, node) for node in plane.listed("Node")), default=NEVER)

    def age(self, by_s: float) -> None:
        """Have fallen silent so many seconds earlier."""
        self._silent_since_s = {name: at_s - by_s for name, at_s in self._silent_since_s.items()}

    def _look(self, plane: Plane, node: Frozen) -> float:
        state: NodeState = plane.machine.nodes.get(name_of(node), "up")
        if not has_machine(node):
            return NEVER
        if state != "gone":
            self._silent_since_s.pop(name_of(node), None)
            _report(plane, node, full=state == "disk-full")
            return NEVER
        silent_s = self._silent_since_s.setdefault(name_of(node), plane.now_s)
        if plane.now_s < silent_s + GRACE_S:
            return silent_s + GRACE_S
        _lost(plane, node)
        return _take_away(plane, node, silent_s + GRACE_S + _PATIENCE_S)


def has_machine(node: Mapping[str, Any]) -> bool:
    """Whether there is a machine behind a node: one that somebody has only written down has no room for anything."""
    return bool(node.get("status", {}).get("allocatable"))


def heartbeat(plane: Plane) -> None:
    """Have every node that is up report afresh: its conditions carry the time of the last report."""
    for node in plane.listed("Node"):
        if has_machine(node) and plane.machine.nodes.get(name_of(node), "up") != "gone":
            offset_s = sum(map(ord, name_of(node))) % 40
            beat = {"lastHeartbeatTime": stamp(plane.now_s - offset_s)}
            conditions = [{**one, **beat} for one in node["status"].get("conditions") or ()]
            plane.write_status(node, {**node["status"], "conditions": conditions})


def _report(plane: Plane, node: Frozen, *, full: bool) -> None:
    known = node["status"].get("conditions") or ()
    if _as_wanted(node, full=full):
        return
    beat: Thing = {"lastHeartbeatTime": plane.now}
    wanted = [Condition(*_pressure(one, full=full), beat) for one in _PRESSURES]
    ready = Condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", beat)
    plane.write_status(node, {**node["status"], "conditions": written(known, plane.now, *wanted, ready)})
    _taint(plane, node, [_DISK] if full else [])
    fresh = plane.read("Node", "", name_of(node)) or node
    if full:
        source = KUBELET.on(name_of(node))
        told = f"Node {name_of(node)} status is now: NodeHasDiskPressure"
        plane.events.normal(fresh, source, "NodeHasDiskPressure", told)
        plane.events.warning(fresh, source, "EvictionThresholdMet", "Attempting to reclaim ephemeral-storage")
    elif condition(node, "Ready").get("status") != "True":
        told = f"Node {name_of(node)} status is now: NodeReady"
        plane.events.normal(fresh, KUBELET.on(name_of(node)), "NodeReady", told)


def _as_wanted(node: Mapping[str, Any], *, full: bool) -> bool:
    pressed = condition(node, "DiskPressure").get("status") == ("True" if full else "False")
    return pressed and condition(node, "Ready").get("status") == "True"


def _pressure(row: tuple[str, str, str], *, full: bool) -> tuple[str, str, str, str]:
    type_, reason, message = row
    if full and type_ == "DiskPressure":
        return type_, "True", "KubeletHasDiskPressure", "kubelet has disk pressure"
    return type_, "False", reason, message


def _taint(plane: Plane, node: Frozen, wanted: list[Thing]) -> None:
    fresh = plane.read("Node", "", name_of(node)) or node
    ours = {"node.kubernetes.io/disk-pressure", _UNREACHABLE}
    taints = [one for one in fresh["spec"].get("taints") or () if one["key"] not in ours]
    spec = {key: value for key, value in fresh["spec"].items() if key != "taints"}
    if [*taints, *wanted] != list(fresh["spec"].get("taints") or ()):
        after = {**spec, "taints": [*taints, *wanted]} if [*taints, *wanted] else spec
        plane.write(fresh, lambda thing: thing.update(spec=after))


def _lost(plane: Plane, node: Frozen) -> None:
    if condition(node, "Ready").get("status") == "Unknown":
        return
    told = ("Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
    known = node["status"].get("conditions") or ()
    lost = [Condition(one["type"], *told, {"lastHeartbeatTime": one["lastHeartbeatTime"]}) for one in known]
    plane.write_status(node, {**node["status"], "conditions": written(known, plane.now, *lost)})
    _taint(plane, node, [{"key": _UNREACHABLE, "effect": effect, "timeAdded": plane.now} for effect in _EFFECTS])
    fresh = plane.read("Node", "", name_of(node)) or node
    plane.events.normal(fresh, NODES, "NodeNotReady", f"Node {name_of(node)} status is now: NodeNotReady")
    for pod in _pods(plane, node):
        if is_ready(pod):
            _not_ready(plane, pod)


_EFFECTS = ("NoSchedule", "NoExecute")


def _not_ready(plane: Plane, pod: Frozen) -> None:
    conditions = [
        {**one, "status": "False", "lastTransitionTime": plane.now} if one["type"] == "Ready" else one
        for one in pod["status"]["conditions"]
    ]
    plane.write_status(pod, {**pod["status"], "conditions": conditions})
    plane.events.warning(pod, NODES, "NodeNotReady", "Node is not ready")


def _take_away(plane: Plane, node: Frozen, at_s: float) -> float:
    """Delete its pods when they have waited long enough; with nobody to end them, they stay as Terminating."""
    fresh = plane.read("Node", "", name_of(node)) or node
    taints = [one for one in fresh["spec"].get("taints") or () if one["key"] == _UNREACHABLE and "timeAdded" in one]
    due_s = seconds(taints[0]["timeAdded"]) + _PATIENCE_S if taints else at_s
    if plane.now_s < due_s:
        return due_s
    for pod in _pods(plane, node):
        if not leaving(pod) and not is_over(pod) and not _stays(pod):
            _delete(plane, pod)
    return NEVER


def _stays(pod: Mapping[str, Any]) -> bool:
    """Whether a pod tolerates an unreachable node for ever, as those of daemon sets do."""
    tolerations = pod["spec"].get("tolerations") or ()
    return any(
        one.get("operator") == "Exists" and "tolerationSeconds" not in one and one.get("key") in {None, _UNREACHABLE}
        for one in tolerations
    )


def _delete(plane: Plane, pod: Frozen) -> None:
    told = "Taint manager: deleting due to NoExecute taint"
    disrupted = Condition("DisruptionTarget", "True", "DeletionByTaintManager", told, {"lastProbeTime": None})
    known = pod["status"].get("conditions") or ()
    others = [one for one in known if one["type"] != "DisruptionTarget"]
    plane.write_status(pod, {**pod["status"], "conditions": [*written(known, plane.now, disrupted), *others]})
    about = pod["metadata"]
    marked = plane.read("Pod", about["namespace"], name_of(pod)) or pod
    message = f"Marking for deletion Pod {about['namespace']}/{name_of(pod)}"
    plane.events.normal(marked, TAINTS, "TaintManagerEviction", message)
    plane.store.delete(_POD, about["namespace"], name_of(pod))


def _pods(plane: Plane, node: Frozen) -> list[Frozen]:
    return [pod for pod in plane.listed("Pod") if pod["spec"].get("nodeName") == name_of(node)]
