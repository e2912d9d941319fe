"""Checks of services: whether somebody stands behind each, and why not."""

from collections.abc import Iterator
from datetime import timedelta

from diagnostics.areas.network.readiness import leaving, pod_facts, starting, why_not_ready
from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.names import Name, Selector
from diagnostics.evidence.cluster.pods import Pod
from diagnostics.evidence.cluster.routes import ServiceRoutes, ServiceState, port_of, ports_of, target_ports, unique
from diagnostics.evidence.cluster.services import ServicePort
from diagnostics.evidence.cluster.states import WorkloadState
from diagnostics.evidence.cluster.workloads import Port
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import counted, few, one_line, span

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
_SECTION = Section.NETWORK_SERVICE
#: What operators of databases call the copies that are only read from, in the labels of their pods.
_COPIES = {"replica", "replicas", "secondary", "standby", "follower", "slave", "read", "read-only", "readonly"}


@check(ServiceRoutes, "network.service-missing", "A service of the platform does not exist", _CRITICAL, _SECTION)
def service_missing(seen: ServiceRoutes, context: Context) -> Iterator[Sign]:
    """The platform's settings name this service; without it the name leads nowhere, however well the pods are.

    Where an ingress leads there, that is found with the ingress.
    """
    for name in _missed(seen, context):
        if context.cluster.sees(name) and seen.whole(name.namespace) and seen.state(name) is None:
            others = [one.service.name.name for one in seen.services if one.service.name.namespace == name.namespace]
            summary = (
                f"Service {name.name} does not exist in namespace {name.namespace}; there are: {few(others) or 'none'}"
            )
            facts = (Fact("services there", few(others) or "none"),)
            yield Sign(name.subject("Service"), summary, facts, kubectl(context, "get services", name.namespace))


@check(ServiceRoutes, "network.selector-matches-nothing", "A service's selector matches no pod", _CRITICAL, _SECTION)
def selector_matches_nothing(seen: ServiceRoutes, context: Context) -> Iterator[Sign]:
    """A service finds its pods by labels alone; when no pod bears them, every connection to it is refused.

    Operators make services for replicas that a database of one instance has none of: nothing is said of these.
    """
    for one in _silent(seen):
        if one.pods or one.finished or one.states or not one.known:
            continue
        kin = () if _matters(one, context) else _kin(one, seen)
        if kin and all(_replicas_asked(one.service.selector, pod.labels) for pod in kin):
            continue
        selector = Selector.of_labels(one.service.selector)
        near = _nearest(one, seen)
        hint = f"; {near.subject} has {_labels(near)}" if near else ""
        summary = f"Service {one.service.name} selects {selector}, and no pod has these labels{hint}"
        facts = (
            Fact("selector", str(selector)),
            *((Fact(f"labels of {near.subject}", _labels(near)),) if near else ()),
        )
        served = any(pod in other.pods for other in seen.services if other.serves for pod in kin)
        yield _sign(one, summary, facts, context, _NOTE if served else None)


@check(ServiceRoutes, "network.no-pods", "The workload behind a service has no pods", _CRITICAL, _SECTION)
def no_pods(seen: ServiceRoutes, context: Context) -> Iterator[Sign]:
    """The workload asks for pods and gets none, as when a quota or a webhook refuses them: nobody can answer."""
    for one in _silent(seen):
        wanting = [state for state in one.states if state.workload.wanted and not _over(state)]
        young = all(_just_changed(state, context) for state in wanting)
        if not one.pods and one.known and wanting and not young:
            state = wanting[0]
            why = _refusal(state, context)
            summary = (
                f"Nobody is behind service {one.service.name}: {state.subject} asks for "
                f"{counted(state.workload.wanted, 'pod')} and has none{f' ({one_line(why)})' if why else ''}"
            )
            facts = (Fact(str(state.subject), f"{state.workload.wanted} wanted, {state.workload.current} there"),)
            yield _sign(one, summary, facts, context)


@check(ServiceRoutes, "network.no-ready-endpoints", "No pod behind a service is ready", _CRITICAL, _SECTION)
def no_ready_endpoints(seen: ServiceRoutes, context: Context) -> Iterator[Sign]:
    """A service leads to ready pods only: with none of them ready every connection is refused, or answered by 503."""
    for one in _silent(seen):
        staying = [pod for pod in one.pods if pod.deleting_since is None]
        if not staying or one.service.unready_too or all(starting(pod, one.states, context) for pod in staying):
            continue
        many = counted(len(staying), "pod")
        none = (
            f"The pod behind service {one.service.name} is not ready"
            if len(staying) == 1
            else (f"None of the {many} behind service {one.service.name} is ready")
        )
        summary = f"{none}: {why_not_ready(staying, one.states)}"
        yield _sign(one, summary, pod_facts(staying, one.states), context)


@check(ServiceRoutes, "network.endpoints-ending", "All pods behind a service are being deleted", _CRITICAL, _SECTION)
def endpoints_ending(seen: ServiceRoutes, context: Context) -> Iterator[Sign]:
    """Pods that are being deleted get no new connections; when no others come, nobody answers."""
    for one in _silent(seen):
        overdue = [pod for pod in one.pods if pod.deleting_since is not None and not leaving(pod, context)]
        if one.pods and len(overdue) == len(one.pods):
            began = min(pod.deleting_since for pod in overdue if pod.deleting_since)
            summary = (
                f"All {counted(len(overdue), 'pod')} behind service {one.service.name} are being deleted, "
                f"since {span((context.at - began).total_seconds())}, and no others have come"
            )
            yield _sign(one, summary, pod_facts(overdue, one.states), context)


@check(
    ServiceRoutes, "network.port-without-container", "A service leads to a port no container has", _CRITICAL, _SECTION
)
def port_without_container(seen: ServiceRoutes, context: Context) -> Iterator[Sign]:
    """The service hands connections on to a port of its pods at which no container listens: all are refused."""
    for one in seen.services:
        wrong = [port for port in one.service.ports if _leads_nowhere(one, port, context)]
        if not wrong:
            continue
        ports = [f"{port.name or port.number} to {_target(port)}" for port in wrong]
        there = few(f"{port.number}{f' ({port.name})' if port.name else ''}" for port in _container_ports(one))
        summary = (
            f"Service {one.service.name} leads from port {few(ports)}, and no container of "
            f"{few(state.subject for state in one.states)} says it listens there: they have {there or 'no ports'}"
        )
        facts = (Fact("ports of the service", few(ports)), Fact("ports of the containers", there or "none"))
        # A name is found or not; at a number something may listen without a word, and then it does at one of several.
        sure = len(one.service.ports) == 1 or any(isinstance(port.target, str) for port in wrong)
        yield _sign(one, summary, facts, context, None if sure else _WARNING)


@check(ServiceRoutes, "network.scaled-to-zero", "The workload behind a service is scaled to 0", _NOTE, _SECTION)
def scaled_to_zero(seen: ServiceRoutes, context: Context) -> Iterator[Sign]:
    """Somebody asked for no pods, so nobody answers: on purpose, and worth knowing when the service is missed."""
    for one in _silent(seen):
        if not one.pods and _matters(one, context) and one.states and not any(s.workload.wanted for s in one.states):
            workloads = few(state.subject for state in one.states)
            summary = f"Nobody is behind service {one.service.name}, because {workloads} is scaled to 0"
            yield _sign(one, summary, (Fact("wanted pods", "0"),), context, _NOTE)


@check(ServiceRoutes, "network.load-balancer-pending", "A load balancer has no address", _CRITICAL, _SECTION)
def load_balancer_pending(seen: ServiceRoutes, context: Context) -> Iterator[Sign]:
    """Until the provider gives the load balancer an address, nothing from outside can come in by it."""
    limit = timedelta(seconds=context.limits.balancer_seconds)
    for one in seen.services:
        service = one.service
        young = service.created_at is not None and context.at - service.created_at < limit
        if service.type != "LoadBalancer" or service.addresses or young:
            continue
        made = service.created_at
        age = f", {span((context.at - made).total_seconds())} after it was made" if made else ""
        summary = f"Service {service.name} is of type LoadBalancer and has no address{age}"
        command = kubectl(context, "describe service", service.name)
        # On the nodes' own network it is reached by their addresses, too.
        only_way = _is_controllers(one, context) and not any(pod.host_network for pod in one.pods)
        weight = None if only_way else _WARNING
        yield Sign(one.subject, summary, (Fact("address", "pending"),), command, weight, one.rests_on)


CHECKS = (
    service_missing,
    load_balancer_pending,
    selector_matches_nothing,
    no_pods,
    endpoints_ending,
    no_ready_endpoints,
    port_without_container,
    scaled_to_zero,
)


def _silent(seen: ServiceRoutes) -> Iterator[ServiceState]:
    """The services that find their pods by labels and have nobody who answers."""
    return (one for one in seen.services if one.chooses and not one.serves)


def _sign(
    one: ServiceState, summary: str, facts: tuple[Fact, ...], context: Context, severity: Severity | None = None
) -> Sign:
    """A sign about a service. One that nobody needs as far as can be seen is only a warning."""
    weight = severity or (None if _matters(one, context) else _WARNING)
    routed = (Fact("ingresses that lead here", few(one.ingresses)),) if one.ingresses else ()
    command = kubectl(context, "describe service", one.service.name)
    controller = context.cluster.controller
    # By what its chart calls them, also where the controller itself is gone and no pod tells whose they are.
    own = one.service.name.namespace == controller.namespace and one.service.name.name.startswith(controller.name)
    kinds = ("Deployment", "DaemonSet") if own else ()
    rests_on = unique((*one.rests_on, *(controller.subject(kind) for kind in kinds)))
    return Sign(one.subject, summary, (*facts, *routed), command, weight, rests_on)


def _matters(one: ServiceState, context: Context) -> bool:
    """Whether the platform is known to need a service: an ingress leads there, or its settings name it."""
    platform = context.cluster
    named = one.service.name in {platform.backend, platform.keycloak}
    mine = any(state.workload.name in {platform.backend, platform.controller} for state in one.states)
    return named or mine or bool(one.ingresses)


def _is_controllers(one: ServiceState, context: Context) -> bool:
    return any(state.workload.name == context.cluster.controller for state in one.states)


def _missed(seen: ServiceRoutes, context: Context) -> Iterator[Name]:
    """The services that the platform's settings name, where nothing else does their work as far as can be seen."""
    platform = context.cluster
    told = {name for name, controller in seen.led_to if controller == platform.controller_class}
    behind = any(state.workload.name == platform.backend for one in seen.services for state in one.states)
    known = seen.workloads is not None and seen.workloads.whole(platform.backend.namespace)
    if known and not behind and platform.backend not in told:
        yield platform.backend
    # Where its namespace is empty, Keycloak may well run elsewhere, and the setting be the default.
    if platform.keycloak.namespace in seen.used and platform.keycloak not in told:
        yield platform.keycloak


def _nearest(one: ServiceState, seen: ServiceRoutes) -> WorkloadState | None:
    """The workload of the namespace whose labels come nearest: it shares a value, or it bears the service's name."""
    if seen.workloads is None:
        return None
    space, wanted = one.service.name.namespace, one.service.selector
    near = [state for state in seen.workloads.states if state.workload.name.namespace == space and not _job(state)]
    ranked = sorted(near, key=lambda state: -_likeness(state, one.service.name.name, wanted))
    return ranked[0] if ranked and _likeness(ranked[0], one.service.name.name, wanted) else None


def _kin(one: ServiceState, seen: ServiceRoutes) -> tuple[Pod, ...]:
    """The pods that bear all the labels a service asks for, and some with its value, as another part of the same."""
    wanted, known = one.service.selector, seen.workloads
    states = (*known.states, *known.others) if known else ()
    near = (state for state in states if state.workload.name.namespace == one.service.name.namespace)
    living = (pod for state in near for pod in state.pods if not pod.finished and pod.deleting_since is None)
    return tuple(pod for pod in living if wanted.keys() <= pod.labels.keys() and wanted.items() & pod.labels.items())


def _replicas_asked(wanted: dict[str, str], labels: dict[str, str]) -> bool:
    """Whether only the role keeps a pod from being one that is wanted, and the role is that of a copy to read from."""
    return {value.lower() for _, value in wanted.items() - labels.items()} <= _COPIES


def _likeness(state: WorkloadState, name: str, wanted: dict[str, str]) -> int:
    shared = len(wanted.items() & state.workload.template.labels.items())
    same_keys = len(wanted.keys() & state.workload.template.labels.keys())
    return 10 * (state.workload.name.name == name) + 3 * shared + same_keys


def _labels(state: WorkloadState) -> str:
    return str(Selector.of_labels(state.workload.template.labels))


def _job(state: WorkloadState) -> bool:
    return state.workload.kind == "Job"


def _over(state: WorkloadState) -> bool:
    """Whether a workload is none that goes on: a job has its end, and a deleted one gets no more pods.

    Nor does one whose namespace is being deleted.
    """
    return _job(state) or state.workload.deleting_since is not None or state.leaving


def _just_changed(state: WorkloadState, context: Context) -> bool:
    """Whether a workload was made, or its pods asked for, so shortly ago that they may still come."""
    recent = timedelta(seconds=context.limits.starting_seconds)
    changed = [one.since for one in state.workload.conditions if one.since and one.type == "Progressing"]
    return any(context.at - one < recent for one in (state.asked_at, *changed))


def _refusal(state: WorkloadState, context: Context) -> str:
    return state.refusal(context.at - timedelta(minutes=context.limits.refusal_minutes))


def _leads_nowhere(one: ServiceState, port: ServicePort, context: Context) -> bool:
    """Whether no container has the port a service's port leads to.

    Containers may listen at ports they do not declare. So a number counts only where the port is needed for certain,
    and where every container declares some. What was injected into the pods has ports that only the endpoints tell.
    """
    going = [state for state in one.states if not _job(state)]
    if not going or not one.chooses or one.service.headless:
        return False
    if isinstance(port.target, str):
        told = any(target_ports(port, state.workload.template) for state in going)
        return not told and port.name not in one.open_ports and not (one.injected and not one.open_ports)
    if one.injected:
        return False
    declared = {(have.number, have.protocol) for have in _container_ports(one)}
    every = all(ports_of(state.workload.template) for state in going)
    return every and (port.target, port.protocol) not in declared and _needed(one, port, context)


def _needed(one: ServiceState, port: ServicePort, context: Context) -> bool:
    platform = context.cluster
    routed = any(port_of(one.service, wanted) == port for wanted in one.routed_ports)
    only = len(one.service.ports) == 1 and one.service.name in {platform.backend, platform.keycloak}
    return routed or only


def _container_ports(one: ServiceState) -> list[Port]:
    return [port for state in one.states for port in ports_of(state.workload.template)]


def _target(port: ServicePort) -> str:
    return f"port {port.target}" if isinstance(port.target, int) else f"the port named {port.target}"
