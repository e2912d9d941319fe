"""Builders of pods, workloads and what lies around them: sound unless told otherwise, at the time of the test."""

from datetime import timedelta
from typing import Any

from diagnostics.context import ClusterExpected, Context, Expected, SealedExpected
from diagnostics.evidence.cluster.kinds import Gap
from diagnostics.evidence.cluster.logs import ContainerLog, KnownLine
from diagnostics.evidence.cluster.machines import Event, Node
from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.pods import Condition, Container, End, Owner, Pod, Stage
from diagnostics.evidence.cluster.sealed import ClusterSealed
from diagnostics.evidence.cluster.services import Key, Sealed
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.evidence.cluster.workloads import (
    Amounts,
    ContainerSpec,
    Origin,
    Probe,
    Template,
    Variable,
    Workload,
)
from diagnostics.model import Reason, Severity
from tests.diagnostics.areas.cases.case import NOW

NAMESPACE, BACKEND, CONTAINER = "volaticloud", "volaticloud-backend", "volaticloud"
IMAGE = "ghcr.io/volaticloud/volaticloud:2.1.0"
DB_SECRET = Name(NAMESPACE, "volaticloud-db-secret")
KEYCLOAK_SECRET = Name(NAMESPACE, "keycloak-client-secret")
CLUSTER = ClusterExpected(secrets=(SealedExpected(DB_SECRET, ("host", "password")),))
CLUSTER_CONTEXT = Context(at=NOW, seen_from="from the test", expected=Expected(cluster=CLUSTER))


def ago(seconds: float) -> Any:
    """A moment so many seconds before the time of the test."""
    return NOW - timedelta(seconds=seconds)


def ended(code: int, *, ended_s: float = 60, ran_s: float = 5, **facts: Any) -> End:
    """A run of a container that ended so long ago."""
    given = {"reason": "Error" if code else "Completed", **facts}
    return End(code, ended_at=ago(ended_s), started_at=ago(ended_s + ran_s), **given)


def running(*, since_s: float = 86400, **facts: Any) -> Container:
    """A container that has been running for so long, and is ready."""
    sound: dict[str, Any] = {"name": CONTAINER, "image": IMAGE, "ready": True, "started": True}
    return Container(stage=Stage.RUNNING, started_at=ago(since_s), **{**sound, **facts})


def waiting(reason: str, message: str = "", **facts: Any) -> Container:
    """A container that waits, and why."""
    sound: dict[str, Any] = {"name": CONTAINER, "image": IMAGE}
    return Container(stage=Stage.WAITING, reason=reason, message=message, **{**sound, **facts})


def terminated(end: End, **facts: Any) -> Container:
    """A container that has ended and does not run again yet."""
    sound: dict[str, Any] = {"name": CONTAINER, "image": IMAGE}
    return Container(stage=Stage.TERMINATED, end=end, **{**sound, **facts})


def looping(code: int = 1, restarts: int = 7, **facts: Any) -> Container:
    """A container in a crash loop, between two runs."""
    end = facts.pop("last_end", ended(code))
    return waiting("CrashLoopBackOff", "back-off 5m0s", restarts=restarts, last_end=end, **facts)


def pod(*containers: Container, name: str = f"{BACKEND}-7d-a", age_s: float = 86400, **facts: Any) -> Pod:
    """A pod of the backend with these containers; without any, a sound one. It is ready when all of them are."""
    inside = containers or (running(),)
    ready = all(one.ready or one.role == "init container" for one in inside)
    conditions = (
        Condition("PodScheduled", "True", since=ago(age_s)),
        Condition("Ready", str(ready), since=ago(min(age_s, facts.pop("ready_s", age_s)))),
    )
    sound: dict[str, Any] = {
        "uid": name,
        "phase": "Running",
        "labels": {"app": BACKEND},
        "created_at": ago(age_s),
        "owner": Owner("ReplicaSet", f"{BACKEND}-7d"),
        "node": "node-1",
        "conditions": conditions,
        "containers": inside,
    }
    return Pod(Name(facts.pop("namespace", NAMESPACE), name), **{**sound, **facts})


def unplaced(message: str, *, for_s: float = 600, reason: str = "Unschedulable") -> Pod:
    """A pod that has no node."""
    placed = Condition("PodScheduled", "False", reason, message, since=ago(for_s))
    return pod(waiting(""), age_s=for_s, phase="Pending", node="", containers=(), conditions=(placed,))


def starting(*containers: Container, for_s: float = 600) -> Pod:
    """A pod that has its node and no running container yet."""
    return pod(*(containers or (waiting("ContainerCreating"),)), age_s=for_s, phase="Pending")


def secret_variable(name: str, source: Name, key: str, **facts: Any) -> Variable:
    """A variable taken from a secret."""
    return Variable(name, Origin.SECRET, source.name, key, **facts)


VARIABLES = (
    Variable("VOLATICLOUD_KEYCLOAK_URL", Origin.VALUE),
    Variable("VOLATICLOUD_KEYCLOAK_REALM", Origin.VALUE),
    Variable("VOLATICLOUD_KEYCLOAK_CLIENT_ID", Origin.VALUE),
    secret_variable("VOLATICLOUD_KEYCLOAK_CLIENT_SECRET", KEYCLOAK_SECRET, "client-secret"),
    secret_variable("PGPASSWORD", DB_SECRET, "password"),
)


def spec(**facts: Any) -> ContainerSpec:
    """The backend's container as its template asks for it."""
    sound: dict[str, Any] = {
        "name": CONTAINER,
        "image": IMAGE,
        "variables": VARIABLES,
        "probes": (Probe("readiness", "GET /health at http"), Probe("liveness", "GET /health at http")),
        "requests": Amounts(250, 256 << 20),
        "limits": Amounts(1000, 512 << 20),
    }
    return ContainerSpec(**{**sound, **facts})


def workload(*containers: ContainerSpec, volumes: tuple[Any, ...] = (), **facts: Any) -> Workload:
    """The backend's deployment; other facts of a workload by name."""
    labels = facts.pop("labels", {"app": BACKEND})
    sound: dict[str, Any] = {
        "kind": "Deployment",
        "name": Name(NAMESPACE, BACKEND),
        "uid": "u",
        "wanted": 2,
        "created_at": ago(864000),
        "selector": Selector.of_labels({"app": BACKEND}),
        "template": Template(labels, containers or (spec(),), volumes),
        "deadline_s": 600,
        "conditions": (Condition("Available", "True", since=ago(86400)),),
    }
    return Workload(**{**sound, **facts})


OTHER = pod(name=f"{BACKEND}-7d-b", node="node-2")


def state(*pods: Pod, of: Workload | None = None, **facts: Any) -> WorkloadState:
    """A workload with these pods of its newest revision; without any, two sound ones."""
    return WorkloadState(of or workload(), facts.pop("newest", pods or (pod(), OTHER)), **facts)


def node(name: str = "node-1", *, ready: str = "True", since_s: float = 600, **facts: Any) -> Node:
    """A node; other conditions of it are False, as they are on a sound one."""
    pressures = ("MemoryPressure", "DiskPressure", "PIDPressure")
    on = facts.pop("pressure", "")
    conditions = (
        *(Condition(one, str(one == on), since=ago(since_s)) for one in pressures),
        Condition("Ready", ready, "KubeletReady", "kubelet says so", since=ago(since_s)),
    )
    sound: dict[str, Any] = {"architecture": "amd64", "allocatable": Amounts(4000, 8 << 30)}
    return Node(name, facts.pop("created_at", ago(864000)), conditions, **{**sound, **facts})


NODES = (node(), node("node-2"))


def states(*some: WorkloadState, sealed: ClusterSealed | None = None, **facts: Any) -> WorkloadStates:
    """What was seen: these workloads, beside a sound backend where it is not among them."""
    backend = any(one.workload.name.name == BACKEND for one in some)
    return WorkloadStates(
        states=some if backend else (state(), *some),
        nodes=facts.pop("nodes", NODES),
        sealed=sealed,
        **facts,
    )


def of(*pods: Pod, **facts: Any) -> WorkloadStates:
    """What was seen of a backend with these pods."""
    around = {name: facts.pop(name) for name in ("sealed", "nodes", "loose", "gaps") if name in facts}
    return states(state(*pods, **facts), **around)


SOUND = states()


def event(message: str, *, about: Pod | None = None, reason: str = "Failed", at_s: float = 60, **facts: Any) -> Event:
    """A warning about a pod; about another thing by `on`."""
    thing = facts.pop("on", Owner("Pod", (about or pod()).name.name))
    return Event(NAMESPACE, thing, facts.pop("type", "Warning"), reason, message, ago(at_s), **facts)


def log(*lines: str, known: str = "", of: Pod | None = None, **facts: Any) -> ContainerLog:
    """The log of a container that failed; its last line is a known error where its id is given."""
    entry = (KnownLine(known, f"what {known} means", Severity.CRITICAL, 1, lines[-1]),) if known else ()
    entry = facts.pop("known_lines", entry)
    sound: dict[str, Any] = {"container": CONTAINER, "previous": True, "read": len(lines), "known": entry}
    return ContainerLog((of or pod()).name, **{**sound, "lines": lines, **facts})


def sealed(*some: Sealed, configs: tuple[Sealed, ...] = ()) -> ClusterSealed:
    """What is known of secrets: these, beside the sound ones that are not among them."""
    names = {one.name for one in some}
    sound = (
        Sealed(DB_SECRET, keys=(Key("host"), Key("password"))),
        Sealed(KEYCLOAK_SECRET, keys=(Key("client-secret"),)),
    )
    return ClusterSealed(secrets=(*some, *(one for one in sound if one.name not in names)), configs=configs)


GAP = Gap(f"pods in namespace {NAMESPACE}", Reason.FORBIDDEN, "no right", NAMESPACE)
