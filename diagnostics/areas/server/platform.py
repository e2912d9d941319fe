"""What the server checks share of pods and workloads: which count, what they need, and how to read their logs. Pure."""

from collections.abc import Iterable
from datetime import datetime
from shlex import quote

from diagnostics.commands import kubectl
from diagnostics.context import Context
from diagnostics.evidence.cluster.pods import Container, Pod
from diagnostics.evidence.cluster.states import WorkloadState

#: The kinds of workloads that are meant to have pods all the time.
_STANDING = {"Deployment", "StatefulSet", "DaemonSet"}
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


def minor(state: WorkloadState) -> bool:
    """Whether its failure leaves the platform working: it still serves, is a job, or is one user's bot.

    Of what is none of the usual workloads, such as a pod started by hand, nobody knows that the platform needs it.
    """
    labels = state.workload.template.labels
    return state.serves or state.workload.kind not in _STANDING or any(label in labels for label in _BOTS)
