"""The quick look of the runbook: pods, services, ingresses, and what is used, by namespace. It judges nothing. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from diagnostics.evidence.cluster.kinds import (
    ClusterIngresses,
    ClusterNodes,
    ClusterPods,
    ClusterSecrets,
    ClusterServices,
    ClusterUsage,
    ClusterWorkloads,
)
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Pod, Role, Stage
from diagnostics.evidence.cluster.services import Ingress, Service, Slice
from diagnostics.evidence.cluster.states import WorkloadState
from diagnostics.evidence.cluster.workloads import Amounts
from diagnostics.glances.running import running
from diagnostics.glances.unseen import unseen
from diagnostics.model import Evidence, Unobserved, Value
from diagnostics.observe import Seen

LOOKS: tuple[type[Evidence], ...] = (
    ClusterPods,
    ClusterWorkloads,
    ClusterServices,
    ClusterIngresses,
    ClusterUsage,
    ClusterNodes,
    ClusterSecrets,
)
"""What it looks at; the secrets only so that their values are masked."""


class PodsRow(Value, frozen=True):
    """A workload's pods, or a pod that nobody made: how many of the wanted are ready, and what they use.

    `trouble` is why one is not ready, in the kubelet's word. `restarts` are of all their containers, since they were
    made. `used` is None where it was not measured; `requested` and `limits` are of all pods that are there.
    """

    kind: str
    name: Name
    ready: int
    wanted: int
    restarts: int = 0
    restarted_at: datetime | None = None
    trouble: str = ""
    used: Amounts | None = None
    requested: Amounts = Amounts()
    limits: Amounts = Amounts()

    @property
    def short(self) -> bool:
        """Whether fewer are ready than are wanted."""
        return self.ready < self.wanted


class ServiceRow(Value, frozen=True):
    """A service: how many of its endpoints are ready. `endpoints` is None where they could not be seen.

    `elsewhere` is the name outside of the cluster that it stands for; `ports` as `kubectl get services` shows them.
    """

    name: Name
    type: str
    ready: int = 0
    endpoints: int | None = None
    elsewhere: str = ""
    ports: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


class IngressRow(Value, frozen=True):
    """An ingress: the hosts it serves, and the addresses it was given; none means that no controller took it up."""

    name: Name
    hosts: tuple[str, ...]
    addresses: tuple[str, ...]


class NodeRow(Value, frozen=True):
    """A node: whether it is ready, and what is used of what pods may use."""

    name: str
    ready: bool
    used: Amounts | None = None
    room: Amounts = Amounts()


class NamespaceLook(Value, frozen=True):
    """What is in a namespace. `finished` counts jobs and pods that came to a good end; they are not listed."""

    name: str
    pods: tuple[PodsRow, ...] = ()
    services: tuple[ServiceRow, ...] = ()
    ingresses: tuple[IngressRow, ...] = ()
    finished: int = 0


class Overview(Value, frozen=True):
    """What there is in an environment's cluster, and what could not be seen of it."""

    environment: str
    at: datetime
    namespaces: tuple[NamespaceLook, ...] = ()
    nodes: tuple[NodeRow, ...] = ()
    lacks: tuple[Unobserved, ...] = ()

    @property
    def pods_ready(self) -> tuple[int, int]:
        """How many pods are ready, and how many are wanted."""
        rows = [row for space in self.namespaces for row in space.pods]
        return sum(min(row.ready, row.wanted) for row in rows), sum(row.wanted for row in rows)


def overview(seen: Seen, environment: str, namespaces: Iterable[str], at: datetime) -> Overview:
    """The quick look of what was seen."""
    looks = _Looks(seen)
    return Overview(
        environment,
        at,
        tuple(look for name in namespaces if (look := looks.namespace(name)) != NamespaceLook(name)),
        tuple(looks.nodes()),
        unseen(seen, LOOKS),
    )


class _Looks:
    """What was seen, by namespace. What was not seen is empty here, and named among the lacks."""

    def __init__(self, seen: Seen) -> None:
        there = running(seen)
        self._states = () if isinstance(there, Unobserved) else there.states
        self._loose = () if isinstance(there, Unobserved) else there.loose
        services, ingresses = seen.get(ClusterServices), seen.get(ClusterIngresses)
        self._services = () if isinstance(services, Unobserved) else services.services
        self._slices = () if isinstance(services, Unobserved) else services.slices
        self._blind = {""} if isinstance(services, Unobserved) else _without_endpoints(services)
        self._ingresses = () if isinstance(ingresses, Unobserved) else ingresses.ingresses
        usage, nodes = seen.get(ClusterUsage), seen.get(ClusterNodes)
        self._nodes = () if isinstance(nodes, Unobserved) else nodes.nodes
        self._used: dict[Name, list[Amounts]] = {}
        for one in () if isinstance(usage, Unobserved) else usage.pods:
            self._used.setdefault(Name(one.namespace, one.name), []).append(one.amounts)
        self._node_use = {} if isinstance(usage, Unobserved) else {one.name: one.amounts for one in usage.nodes}

    def namespace(self, name: str) -> NamespaceLook:
        states = [one for one in self._states if one.workload.name.namespace == name]
        loose = [pod for pod in self._loose if pod.name.namespace == name]
        going = [one for one in states if not _over(one)]
        rows = [*(self._workload(one) for one in going), *(self._pod(pod) for pod in loose if not _ended_well(pod))]
        return NamespaceLook(
            name,
            tuple(sorted(rows, key=lambda row: (not row.short, row.name))),
            tuple(self._service(one) for one in self._services if one.name.namespace == name),
            tuple(_ingress(one) for one in self._ingresses if one.name.namespace == name),
            len(states) - len(going) + sum(_ended_well(pod) for pod in loose),
        )

    def nodes(self) -> Iterator[NodeRow]:
        for node in sorted(self._nodes, key=lambda one: (one.ready, one.name)):
            yield NodeRow(node.name, node.ready, self._node_use.get(node.name), node.allocatable)

    def _workload(self, state: WorkloadState) -> PodsRow:
        workload, living = state.workload, [pod for pod in state.pods if not pod.finished]
        containers = [one for one in workload.template.containers if one.role is not Role.INIT]
        return PodsRow(
            kind=workload.kind,
            name=workload.name,
            ready=sum(pod.ready for pod in living),
            wanted=workload.wanted,
            restarts=_restarts(state.pods),
            restarted_at=_restarted(state.pods),
            trouble=_trouble(state.pods) or _given_up(state),
            used=self._use(living),
            requested=_times(len(living), total(one.requests for one in containers)),
            limits=_times(len(living), total((one.limits for one in containers), whole=True)),
        )

    def _pod(self, pod: Pod) -> PodsRow:
        some = (pod,)
        restarts = _restarts(some), _restarted(some)
        return PodsRow("Pod", pod.name, int(pod.ready), 1, *restarts, _trouble(some), self._use(some))

    def _use(self, pods: Iterable[Pod]) -> Amounts | None:
        found = [amounts for pod in pods for amounts in self._used.get(pod.name, ())]
        return total(found) if found else None

    def _service(self, one: Service) -> ServiceRow:
        blind = bool(self._blind & {"", one.name.namespace}) or bool(one.external_name)
        ends = [end for part in self._slices if part.service == one.name for end in _pairs(part)]
        return ServiceRow(
            name=one.name,
            type=one.type,
            ready=len({address for address, ready in ends if ready}),
            endpoints=None if blind else len({address for address, _ in ends}),
            elsewhere=one.external_name,
            ports=tuple(f"{port.number}/{port.protocol}" for port in one.ports),
            addresses=one.addresses,
        )


def total(amounts: Iterable[Amounts], *, whole: bool = False) -> Amounts:
    """The sum. What nobody says is None; with `whole` also what somebody does not say: then there is no limit."""
    every = tuple(amounts)
    return Amounts(_sum([one.cpu_m for one in every], whole=whole), _sum([one.memory for one in every], whole=whole))


def _sum(numbers: list[int | None], *, whole: bool) -> int | None:
    said = [number for number in numbers if number is not None]
    return None if not said or (whole and len(said) < len(numbers)) else sum(said)


def _times(number: int, amounts: Amounts) -> Amounts:
    return Amounts(
        None if amounts.cpu_m is None else number * amounts.cpu_m,
        None if amounts.memory is None else number * amounts.memory,
    )


def _over(state: WorkloadState) -> bool:
    """A job that came to a good end. One without pods need not have: they may have been refused, or be gone."""
    return state.workload.kind == "Job" and state.workload.holds("Complete")


def _given_up(state: WorkloadState) -> str:
    failed = state.workload.condition("Failed")
    return failed.reason if failed and failed.status == "True" else ""


def _ended_well(pod: Pod) -> bool:
    return pod.phase == "Succeeded"


def _restarts(pods: Iterable[Pod]) -> int:
    return sum(one.restarts for pod in pods for one in pod.containers)


def _restarted(pods: Iterable[Pod]) -> datetime | None:
    """When a container last ended and was started again."""
    ends = [one.last_end.ended_at for pod in pods for one in pod.containers if one.last_end and one.restarts]
    return max((end for end in ends if end is not None), default=None)


def _trouble(pods: Iterable[Pod]) -> str:
    """Why a pod is not ready: the worst reason that is known, or what it is doing."""
    return next((word for pod in pods if not pod.ready for word in _words(pod) if word), "")


def _words(pod: Pod) -> Iterator[str]:
    yield pod.reason
    for one in pod.containers:
        yield one.reason if one.stage is Stage.WAITING and one.reason != "PodInitializing" else ""
        yield one.end.reason if one.stage is Stage.TERMINATED and one.end and one.end.code != 0 else ""
    scheduled = pod.condition("PodScheduled")
    yield scheduled.reason if scheduled and scheduled.status == "False" else ""
    yield "Terminating" if pod.deleting_since else ""
    yield "NotReady" if pod.phase == "Running" else pod.phase


def _without_endpoints(services: ClusterServices) -> set[str]:
    """The namespaces whose endpoints could not be seen."""
    return {gap.namespace for gap in services.gaps if gap.what.startswith("endpoints")}


def _pairs(part: Slice) -> Iterator[tuple[str, bool]]:
    return ((end.address, end.ready and not end.terminating) for end in part.endpoints)


def _ingress(one: Ingress) -> IngressRow:
    hosts = dict.fromkeys(route.host or "*" for route in one.routes) or {"*": None}
    return IngressRow(one.name, tuple(hosts), one.addresses)
