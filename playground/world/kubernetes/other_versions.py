"""Objects under the names of another group or version: events of events.k8s.io, autoscalers of autoscaling/v1."""

from typing import Any

from playground.world.kubernetes.frozen import Frozen, frozen
from playground.world.kubernetes.kinds import Kind, Thing

#: The same field in core/v1 and in events.k8s.io/v1.
_EVENT_FIELDS = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}


def shown(kind: Kind, thing: Frozen) -> Frozen:
    """The object as this kind shows it."""
    if thing["apiVersion"] == kind.api_version:
        return thing
    told = _event(thing) if kind.kind == "Event" else _autoscaler(thing)
    return frozen({**told, "kind": kind.kind, "apiVersion": kind.api_version})


def stored(kind: Kind, thing: Thing) -> Thing:
    """The object as it is kept, from what was written through this kind."""
    if kind.group == "events.k8s.io":
        back = {other: name for name, other in _EVENT_FIELDS.items()}
        return {back.get(key, key): value for key, value in thing.items()}
    if kind.group == "autoscaling" and kind.version == "v1":
        return _autoscaler_v2(thing)
    return thing


def _event(thing: Thing) -> Thing:
    told = {_EVENT_FIELDS.get(key, key): value for key, value in thing.items()}
    return {key: value for key, value in told.items() if key != "reportingInstance" or value}


def _autoscaler(thing: Thing) -> Thing:
    spec, status = dict(thing["spec"]), dict(thing.get("status") or {})
    wanted = _utilization(spec.pop("metrics", None), "target")
    used = _utilization(status.pop("currentMetrics", None), "current")
    status.pop("conditions", None)
    if wanted is not None:
        spec["targetCPUUtilizationPercentage"] = wanted
    if used is not None:
        status["currentCPUUtilizationPercentage"] = used
    return {**thing, "spec": spec, "status": {"currentReplicas": 0, **status}}


def _utilization(metrics: list[Any] | None, word: str) -> int | None:
    for one in metrics or ():
        resource = one.get("resource") or {}
        if resource.get("name") == "cpu":
            found: int | None = resource[word].get("averageUtilization")
            return found
    return None


def _autoscaler_v2(thing: Thing) -> Thing:
    spec = dict(thing.get("spec") or {})
    wanted = spec.pop("targetCPUUtilizationPercentage", None)
    if wanted is not None:
        target = {"type": "Utilization", "averageUtilization": wanted}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    return {**thing, "spec": spec}
