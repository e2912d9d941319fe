"""The metrics API as a metrics server offers it, from what the kubelets report."""

from typing import Literal

from playground.world.kubernetes import status
from playground.world.kubernetes.calls import Call, Reply, told
from playground.world.kubernetes.kinds import READING, Kind, Thing, kind_named
from playground.world.kubernetes.kubelets import Kubelets, Usage
from playground.world.kubernetes.selectors import label_selector
from playground.world.kubernetes.store import moment

#: Installed and well; not installed: the group is missing; installed, and its pods do not answer.
Metrics = Literal["on", "missing", "unavailable"]

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
_WINDOW = "15.045s"  # over how long a metrics server averages, about
KINDS = (
    Kind(GROUP, VERSION, "nodes", "NodeMetrics", namespaced=False, verbs=READING[:2]),
    Kind(GROUP, VERSION, "pods", "PodMetrics", verbs=READING[:2]),
)
_POD, _NODE = kind_named("Pod"), kind_named("Node")


def answer(call: Call, kubelets: Kubelets) -> Reply:
    """One object of metrics, or a list.

    Raises:
        RefusalError: there is none of this name, or nothing has been measured of it.
    """
    at = call.at
    if call.verb == "get":
        return told(200, _one(call, kubelets))
    chosen = label_selector(call.query.get("labelSelector", ""))
    things = call.store.listed(_POD if at.kind.namespaced else _NODE, at.namespace)
    items = [one for thing in things if chosen(thing) and (one := _measured(at.kind, thing, call, kubelets))]
    head = {"kind": f"{at.kind.kind}List", "apiVersion": at.kind.api_version, "metadata": {}}
    return told(200, {**head, "items": items})


def _one(call: Call, kubelets: Kubelets) -> Thing:
    at = call.at
    thing = call.store.read(_POD if at.kind.namespaced else _NODE, at.namespace, at.name)
    found = _measured(at.kind, thing, call, kubelets) if thing else None
    if found is None:
        name = f"{at.namespace}/{at.name}" if at.namespace else at.name
        raise status.RefusalError(
            404, "NotFound", f'{at.kind.qualified} "{name}" not found', status.named(at.kind, name)
        )
    return {"kind": at.kind.kind, "apiVersion": at.kind.api_version, **found}


def _measured(kind: Kind, thing: Thing, call: Call, kubelets: Kubelets) -> Thing | None:
    about = {key: thing["metadata"][key] for key in ("name", "namespace", "labels") if key in thing["metadata"]}
    now = moment(call.store.now)
    head = {"metadata": {**about, "creationTimestamp": now}, "timestamp": now, "window": _WINDOW}
    if not kind.namespaced:
        usage = kubelets.node_usage(thing)
        return {**head, "usage": _quantities(usage)} if usage else None
    containers = [{"name": name, "usage": _quantities(one)} for name, one in kubelets.usage(thing).items()]
    return {**head, "containers": containers} if containers else None


def _quantities(usage: Usage) -> dict[str, str]:
    return {"cpu": f"{round(usage.cpu_m * 1_000_000)}n", "memory": f"{usage.memory // 1024}Ki"}
