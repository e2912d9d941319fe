"""What the server checks share of pods and workloads: which count, what they need, and how to read their logs. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from shlex import quote

from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.machines import Node
from diagnostics.evidence.cluster.pods import Container, Pod, Stage
from diagnostics.evidence.cluster.states import WorkloadState
from diagnostics.model import Subject

#: The kinds of workloads that are meant to have pods all the time.
_STANDING = {"Deployment", "StatefulSet", "DaemonSet"}
#: The reason of a pod that a node ended for want of memory, disk or processes.
EVICTED = "Evicted"
_BOTS = ("volaticloud.bot.id", "volaticloud.managed", "volaticloud.backtest.id")


def logs(context: Context, pod: Pod, container: Container, *, previous: bool) -> str:
    """The command that shows the end of a container's log, of the run before where that is the one that failed."""
    before = " --previous" if previous else ""
    return kubectl(context, "logs", pod.name, f"-c {quote(container.name)} --tail=50{before}")


def seconds_since(moment: datetime | None, context: Context) -> float:
    """How long ago it was; 0 where the moment is not known, or lies ahead of our clock."""
    return max(0.0, (context.at - moment).total_seconds()) if moment else 0.0


def live(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """The pods that are meant to work: not finished, and nobody has asked for their end."""
    return tuple(pod for pod in pods if not pod.finished and pod.deleting_since is None)


def coming_up(state: WorkloadState, container: Container, context: Context) -> bool:
    """Whether a container runs that is not ready, and has not had the time that its probe gives it."""
    waits = container.stage is Stage.RUNNING and not container.ready
    return waits and seconds_since(container.started_at, context) <= allowed_s(state, container, context)


def allowed_s(state: WorkloadState, container: Container, context: Context) -> int:
    """How long a container may run without being ready: what is usual, or what its probe gives it beyond that."""
    spec = state.workload.template.container(container.name)
    probe = spec.probe("readiness" if container.started else "startup") if spec else None
    return max(context.limits.starting_seconds, probe.allows_s if probe else 0)


def nodes_of(state: WorkloadState, pods: Sequence[Pod], context: Context) -> tuple[Subject, ...]:
    """The nodes that these pods run on: what ails them may come from there.

    None where one of the nodes is lost and that does not explain all of the pods: one runs elsewhere, or ailed before.
    """
    lost = {node.name: node for node in state.nodes if not node.ready}
    if any(pod.node in lost for pod in pods) and not all(_fell_with(lost.get(pod.node), pod, context) for pod in pods):
        return ()
    return tuple(dict.fromkeys(Subject("node", pod.node) for pod in pods if pod.node))


def lost_since(node: Node) -> datetime | None:
    """Since when a node is not ready, where that is known; None for one that is."""
    ready = node.condition("Ready")
    return ready.since if ready and not node.ready else None


def fell_after(node: Node, moment: datetime, context: Context) -> bool:
    """Whether something happened no earlier than a node fell silent, so that this may be the reason."""
    since = lost_since(node)
    return since is None or (since - moment).total_seconds() <= context.limits.node_silence_seconds


def _fell_with(node: Node | None, pod: Pod, context: Context) -> bool:
    return node is not None and fell_after(node, _ails_since(pod), context)


def _ails_since(pod: Pod) -> datetime:
    """When it stopped to be ready, or should have been gone."""
    if pod.deleting_since:
        return pod.deleting_since + timedelta(seconds=pod.grace_s)
    ready = pod.condition("Ready")
    return ready.since if ready and ready.since else pod.created_at


def minor(state: WorkloadState) -> bool:
    """Whether its failure leaves the platform working: it still serves, is a job, or is one user's bot.

    Of what is none of the usual workloads, such as a pod started by hand, nobody knows that the platform needs it.
    """
    labels = state.workload.template.labels
    return state.serves or state.workload.kind not in _STANDING or any(label in labels for label in _BOTS)
