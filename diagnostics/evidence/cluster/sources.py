"""The looks at a cluster: every kind of thing once, all namespaces at the same time, a forbidden one as a gap."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar, overload

from diagnostics.context import ClusterExpected
from diagnostics.evidence.cluster.client import Cluster
from diagnostics.evidence.cluster.kinds import (
    BackendLog,
    ClusterConfigs,
    ClusterController,
    ClusterEvents,
    ClusterIngresses,
    ClusterLogs,
    ClusterNodes,
    ClusterPods,
    ClusterPolicies,
    ClusterRights,
    ClusterScaling,
    ClusterSchedules,
    ClusterSecrets,
    ClusterServices,
    ClusterUsage,
    ClusterWorkloads,
    DatabaseReach,
    Gap,
    Right,
)
from diagnostics.evidence.cluster.logs import ContainerLog
from diagnostics.evidence.cluster.machines import Event
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.picking import Wish, failed_logs, maker, running_logs
from diagnostics.evidence.cluster.reading import LogReader, Marks
from diagnostics.evidence.cluster.services import Sealed
from diagnostics.evidence.cluster.workloads import Origin, Workload
from diagnostics.evidence.network import Network
from diagnostics.model import CouldNotLookError, Evidence, Reason
from diagnostics.observe import Seen, Source

#: Events that are kept: some 200 bytes each. A namespace in trouble makes hundreds an hour, kept for one.
EVENTS_AT_MOST = 2_000
GONE = "Its pod was ended while it was looked at. Look again."
T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")

#: What looking needs, for the review of the bot's own rights.
_NAMESPACED = (
    "pods",
    "services",
    "events",
    "resourcequotas",
    "deployments.apps",
    "statefulsets.apps",
    "daemonsets.apps",
    "replicasets.apps",
    "jobs.batch",
    "cronjobs.batch",
    "endpointslices.discovery.k8s.io",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "horizontalpodautoscalers.autoscaling",
    "poddisruptionbudgets.policy",
)
_CLUSTER_WIDE = ("nodes", "namespaces", "ingressclasses.networking.k8s.io")


class ClusterLook:
    """One run's look at a cluster.

    Args:
        cluster: the client.
        expected: which namespaces, which secrets.
        marks: what known errors look like in a log.
        now: the time, for what counts as lately.
    """

    def __init__(self, cluster: Cluster, expected: ClusterExpected, marks: Marks, now: Callable[[], datetime]) -> None:
        self._cluster = cluster
        self._expected = expected
        self._reader = LogReader(cluster, marks)
        self._now = now

    async def rights(self, _: Seen) -> ClusterRights:
        """The rights that are missing, and the server's version."""
        missing = await self._cluster.missing(wanted(self._expected))
        return ClusterRights(missing, await self._cluster.version())

    async def pods(self, _: Seen) -> ClusterPods:
        """Every pod."""
        pods, gaps = await self._everywhere("pods", self._cluster.pods)
        return ClusterPods(gaps, pods)

    async def workloads(self, _: Seen) -> ClusterWorkloads:
        """Every workload and revision. What may not be listed is a gap, also everywhere: pods are judged without it."""
        parts, blind = await self._anywhere("workloads", self._workloads_in)
        if len(blind) == len(self._expected.namespaces) and any(gap.reason is not Reason.FORBIDDEN for gap in blind):
            raise CouldNotLookError(blind[0].reason, blind[0].detail)
        return ClusterWorkloads(
            (*blind, *(gap for part in parts for gap in part.gaps)),
            tuple(one for part in parts for one in part.workloads),
            tuple(one for part in parts for one in part.revisions),
        )

    async def _workloads_in(self, namespace: str) -> tuple[ClusterWorkloads]:
        """Those of one namespace. Raises CouldNotLookError when no kind of them could be looked at."""
        cluster = self._cluster
        kinds = {
            "deployments": cluster.deployments,
            "stateful sets": cluster.stateful_sets,
            "daemon sets": cluster.daemon_sets,
            "jobs": cluster.jobs,
        }
        # One after another: each question asked at the same time costs a connection with its buffers.
        looks = [await _alone(what, ask(namespace), namespace) for what, ask in kinds.items()]
        revisions, lost = await _alone("replica sets", cluster.revisions(namespace), namespace)
        gaps = (*(gap for _, some in looks for gap in some), *lost)
        if len(gaps) > len(kinds):
            raise CouldNotLookError(gaps[0].reason, gaps[0].detail)
        return (ClusterWorkloads(gaps, tuple(one for some, _ in looks for one in some), revisions),)

    async def schedules(self, _: Seen) -> ClusterSchedules:
        """Every schedule of jobs."""
        schedules, gaps = await self._everywhere("schedules of jobs", self._cluster.schedules)
        return ClusterSchedules(gaps, schedules)

    async def services(self, _: Seen) -> ClusterServices:
        """Every service and its endpoints."""
        (services, gaps), (slices, more) = await _together(
            self._everywhere("services", self._cluster.services),
            self._everywhere("endpoints", self._cluster.slices),
        )
        return ClusterServices((*gaps, *more), services, slices)

    async def ingresses(self, _: Seen) -> ClusterIngresses:
        """Every ingress and class."""
        (ingresses, gaps), (classes, more) = await _together(
            self._everywhere("ingresses", self._cluster.ingresses),
            _alone("ingress classes", self._cluster.ingress_classes()),
        )
        return ClusterIngresses((*gaps, *more), ingresses, classes)

    async def policies(self, _: Seen) -> ClusterPolicies:
        """Every policy, and the namespaces' labels."""
        (policies, gaps), (namespaces, more) = await _together(
            self._everywhere("network policies", self._cluster.policies),
            _alone("namespaces", self._cluster.namespaces()),
        )
        return ClusterPolicies((*gaps, *more), policies, namespaces)

    async def nodes(self, _: Seen) -> ClusterNodes:
        """Every node."""
        return ClusterNodes((), await self._cluster.nodes())

    async def scaling(self, _: Seen) -> ClusterScaling:
        """Autoscalers, budgets, quotas."""
        (autoscalers, gaps), (budgets, more), (quotas, most) = await _together(
            self._everywhere("autoscalers", self._cluster.autoscalers),
            self._everywhere("disruption budgets", self._cluster.budgets),
            self._everywhere("quotas", self._cluster.quotas),
        )
        return ClusterScaling((*gaps, *more, *most), autoscalers, budgets, quotas)

    async def usage(self, _: Seen) -> ClusterUsage:
        """What pods and nodes use."""
        (pods, gaps), (nodes, more) = await _together(
            self._everywhere("usage of pods", self._cluster.pod_usage),
            _alone("usage of nodes", self._cluster.node_usage()),
        )
        return ClusterUsage((*gaps, *more), pods, nodes)

    async def events(self, _: Seen) -> ClusterEvents:
        """Recent events, newest first."""
        events, gaps = await self._everywhere("events", self._cluster.events)
        newest = sorted(events, key=_last, reverse=True)
        return ClusterEvents(gaps, tuple(newest[:EVENTS_AT_MOST]), cut=len(newest) > EVENTS_AT_MOST)

    async def secrets(self, _: Seen) -> ClusterSecrets:
        """The configured secrets."""
        found, gaps = await _each([one.name for one in self._expected.secrets], self._cluster.secret, "secret")
        return ClusterSecrets(gaps, found)

    async def configs(self, seen: Seen) -> ClusterConfigs:
        """The config maps that workloads name."""
        names = _named_configs(seen[ClusterWorkloads].workloads)
        found, gaps = await _each(names, self._cluster.config, "config map")
        return ClusterConfigs(gaps, found)

    async def logs(self, seen: Seen) -> ClusterLogs:
        """The logs of the containers that failed."""
        return ClusterLogs(await self._read(failed_logs(seen[ClusterPods].pods, self._now())))

    async def controller(self, seen: Seen) -> ClusterController:
        """The ingress controller's log."""
        owners = {one.name: one.workload for one in seen[ClusterWorkloads].revisions}
        pods, name = seen[ClusterPods].pods, self._expected.controller
        kind = next((found for pod in pods if (found := maker(pod, owners, name))), "Deployment")
        return ClusterController(await self._read(running_logs(pods, owners, name)), kind)

    async def backend(self, seen: Seen) -> BackendLog:
        """The backend's log, of its pods that run."""
        owners = {one.name: one.workload for one in seen[ClusterWorkloads].revisions}
        return BackendLog(await self._read(running_logs(seen[ClusterPods].pods, owners, self._expected.backend)))

    async def _read(self, wishes: Iterable[Wish]) -> tuple[ContainerLog, ...]:
        """Logs, but for those that went with their pods; where all of them did, that is a gap: none was seen."""
        wanted = tuple(wishes)
        found = await asyncio.gather(*(self._reader.read(wish) for wish in wanted))
        read = tuple(log for log in found if log is not None)
        return read or tuple(ContainerLog(one.pod, one.container, one.previous, gap=GONE) for one in wanted[:1])

    async def _everywhere(
        self, what: str, ask: Callable[[str], Awaitable[tuple[T, ...]]]
    ) -> tuple[tuple[T, ...], tuple[Gap, ...]]:
        """Things of every namespace. Raises CouldNotLookError when none of them could be looked at."""
        things, gaps = await self._anywhere(what, ask)
        if len(gaps) == len(self._expected.namespaces):
            raise CouldNotLookError(gaps[0].reason, gaps[0].detail)
        return things, gaps

    async def _anywhere(
        self, what: str, ask: Callable[[str], Awaitable[tuple[T, ...]]]
    ) -> tuple[tuple[T, ...], tuple[Gap, ...]]:
        """Things of every namespace that could be looked at, and the gaps of the others."""
        found = await asyncio.gather(*(_alone(what, ask(one), one) for one in self._expected.namespaces))
        return tuple(thing for things, _ in found for thing in things), tuple(gap for _, some in found for gap in some)


@overload
async def _together(one: Awaitable[T], other: Awaitable[U], /) -> tuple[T, U]: ...
@overload
async def _together(one: Awaitable[T], other: Awaitable[U], third: Awaitable[V], /) -> tuple[T, U, V]: ...
async def _together(*looks: Awaitable[Any]) -> tuple[Any, ...]:
    """What several looks give, all at once. Of several that fail the first listed is raised, whichever failed first."""
    found = await asyncio.gather(*looks, return_exceptions=True)
    failed = next((one for one in found if isinstance(one, BaseException)), None)
    if failed is not None:
        raise failed
    return tuple(found)


def cluster_sources(look: ClusterLook) -> tuple[Source[Evidence], ...]:
    """Every look at a cluster as a source: first the secrets, because their values are masked in all the others."""
    first = (ClusterSecrets,)
    return (
        Source(ClusterRights, look.rights),
        Source(ClusterSecrets, look.secrets),
        Source(ClusterPods, look.pods, after=first),
        Source(ClusterWorkloads, look.workloads, after=first),
        Source(ClusterSchedules, look.schedules, after=first),
        Source(ClusterServices, look.services, after=first),
        Source(ClusterIngresses, look.ingresses, after=first),
        Source(ClusterPolicies, look.policies, after=first),
        Source(ClusterNodes, look.nodes, after=first),
        Source(ClusterScaling, look.scaling, after=first),
        Source(ClusterUsage, look.usage, after=first),
        Source(ClusterEvents, look.events, after=first),
        Source(ClusterConfigs, look.configs, needs=(ClusterWorkloads,), after=first),
        Source(ClusterLogs, look.logs, needs=(ClusterPods,), after=first),
        Source(ClusterController, look.controller, needs=(ClusterPods, ClusterWorkloads), after=first),
        Source(BackendLog, look.backend, needs=(ClusterPods, ClusterWorkloads), after=first),
    )


def database_source(network: Network) -> Source[DatabaseReach]:
    """How far a connection to the database's address gets from where the bot runs."""

    async def reach(seen: Seen) -> DatabaseReach:
        told = next((one for one in seen[ClusterSecrets].sealed if one.database), None)
        if told is None or told.database is None:
            raise CouldNotLookError(Reason.NOT_CONFIGURED, "No configured secret says where the database is.")
        host = f"[{told.database.host}]" if ":" in told.database.host else told.database.host
        return DatabaseReach(told.name, await network.reach(f"http://{host}:{told.database.port}"))

    return Source(DatabaseReach, reach, needs=(ClusterSecrets,))


def wanted(expected: ClusterExpected) -> tuple[Right, ...]:
    """Every right that looking at a cluster needs."""
    return (
        *(Right("list", resource, namespace) for namespace in expected.namespaces for resource in _NAMESPACED),
        *(Right("get", "pods/log", namespace) for namespace in expected.namespaces),
        *(Right("get", "configmaps", namespace) for namespace in expected.namespaces),
        *(Right("get", f"secrets/{one.name.name}", one.name.namespace) for one in expected.secrets),
        *(Right("list", resource) for resource in _CLUSTER_WIDE),
    )


def _last(event: Event) -> datetime:
    return event.last_at


async def _alone(
    what: str, asking: Awaitable[tuple[T, ...]], namespace: str = ""
) -> tuple[tuple[T, ...], tuple[Gap, ...]]:
    """Things, or the gap where they would be."""
    try:
        return await asking, ()
    except CouldNotLookError as error:
        place = f"{what} in namespace {namespace}" if namespace else what
        return (), (Gap(place, error.reason, error.detail, namespace),)


async def _each(
    names: Sequence[Name], ask: Callable[[Name], Awaitable[Sealed]], what: str
) -> tuple[tuple[Sealed, ...], tuple[Gap, ...]]:
    """Each of these, or the gap where it would be."""

    async def one(name: Name) -> tuple[tuple[Sealed, ...], tuple[Gap, ...]]:
        async def asking() -> tuple[Sealed, ...]:
            return (await ask(name),)

        things, gaps = await _alone(f"{what} {name.name}", asking(), name.namespace)
        return things, gaps

    found = await asyncio.gather(*(one(name) for name in names))
    return tuple(thing for things, _ in found for thing in things), tuple(gap for _, some in found for gap in some)


def _named_configs(workloads: Iterable[Workload]) -> tuple[Name, ...]:
    """The config maps that workloads name, each once."""
    named = ((one.name.namespace, one.template.sources(Origin.CONFIG)) for one in workloads)
    return tuple(dict.fromkeys(Name(space, source) for space, sources in named for source in sources))
