"""Why pods are not ready, in words: whether they are only starting or leaving, and what ails the others. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from diagnostics.areas.server.loglines import last_words
from diagnostics.areas.server.platform import coming_up
from diagnostics.context import Context
from diagnostics.evidence.cluster.pods import Container, Pod, Role, Stage
from diagnostics.evidence.cluster.states import WorkloadState
from diagnostics.exit_codes import ended_in_words
from diagnostics.model import Fact
from diagnostics.words import FEW, counted, one_line

#: What comes before the line of a log.
_LOG = "; its log: "
#: What a container waits for while its pod starts; everything else it waits for is a failure.
_STARTING = {"", "ContainerCreating", "PodInitializing"}


def starting(pod: Pod, states: Sequence[WorkloadState], context: Context) -> bool:
    """Whether a pod is young, or has the time still that its probe gives it, and nothing has gone wrong with it yet."""
    young = context.at - pod.created_at < timedelta(seconds=context.limits.starting_seconds)
    own = [state for state in states if pod in state.pods]
    given = any(one.started_at and coming_up(state, one, context) for state in own for one in pod.containers)
    return (young or given) and not pod.finished and not any(_failed(one) for one in pod.containers)


def leaving(pod: Pod, context: Context) -> bool:
    """Whether a pod is being ended and still within the time for that."""
    if pod.deleting_since is None:
        return False
    given = timedelta(seconds=pod.grace_s + context.limits.terminating_seconds)
    return context.at - pod.deleting_since < given


def why_not_ready(pods: Sequence[Pod], states: Sequence[WorkloadState]) -> str:
    """Why pods are not ready, in the commonest reason's words; of one pod of several the log is read."""
    owners = {pod.name: state for state in states for pod in state.pods}
    reasons = [why(pod, owners.get(pod.name)) for pod in pods]
    if not reasons:
        return ""
    ((commonest, times),) = Counter(reason.partition(_LOG)[0] for reason in reasons).most_common(1)
    told = max((reason for reason in reasons if reason.partition(_LOG)[0] == commonest), key=len)
    return told if times == len(pods) else f"{times} of them: {told}"


def why(pod: Pod, state: WorkloadState | None) -> str:
    """Why one pod is not ready."""
    if pod.deleting_since is not None:
        return "it is being deleted"
    scheduled = pod.condition("PodScheduled")
    if scheduled and scheduled.status == "False":
        return f"no node takes it ({one_line(scheduled.message)})" if scheduled.message else "no node takes it"
    if lost := _node_lost(pod, state):
        return lost
    failing = next((one for one in pod.containers if _failed(one)), None) or _unready(pod)
    return _of_container(pod, failing, state) if failing else _of_pod(pod)


def pod_facts(pods: Sequence[Pod], states: Sequence[WorkloadState]) -> tuple[Fact, ...]:
    """Pods with why each is not ready, a few of them; the rest counted."""
    owners = {pod.name: state for state in states for pod in state.pods}
    facts = [Fact(f"pod {pod.name.name}", _told(pod, owners.get(pod.name))) for pod in pods[:FEW]]
    more = len(pods) - FEW
    return (*facts, Fact("more", counted(more, "pod"))) if more > 0 else tuple(facts)


def _told(pod: Pod, state: WorkloadState | None) -> str:
    return "ready" if pod.ready else why(pod, state)


def _failed(container: Container) -> bool:
    if container.stage is Stage.WAITING:
        return container.reason not in _STARTING or container.restarts > 0
    if container.stage is Stage.TERMINATED:
        return container.end is not None and (container.end.code != 0 or container.role is Role.MAIN)
    return container.restarts > 0 and not container.ready


def _unready(pod: Pod) -> Container | None:
    return next((one for one in pod.containers if one.role is not Role.INIT and not one.ready), None)


def _node_lost(pod: Pod, state: WorkloadState | None) -> str:
    node = next((one for one in state.nodes if one.name == pod.node), None) if state else None
    return f"its node {pod.node} is not ready" if node and not node.ready else ""


def _of_pod(pod: Pod) -> str:
    ready = pod.condition("Ready")
    words = pod.message or pod.reason or (ready.message if ready else "")
    return one_line(words) or f"it is in phase {pod.phase}"


def _of_container(pod: Pod, container: Container, state: WorkloadState | None) -> str:
    log = state.log_of(pod, container) if state else None
    said = [_stage(container, last_words(log) or _said_by_another(container, state))]
    if container.stage is Stage.RUNNING and state:
        said.extend(_probe(pod, state))
    if log and log.known:
        said.append(f"its log: {one_line(log.known[0].line)}")
    return f"{container.role} {container.name} {'; '.join(one for one in said if one)}"


def _said_by_another(container: Container, state: WorkloadState | None) -> str:
    """The last words of the same container of another pod: the log is read of one, and all of them run the same."""
    logs = state.logs if state else ()
    return next((words for one in logs if one.container == container.name and (words := last_words(one))), "")


def _stage(container: Container, says: str) -> str:
    """Its state; `says` are the last words of its log."""
    end = container.latest_end
    ended = f"it ended with {ended_in_words(end.code, says)}" if end and end.code else ""
    if end and end.reason == "OOMKilled":
        ended = "it was killed for want of memory (OOMKilled)"
    match container.stage:
        case Stage.WAITING:
            why = ended or one_line(container.message)
            return f"waits ({container.reason or 'for its start'}){f': {why}' if why else ''}"
        case Stage.TERMINATED:
            return ended or "has ended"
        case _:
            return _running(container)


def _running(container: Container) -> str:
    after = f" after {counted(container.restarts, 'restart')}" if container.restarts else ""
    return f"runs{after} and is not ready"


def _probe(pod: Pod, state: WorkloadState) -> Iterable[str]:
    told = (one.message for one in state.events_about(pod) if one.reason == "Unhealthy" and "eadiness" in one.message)
    yield from (one_line(one) for one in list(told)[:1])
