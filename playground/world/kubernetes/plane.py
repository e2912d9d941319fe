"""What every controller works with: the store, the time, the events; and how objects belong to one another."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any

from playground.world.kubernetes.clock import Clock
from playground.world.kubernetes.events import Events
from playground.world.kubernetes.kinds import Kind, Thing, kind_named
from playground.world.kubernetes.machine import Machine
from playground.world.kubernetes.store import Frozen, Store, draft

NEVER = inf


@dataclass
class Plane:
    """The control plane's desk. `machine` is replaced when a fault changes the world around the objects."""

    store: Store
    clock: Clock
    events: Events
    machine: Machine

    @property
    def now_s(self) -> float:
        """The cluster's time, in seconds since 1970."""
        return self.clock.now_s

    @property
    def now(self) -> str:
        """The cluster's time as objects carry it."""
        return stamp(self.now_s)

    def listed(self, kind: str, namespace: str = "") -> tuple[Frozen, ...]:
        """All of a kind, in one namespace or in all."""
        return self.store.listed(kind_named(kind), namespace)

    def read(self, kind: str, namespace: str, name: str) -> Frozen | None:
        """One object, or None."""
        return self.store.read(kind_named(kind), namespace, name)

    def write_status(self, thing: Frozen, status: Mapping[str, Any]) -> None:
        """Give an object this status, unless it has it already."""
        if thing.get("status") != status:
            self.store.replace_status(kind_of(thing), {"metadata": thing["metadata"], "status": status})

    def write(self, thing: Frozen, change: Callable[[Thing], object]) -> Frozen:
        """Write an object again with something changed in it."""
        changed = draft(thing)
        change(changed)
        return self.store.replace(kind_of(thing), changed)

    def owned(self, kind: str, owner: Mapping[str, Any]) -> list[Frozen]:
        """The objects of a kind that this one controls."""
        about = owner["metadata"]
        return [one for one in self.listed(kind, about["namespace"]) if controller_uid(one) == about["uid"]]


@dataclass(frozen=True)
class Controller:
    """One controller: the kinds whose changes concern it, and one look at the world.

    `reconcile` does what is due and gives the moment at which something is due again, in seconds since 1970.
    """

    name: str
    watches: frozenset[str]
    reconcile: Callable[[Plane], float]


def stamp(at_s: float) -> str:
    """A time as objects carry it: RFC 3339 in whole seconds."""
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


def seconds(text: str) -> float:
    """Such a time in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def kind_of(thing: Mapping[str, Any]) -> Kind:
    """The kind of an object."""
    return kind_named(thing["kind"])


def name_of(thing: Mapping[str, Any]) -> str:
    """The object's name."""
    return str(thing["metadata"]["name"])


def owner_reference(owner: Mapping[str, Any]) -> Thing:
    """How an object says by whom it is controlled."""
    about = owner["metadata"]
    said = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": about["name"], "uid": about["uid"]}
    return {**said, "controller": True, "blockOwnerDeletion": True}


def controller_uid(thing: Mapping[str, Any]) -> str:
    """The uid of what controls an object, or nothing."""
    references: Iterable[Thing] = thing["metadata"].get("ownerReferences", ())
    return next((str(one["uid"]) for one in references if one.get("controller")), "")


def labels_of(thing: Mapping[str, Any]) -> Mapping[str, str]:
    """The object's labels."""
    labels: Mapping[str, str] = thing["metadata"].get("labels") or {}
    return labels


def leaving(thing: Mapping[str, Any]) -> bool:
    """Whether the object is being deleted."""
    return "deletionTimestamp" in thing["metadata"]


def condition(thing: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    """A condition of the object's status, or an empty one."""
    listed: Iterable[Mapping[str, Any]] = thing.get("status", {}).get("conditions") or ()
    return next((one for one in listed if one["type"] == type_), {})


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod says that it is ready."""
    return condition(pod, "Ready").get("status") == "True"


def is_over(pod: Mapping[str, Any]) -> bool:
    """Whether a pod has ended for good."""
    return pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}
