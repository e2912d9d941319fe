"""Objects as the server prints them for `kubectl get`: the columns of each kind, and a row for each object."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playground.world.kubernetes import cells
from playground.world.kubernetes.kinds import Kind, Thing

Cells = Callable[[Thing, datetime], list[Any]]


@dataclass(frozen=True, slots=True)
class _Look:
    """How a kind is printed: headings (wide ones are shown on demand), and the cells of one object but its name.

    Events alone have an `order` of their own, with each heading's priority, and their name among the cells.
    """

    columns: tuple[str, ...]
    wide: tuple[str, ...]
    cells: Cells
    order: tuple[tuple[str, int], ...] = ()

    @property
    def headings(self) -> tuple[tuple[str, int], ...]:
        """Every heading with its priority: 0 is always shown, 1 only in wide tables."""
        return self.order or (*((name, 0) for name in ("Name", *self.columns)), *((name, 1) for name in self.wide))


_NUMBERS = {
    "Up-to-date",
    "Available",
    "Desired",
    "Current",
    "Data",
    "Replicas",
    "Count",
    "MinPods",
    "MaxPods",
    "Secrets",
}
_NAME_WORDS = "Name must be unique within a namespace."


def table(kind: Kind, things: Iterable[Thing], about: Thing, now: datetime, include: str = "Metadata") -> Thing:
    """The table of some objects. `about` is the list's metadata; `include` how much of each object goes along."""
    look = _LOOKS.get(kind.kind, _PLAIN)
    rows = [_row(look, thing, now, include) for thing in things]
    head: Thing = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": about}
    return {**head, "columnDefinitions": _columns(look), "rows": rows}


def metadata_only(thing: Thing) -> Thing:
    """An object without anything but what it is called."""
    head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {**head, "metadata": thing["metadata"]}


def _columns(look: _Look) -> list[Thing]:
    return [
        {
            "name": name,
            "type": "integer" if name in _NUMBERS else "string",
            "format": "name" if name == "Name" else "",
            "description": _NAME_WORDS if name == "Name" else name,
            "priority": priority,
        }
        for name, priority in look.headings
    ]


def _row(look: _Look, thing: Thing, now: datetime, include: str) -> Thing:
    name = [] if look.order else [thing["metadata"]["name"]]
    row: Thing = {"cells": [*name, *look.cells(thing, now)]}
    if include == "None":
        return row
    return {**row, "object": thing if include == "Object" else metadata_only(thing)}


def _born(thing: Thing, now: datetime) -> str:
    return cells.age(thing["metadata"].get("creationTimestamp"), now)


def _pod(one: Thing, now: datetime) -> list[Any]:
    told = one.get("status", {})
    shown = [cells.pod_ready(one), cells.pod_state(one), cells.pod_restarts(one, now), _born(one, now)]
    place = [told.get("podIP") or cells.NONE, one["spec"].get("nodeName") or cells.NONE]
    return [*shown, *place, told.get("nominatedNodeName") or cells.NONE, cells.NONE]


def _deployment(one: Thing, now: datetime) -> list[Any]:
    told, spec = one.get("status", {}), one["spec"]
    ready = f"{told.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    numbers = [told.get("updatedReplicas", 0), told.get("availableReplicas", 0)]
    return [ready, *numbers, _born(one, now), *cells.containers(spec["template"]), cells.labels(spec.get("selector"))]


def _replica_set(one: Thing, now: datetime) -> list[Any]:
    told, spec = one.get("status", {}), one["spec"]
    numbers = [spec.get("replicas", 1), told.get("replicas", 0), told.get("readyReplicas", 0)]
    return [*numbers, _born(one, now), *cells.containers(spec["template"]), cells.labels(spec.get("selector"))]


def _stateful_set(one: Thing, now: datetime) -> list[Any]:
    told, spec = one.get("status", {}), one["spec"]
    ready = f"{told.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    return [ready, _born(one, now), *cells.containers(spec["template"])]


def _daemon_set(one: Thing, now: datetime) -> list[Any]:
    told, spec = one.get("status", {}), one["spec"]
    words = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
    numbers = [told.get(word, 0) for word in (*words, "numberAvailable")]
    nodes = cells.pairs(spec["template"].get("spec", {}).get("nodeSelector"))
    described = [*cells.containers(spec["template"]), cells.labels(spec.get("selector"))]
    return [*numbers, nodes, _born(one, now), *described]


def _job(one: Thing, now: datetime) -> list[Any]:
    told, spec = one.get("status", {}), one["spec"]
    ends = {each["type"] for each in told.get("conditions") or () if each["status"] == "True"}
    state = "Complete" if "Complete" in ends else "Failed" if "Failed" in ends else "Running"
    done = f"{told.get('succeeded', 0)}/{spec.get('completions', 1)}"
    took = cells.age(told["startTime"], _until(told, now)) if told.get("startTime") else ""
    return [state, done, took, _born(one, now), *cells.containers(spec["template"]), cells.labels(spec.get("selector"))]


def _until(told: Thing, now: datetime) -> datetime:
    return cells.moment_of(told["completionTime"]) if told.get("completionTime") else now


def _cron_job(one: Thing, now: datetime) -> list[Any]:
    told, spec = one.get("status", {}), one["spec"]
    last = cells.age(told["lastScheduleTime"], now) if told.get("lastScheduleTime") else cells.NONE
    shown = [spec["schedule"], spec.get("timeZone") or cells.NONE, str(bool(spec.get("suspend")))]
    described = [*cells.containers(spec["jobTemplate"]["spec"]["template"]), cells.NONE]
    return [*shown, len(told.get("active") or ()), last, _born(one, now), *described]


def _service(one: Thing, now: datetime) -> list[Any]:
    spec = one["spec"]
    shown = [spec.get("type", "ClusterIP"), spec.get("clusterIP") or cells.NONE, cells.external_ip(one)]
    return [*shown, cells.service_ports(one), _born(one, now), cells.pairs(spec.get("selector"))]


def _endpoint_slice(one: Thing, now: datetime) -> list[Any]:
    ports = cells.joined((port.get("port", "*") for port in one.get("ports") or ()), "<unset>")
    listed = [address for each in one.get("endpoints") or () for address in each["addresses"]]
    return [one["addressType"], ports, cells.joined(listed, "<unset>"), _born(one, now)]


def _ingress(one: Thing, now: datetime) -> list[Any]:
    spec = one["spec"]
    hosts = cells.joined((rule.get("host") or "*" for rule in spec.get("rules") or ()), "*")
    ports = "80, 443" if spec.get("tls") else "80"
    return [
        spec.get("ingressClassName") or cells.NONE,
        hosts,
        cells.joined(cells.balancer(one), ""),
        ports,
        _born(one, now),
    ]


def _event(one: Thing, now: datetime) -> list[Any]:
    about = one["involvedObject"]
    seen = (one.get("series") or {}).get("lastObservedTime") or one.get("lastTimestamp") or one.get("eventTime")
    first = one.get("firstTimestamp") or one.get("eventTime")
    source = one.get("source") or {}
    count = (one.get("series") or {}).get("count") or one.get("count") or 1
    last = cells.age(seen, now) if count == 1 else f"{cells.age(seen, now)} (x{count} over {cells.age(first, now)})"
    where = f"{about['kind'].lower()}/{about['name']}"
    shown = [last, one.get("type"), one.get("reason"), where]
    by = cells.joined(
        [word for word in (source.get("component") or one.get("reportingComponent"), source.get("host")) if word], ""
    )
    wide = [
        about.get("fieldPath", ""),
        by,
        one["message"].strip(),
        cells.age(first, now),
        count,
        one["metadata"]["name"],
    ]
    return [*shown, *wide]


def _node(one: Thing, now: datetime) -> list[Any]:
    prefix = "node-role.kubernetes.io/"
    roles = sorted(key.removeprefix(prefix) for key in one["metadata"].get("labels") or {} if key.startswith(prefix))
    info = one["status"].get("nodeInfo") or {}
    shown = [cells.node_state(one), cells.joined(roles), _born(one, now), info.get("kubeletVersion", "")]
    places = [cells.node_address(one, "InternalIP"), cells.node_address(one, "ExternalIP")]
    return [
        *shown,
        *places,
        *(info.get(word) or cells.UNKNOWN for word in ("osImage", "kernelVersion", "containerRuntimeVersion")),
    ]


def _autoscaler(one: Thing, now: datetime) -> list[Any]:
    spec, told = one["spec"], one.get("status", {})
    reference = f"{spec['scaleTargetRef']['kind']}/{spec['scaleTargetRef']['name']}"
    numbers = [str(spec.get("minReplicas", "<unset>")), spec["maxReplicas"], told.get("currentReplicas", 0)]
    return [reference, cells.targets(one), *numbers, _born(one, now)]


def _budget(one: Thing, now: datetime) -> list[Any]:
    spec = one["spec"]
    limits = [str(spec.get(word, "N/A")) for word in ("minAvailable", "maxUnavailable")]
    return [*limits, one.get("status", {}).get("disruptionsAllowed", 0), _born(one, now)]


def _claim(one: Thing, now: datetime) -> list[Any]:
    spec, told = one["spec"], one.get("status", {})
    size = (told.get("capacity") or {}).get("storage", "")
    modes = cells.joined(_mode(each) for each in spec.get("accessModes") or ())
    place = [told.get("phase", ""), spec.get("volumeName", ""), size, modes if size else ""]
    return [*place, spec.get("storageClassName") or "", "<unset>", _born(one, now), spec.get("volumeMode", "<unset>")]


def _mode(word: str) -> str:
    return {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}[word]


def _quota(one: Thing, now: datetime) -> list[Any]:
    told = one.get("status", {})
    used, hard = told.get("used") or {}, told.get("hard") or {}
    requests = [f"{key}: {used.get(key, '0')}/{hard[key]}" for key in sorted(hard) if not key.startswith("limits.")]
    limits = [f"{key}: {used.get(key, '0')}/{hard[key]}" for key in sorted(hard) if key.startswith("limits.")]
    return [", ".join(requests), ", ".join(limits), _born(one, now)]


def _binding(one: Thing, now: datetime) -> list[Any]:
    who: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for each in one.get("subjects") or ():
        who[each["kind"]].append(f"{each['namespace']}/{each['name']}" if each.get("namespace") else each["name"])
    role = f"{one['roleRef']['kind']}/{one['roleRef']['name']}"
    return [role, _born(one, now), *(", ".join(names) for names in who.values())]


def _count(field: str) -> Cells:
    return lambda one, now: [len(one.get(field) or ()), _born(one, now)]


_DESCRIBED = ("Containers", "Images", "Selector")
_BOUND = ("Users", "Groups", "ServiceAccounts")
_EVENT_ORDER = (
    *(("Last Seen", 0), ("Type", 0), ("Reason", 0), ("Object", 0), ("Subobject", 1), ("Source", 1)),
    *(("Message", 0), ("First Seen", 1), ("Count", 1), ("Name", 1)),
)
_PLAIN = _Look(("Age",), (), lambda one, now: [_born(one, now)])
_CREATED = _Look(("Created At",), (), lambda one, _: [one["metadata"].get("creationTimestamp")])
_LOOKS: Mapping[str, _Look] = {
    "Pod": _Look(("Ready", "Status", "Restarts", "Age"), ("IP", "Node", "Nominated Node", "Readiness Gates"), _pod),
    "Deployment": _Look(("Ready", "Up-to-date", "Available", "Age"), _DESCRIBED, _deployment),
    "ReplicaSet": _Look(("Desired", "Current", "Ready", "Age"), _DESCRIBED, _replica_set),
    "StatefulSet": _Look(("Ready", "Age"), _DESCRIBED[:2], _stateful_set),
    "DaemonSet": _Look(
        ("Desired", "Current", "Ready", "Up-to-date", "Available", "Node Selector", "Age"), _DESCRIBED, _daemon_set
    ),
    "Job": _Look(("Status", "Completions", "Duration", "Age"), _DESCRIBED, _job),
    "CronJob": _Look(("Schedule", "Timezone", "Suspend", "Active", "Last Schedule", "Age"), _DESCRIBED, _cron_job),
    "Service": _Look(("Type", "Cluster-IP", "External-IP", "Port(s)", "Age"), ("Selector",), _service),
    "Endpoints": _Look(
        ("Endpoints", "Age"), (), lambda one, now: [cells.endpoints(one.get("subsets")), _born(one, now)]
    ),
    "EndpointSlice": _Look(("AddressType", "Ports", "Endpoints", "Age"), (), _endpoint_slice),
    "Ingress": _Look(("Class", "Hosts", "Address", "Ports", "Age"), (), _ingress),
    "IngressClass": _Look(
        ("Controller", "Parameters", "Age"),
        (),
        lambda one, now: [one["spec"].get("controller", ""), cells.NONE, _born(one, now)],
    ),
    "NetworkPolicy": _Look(
        ("Pod-Selector", "Age"), (), lambda one, now: [cells.labels(one["spec"].get("podSelector")), _born(one, now)]
    ),
    "Event": _Look((), (), _event, _EVENT_ORDER),
    "Node": _Look(
        ("Status", "Roles", "Age", "Version"),
        ("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"),
        _node,
    ),
    "Namespace": _Look(
        ("Status", "Age"), (), lambda one, now: [one.get("status", {}).get("phase", ""), _born(one, now)]
    ),
    "HorizontalPodAutoscaler": _Look(
        ("Reference", "Targets", "MinPods", "MaxPods", "Replicas", "Age"), (), _autoscaler
    ),
    "PodDisruptionBudget": _Look(("Min Available", "Max Unavailable", "Allowed Disruptions", "Age"), (), _budget),
    "PersistentVolumeClaim": _Look(
        ("Status", "Volume", "Capacity", "Access Modes", "StorageClass", "VolumeAttributesClass", "Age"),
        ("VolumeMode",),
        _claim,
    ),
    "ResourceQuota": _Look(("Request", "Limit", "Age"), (), _quota),
    "Secret": _Look(
        ("Type", "Data", "Age"), (), lambda one, now: [one.get("type"), len(one.get("data") or ()), _born(one, now)]
    ),
    "ConfigMap": _Look(("Data", "Age"), (), _count("data")),
    "ServiceAccount": _Look(("Secrets", "Age"), (), _count("secrets")),
    "Role": _CREATED,
    "ClusterRole": _CREATED,
    "RoleBinding": _Look(("Role", "Age"), _BOUND, _binding),
    "ClusterRoleBinding": _Look(("Role", "Age"), _BOUND, _binding),
}
