"""Which workload is meant by a word: by its name or a part of it. Several are asked back. Pure."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Pod
from diagnostics.evidence.cluster.states import WorkloadState
from diagnostics.glances.running import Running
from diagnostics.model import Value

#: What people write before a slash instead of a namespace, as kubectl takes it.
_KINDS = {
    "deployment": "Deployment",
    "deployments": "Deployment",
    "deploy": "Deployment",
    "statefulset": "StatefulSet",
    "statefulsets": "StatefulSet",
    "sts": "StatefulSet",
    "daemonset": "DaemonSet",
    "daemonsets": "DaemonSet",
    "ds": "DaemonSet",
    "job": "Job",
    "jobs": "Job",
    "pod": "Pod",
    "pods": "Pod",
    "po": "Pod",
}
#: How alike two names must be for one to be offered for the other: a letter or two in ten.
_ALIKE = 0.6
_LONGEST = 80  # characters of a word that are compared: comparing takes the square of it


class Thing(Value, frozen=True):
    """Something that has logs: a workload with its pods, or a pod alone, in which case it is that pod."""

    kind: str
    name: Name
    pods: tuple[Pod, ...] = ()

    def __str__(self) -> str:
        """Its namespace and name, which mean it alone among those of its kind."""
        return str(self.name)


class Ambiguous(Value, frozen=True):
    """A word that means several things, by their names."""

    word: str
    names: tuple[str, ...]


class Unknown(Value, frozen=True):
    """A word that means nothing there is; `nearest` are the names that are most like it, `all` every name."""

    word: str
    nearest: tuple[str, ...]
    all: tuple[str, ...]


def things(found: Running) -> tuple[Thing, ...]:
    """Everything that has logs, workloads first. A cron job's finished jobs come last."""
    workloads = [_thing(state) for state in found.states]
    pods = [pod for state in found.states for pod in state.pods] + list(found.loose)
    ordered = sorted(workloads, key=lambda one: (one.kind == "Job", one.name))
    return (*ordered, *(Thing("Pod", pod.name, (pod,)) for pod in sorted(pods, key=lambda one: one.name)))


def meant(word: str, among: Iterable[Thing]) -> Thing | Ambiguous | Unknown:
    """What a word means: `backend`, `volaticloud-backend`, `keycloak/volaticloud-keycloak`, a pod's whole name."""
    every = tuple(among)
    before, slash, own = word.rpartition("/")
    where = [one for one in every if _is_there(one, before)] if slash else list(every)
    for found in _ever_wider(own, where):
        if len(found) == 1:
            return found[0]
        if found:
            return Ambiguous(word, tuple(dict.fromkeys(_written(one, found) for one in found)))
    workloads = [one for one in every if one.kind != "Pod"] or every
    return Unknown(word, _nearest(own, workloads), tuple(str(one) for one in workloads))


def is_kind(word: str) -> bool:
    """Whether what stands before a slash is a kind of things, and no namespace."""
    return word in _KINDS


def _thing(state: WorkloadState) -> Thing:
    return Thing(state.workload.kind, state.workload.name, state.pods)


def _is_there(one: Thing, before: str) -> bool:
    """Whether what stands before the slash is its namespace, or its kind."""
    return before in {one.name.namespace, f"{one.name.namespace}/{one.kind.lower()}"} or _KINDS.get(before) == one.kind


def _ever_wider(word: str, among: list[Thing]) -> Iterator[list[Thing]]:
    """Those of exactly this name; of workloads those with the word as whole parts of their name; with it anywhere."""
    yield [one for one in among if one.name.name == word]
    workloads = [one for one in among if one.kind != "Pod"]
    yield [one for one in workloads if f"-{word}-" in f"-{one.name.name}-"]
    yield [one for one in workloads if len(word) > 1 and word in one.name.name]
    yield [one for one in among if one.kind == "Pod" and len(word) > 1 and word in one.name.name]


def _written(one: Thing, among: list[Thing]) -> str:
    """Its name, with its kind where another one of these has the same."""
    alike = [other for other in among if other.name == one.name]
    return str(one) if len(alike) == 1 else f"{one.kind.lower()}/{one.name.name}"


def _nearest(word: str, among: Iterable[Thing]) -> tuple[str, ...]:
    """Names that are alike: whole ones, and those whose parts are, as `backend` of `volaticloud-backend`."""
    parts: dict[str, dict[str, None]] = {}
    for one in among:
        for part in (one.name.name, *one.name.name.split("-")):
            parts.setdefault(part, {})[str(one)] = None
    close = get_close_matches(word[:_LONGEST], parts, n=1, cutoff=_ALIKE)
    return tuple(name for part in close for name in parts[part])
