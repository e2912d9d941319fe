"""What workloads and nodes use beside what they may: joined once, purely, from what was seen."""

from collections.abc import Iterator
from typing import ClassVar, Self

from msgspec.structs import replace

from diagnostics.evidence.cluster.kinds import (
    ClusterEvents,
    ClusterNodes,
    ClusterPods,
    ClusterScaling,
    ClusterUsage,
    ClusterWorkloads,
)
from diagnostics.evidence.cluster.machines import Autoscaler, Event, Node, Usage
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.evidence.cluster.workloads import Amounts
from diagnostics.model import Evidence, Subject, Value
from diagnostics.observe import Seen, View


class ContainerUse(Value, frozen=True):
    """What a container of a pod uses, what it has asked for and what it is held to."""

    pod: Name
    container: str
    used: Amounts
    requests: Amounts = Amounts()
    limits: Amounts = Amounts()

    @property
    def cpu_percent(self) -> int | None:
        """Its processor time, in percent of the limit; None where it has none or was not measured."""
        return percent(self.used.cpu_m, self.limits.cpu_m)

    @property
    def memory_percent(self) -> int | None:
        """The same of its memory."""
        return percent(self.used.memory, self.limits.memory)


class WorkloadUse(Value, frozen=True):
    """A workload with what its containers use, and how many pods it is wanted to have.

    `scaled_by` names the autoscaler that sets that number; empty where none does, None where nobody could look.
    """

    name: Name
    subject: Subject
    uses: tuple[ContainerUse, ...]
    rests_on: tuple[Subject, ...] = ()
    replicas: int = 1
    scaled_by: str | None = None


class ResourceUse(View, frozen=True):
    """What every workload uses beside what it may."""

    KIND: ClassVar[str] = "cluster.resource-use"
    WHAT: ClassVar[str] = "what workloads use beside their limits"
    SETTING: ClassVar[str] = ClusterUsage.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (ClusterPods, ClusterWorkloads, ClusterUsage)
    USES: ClassVar[tuple[type[Evidence], ...]] = (ClusterScaling,)

    workloads: tuple[WorkloadUse, ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen. What was not measured yet, such as a pod that has just started, is left out."""
        measured: dict[Name, list[Usage]] = {}
        for one in seen[ClusterUsage].pods:
            measured.setdefault(Name(one.namespace, one.name), []).append(one)
        states = WorkloadStates.joined(seen).states
        scaling = seen.given(ClusterScaling)
        used = (replace(_workload(state, measured), scaled_by=_scaler(state, scaling)) for state in states)
        return cls(tuple(one for one in used if one.uses))


class NodeUse(View, frozen=True):
    """Every node beside what is used of it."""

    KIND: ClassVar[str] = "cluster.node-use"
    WHAT: ClassVar[str] = "what is used of the nodes"
    SETTING: ClassVar[str] = ClusterNodes.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (ClusterNodes,)
    USES: ClassVar[tuple[type[Evidence], ...]] = (ClusterUsage,)

    nodes: tuple[tuple[Node, Amounts], ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen; a node that was not measured uses nothing that is known."""
        usage = seen.given(ClusterUsage)
        used = {one.name: one.amounts for one in usage.nodes} if usage else {}
        return cls(tuple((node, used.get(node.name, Amounts())) for node in seen[ClusterNodes].nodes))


class Scalers(View, frozen=True):
    """Every autoscaler beside the events about it.

    `unready` are the workloads of which all pods were seen and none is ready, `measured` the namespaces of whose pods
    the metrics server told what they use.
    """

    KIND: ClassVar[str] = "cluster.scalers"
    WHAT: ClassVar[str] = "the autoscalers"
    SETTING: ClassVar[str] = ClusterScaling.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (ClusterScaling,)
    USES: ClassVar[tuple[type[Evidence], ...]] = (ClusterEvents, ClusterPods, ClusterWorkloads, ClusterUsage)

    scalers: tuple[tuple[Autoscaler, tuple[Event, ...]], ...] = ()
    unready: tuple[Subject, ...] = ()
    measured: tuple[str, ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen."""
        found, usage = seen.given(ClusterEvents), seen.given(ClusterUsage)
        events = found.events if found else ()
        return cls(
            tuple((one, _about(one, events)) for one in seen[ClusterScaling].autoscalers),
            tuple(_unready(seen)),
            tuple(dict.fromkeys(one.namespace for one in usage.pods)) if usage else (),
        )


def _unready(seen: Seen) -> Iterator[Subject]:
    """The workloads without a ready pod, where all pods were seen."""
    pods, workloads = seen.given(ClusterPods), seen.given(ClusterWorkloads)
    for state in WorkloadStates.joined(seen).states if pods and workloads else ():
        whole = pods is not None and pods.whole(state.workload.name.namespace)
        if whole and not any(pod.ready for pod in state.pods):
            yield state.subject


def percent(part: int | None, whole: int | None) -> int | None:
    """A part of a whole in percent, rounded down; None where one of the two is not known, or the whole is nothing."""
    return 100 * part // whole if part is not None and whole else None


def _workload(state: WorkloadState, measured: dict[Name, list[Usage]]) -> WorkloadUse:
    specs = {one.name: one for one in state.workload.template.containers}
    uses = tuple(
        ContainerUse(pod.name, one.container, one.amounts, spec.requests, spec.limits)
        for pod in state.pods
        for one in measured.get(pod.name, ())
        if (spec := specs.get(one.container))
    )
    return WorkloadUse(state.workload.name, state.subject, uses, state.rests_on, state.workload.wanted)


def _scaler(state: WorkloadState, scaling: ClusterScaling | None) -> str | None:
    """The autoscaler of a workload; empty where it has none, None where that is not known."""
    name = state.workload.name
    if scaling is None or not scaling.whole(name.namespace):
        return None
    target = (name.namespace, state.workload.kind, name.name)
    own = (one for one in scaling.autoscalers if (one.name.namespace, one.target.kind, one.target.name) == target)
    return next((one.name.name for one in own), "")


def _about(scaler: Autoscaler, events: tuple[Event, ...]) -> tuple[Event, ...]:
    mine = (scaler.name.namespace, "HorizontalPodAutoscaler", scaler.name.name)
    return tuple(one for one in events if (one.namespace, one.about.kind, one.about.name) == mine)
