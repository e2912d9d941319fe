"""Workloads with what belongs to them: their pods, events, logs, nodes. Joined once, purely, from what was seen."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Self, TypeVar

from diagnostics.evidence.cluster.kinds import (
    ClusterConfigs,
    ClusterEvents,
    ClusterLogs,
    ClusterNodes,
    ClusterPods,
    ClusterScaling,
    ClusterSchedules,
    ClusterSecrets,
    ClusterWorkloads,
    Gap,
)
from diagnostics.evidence.cluster.logs import ContainerLog
from diagnostics.evidence.cluster.machines import Autoscaler, Event, Node, Quota
from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.pods import Container, Owner, Pod
from diagnostics.evidence.cluster.sealed import ClusterSealed
from diagnostics.evidence.cluster.workloads import ContainerSpec, Origin, Revision, Schedule, Template, Workload
from diagnostics.model import Evidence, Subject, Value
from diagnostics.observe import Seen, View
from diagnostics.words import few

P = TypeVar("P", bound=Evidence)
#: The label by which a deployment's pods name their replica set, and a set's or daemon's pods their revision.
_HASHES = ("pod-template-hash", "controller-revision-hash")
#: What owns what it makes through another: the replica set stands between, the job between a cron job and its pods.
_THROUGH = "ReplicaSet"
#: The owner of a pod that a node's kubelet runs from a file of its own: it stands for itself.
_STATIC = "Node"

#: How the API server refuses whatever is new in a namespace that is being deleted.
_LEAVING = "because it is being terminated"


class WorkloadState(Value, frozen=True):
    """A workload with what belongs to it.

    `newest` are its pods of the newest revision, `older` those of the ones before, as during a rollout. `events` are
    about it, its replica sets and its pods, newest first. `nodes` are those its pods run on. `lost_at` is when anything
    was last told of a pod of it that is not there any more. `schedule` is the one that made it, where it is such a job.
    """

    workload: Workload
    newest: tuple[Pod, ...] = ()
    older: tuple[Pod, ...] = ()
    revisions: tuple[Revision, ...] = ()
    events: tuple[Event, ...] = ()
    logs: tuple[ContainerLog, ...] = ()
    nodes: tuple[Node, ...] = ()
    autoscaler: Autoscaler | None = None
    quotas: tuple[Quota, ...] = ()
    lost_at: datetime | None = None
    schedule: Schedule | None = None

    @property
    def pods(self) -> tuple[Pod, ...]:
        """All its pods, those of the newest revision first."""
        return (*self.newest, *self.older)

    @property
    def subject(self) -> Subject:
        """The workload, as a finding names it."""
        return self.workload.subject

    @property
    def serves(self) -> bool:
        """Whether some pod of it takes part in the work: then a fault of others degrades and does not stop it."""
        return any(pod.ready for pod in self.pods)

    @property
    def asked_at(self) -> datetime:
        """When what it wants was last asked for, as far as is known."""
        asked = self.workload.asked_at or self.workload.created_at
        return max([asked, self.workload.created_at, *(one.created_at for one in self.revisions)])

    @property
    def moved_at(self) -> datetime:
        """When anything about it last changed, as far as is known: it was asked for, or a pod came or went."""
        return max(self._moves())

    def _moves(self) -> Iterator[datetime]:
        yield self.asked_at
        yield from (pod.created_at for pod in self.pods)
        yield from (one.last_at for one in self.events if one.type == "Normal" and one.about.kind != "Pod")
        # A stateful set makes its next pod when the one before is ready.
        turns = [pod.condition("Ready") for pod in self.pods if self.workload.kind == "StatefulSet"]
        turns += [self.workload.condition(kind) for kind in ("Available", "Progressing")]
        yield from (one.since for one in turns if one and one.since)
        if self.lost_at:
            yield self.lost_at

    @property
    def rests_on(self) -> tuple[Subject, ...]:
        """The nodes its pods run on."""
        return tuple(dict.fromkeys(Subject("node", pod.node) for pod in self.pods if pod.node))

    @property
    def secrets(self) -> tuple[Subject, ...]:
        """The secrets its pods are given, as variables or as volumes."""
        space, names = self.workload.name.namespace, self.workload.template.sources(Origin.SECRET)
        return tuple(Name(space, name).subject("Secret") for name in names)

    @property
    def leaving(self) -> bool:
        """Whether its namespace is being deleted, as the API server says where it refuses its pods."""
        return any(_LEAVING in words for words, _ in self._refusals())

    def refusal(self, since: datetime) -> str:
        """Why the cluster refuses its pods, or has since that time; what it refused before its newest pod is over."""
        return next((words for words, at in self._refusals() if at is None or at >= since), "")

    def _refusals(self) -> Iterator[tuple[str, datetime | None]]:
        failure = self.workload.condition("ReplicaFailure")
        if failure and failure.status == "True":
            yield failure.message or failure.reason, None
        made = max((pod.created_at for pod in self.pods), default=None)
        for one in self.events:
            if one.reason == "FailedCreate" and (made is None or one.last_at >= made):
                yield one.message, one.last_at

    def log_of(self, pod: Pod, container: Container) -> ContainerLog | None:
        """The log that was read of this container, if one was."""
        return next((log for log in self.logs if (log.pod, log.container) == (pod.name, container.name)), None)

    def events_about(self, pod: Pod) -> tuple[Event, ...]:
        """The events about one of its pods, newest first."""
        return tuple(event for event in self.events if event.about == Owner("Pod", pod.name.name))


class WorkloadStates(View, frozen=True):
    """Every workload of the configured namespaces, with its pods, events, logs and nodes."""

    KIND: ClassVar[str] = "cluster.workload-states"
    WHAT: ClassVar[str] = "the workloads and their pods"
    SETTING: ClassVar[str] = ClusterPods.SETTING
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (ClusterPods, ClusterWorkloads)
    USES: ClassVar[tuple[type[Evidence], ...]] = (
        ClusterEvents,
        ClusterLogs,
        ClusterNodes,
        ClusterScaling,
        ClusterSchedules,
        ClusterSecrets,
        ClusterConfigs,
    )

    states: tuple[WorkloadState, ...] = ()
    #: Pods that no workload made, such as one started by hand.
    loose: tuple[Pod, ...] = ()
    #: The pods of none of the workloads, each maker's as a state of its own: of an operator, of one that could not be
    #: listed, or of nobody. Nothing is known of what was asked for, so only what ails the pods is judged.
    others: tuple[WorkloadState, ...] = ()
    nodes: tuple[Node, ...] = ()
    sealed: ClusterSealed | None = None
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The view of what was seen. Events, logs, nodes, secrets and autoscalers are used where they are there."""
        pods, workloads = seen[ClusterPods], seen[ClusterWorkloads]
        owners = _owners(workloads.revisions)
        mine: dict[tuple[str, Name], list[Pod]] = defaultdict(list)
        loose = []
        for pod in pods.pods:
            owner = _owner(pod, owners)
            if owner is None:
                loose.append(pod)
            else:
                mine[owner].append(pod)
        around = _Around(seen)
        states = tuple(around.state(one, mine.get((one.kind, one.name), ()), workloads) for one in workloads.workloads)
        known = {(one.kind, one.name) for one in workloads.workloads}
        makers = [*((owner, tuple(own)) for owner, own in mine.items() if owner not in known)]
        makers += [(("Pod", pod.name), (pod,)) for pod in loose]
        others = tuple(around.state(_assumed(owner, own), own, ClusterWorkloads()) for owner, own in makers)
        return cls(states, tuple(loose), others, around.nodes, around.sealed, (*pods.gaps, *workloads.gaps))

    def state(self, kind: str, name: Name) -> WorkloadState | None:
        """The workload of this kind and name."""
        return next((one for one in self.states if (one.workload.kind, one.workload.name) == (kind, name)), None)

    def whole(self, namespace: str) -> bool:
        """Whether all workloads and pods of a namespace were seen, so that what is not there does not exist."""
        return not any(gap.namespace in {"", namespace} for gap in self.gaps)


def newest_hash(workload: Workload, revisions: Iterable[Revision]) -> str:
    """What labels the pods of a workload's newest revision; empty where it cannot be told.

    A deployment's is told by its replica sets alone: what it bears itself is their number.
    """
    numbered = [one for one in revisions if one.workload == workload.name]
    if numbered:
        return max(numbered, key=lambda one: one.number).template_hash
    return "" if workload.kind == "Deployment" else workload.revision


def _owners(revisions: Iterable[Revision]) -> Mapping[Name, Name]:
    """The deployment of each replica set."""
    return {Name(one.workload.namespace, one.name): one.workload for one in revisions}


def _owner(pod: Pod, owners: Mapping[Name, Name]) -> tuple[str, Name] | None:
    if pod.owner is None or pod.owner.kind == _STATIC:
        return None
    own = Name(pod.name.namespace, pod.owner.name)
    if pod.owner.kind != _THROUGH or (own not in owners and _HASHES[0] not in pod.labels):
        return pod.owner.kind, own
    if own in owners:
        return "Deployment", owners[own]
    # Where replica sets could not be listed: each is called after its deployment and the hash that its pods bear.
    return "Deployment", Name(own.namespace, own.name.removesuffix(f"-{pod.labels.get(_HASHES[0], '')}"))


def _assumed(owner: tuple[str, Name], pods: Sequence[Pod]) -> Workload:
    """A workload that is known by its pods alone: it wants those there are."""
    kind, name = owner
    first = pods[0]
    containers = tuple(ContainerSpec(one.name, one.image, one.role) for one in first.containers)
    return Workload(
        kind=kind,
        name=name,
        uid="",
        wanted=len(pods),
        created_at=first.created_at,
        selector=Selector.of_labels(first.labels),
        template=Template(first.labels, containers),
    )


class _Around:
    """What lies around workloads, ready to be looked up."""

    def __init__(self, seen: Seen) -> None:
        self.nodes = _had(seen, ClusterNodes).nodes
        self.sealed = seen.given(ClusterSealed)
        scaling = _had(seen, ClusterScaling)
        self._quotas = scaling.quotas
        self._autoscalers = {(one.target, one.name.namespace): one for one in scaling.autoscalers}
        self._schedules = {one.name: one for one in _had(seen, ClusterSchedules).schedules}
        self._by_node = {node.name: node for node in self.nodes}
        self._events: dict[tuple[str, Owner], list[Event]] = defaultdict(list)
        for event in _had(seen, ClusterEvents).events:
            self._events[event.namespace, event.about].append(event)
        self._told: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for (namespace, about), events in self._events.items():
            if about.kind == "Pod":
                # Each is called after what made it.
                self._told[namespace, about.name.rpartition("-")[0]] += events
        self._logs: dict[Name, list[ContainerLog]] = defaultdict(list)
        logs = seen.given(ClusterLogs)
        for log in logs.logs if logs else ():
            self._logs[log.pod].append(log)

    def state(self, workload: Workload, pods: Iterable[Pod], seen: ClusterWorkloads) -> WorkloadState:
        """A workload's state."""
        revisions = tuple(one for one in seen.revisions if one.workload == workload.name)
        mark = newest_hash(workload, revisions) if workload.kind != "Job" else ""
        newest, older = _parted(pods, mark)
        target = Owner(workload.kind, workload.name.name)
        return WorkloadState(
            workload=workload,
            newest=newest,
            older=older,
            revisions=revisions,
            events=self._about(workload, revisions, (*newest, *older)),
            logs=tuple(log for pod in (*newest, *older) for log in self._logs.get(pod.name, ())),
            nodes=tuple(self._by_node[name] for name in _node_names((*newest, *older)) if name in self._by_node),
            autoscaler=self._autoscalers.get((target, workload.name.namespace)),
            quotas=tuple(one for one in self._quotas if one.name.namespace == workload.name.namespace),
            lost_at=self._lost_at(workload, revisions, (*newest, *older)),
            schedule=self._schedule(workload),
        )

    def _schedule(self, workload: Workload) -> Schedule | None:
        if workload.owner is None or workload.owner.kind != "CronJob":
            return None
        return self._schedules.get(Name(workload.name.namespace, workload.owner.name))

    def _lost_at(self, workload: Workload, revisions: Iterable[Revision], pods: Iterable[Pod]) -> datetime | None:
        there = {pod.name.name for pod in pods}
        makers = (workload.name.name, *(one.name for one in revisions))
        told = (event for maker in makers for event in self._told.get((workload.name.namespace, maker), ()))
        return max((event.last_at for event in told if event.about.name not in there), default=None)

    def _about(self, workload: Workload, revisions: Iterable[Revision], pods: Iterable[Pod]) -> tuple[Event, ...]:
        things = (
            Owner(workload.kind, workload.name.name),
            *(Owner(_THROUGH, one.name) for one in revisions),
            *(Owner("Pod", pod.name.name) for pod in pods),
        )
        found = [event for thing in things for event in self._events.get((workload.name.namespace, thing), ())]
        return tuple(sorted(found, key=lambda event: event.last_at, reverse=True))


def _parted(pods: Iterable[Pod], mark: str) -> tuple[tuple[Pod, ...], tuple[Pod, ...]]:
    """The pods of the newest revision and the others, each by name. What bears no mark counts as newest."""
    newest: list[Pod] = []
    older: list[Pod] = []
    for pod in sorted(pods, key=lambda one: one.name):
        marks = {pod.labels[label] for label in _HASHES if label in pod.labels}
        (newest if not mark or not marks or mark in marks else older).append(pod)
    return tuple(newest), tuple(older)


def _node_names(pods: Iterable[Pod]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(pod.node for pod in pods if pod.node))


def _had(seen: Seen, kind: type[P]) -> P:
    """The evidence, or an empty one."""
    return seen.given(kind) or kind()


def named(pods: Iterable[Pod]) -> str:
    """Pods in a sentence: a few by name, the rest counted."""
    return few(pod.name.name for pod in pods)
