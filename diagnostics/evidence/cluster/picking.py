"""Which logs are worth reading: of the container that failed, the run that failed. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Container, Owner, Pod, Role, Stage
from diagnostics.model import Value

#: Logs read in one run: a fault of one workload has one log, and a cluster in ruins is told by a dozen.
LOGS_AT_MOST = 12
#: How long ago a restart still matters.
_LATELY = timedelta(hours=1)
#: What stays, and makes its pods itself.
_OTHERS = {"DaemonSet", "StatefulSet"}


class Wish(Value, frozen=True):
    """A log that should be read."""

    pod: Name
    container: str
    previous: bool


def failed_logs(pods: Iterable[Pod], now: datetime) -> tuple[Wish, ...]:
    """The logs of failed containers: one for each container of each owner, of the pod that failed last."""
    latest: dict[tuple[Owner | Name, str], tuple[datetime, Wish]] = {}
    for pod in pods:
        for container in pod.containers:
            wish = _wish(pod, container, now)
            if wish is None:
                continue
            place = (pod.owner or pod.name, container.name)
            when = _when(pod, container)
            if place not in latest or latest[place][0] < when:
                latest[place] = (when, wish)
    ranked = sorted(latest.values(), key=lambda one: one[0], reverse=True)
    return tuple(wish for _, wish in ranked[:LOGS_AT_MOST])


def running_logs(pods: Iterable[Pod], owners: Mapping[str, Name], workload: Name) -> tuple[Wish, ...]:
    """The logs of a workload's pods that run, of two of them; `owners` names the deployment of each replica set."""
    mine = (pod for pod in pods if maker(pod, owners, workload))
    return tuple(
        Wish(pod.name, container.name, previous=False)
        for pod in sorted(mine, key=lambda one: one.name)[:2]
        for container in pod.containers
        if container.role is Role.MAIN and container.stage is Stage.RUNNING
    )


def maker(pod: Pod, owners: Mapping[str, Name], workload: Name) -> str:
    """Which kind of workload a pod is of, where it is of the one of this name; empty where it is of another."""
    if pod.owner is None:
        return ""
    if pod.owner.kind == "ReplicaSet":
        return "Deployment" if owners.get(pod.owner.name) == workload else ""
    mine = pod.owner.kind in _OTHERS and Name(pod.name.namespace, pod.owner.name) == workload
    return pod.owner.kind if mine else ""


def _wish(pod: Pod, container: Container, now: datetime) -> Wish | None:
    """The log that says why a container is not well; None for one that is, or that never ran."""
    if container.role is Role.EPHEMERAL or pod.reason == "Evicted":
        return None
    if container.stage is Stage.WAITING and container.last_end is not None:
        return Wish(pod.name, container.name, previous=True)
    if container.stage is Stage.TERMINATED and container.end is not None and container.end.code != 0:
        return Wish(pod.name, container.name, previous=False)
    if container.stage is Stage.RUNNING:
        return _of_running(pod, container, now)
    return None


def _of_running(pod: Pod, container: Container, now: datetime) -> Wish | None:
    """A running container that fell lately is told by the run before; one that is not ready by the present one."""
    if _fell_lately(container, now):
        return Wish(pod.name, container.name, previous=True)
    if not container.ready and pod.deleting_since is None:
        return Wish(pod.name, container.name, previous=False)
    return None


def _fell_lately(container: Container, now: datetime) -> bool:
    end = container.last_end
    return end is not None and end.code != 0 and end.ended_at is not None and now - end.ended_at < _LATELY


def _when(pod: Pod, container: Container) -> datetime:
    """When a container failed, or began to."""
    times: Iterator[datetime | None] = iter(
        (
            container.latest_end.ended_at if container.latest_end else None,
            container.started_at,
            pod.started_at,
            pod.created_at,
        )
    )
    return next(time for time in times if time is not None)
