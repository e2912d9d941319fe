"""The cluster's memory: every object by kind, namespace and name, its versions, and what has changed since one.

It is what etcd and the registry of a real API server are. It is synchronous and knows no rights, no defaults and
no controllers: the server and the controllers write to it alike.

**What it gives out is never changed**: `read`, `listed` and what a write returns are `Frozen`, and refuse to be written
to. To change something, take a `draft` (a deep copy of one's own), change that and write it back:

    pod = draft(store.read(POD, "volaticloud", "backend-1"))
    pod["status"]["phase"] = "Failed"
    store.replace_status(POD, pod)

Errors::

    RefusedError
    ├── AlreadyExistsError   create: the name is taken
    ├── MissingError         replace, delete, remove: nothing has this name
    ├── ConflictError        the version or the uid that one had in mind is no longer the current one
    └── ExpiredError         the changes since that version have been forgotten
"""

import asyncio
import random
import uuid
from collections import deque
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any, Literal

from playground.world.kubernetes.frozen import Frozen, draft, frozen
from playground.world.kubernetes.kinds import Kind, Thing

__all__ = [
    "REMEMBERED",
    "AlreadyExistsError",
    "Change",
    "ConflictError",
    "Deletion",
    "ExpiredError",
    "Frozen",
    "MissingError",
    "Propagation",
    "RefusedError",
    "Store",
    "draft",
    "moment",
]

REMEMBERED = 20_000  # changes: a watch of a cluster of 5,000 pods that was away for one rollout still finds its place
FIRST_VERSION = 1000
GRACE_S = 30  # terminationGracePeriodSeconds of a pod that names none
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # of generated names: no vowels, so that no words come about
_OVER = {"Succeeded", "Failed"}
_KEPT = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "selfLink",
)

Propagation = Literal["Background", "Foreground", "Orphan"]
ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]


class RefusedError(Exception):
    """The store does not do that. The message is worded as the API server words it."""


class AlreadyExistsError(RefusedError):
    """There is one of this name."""


class MissingError(RefusedError):
    """There is none of this name."""


class ConflictError(RefusedError):
    """It is no longer what it was thought to be."""


class ExpiredError(RefusedError):
    """What has changed since that version is no longer known."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """How to delete: seconds of grace (None: as the pod says), what it must still be, and what becomes of its parts."""

    grace_s: int | None = None
    uid: str = ""
    version: str = ""
    propagation: Propagation = "Background"


@dataclass(frozen=True, slots=True)
class Change:
    """One write. `before` is the object as it was; `thing` as it is, or as it was last when it is gone."""

    version: int
    type: ChangeType
    kind: Kind
    thing: Frozen
    before: Frozen | None


def moment(at: datetime) -> str:
    """A time as objects carry it: RFC 3339 in whole seconds."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Store:
    """Objects by kind, namespace ("" for those of the whole cluster) and name. Not for more than one thread."""

    def __init__(self, clock: Callable[[], datetime], seed: int = 0, remembered: int = REMEMBERED) -> None:
        """`clock` gives the cluster's time, with its zone. `seed` makes uids and generated names come out alike."""
        self._clock = clock
        self._dice = random.Random(seed)  # noqa: S311 names and uids of a play, nothing secret
        self._things: dict[tuple[str, str], dict[str, dict[str, Frozen]]] = {}
        self._sorted: dict[tuple[tuple[str, str], str], tuple[Frozen, ...]] = {}
        self._version = FIRST_VERSION
        self._changes: deque[Change] = deque(maxlen=remembered)
        self._forgotten = FIRST_VERSION  # changes up to this version are no longer known
        self._woken: asyncio.Event | None = asyncio.Event()

    # Reading

    @property
    def version(self) -> str:
        """The version of the latest write."""
        return str(self._version)

    @property
    def now(self) -> datetime:
        """The cluster's time."""
        return self._clock()

    def read(self, kind: Kind, namespace: str, name: str) -> Frozen | None:
        """The object, or None."""
        return self._things.get(kind.storage, {}).get(namespace, {}).get(name)

    def listed(self, kind: Kind, namespace: str = "") -> tuple[Frozen, ...]:
        """All of a kind, in one namespace or in all, ordered by namespace and name as etcd has them."""
        key = (kind.storage, namespace)
        found = self._sorted.get(key)
        if found is None:
            spaces = self._things.get(kind.storage, {})
            names = [namespace] if namespace else sorted(spaces)
            found = tuple(thing for space in names for _, thing in sorted(spaces.get(space, {}).items()))
            self._sorted[key] = found
        return found

    def changes(self, since: int) -> list[Change]:
        """Every write after a version, oldest first.

        Raises:
            ExpiredError: some of them have been forgotten.
        """
        if since < self._forgotten:
            raise ExpiredError(f"too old resource version: {since} ({self._version})")
        newest_first = takewhile(lambda change: change.version > since, reversed(self._changes))
        return list(newest_first)[::-1]

    def listed_at(self, kind: Kind, namespace: str, version: int) -> tuple[Frozen, ...]:
        """All of a kind as they were at a version: what a list in pages goes on with.

        Raises:
            ExpiredError: what they were has been forgotten.
        """
        undone = [change for change in self.changes(version) if change.kind.storage == kind.storage]
        if not undone:
            return self.listed(kind, namespace)
        things = {_place(thing): thing for thing in self.listed(kind, namespace)}
        for change in reversed(undone):
            place = _place(change.thing)
            if namespace and place[0] != namespace:
                continue
            if change.before is None:
                things.pop(place, None)
            else:
                things[place] = change.before
        return tuple(thing for _, thing in sorted(things.items(), key=lambda item: item[0]))

    def forget(self) -> None:
        """Forget every change so far, as etcd does when it is compacted."""
        self._changes.clear()
        self._forgotten = self._version

    async def changed(self, since: int) -> None:
        """Wait until something is written after this version."""
        while self._version <= since and self._woken is not None:
            await self._woken.wait()

    # Writing

    def create(self, kind: Kind, thing: Thing) -> Frozen:
        """A new object. The name comes from generateName where there is none.

        Raises:
            AlreadyExistsError: the name is taken.
        """
        made = self.identified(thing)
        about = made["metadata"]
        namespace = self._namespace(kind, about)
        if self.read(kind, namespace, about["name"]) is not None:
            raise AlreadyExistsError(f'{kind.qualified} "{about["name"]}" already exists')
        about.setdefault("creationTimestamp", moment(self.now))
        if kind.counted:
            about["generation"] = 1
        return self._put(kind, made, None)

    def identified(self, thing: Thing) -> Thing:
        """A draft that has its name and its uid, for those who need to know them before it is created."""
        made = draft(thing)
        about = made.setdefault("metadata", {})
        if not about.get("name"):
            suffix = "".join(self._dice.choice(_LETTERS) for _ in range(5))
            about["name"] = about.get("generateName", "") + suffix
        if not about.get("uid"):
            about["uid"] = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        return made

    def replace(self, kind: Kind, thing: Thing) -> Frozen:
        """The whole object but its status, where that has an address of its own. Nothing is written if nothing changes.

        Raises:
            MissingError: there is none of this name.
            ConflictError: the resourceVersion or the uid in it is not the current one.
        """
        before = self._expected(kind, thing)
        made = draft(thing)
        self._keep(before, made)
        if kind.has_status and "status" in before:
            made["status"] = draft(before)["status"]
        elif kind.has_status:
            made.pop("status", None)
        if kind.counted and _wanted(kind, made) != _wanted(kind, before):
            made["metadata"]["generation"] = before["metadata"].get("generation", 0) + 1
            if kind.group == "apps":
                made["metadata"]["managedFields"] = [self._written(kind)]
        return self._settle(kind, made, before)

    def replace_status(self, kind: Kind, thing: Thing) -> Frozen:
        """The status only, whatever else has been changed in the draft.

        Raises:
            MissingError: there is none of this name.
            ConflictError: the resourceVersion or the uid in it is not the current one.
        """
        before = self._expected(kind, thing)
        made = draft(before)
        made["status"] = draft(thing).get("status", {})
        return self._settle(kind, made, before)

    def delete(self, kind: Kind, namespace: str, name: str, how: Deletion | None = None) -> Frozen:
        """Begin to delete, and end it where nothing has to be waited for.

        A pod on a node is only marked: it stays until its kubelet calls `remove`. What has finalizers is marked until
        the last one is taken away by `replace`; a namespace until `remove`. Gives the object as it is now, or was last.

        Raises:
            MissingError: there is none of this name.
            ConflictError: it has another uid or version than `how` says.
        """
        how = how or Deletion()
        before = self._found(kind, namespace, name)
        _check(kind, before, how)
        made = draft(before)
        about = made["metadata"]
        _hold_back(about, how)
        grace_s = _grace(kind, made, how)
        waits = bool(about.get("finalizers") or made.get("spec", {}).get("finalizers"))
        if not grace_s and not waits:
            return self.remove(kind, namespace, name)
        if not _sooner(about, grace_s):
            return before
        self._mark(kind, made, grace_s)
        return self._put(kind, made, before)

    def remove(self, kind: Kind, namespace: str, name: str) -> Frozen:
        """The last step of a deletion: the object is gone. A pod with finalizers stays, without grace.

        Raises:
            MissingError: there is none of this name.
        """
        before = self._found(kind, namespace, name)
        last = draft(before)
        if last["metadata"].get("finalizers"):
            self._mark(kind, last, 0)
            return self._settle(kind, last, before)
        self._version += 1
        last["metadata"]["resourceVersion"] = self.version
        gone = frozen(last)
        del self._things[kind.storage][namespace][name]
        self._note(Change(self._version, "DELETED", kind, gone, before))
        return gone

    def rehearsal(self) -> "Store":
        """A store with the same objects, to be written to and thrown away: what a dry run is done on."""
        things = {
            kind: {space: dict(named) for space, named in spaces.items()} for kind, spaces in self._things.items()
        }
        other = copy(self)
        other._things = things  # noqa: SLF001 another of our own
        other._sorted = {}  # noqa: SLF001 the same
        other._changes = deque(maxlen=1)  # noqa: SLF001 the same
        other._woken = None  # noqa: SLF001 the same; nobody waits for it
        other._dice = random.Random(self._version)  # noqa: S311, SLF001 the same; the true dice are not touched
        return other

    # Within

    def _namespace(self, kind: Kind, about: dict[str, Any]) -> str:
        if not kind.namespaced:
            about.pop("namespace", None)
            return ""
        return str(about.setdefault("namespace", "default"))

    def _found(self, kind: Kind, namespace: str, name: str) -> Frozen:
        found = self.read(kind, namespace, name)
        if found is None:
            raise MissingError(f'{kind.qualified} "{name}" not found')
        return found

    def _expected(self, kind: Kind, thing: Thing) -> Frozen:
        """The object as it is, when the version and the uid in `thing` allow to write over it."""
        about = thing["metadata"]
        before = self._found(kind, about.get("namespace", "") if kind.namespaced else "", about["name"])
        current = before["metadata"]
        if about.get("uid", current["uid"]) != current["uid"]:
            words = f"Precondition failed: UID in precondition: {about['uid']}, UID in object meta: {current['uid']}"
            raise ConflictError(f'Operation cannot be fulfilled on {kind.qualified} "{about["name"]}": {words}')
        if about.get("resourceVersion", current["resourceVersion"]) not in {"", current["resourceVersion"]}:
            words = "the object has been modified; please apply your changes to the latest version and try again"
            raise ConflictError(f'Operation cannot be fulfilled on {kind.qualified} "{about["name"]}": {words}')
        return before

    def _keep(self, before: Frozen, made: Thing) -> None:
        """What nobody writes but the store."""
        for word in _KEPT:
            made["metadata"].pop(word, None)
            if word in before["metadata"]:
                made["metadata"][word] = before["metadata"][word]

    def _mark(self, kind: Kind, thing: Thing, grace_s: int) -> None:
        about = thing["metadata"]
        fresh = "deletionTimestamp" not in about
        # A shorter grace counts from the first request on, as the API server has it (registry/rest/delete.go).
        asked = self.now if fresh else _asked_at(about)
        about["deletionTimestamp"] = moment(asked + timedelta(seconds=grace_s))
        about["deletionGracePeriodSeconds"] = grace_s
        if kind.counted and fresh:
            about["generation"] = about.get("generation", 0) + 1
        if kind.kind == "Namespace":
            thing.setdefault("status", {})["phase"] = "Terminating"
            about.pop("deletionGracePeriodSeconds")

    def _written(self, kind: Kind) -> Thing:
        """Who wrote what is wanted, and when; which fields these were is not kept."""
        about = {"manager": "playground", "operation": "Update", "apiVersion": kind.api_version}
        return {**about, "time": moment(self.now), "fieldsType": "FieldsV1", "fieldsV1": {}}

    def _settle(self, kind: Kind, made: Thing, before: Frozen) -> Frozen:
        """Write, unless nothing changes; and end a deletion whose last finalizer is gone."""
        made["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
        if made == before:
            return before
        about = made["metadata"]
        written = self._put(kind, made, before)
        held = (
            about.get("finalizers") or made.get("spec", {}).get("finalizers") or about.get("deletionGracePeriodSeconds")
        )
        if about.get("deletionTimestamp") and not held:
            return self.remove(kind, about.get("namespace", ""), about["name"])
        return written

    def _put(self, kind: Kind, thing: Thing, before: Frozen | None) -> Frozen:
        self._version += 1
        about = thing["metadata"]
        about["resourceVersion"] = self.version
        thing.pop("kind", None)
        thing.pop("apiVersion", None)
        made = frozen({"kind": kind.kind, "apiVersion": kind.api_version, **thing})
        spaces = self._things.setdefault(kind.storage, {})
        spaces.setdefault(about.get("namespace", ""), {})[about["name"]] = made
        self._note(Change(self._version, "MODIFIED" if before else "ADDED", kind, made, before))
        return made

    def _note(self, change: Change) -> None:
        storage = change.kind.storage
        for space in ("", change.thing["metadata"].get("namespace", "")):
            self._sorted.pop((storage, space), None)
        if len(self._changes) == self._changes.maxlen:
            self._forgotten = self._changes[0].version
        self._changes.append(change)
        if self._woken is not None:
            self._woken.set()
            self._woken = asyncio.Event()


def _place(thing: Thing) -> tuple[str, str]:
    return thing["metadata"].get("namespace", ""), thing["metadata"]["name"]


def _wanted(kind: Kind, thing: Thing) -> dict[str, Any]:
    """Everything that is neither description nor status; nor, of a pod, the node that it is bound to."""
    wanted = {key: value for key, value in thing.items() if key not in {"metadata", "status", "kind", "apiVersion"}}
    if kind.kind == "Pod" and "spec" in wanted:
        wanted["spec"] = {key: value for key, value in wanted["spec"].items() if key != "nodeName"}
    return wanted


def _check(kind: Kind, before: Frozen, how: Deletion) -> None:
    about = before["metadata"]
    if how.uid and how.uid != about["uid"]:
        words = f"the UID in the precondition ({how.uid}) does not match the UID in record ({about['uid']})"
        again = "The object might have been deleted and then recreated"
        raise ConflictError(f'Operation cannot be fulfilled on {kind.kind} "{about["name"]}": {words}. {again}')
    if how.version and how.version != about["resourceVersion"]:
        words = f"the ResourceVersion in the precondition ({how.version}) does not match the ResourceVersion in record"
        again = f"({about['resourceVersion']}). The object might have been modified"
        raise ConflictError(f'Operation cannot be fulfilled on {kind.kind} "{about["name"]}": {words} {again}')


def _hold_back(about: dict[str, Any], how: Deletion) -> None:
    """The finalizers that a way of deleting asks for; the collector of garbage takes them away again."""
    word = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.get(how.propagation)
    if word and word not in about.get("finalizers", ()):
        about["finalizers"] = [*about.get("finalizers", ()), word]


def _grace(kind: Kind, thing: Thing, how: Deletion) -> int:
    """Seconds until a pod is killed; nothing else is given any, nor a pod that no node has or that has ended."""
    spec = thing.get("spec", {})
    if kind.kind != "Pod" or not spec.get("nodeName") or thing.get("status", {}).get("phase") in _OVER:
        return 0
    return spec.get("terminationGracePeriodSeconds", GRACE_S) if how.grace_s is None else how.grace_s


def _asked_at(about: dict[str, Any]) -> datetime:
    """When a deletion that is under way was asked for."""
    until = datetime.fromisoformat(about["deletionTimestamp"])
    return until - timedelta(seconds=about.get("deletionGracePeriodSeconds", 0))


def _sooner(about: dict[str, Any], grace_s: int) -> bool:
    """Whether a deletion that is under way is made shorter by this one."""
    return "deletionTimestamp" not in about or grace_s < about.get("deletionGracePeriodSeconds", 0)
