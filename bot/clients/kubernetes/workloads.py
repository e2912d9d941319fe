"""Workloads as the API sends them made into plain values; the values of variables end here."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.clients.kubernetes import wire
from bot.clients.kubernetes.pods import conditions, created, deleting_since, owner
from bot.clients.kubernetes.quantities import amounts, moment
from diagnostics.evidence.cluster.names import Name, Operator, Requirement, Selector
from diagnostics.evidence.cluster.pods import Role
from diagnostics.evidence.cluster.workloads import (
    ContainerSpec,
    Origin,
    Port,
    Probe,
    Revision,
    Schedule,
    Template,
    Variable,
    Volume,
    Whole,
    Workload,
)

#: By which kubectl numbers the revisions of a deployment.
_REVISION = "deployment.kubernetes.io/revision"
#: Annotations that a diagnosis asks about; all others may hold anything, and are not kept.
_ANNOTATIONS = ("deployment.kubernetes.io/revision", "kubernetes.io/change-cause", "meta.helm.sh/release-name")
_HASH = "pod-template-hash"
#: How often a probe asks, in seconds, and how often it may fail, where nothing is said: the API's defaults.
_PERIOD_S, _FAILURES = 10, 3


def deployment(sent: wire.Workload) -> Workload:
    """A deployment."""
    status = sent.status
    return _workload("Deployment", sent, _replicas(sent), _counts(status))


def stateful_set(sent: wire.Workload) -> Workload:
    """A stateful set."""
    return _workload("StatefulSet", sent, _replicas(sent), _counts(sent.status), sent.status.update_revision or "")


def daemon_set(sent: wire.Workload) -> Workload:
    """A daemon set; it wants as many pods as there are nodes that fit."""
    status = sent.status
    counts = {
        "current": status.current_number_scheduled or 0,
        "ready": status.number_ready or 0,
        "available": status.number_available or 0,
    }
    return _workload("DaemonSet", sent, status.desired_number_scheduled or 0, counts)


def job(sent: wire.Workload) -> Workload:
    """A job; suspended, it wants nothing."""
    status = sent.status
    wanted = 0 if sent.spec.suspend else (1 if sent.spec.completions is None else sent.spec.completions)
    return _workload("Job", sent, wanted, {"current": status.active or 0, "ready": status.ready or 0})


def schedule(sent: wire.CronJob) -> Schedule:
    """A cron job as a schedule of jobs."""
    return Schedule(Name(sent.metadata.namespace, sent.metadata.name), moment(sent.status.last_successful_time))


def revision(sent: wire.Workload) -> Revision | None:
    """A replica set as a revision of its deployment; None for one that belongs to none."""
    belongs = owner(sent.metadata)
    if belongs is None or belongs.kind != "Deployment":
        return None
    meta = sent.metadata
    number = (meta.annotations or {}).get(_REVISION, "")
    return Revision(
        workload=Name(meta.namespace, belongs.name),
        name=meta.name,
        number=int(number) if number.isdecimal() else 0,
        created_at=created(meta),
        replicas=sent.status.replicas or 0,
        template_hash=(meta.labels or {}).get(_HASH, ""),
    )


def selector(sent: wire.LabelSelector | None) -> Selector:
    """A selector. An empty one means everything, and so does none at all."""
    if sent is None:
        return Selector()
    exact = Selector.of_labels(sent.match_labels or {}).requirements
    return Selector((*exact, *(_requirement(one) for one in sent.match_expressions or ())))


def _requirement(one: wire.Expression) -> Requirement:
    return Requirement(one.key, Operator(one.operator), tuple(one.values or ()))


def _replicas(sent: wire.Workload) -> int:
    return 1 if sent.spec.replicas is None else sent.spec.replicas


def _counts(status: wire.WorkloadStatus) -> dict[str, int]:
    return {
        "current": status.replicas or 0,
        "ready": status.ready_replicas or 0,
        "available": status.available_replicas or 0,
    }


def _workload(kind: str, sent: wire.Workload, wanted: int, counts: dict[str, int], revision: str = "") -> Workload:
    meta, spec = sent.metadata, sent.spec
    annotations = meta.annotations or {}
    return Workload(
        kind=kind,
        name=Name(meta.namespace, meta.name),
        uid=meta.uid,
        wanted=wanted,
        created_at=created(meta),
        selector=selector(spec.selector),
        template=_template(spec.template),
        observed=(sent.status.observed_generation or 0) >= meta.generation or kind == "Job",
        paused=bool(spec.paused),
        deleting_since=deleting_since(meta),
        revision=revision or annotations.get(_REVISION, ""),
        asked_at=_asked_at(meta),
        deadline_s=spec.progress_deadline_seconds,
        min_ready_s=spec.min_ready_seconds or 0,
        conditions=conditions(sent.status.conditions),
        owner=owner(meta),
        annotations={key: annotations[key] for key in _ANNOTATIONS if key in annotations},
        **counts,
    )


def _asked_at(meta: wire.WorkloadMetadata) -> datetime | None:
    """When somebody last wrote what is wanted: the controllers write the status, which is a part of its own."""
    wrote = (one for one in meta.managed_fields or () if one.subresource != "status")
    return max((at for one in wrote if (at := moment(one.time))), default=None)


def _template(sent: wire.Template) -> Template:
    spec = sent.spec
    return Template(
        labels=sent.metadata.labels or {},
        containers=(
            *(_container(one, _role(one)) for one in spec.init_containers or ()),
            *(_container(one, Role.MAIN) for one in spec.containers or ()),
        ),
        volumes=tuple(volume for one in spec.volumes or () for volume in _volume(one)),
    )


def _role(sent: wire.Container) -> Role:
    return Role.SIDECAR if sent.restart_policy == "Always" else Role.INIT


def _container(sent: wire.Container, role: Role) -> ContainerSpec:
    resources = sent.resources or wire.Resources()
    return ContainerSpec(
        name=sent.name,
        image=sent.image or "",
        role=role,
        ports=tuple(Port(one.container_port, one.name or "", one.protocol or "TCP") for one in sent.ports or ()),
        variables=tuple(_variable(one) for one in sent.env or ()),
        wholes=tuple(whole for one in sent.env_from or () for whole in _whole(one)),
        probes=tuple(_probes(sent)),
        requests=amounts(resources.requests),
        limits=amounts(resources.limits),
    )


def _variable(sent: wire.EnvironmentVariable) -> Variable:
    """A variable. A value that is made of others, such as $(HOST), is one too."""
    given = sent.value_from
    if given is None:
        return Variable(sent.name, Origin.VALUE, empty=not (sent.value or "").strip())
    for origin, reference in ((Origin.SECRET, given.secret_key_ref), (Origin.CONFIG, given.config_map_key_ref)):
        if reference:
            return Variable(sent.name, origin, reference.name or "", reference.key, bool(reference.optional))
    return Variable(sent.name, Origin.OTHER)


def _whole(sent: wire.EnvironmentFrom) -> Iterator[Whole]:
    for origin, reference in ((Origin.SECRET, sent.secret_ref), (Origin.CONFIG, sent.config_map_ref)):
        if reference:
            yield Whole(origin, reference.name or "", sent.prefix or "", bool(reference.optional))


def _volume(sent: wire.Volume) -> Iterator[Volume]:
    if secret := sent.secret:
        yield Volume(sent.name, Origin.SECRET, secret.secret_name or "", _keys(secret.items), bool(secret.optional))
    if config := sent.config_map:
        yield Volume(sent.name, Origin.CONFIG, config.name or "", _keys(config.items), bool(config.optional))
    if claim := sent.persistent_volume_claim:
        yield Volume(sent.name, Origin.CLAIM, claim.claim_name)


def _keys(items: Iterable[wire.KeyToPath] | None) -> tuple[str, ...]:
    return tuple(one.key for one in items or ())


def _probes(sent: wire.Container) -> Iterator[Probe]:
    named = (
        ("readiness", sent.readiness_probe),
        ("liveness", sent.liveness_probe),
        ("startup", sent.startup_probe),
    )
    for kind, probe in named:
        if probe:
            yield Probe(kind, _asks(probe), _allows_s(kind, probe))


def _allows_s(kind: str, probe: wire.Probe) -> int:
    """A startup probe may fail often; the first success of another comes with its first asking, if it comes."""
    turns = (_FAILURES if probe.failure_threshold is None else probe.failure_threshold) if kind == "startup" else 1
    return (probe.initial_delay_seconds or 0) + turns * (probe.period_seconds or _PERIOD_S)


def _asks(probe: wire.Probe) -> str:
    """What a probe asks. A command is named only: its arguments may hold a password."""
    if probe.http_get:
        return f"GET {probe.http_get.path or '/'} at port {probe.http_get.port}"
    if probe.tcp_socket:
        return f"a connection to port {probe.tcp_socket.port}"
    if probe.grpc:
        return f"gRPC health at port {probe.grpc.port}"
    return f"the command {probe.exec.command[0]}" if probe.exec and probe.exec.command else "nothing that is known"
