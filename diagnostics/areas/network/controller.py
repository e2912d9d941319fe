"""Checks of the ingress controller itself: whether it is there, runs, and what its log says."""

from collections.abc import Iterator

from diagnostics.areas.network.naming import controller_facts
from diagnostics.areas.network.readiness import pod_facts, starting, why_not_ready
from diagnostics.check import Sign, check
from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.kinds import ClusterController
from diagnostics.evidence.cluster.logs import KnownLine
from diagnostics.evidence.cluster.routes import workload_and_all
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates
from diagnostics.model import Fact, Severity
from diagnostics.runbook import Section
from diagnostics.words import counted, one_line

_CRITICAL, _WARNING, _NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
_SECTION = Section.NETWORK_INGRESS
#: Log lines shown in a finding.
_LINES = 3
#: What in the log means that the controller no longer takes changes over, whatever else it says.
_STUCK = "network.reload-failed"


@check(
    WorkloadStates, "network.ingress-controller-missing", "The ingress controller does not exist", _CRITICAL, _SECTION
)
def ingress_controller_missing(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """Without a controller no ingress is served: no name of the platform answers from outside."""
    name = context.cluster.controller
    if context.cluster.sees(name) and seen.whole(name.namespace) and _controller(seen, context) is None:
        others = [one.workload.name.name for one in seen.states if one.workload.name.namespace == name.namespace]
        there = ", ".join(others[:_LINES]) or "none"
        summary = f"There is no ingress controller {name.name} in namespace {name.namespace}; workloads there: {there}"
        facts = (Fact("workloads there", there),)
        command = kubectl(context, "get deployments,daemonsets", name.namespace)
        yield Sign(name.subject("Deployment"), summary, facts, command)


@check(WorkloadStates, "network.controller-down", "The ingress controller does not run", _CRITICAL, _SECTION)
def controller_down(seen: WorkloadStates, context: Context) -> Iterator[Sign]:
    """Every request from outside goes through it: with none of its pods ready, nobody reaches the platform."""
    state = _controller(seen, context)
    if state is None or state.serves or _coming(state, context):
        return
    staying = [pod for pod in state.pods if pod.deleting_since is None and not pod.finished]
    if not state.workload.wanted:
        why = "no node fits it" if state.workload.kind == "DaemonSet" else "it is scaled to 0"
    elif staying:
        why = why_not_ready(staying, (state,))
    else:
        why = f"it asks for {counted(state.workload.wanted, 'pod')} and has none"
    ready = f"none of {counted(len(staying), 'pod')} is ready" if len(staying) > 1 else "no pod is ready"
    summary = f"The ingress controller, {state.subject}, does not run ({ready}): {why}"
    kind = state.workload.kind.lower()
    pods = pod_facts(staying, (state,))
    facts = (Fact("wanted pods", str(state.workload.wanted)), *pods, *controller_facts(kind))
    command = kubectl(context, "get pods", state.workload.name.namespace, "-o wide")
    below = tuple(subject for subject in workload_and_all(state) if subject != state.subject)
    yield Sign(state.subject, summary, facts, command, None, below)


@check(
    ClusterController,
    "network.controller-log-errors",
    "The ingress controller cannot load its configuration",
    _WARNING,
    _SECTION,
)
def controller_log_errors(seen: ClusterController, context: Context) -> Iterator[Sign]:
    """It goes on with the last configuration that it could load: no change of any ingress is taken over until then."""
    stuck = [one for log in seen.logs for one in log.known if one.id == _STUCK]
    if stuck:
        times = counted(sum(one.count for one in stuck), "time")
        summary = (
            f"The ingress controller cannot load its configuration ({times} in its log): {one_line(stuck[-1].line)}"
        )
        facts = tuple(Fact(f"{one.meaning} ({one.count})", one.line) for one in stuck[:_LINES])
        yield _of_log(seen, summary, facts, context)


@check(ClusterController, "network.proxy-errors", "The ingress controller's log has errors", _NOTE, _SECTION)
def proxy_errors(seen: ClusterController, context: Context) -> Iterator[Sign]:
    """Its log says which backend it cannot reach; a note, because a busy proxy always has some of them."""
    errors = [line for log in seen.logs for line in log.errors]
    known = sorted((one for log in seen.logs for one in log.known if one.id != _STUCK), key=_weight)
    if errors or known:
        read = counted(sum(log.read for log in seen.logs), "line")
        last = known[0].line if known else errors[-1]
        many = counted(max(len(errors), sum(one.count for one in known)), "error")
        facts = tuple(Fact(f"{one.meaning} ({one.count})", one.line) for one in known[:_LINES])
        lines = tuple(Fact("line", line) for line in errors[-_LINES:])
        summary = f"{many} in the last {read} of the ingress controller's log: {one_line(last)}"
        yield _of_log(seen, summary, facts or lines, context)


@check(ClusterController, "network.controller-log-unread", "The ingress controller's log was not read", _NOTE, _SECTION)
def controller_log_unread(seen: ClusterController, context: Context) -> Iterator[Sign]:
    """What its log would say is not known: that it shows no error means nothing."""
    gaps = [f"{log.pod}: {log.gap}" for log in seen.logs if log.gap]
    if gaps and len(gaps) == len(seen.logs):
        summary = f"The ingress controller's log could not be read: {one_line(gaps[0])}"
        yield _of_log(seen, summary, tuple(Fact("log", gap) for gap in gaps), context)


#: Upstream of everything that goes through it.
CHECKS = (ingress_controller_missing, controller_down)
#: What its log says, after all that may be the reason for it.
LOG_CHECKS = (controller_log_errors, proxy_errors, controller_log_unread)


def _controller(seen: WorkloadStates, context: Context) -> WorkloadState | None:
    """The controller, whichever kind of workload it is."""
    name = context.cluster.controller
    return next((one for one in seen.states if one.workload.name == name and one.workload.kind != "Job"), None)


def _coming(state: WorkloadState, context: Context) -> bool:
    """Whether all its pods have just been started, and none has failed."""
    staying = [pod for pod in state.pods if pod.deleting_since is None and not pod.finished]
    return bool(staying) and all(starting(pod, (state,), context) for pod in staying)


def _weight(one: KnownLine) -> tuple[int, int]:
    return one.severity.rank, -one.count


def _of_log(seen: ClusterController, summary: str, facts: tuple[Fact, ...], context: Context) -> Sign:
    """A sign of what its log says, or does not say."""
    name, kind = context.cluster.controller, seen.kind.lower()
    command = kubectl(context, f"logs {kind}/{name.name}", name.namespace, "--tail=200")
    return Sign(name.subject(kind), summary, (*facts, *controller_facts(kind)), command)
