"""The collector of garbage, and the namespaces: what belonged to something that is gone goes too."""

from playground.world.kubernetes.kinds import KINDS, Kind, Thing, kind_named
from playground.world.kubernetes.plane import NEVER, Controller, Plane, kind_of, leaving, name_of
from playground.world.kubernetes.store import Deletion, Frozen

_OWNED = ("ReplicaSet", "Pod", "Job", "EndpointSlice", "ControllerRevision")
_OWNERS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "Service", "ReplicationController")
_KEPT = {"foregroundDeletion", "orphan"}


def reconcile(plane: Plane) -> float:
    """Delete what has lost its owner; let go what waits for its parts; end namespaces that are being deleted."""
    owners = {one["metadata"]["uid"]: one for kind in _OWNERS for one in plane.listed(kind)}
    for kind in _OWNED:
        for thing in plane.listed(kind):
            _collect(plane, thing, owners)
    for owner in owners.values():
        if leaving(owner) and _KEPT & set(owner["metadata"].get("finalizers") or ()):
            _let_go(plane, owner)
    for namespace in plane.listed("Namespace"):
        _namespace(plane, namespace)
    return NEVER


def _collect(plane: Plane, thing: Frozen, owners: dict[str, Frozen]) -> None:
    references = thing["metadata"].get("ownerReferences") or ()
    known = [one for one in references if one["kind"] in _OWNERS]
    if not known or leaving(thing):
        return
    found = [owners.get(one["uid"]) for one in known]
    ended = [one for one in found if one is not None and _waits_for_parts(one)]
    if all(one is None for one in found) or len(ended) == len(found):
        how = Deletion(propagation="Foreground" if ended and thing["kind"] == "ReplicaSet" else "Background")
        plane.store.delete(kind_of(thing), thing["metadata"]["namespace"], name_of(thing), how)


def _waits_for_parts(owner: Frozen) -> bool:
    return leaving(owner) and "foregroundDeletion" in (owner["metadata"].get("finalizers") or ())


def _let_go(plane: Plane, owner: Frozen) -> None:
    uid = owner["metadata"]["uid"]
    parts = [one for kind in _OWNED for one in plane.listed(kind, owner["metadata"]["namespace"]) if _belongs(one, uid)]
    if "orphan" in owner["metadata"]["finalizers"]:
        for part in parts:
            plane.write(part, lambda thing: _disown(thing, uid))
        parts = []
    if not parts:
        fresh = plane.read(owner["kind"], owner["metadata"]["namespace"], name_of(owner)) or owner
        plane.write(fresh, _without_ours)


def _belongs(thing: Frozen, uid: str) -> bool:
    return any(one["uid"] == uid for one in thing["metadata"].get("ownerReferences") or ())


def _disown(thing: Thing, uid: str) -> None:
    thing["metadata"]["ownerReferences"] = [one for one in thing["metadata"]["ownerReferences"] if one["uid"] != uid]


def _without_ours(thing: Thing) -> None:
    thing["metadata"]["finalizers"] = [one for one in thing["metadata"]["finalizers"] if one not in _KEPT]


def _namespace(plane: Plane, namespace: Frozen) -> None:
    name = name_of(namespace)
    if leaving(namespace):
        left = [(kind, one) for kind in _NAMESPACED for one in plane.store.listed(kind, name)]
        for kind, thing in left:
            if not leaving(thing):
                plane.store.delete(kind, name, name_of(thing))
        if not left:
            plane.store.remove(kind_named("Namespace"), "", name)
        return
    if plane.read("ServiceAccount", name, "default") is None:
        plane.store.create(kind_named("ServiceAccount"), {"metadata": {"name": "default", "namespace": name}})
    if namespace.get("status", {}).get("phase") != "Active":
        plane.write_status(namespace, {"phase": "Active"})


_NAMESPACED: tuple[Kind, ...] = tuple(
    {kind.storage: kind for kind in KINDS if kind.namespaced and "list" in kind.verbs}.values()
)

GARBAGE = Controller("garbage", frozenset({"Namespace", *_OWNED, *_OWNERS}), reconcile)
