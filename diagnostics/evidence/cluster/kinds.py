"""The kinds of evidence about a cluster. Each may be partial: what could not be seen stands in its gaps."""

from collections.abc import Iterable
from typing import ClassVar

from diagnostics.evidence.cluster.logs import ContainerLog
from diagnostics.evidence.cluster.machines import Autoscaler, Budget, Event, Node, Quota, Usage
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Pod
from diagnostics.evidence.cluster.services import Ingress, IngressClass, Namespace, Policy, Sealed, Service, Slice
from diagnostics.evidence.cluster.workloads import Revision, Schedule, Workload
from diagnostics.evidence.http import NoAnswer, silence
from diagnostics.evidence.network import Reached
from diagnostics.model import Evidence, Fact, Reason, Unobserved, Value

_SETTING = "environments.<name>.kubernetes.namespaces"


class Gap(Value, frozen=True):
    """A part that could not be seen: which, in words such as `pods in namespace keycloak`, and why.

    Absence is never concluded across a gap.
    """

    what: str
    reason: Reason
    detail: str
    namespace: str = ""


class Partial(Evidence, frozen=True):
    """Base of evidence that may have gaps."""

    KIND: ClassVar[str] = ""
    WHAT: ClassVar[str] = ""
    SETTING: ClassVar[str] = _SETTING

    gaps: tuple[Gap, ...] = ()

    def whole(self, namespace: str) -> bool:
        """Whether everything of a namespace was seen, so that what is not there does not exist."""
        return not any(gap.namespace in {"", namespace} for gap in self.gaps)

    def lacks(self) -> tuple[Unobserved, ...]:
        """Its gaps."""
        return tuple(Unobserved(gap.what, gap.reason, gap.detail) for gap in self.gaps)


class Right(Value, frozen=True):
    """A right on a kind of thing, as `get pods/log in namespace volaticloud`."""

    verb: str
    resource: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}{f' in namespace {self.namespace}' if self.namespace else ''}"


class ClusterRights(Evidence, frozen=True):
    """Which of the rights that looking needs the bot does not have."""

    KIND: ClassVar[str] = "cluster.rights"
    WHAT: ClassVar[str] = "the bot's own rights in the cluster"
    SETTING: ClassVar[str] = _SETTING

    missing: tuple[Right, ...] = ()
    version: str = ""


class ClusterPods(Partial, frozen=True):
    """Every pod of the configured namespaces."""

    KIND: ClassVar[str] = "cluster.pods"
    WHAT: ClassVar[str] = "the pods"

    pods: tuple[Pod, ...] = ()


class ClusterWorkloads(Partial, frozen=True):
    """Every deployment, stateful set, daemon set and job, and the revisions of deployments."""

    KIND: ClassVar[str] = "cluster.workloads"
    WHAT: ClassVar[str] = "the workloads"

    workloads: tuple[Workload, ...] = ()
    revisions: tuple[Revision, ...] = ()

    def marks(self) -> tuple[Fact, ...]:
        """Revision and images of each workload. A job has no other run to compare it with."""
        return tuple(mark for one in self.workloads if one.kind != "Job" for mark in _workload_marks(one))


def _workload_marks(one: Workload) -> Iterable[Fact]:
    if one.revision:
        yield Fact(f"revision of {one.subject}", one.revision)
    for container in one.template.containers:
        yield Fact(f"image of {container.name} in {one.subject}", container.image)


class ClusterSchedules(Partial, frozen=True):
    """Every schedule by which jobs are made."""

    KIND: ClassVar[str] = "cluster.schedules"
    WHAT: ClassVar[str] = "the schedules of jobs"

    schedules: tuple[Schedule, ...] = ()


class ClusterServices(Partial, frozen=True):
    """Every service, and the endpoints behind it."""

    KIND: ClassVar[str] = "cluster.services"
    WHAT: ClassVar[str] = "the services and their endpoints"

    services: tuple[Service, ...] = ()
    slices: tuple[Slice, ...] = ()


class ClusterIngresses(Partial, frozen=True):
    """Every ingress, and the classes there are."""

    KIND: ClassVar[str] = "cluster.ingresses"
    WHAT: ClassVar[str] = "the ingresses"

    ingresses: tuple[Ingress, ...] = ()
    classes: tuple[IngressClass, ...] = ()


class ClusterPolicies(Partial, frozen=True):
    """Every network policy, and the namespaces' labels by which they choose."""

    KIND: ClassVar[str] = "cluster.policies"
    WHAT: ClassVar[str] = "the network policies"

    policies: tuple[Policy, ...] = ()
    namespaces: tuple[Namespace, ...] = ()


class ClusterSecrets(Partial, frozen=True):
    """The configured secrets as facts. No value is in here."""

    KIND: ClassVar[str] = "cluster.secrets"
    WHAT: ClassVar[str] = "the configured secrets"
    SETTING: ClassVar[str] = "environments.<name>.kubernetes.secrets"

    sealed: tuple[Sealed, ...] = ()

    def marks(self) -> tuple[Fact, ...]:
        """A keyed fingerprint of every key: a change of a secret shows, its value does not."""
        return _fingerprints("secret", self.sealed)


class ClusterConfigs(Partial, frozen=True):
    """The config maps that workloads name, as facts. No value is in here: people keep secrets in these, too."""

    KIND: ClassVar[str] = "cluster.configs"
    WHAT: ClassVar[str] = "the config maps that workloads name"
    SETTING: ClassVar[str] = _SETTING

    sealed: tuple[Sealed, ...] = ()

    def marks(self) -> tuple[Fact, ...]:
        """A keyed fingerprint of every key."""
        return _fingerprints("config map", self.sealed)


def _fingerprints(kind: str, sealed: Iterable[Sealed]) -> tuple[Fact, ...]:
    return tuple(
        Fact(f"{kind} {one.name}, key {key.name} (keyed fingerprint)", key.fingerprint)
        for one in sealed
        for key in one.keys
        if key.fingerprint
    )


class ClusterNodes(Partial, frozen=True):
    """Every node."""

    KIND: ClassVar[str] = "cluster.nodes"
    WHAT: ClassVar[str] = "the nodes"

    nodes: tuple[Node, ...] = ()


class ClusterScaling(Partial, frozen=True):
    """Autoscalers, disruption budgets and quotas."""

    KIND: ClassVar[str] = "cluster.scaling"
    WHAT: ClassVar[str] = "autoscalers, disruption budgets and quotas"

    autoscalers: tuple[Autoscaler, ...] = ()
    budgets: tuple[Budget, ...] = ()
    quotas: tuple[Quota, ...] = ()


class ClusterUsage(Partial, frozen=True):
    """What pods and nodes use now, as the metrics server measured it."""

    KIND: ClassVar[str] = "cluster.usage"
    WHAT: ClassVar[str] = "what pods and nodes use (the metrics server)"

    pods: tuple[Usage, ...] = ()
    nodes: tuple[Usage, ...] = ()


class ClusterEvents(Partial, frozen=True):
    """Recent events, newest first. `cut` says that there were more than are kept."""

    KIND: ClassVar[str] = "cluster.events"
    WHAT: ClassVar[str] = "the cluster's events"

    events: tuple[Event, ...] = ()
    cut: bool = False


def _unread(logs: Iterable[ContainerLog]) -> tuple[Unobserved, ...]:
    return tuple(
        Unobserved(f"the log of container {log.container} in pod {log.pod}", Reason.FAILED, log.gap)
        for log in logs
        if log.gap
    )


class ClusterLogs(Evidence, frozen=True):
    """The ends of the logs of the containers that failed: of the run that failed, not of the one that waits."""

    KIND: ClassVar[str] = "cluster.logs"
    WHAT: ClassVar[str] = "the logs of failed containers"
    SETTING: ClassVar[str] = _SETTING

    logs: tuple[ContainerLog, ...] = ()

    def lacks(self) -> tuple[Unobserved, ...]:
        """The logs that could not be read."""
        return _unread(self.logs)


class ClusterController(Evidence, frozen=True):
    """The end of the ingress controller's log: errors of its own and of its proxy. `kind` is what makes its pods."""

    KIND: ClassVar[str] = "cluster.controller"
    WHAT: ClassVar[str] = "the ingress controller's log"
    SETTING: ClassVar[str] = "environments.<name>.kubernetes.ingress_controller"

    logs: tuple[ContainerLog, ...] = ()
    kind: str = "Deployment"

    def lacks(self) -> tuple[Unobserved, ...]:
        """The logs that could not be read."""
        return _unread(self.logs)


class BackendLog(Evidence, frozen=True):
    """The end of the backend's log: of its pods that run, whether or not anything is wrong with them."""

    KIND: ClassVar[str] = "cluster.backend-log"
    WHAT: ClassVar[str] = "the backend's log"
    SETTING: ClassVar[str] = "environments.<name>.kubernetes.backend"

    logs: tuple[ContainerLog, ...] = ()

    def lacks(self) -> tuple[Unobserved, ...]:
        """The logs that could not be read."""
        return _unread(self.logs)


class DatabaseReach(Evidence, frozen=True):
    """How far a connection to the database's address gets from where the bot runs: name, TCP.

    `told_by` is the secret that names the address.
    """

    KIND: ClassVar[str] = "cluster.database-reach"
    WHAT: ClassVar[str] = "the database's address"
    SETTING: ClassVar[str] = "environments.<name>.kubernetes.secrets"

    told_by: Name
    reached: Reached

    def unanswered(self) -> str:
        """Where the connection ended."""
        return silence(self.reached.failure)


class Host(Value, frozen=True):
    """A public name as it is seen from where the bot runs.

    `addresses` are what the name resolves to, `lookup_failure` why it does not, and `missing` says that a nameserver
    knows there is no such name or no address for it. `balancers` are the addresses its ingress was given. `reached` is
    the connection to the first balancer under that name, with the certificate shown; `status` what the gateway
    answered there, or `no_status` why there was none.
    """

    name: str
    ingress: Name
    addresses: tuple[str, ...] = ()
    lookup_failure: NoAnswer | None = None
    missing: bool = False
    lookup_ms: int | None = None
    balancers: tuple[str, ...] = ()
    reached: Reached | None = None
    status: int | None = None
    no_status: NoAnswer | None = None


class ClusterEdge(Evidence, frozen=True):
    """The platform's public names, as they resolve and answer from where the bot runs.

    `left_out` are the names beyond the bound on how many are looked at.
    """

    KIND: ClassVar[str] = "cluster.edge"
    WHAT: ClassVar[str] = "the public names and what answers there"
    SETTING: ClassVar[str] = _SETTING

    hosts: tuple[Host, ...] = ()
    left_out: tuple[str, ...] = ()


KINDS: tuple[type[Evidence], ...] = (
    ClusterRights,
    ClusterPods,
    ClusterWorkloads,
    ClusterSchedules,
    ClusterServices,
    ClusterIngresses,
    ClusterPolicies,
    ClusterSecrets,
    ClusterConfigs,
    ClusterNodes,
    ClusterScaling,
    ClusterUsage,
    ClusterEvents,
    ClusterLogs,
    ClusterController,
    BackendLog,
    DatabaseReach,
    ClusterEdge,
)
