"""The world as somebody wants it or has spoilt it: the objects that were applied, and the machine around them.

A fault is a function from one such value to another; `World` brings the difference about.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.machine import Machine
from playground.world.kubernetes.store import draft

#: Kind, namespace ("" for the whole cluster) and name.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Desired:
    """What is wanted, and what has happened.

    `fallen` are deployments all of whose pods were lost and made anew from the latest template. `held` are finalizers
    by app: the app's pods have them, and have been deleted.
    """

    manifests: tuple[Thing, ...]
    machine: Machine = field(default_factory=Machine)
    fallen: frozenset[tuple[str, str]] = frozenset()
    held: Mapping[str, str] = field(default_factory=dict)

    def find(self, key: Key) -> Thing | None:
        """The manifest with this key, or None."""
        return next((one for one in self.manifests if key_of(one) == key), None)

    def changed(self, key: Key, change: Callable[[Thing], object]) -> "Desired":
        """The same with one object changed; one that is not wanted stays so."""
        return replace(
            self, manifests=tuple(_changed(one, change) if key_of(one) == key else one for one in self.manifests)
        )

    def without(self, *keys: Key) -> "Desired":
        """The same without some objects."""
        return replace(self, manifests=tuple(one for one in self.manifests if key_of(one) not in keys))

    def with_objects(self, *things: Thing) -> "Desired":
        """The same with more objects."""
        return replace(self, manifests=(*self.manifests, *things))

    def with_machine(self, **changes: Any) -> "Desired":  # noqa: ANN401 the machine's own fields
        """The same with another world around the objects."""
        return replace(self, machine=replace(self.machine, **changes))

    def with_fallen(self, namespace: str, deployment: str) -> "Desired":
        """The same after all pods of a deployment were lost."""
        return replace(self, fallen=self.fallen | {(namespace, deployment)})


def key_of(thing: Mapping[str, Any]) -> Key:
    """The object's kind, namespace and name."""
    return thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]


def merged(live: Any, before: Any, after: Any) -> Any:  # noqa: ANN401 any JSON
    """What lives, with what is wanted otherwise than before; what others have changed stays.

    Lists are taken whole. With nothing wanted before, everything that is wanted now is set.
    """
    if not (isinstance(live, Mapping) and isinstance(after, Mapping)):
        return after
    made = dict(live)
    known = before if isinstance(before, Mapping) else {}
    for key in {*known, *after}:
        if key not in after:
            made.pop(key, None)
        elif known.get(key) != after[key]:
            made[key] = merged(live.get(key), known.get(key), after[key])
    return made


def _changed(thing: Thing, change: Callable[[Thing], object]) -> Thing:
    made = draft(thing)
    change(made)
    return made
