"""Reads what acts need from things as the API sends them: who they are, their template, whose pods are whose. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any

import msgspec

from bot.actions.hands import Kind, Thing
from diagnostics.evidence.cluster.names import Name, Operator, Requirement, Selector
from diagnostics.words import span

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""The annotation of a pod template that `kubectl rollout restart` sets."""

REVISION = "deployment.kubernetes.io/revision"
"""The annotation by which the deployment controller numbers deployments and replica sets."""

TEMPLATE_HASH = "pod-template-hash"
"""The label that the deployment controller gives to the template of a replica set, and thereby to pods."""

KINDS: Mapping[str, Kind] = {
    "deployment": Kind.DEPLOYMENT,
    "statefulset": Kind.STATEFUL_SET,
    "daemonset": Kind.DAEMON_SET,
}
"""The workloads that acts know, by the word that kubectl has for them."""

WORDS: Mapping[Kind, str] = {kind: word for word, kind in KINDS.items()}
"""The other way round."""

#: Hex digits of a template's fingerprint: as short as Kubernetes' own, since variables in it may be guessed.
_DIGITS = 8


def name(thing: Thing) -> Name:
    """Its namespace and name."""
    return Name(str(thing["metadata"].get("namespace", "")), str(thing["metadata"]["name"]))


def uid(thing: Thing) -> str:
    """What tells it from another of the same name, before or after it."""
    return str(thing["metadata"]["uid"])


def version(thing: Thing) -> str:
    """Which of its states this is; the precondition of a write."""
    return str(thing["metadata"]["resourceVersion"])


def labels(thing: Thing) -> Mapping[str, str]:
    """Its labels."""
    return thing["metadata"].get("labels") or {}


def annotations(thing: Thing) -> Mapping[str, str]:
    """Its annotations."""
    return thing["metadata"].get("annotations") or {}


def leaving(thing: Thing) -> bool:
    """Whether it is being deleted."""
    return bool(thing["metadata"].get("deletionTimestamp"))


def revision(thing: Thing) -> int:
    """The number of a deployment's or replica set's revision; 0 where it has none."""
    number = annotations(thing).get(REVISION, "")
    return int(number) if number.isdecimal() else 0


def template(thing: Thing) -> dict[str, Any]:
    """What its pods are to be; a copy of one's own."""
    found: dict[str, Any] = deepcopy(dict(thing["spec"]["template"]))
    return found


def restarted_at(thing: Thing) -> str:
    """When its pods were last restarted by hand, as the annotation says it; empty for never."""
    about = thing["spec"]["template"].get("metadata") or {}
    return str((about.get("annotations") or {}).get(RESTARTED_AT, ""))


def fingerprint(template: Mapping[str, Any]) -> str:
    """A template made recognisable: the same one, the same text."""
    # What the server leaves out when it is empty must not make a difference.
    encoded = msgspec.json.encode(_bare(template), order="sorted")
    return hashlib.sha256(encoded).hexdigest()[:_DIGITS]


def without_restart(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template but for the annotation of a restart."""
    return _with_metadata(template, "annotations", RESTARTED_AT)


def without_hash(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template but for the label that the deployment controller adds to that of a replica set."""
    return _with_metadata(template, "labels", TEMPLATE_HASH)


def controller(thing: Thing) -> tuple[str, str]:
    """The uid and the kind of what controls it; empty where nothing does."""
    references = thing["metadata"].get("ownerReferences") or ()
    return next(((str(one["uid"]), str(one["kind"])) for one in references if one.get("controller")), ("", ""))


def selector(thing: Thing) -> Selector:
    """Which pods it means."""
    said = thing["spec"].get("selector") or {}
    exact = Selector.of_labels(said.get("matchLabels") or {}).requirements
    more = (
        Requirement(one["key"], Operator(one["operator"]), tuple(one.get("values") or ()))
        for one in said.get("matchExpressions") or ()
    )
    return Selector((*exact, *more))


def pods_of(kind: Kind, thing: Thing, pods: Iterable[Thing]) -> tuple[Thing, ...]:
    """The pods of a workload. Those of a deployment belong to its replica sets, so that its selector tells them."""
    if kind is not Kind.DEPLOYMENT:
        return tuple(pod for pod in pods if controller(pod)[0] == uid(thing))
    meant = selector(thing)
    return tuple(pod for pod in pods if meant.matches(labels(pod)) and controller(pod)[1] == "ReplicaSet")


def over(pod: Thing) -> bool:
    """Whether a pod has ended for good."""
    return (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}


def ready(pod: Thing) -> bool:
    """Whether a pod says that it is ready."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def age(thing: Thing, now: datetime) -> str:
    """How old it is, in words."""
    made = datetime.fromisoformat(thing["metadata"]["creationTimestamp"])
    return span(max(0.0, (now - made).total_seconds()))


def _with_metadata(template: Mapping[str, Any], part: str, without: str) -> dict[str, Any]:
    changed = deepcopy(dict(template))
    about = changed.get("metadata") or {}
    kept = {key: value for key, value in (about.get(part) or {}).items() if key != without}
    return {**changed, "metadata": {**about, part: kept}}


def _bare(value: Any) -> Any:  # noqa: ANN401 any JSON
    """JSON without what is empty."""
    if isinstance(value, Mapping):
        return {key: bare for key, one in value.items() if (bare := _bare(one)) not in (None, {}, [])}
    return [_bare(one) for one in value] if isinstance(value, list | tuple) else value
