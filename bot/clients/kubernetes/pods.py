"""Pods as the API sends them made into plain values.

Words that many pods share, such as images and nodes, are interned: of thousands of pods each would have its own copy.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from sys import intern

from bot.clients.kubernetes import wire
from bot.clients.kubernetes.quantities import moment
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Condition, Container, End, Owner, Pod, Role, Stage

#: Seconds of grace that are told apart: ten years. More fit into the API's field than into any calendar.
_GRACE_AT_MOST = 315_360_000
#: When nothing says when: before everything.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def pod(sent: wire.Pod) -> Pod:
    """A pod."""
    meta, spec, status = sent.metadata, sent.spec, sent.status
    return Pod(
        name=Name(intern(meta.namespace), meta.name),
        uid=meta.uid,
        phase=intern(status.phase or "Unknown"),
        labels={intern(key): intern(value) for key, value in (meta.labels or {}).items()},
        created_at=created(meta),
        owner=owner(meta),
        node=intern(spec.node_name or ""),
        address=status.pod_ip or "",
        reason=status.reason or "",
        message=status.message or "",
        deleting_since=deleting_since(meta),
        grace_s=_grace_s(meta),
        finalizers=tuple(meta.finalizers or ()),
        started_at=moment(status.start_time),
        conditions=conditions(status.conditions),
        containers=tuple(_containers(spec, status)),
        host_network=bool(spec.host_network),
    )


def created(meta: wire.Metadata) -> datetime:
    """When a thing was made."""
    return moment(meta.creation_timestamp) or _NEVER


def deleting_since(meta: wire.Metadata) -> datetime | None:
    """When a thing's deletion was asked for: the API's own time is the end of the grace it was given."""
    until = moment(meta.deletion_timestamp)
    return until - timedelta(seconds=_grace_s(meta)) if until else None


def _grace_s(meta: wire.Metadata) -> int:
    return min(max(meta.deletion_grace_period_seconds or 0, 0), _GRACE_AT_MOST)


def owner(meta: wire.Metadata) -> Owner | None:
    """The controller that made a thing."""
    return next(
        (Owner(intern(one.kind), intern(one.name)) for one in meta.owner_references or () if one.controller), None
    )


def conditions(sent: Iterable[wire.Condition] | None) -> tuple[Condition, ...]:
    """Conditions."""
    return tuple(
        Condition(
            intern(one.type),
            intern(one.status),
            intern(one.reason or ""),
            one.message or "",
            moment(one.last_transition_time),
        )
        for one in sent or ()
    )


def _containers(spec: wire.PodSpec, status: wire.PodStatus) -> Iterator[Container]:
    """Every container that the spec has or a status speaks of: a pod that was never started has no statuses."""
    told = {one.name: one for one in (*(status.init_container_statuses or ()), *(status.container_statuses or ()))}
    for one in spec.init_containers or ():
        yield _container(one.name, told, Role.SIDECAR if one.restart_policy == "Always" else Role.INIT, one.image)
    for one in spec.containers or ():
        yield _container(one.name, told, Role.MAIN, one.image)
    for ephemeral in status.ephemeral_container_statuses or ():
        yield _container(ephemeral.name, {ephemeral.name: ephemeral}, Role.EPHEMERAL, ephemeral.image)


def _container(name: str, told: Mapping[str, wire.ContainerStatus], role: Role, image: str | None) -> Container:
    status = told.get(name)
    if status is None:
        return Container(name, image or "", role)
    state = status.state or wire.ContainerState()
    waiting = state.waiting or wire.Waiting()
    return Container(
        name=intern(name),
        image=intern(image or status.image),
        role=role,
        stage=_stage(state),
        ready=status.ready,
        started=bool(status.started),
        restarts=status.restart_count,
        reason=waiting.reason or "",
        message=waiting.message or "",
        started_at=moment(state.running.started_at) if state.running else None,
        end=_end(state.terminated),
        last_end=_end(status.last_state.terminated if status.last_state else None),
    )


def _stage(state: wire.ContainerState) -> Stage:
    if state.running:
        return Stage.RUNNING
    if state.terminated:
        return Stage.TERMINATED
    return Stage.WAITING if state.waiting else Stage.UNKNOWN


def _end(sent: wire.Terminated | None) -> End | None:
    if sent is None:
        return None
    times = moment(sent.started_at), moment(sent.finished_at)
    return End(sent.exit_code, sent.reason or "", sent.message or "", *times)
