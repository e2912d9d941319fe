"""The words the server checks share: the expected cluster, commands filled in for it, spans and shortened lines."""

from collections.abc import Iterable
from datetime import datetime
from shlex import quote

from diagnostics.context import ClusterExpected, Context
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Container, Pod
from diagnostics.evidence.cluster.states import WorkloadState
from diagnostics.evidence.cluster.workloads import Origin
from diagnostics.model import Subject

#: Characters of a foreign line in a finding's sentence; the facts have more of it.
EXCERPT = 200
#: Characters of a foreign line in a fact: the longest that a kubelet says of an image has some 700.
WHOLE = 1000
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: The kinds of workloads that are meant to have pods all the time.
_STANDING = {"Deployment", "StatefulSet", "DaemonSet"}
_BOTS = ("volaticloud.bot.id", "volaticloud.managed", "volaticloud.backtest.id")


def cluster(context: Context) -> ClusterExpected:
    """What the platform is in its cluster; the runbook's defaults where nothing is configured."""
    return context.expected.cluster or ClusterExpected()


def kubectl(context: Context, words: str) -> str:
    """A kubectl command for this platform."""
    return f"{cluster(context).kubectl} {words}"


def describe(context: Context, kind: str, name: Name) -> str:
    """The command that shows a thing with its events."""
    return kubectl(context, f"describe {kind.lower()} {quote(name.name)} -n {quote(name.namespace)}")


def logs(context: Context, pod: Pod, container: Container, *, previous: bool) -> str:
    """The command that shows the end of a container's log, of the run before where that is the one that failed."""
    before = " --previous" if previous else ""
    where = f"{quote(pod.name.name)} -n {quote(pod.name.namespace)} -c {quote(container.name)}"
    return kubectl(context, f"logs {where} --tail=50{before}")


def one_line(text: str, most: int = EXCERPT) -> str:
    """Foreign text in one printable line, and at most so many characters of it."""
    flat = "".join(letter if letter.isprintable() else " " for letter in text)
    flat = " ".join(flat.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"


def seconds_since(moment: datetime | None, context: Context) -> float:
    """How long ago it was; 0 where the moment is not known, or lies ahead of our clock."""
    return max(0.0, (context.at - moment).total_seconds()) if moment else 0.0


def span(seconds: float) -> str:
    """A span as a person says it: 40 s, 12 min, 5 h, 3 days."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.0f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} days"


def counted(number: int, thing: str) -> str:
    """A number with its noun: 1 restart, 2 restarts."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def live(pods: Iterable[Pod]) -> tuple[Pod, ...]:
    """The pods that are meant to work: not finished, and nobody has asked for their end."""
    return tuple(pod for pod in pods if not pod.finished and pod.deleting_since is None)


def secrets(state: WorkloadState) -> tuple[Subject, ...]:
    """The secrets its pods are given, as variables or as volumes."""
    template = state.workload.template
    variables = [(one.origin, one.source) for container in template.containers for one in container.variables]
    wholes = [(one.origin, one.source) for container in template.containers for one in container.wholes]
    volumes = [(one.origin, one.source) for one in template.volumes]
    names = [name for origin, name in (*variables, *wholes, *volumes) if origin is Origin.SECRET and name]
    return tuple(Name(state.workload.name.namespace, name).subject("Secret") for name in dict.fromkeys(names))


def minor(state: WorkloadState) -> bool:
    """Whether its failure leaves the platform working: it still serves, is a job, or is one user's bot.

    Of what is none of the usual workloads, such as a pod started by hand, nobody knows that the platform needs it.
    """
    labels = state.workload.template.labels
    return state.serves or state.workload.kind not in _STANDING or any(label in labels for label in _BOTS)
