"""What controllers that make pods share: a pod from a template, its admission, which pods count."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.world.kubernetes import pod_security
from playground.world.kubernetes.controllers.quotas import exceeded
from playground.world.kubernetes.defaults import filled
from playground.world.kubernetes.events import Source, stable_hash
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.plane import Plane, is_over, leaving, name_of, owner_reference
from playground.world.kubernetes.store import Frozen, draft

POD = kind_named("Pod")
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # as Kubernetes makes names: no vowels, so that no words come about
_LONGEST_RETRY_S = 1000.0  # the longest pause of a controller's work queue


class ForbiddenPodError(Exception):
    """A pod was not admitted; the message is the API server's."""


@dataclass
class Retries:
    """When each controller's object is tried again after a failure: later and later."""

    due_s: dict[str, float] = field(default_factory=dict)
    waits_s: dict[str, float] = field(default_factory=dict)

    def failed(self, uid: str, now_s: float) -> float:
        """Try again at this moment."""
        self.waits_s[uid] = min(self.waits_s.get(uid, 0.5) * 2, _LONGEST_RETRY_S)
        self.due_s[uid] = now_s + self.waits_s[uid]
        return self.due_s[uid]

    def worked(self, uid: str) -> None:
        """Nothing is waited for any more."""
        self.due_s.pop(uid, None)
        self.waits_s.pop(uid, None)

    def waits(self, uid: str, now_s: float) -> float | None:
        """The moment that is waited for, or None when it may be tried."""
        due_s = self.due_s.get(uid)
        return due_s if due_s is not None and due_s > now_s else None

    def age(self, by_s: float) -> None:
        """Have failed so many seconds earlier."""
        self.due_s = {uid: due_s - by_s for uid, due_s in self.due_s.items()}


def template_hash(template: Mapping[str, Any]) -> str:
    """The word that stands for a template in names and labels."""
    number = stable_hash(sorted_text(template)) % 2**32
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))


def sorted_text(value: Any) -> str:  # noqa: ANN401 any JSON
    """JSON in which the order of keys means nothing."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{sorted_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted_text(one) for one in value) + "]"
    return repr(value)


def refusal(plane: Plane, namespace: str, pod_spec: Mapping[str, Any]) -> str:
    """Why a pod is not admitted, in the API server's words: its security, then the quotas; nothing when it is."""
    return pod_security.refusal(plane, namespace, pod_spec) or exceeded(plane, namespace, pod_spec)


def create_pod(plane: Plane, owner: Frozen, source: Source, name: str = "") -> Frozen:
    """A pod of its owner's template.

    Raises:
        ForbiddenPodError: it is not admitted.
    """
    pod = pod_from(owner, name)
    why = refusal(plane, owner["metadata"]["namespace"], pod["spec"])
    if why:
        shown = name or f"{name_of(owner)}-{stable_hash(name_of(owner), plane.now_s) % 100_000:05d}"
        raise ForbiddenPodError(f'pods "{shown}" is forbidden: {why}')
    made = plane.store.create(POD, pod)
    told = f"Created pod: {name_of(made)}"
    if owner["kind"] == "StatefulSet":
        told = f"create Pod {name_of(made)} in StatefulSet {name_of(owner)} successful"
    plane.events.normal(owner, source, "SuccessfulCreate", told)
    return made


def pod_from(owner: Mapping[str, Any], name: str = "") -> Thing:
    """The pod of an owner's template, with what the API server fills in."""
    template = draft(owner["spec"]["template"])
    about = {
        key: value
        for key, value in template.get("metadata", {}).items()
        if key in {"labels", "annotations", "finalizers"}
    }
    named = {"name": name} if name else {"generateName": f"{name_of(owner)}-"}
    metadata = {
        **named,
        "namespace": owner["metadata"]["namespace"],
        **about,
        "ownerReferences": [owner_reference(owner)],
    }
    spec = {"serviceAccountName": "default", **template["spec"]}
    return filled(POD, {"metadata": metadata, "spec": spec})


def active(pods: list[Frozen]) -> list[Frozen]:
    """Those that count: neither ended nor being deleted."""
    return [pod for pod in pods if not is_over(pod) and not leaving(pod)]
