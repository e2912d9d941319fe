"""Deployments: a replica set for each template, rolled out within limits, with revisions, progress and a deadline."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.controllers.pods import template_hash
from playground.world.kubernetes.events import Source
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.plane import (
    NEVER,
    Controller,
    Plane,
    condition,
    leaving,
    name_of,
    owner_reference,
    seconds,
)
from playground.world.kubernetes.selectors import matches
from playground.world.kubernetes.store import Frozen, draft

REVISION = "deployment.kubernetes.io/revision"
_HISTORY = "deployment.kubernetes.io/revision-history"
_DESIRED, _MOST = "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas"
_NOT_COPIED = {REVISION, _HISTORY, _DESIRED, _MOST, "kubectl.kubernetes.io/last-applied-configuration"}
_HASH = "pod-template-hash"
_SOURCE = Source("deployment-controller")
_REPLICA_SET = kind_named("ReplicaSet")


def reconcile(plane: Plane) -> float:
    """Move every deployment one step on."""
    sound = [one for one in plane.listed("Deployment") if not leaving(one) and _selects_its_own(one)]
    return min((_step(plane, one) for one in sound), default=NEVER)


def limits(deployment: Mapping[str, Any]) -> tuple[int, int]:
    """How many pods more and how many fewer than wanted there may be during a rollout."""
    spec = deployment["spec"]
    if spec.get("strategy", {}).get("type") == "Recreate":
        return 0, spec["replicas"]
    rolling = spec.get("strategy", {}).get("rollingUpdate") or {}
    surge = _share(rolling.get("maxSurge", "25%"), spec["replicas"], up=True)
    fewer = _share(rolling.get("maxUnavailable", "25%"), spec["replicas"], up=False)
    return surge, fewer if surge or fewer else 1


def _selects_its_own(deployment: Frozen) -> bool:
    """Whether it selects the pods that it makes; the API server lets no other in."""
    spec = deployment["spec"]
    return matches(spec["selector"], (spec["template"].get("metadata") or {}).get("labels") or {})


@dataclass
class _Rollout:
    """A deployment with its replica sets: the one of its template, and those before, oldest first."""

    plane: Plane
    deployment: Frozen
    new: Frozen | None
    old: list[Frozen]

    @property
    def every(self) -> list[Frozen]:
        return [*self.old, *([self.new] if self.new else [])]

    @property
    def wanted(self) -> int:
        return int(self.deployment["spec"]["replicas"])

    def total(self) -> int:
        """How many pods its replica sets are to have together."""
        return sum(one["spec"]["replicas"] for one in self.every)

    def counted(self, word: str) -> int:
        """A number of the replica sets' statuses, together."""
        return sum(one.get("status", {}).get(word, 0) for one in self.every)


def _step(plane: Plane, deployment: Frozen) -> float:
    rollout = _found(plane, deployment)
    if not deployment["spec"].get("paused"):
        _roll(rollout)
    elif (only := _only(rollout)) and only["spec"]["replicas"] != rollout.wanted:
        _scale(rollout, only, rollout.wanted)
    rollout = _found(
        plane, plane.read("Deployment", deployment["metadata"]["namespace"], name_of(deployment)) or deployment
    )
    return _report(rollout)


def _only(rollout: _Rollout) -> Frozen | None:
    """The one replica set with pods, or where none has any the newest: that is scaled also while all else is paused."""
    active = _active(rollout.every)
    if len(active) > 1:
        return None
    return active[0] if active else rollout.new or (rollout.old[-1] if rollout.old else None)


def _found(plane: Plane, deployment: Frozen) -> _Rollout:
    template = _bare(deployment["spec"]["template"])
    owned = sorted(plane.owned("ReplicaSet", deployment), key=_revision)
    same = [one for one in owned if _bare(one["spec"]["template"]) == template]
    new = same[0] if same else None
    return _Rollout(plane, deployment, new, [one for one in owned if one is not new])


def _roll(rollout: _Rollout) -> None:
    if rollout.deployment["spec"].get("strategy", {}).get("type") == "Recreate" and _still_there(rollout):
        for one in _active(rollout.old):
            _scale(rollout, one, 0)
        return
    if rollout.new is None:
        _create(rollout)
    else:
        _mark_revision(rollout, rollout.new)
        _raise(rollout, rollout.new)
        _lower(rollout)
    _forget(rollout)


def _still_there(rollout: _Rollout) -> bool:
    return any(one["spec"]["replicas"] or rollout.plane.owned("Pod", one) for one in rollout.old)


def _create(rollout: _Rollout) -> None:
    deployment, plane = rollout.deployment, rollout.plane
    template = draft(deployment["spec"]["template"])
    word = template_hash(template)
    template.setdefault("metadata", {}).setdefault("labels", {})[_HASH] = word
    selector = draft(deployment["spec"]["selector"])
    selector.setdefault("matchLabels", {})[_HASH] = word
    made = plane.store.create(
        _REPLICA_SET,
        {
            "metadata": {
                "name": f"{name_of(deployment)}-{word}",
                "namespace": deployment["metadata"]["namespace"],
                "labels": template["metadata"]["labels"],
                "annotations": _annotations(rollout, str(_latest(rollout) + 1)),
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {"replicas": 0, "selector": selector, "template": template},
            "status": {"replicas": 0},
        },
    )
    _say_progress(rollout, "NewReplicaSetCreated", f'Created new replica set "{name_of(made)}"')
    again = _found(
        plane, plane.read("Deployment", deployment["metadata"]["namespace"], name_of(deployment)) or deployment
    )
    _tell_revision(again, str(_latest(rollout) + 1))
    _raise(again, again.new or made)


def _annotations(rollout: _Rollout, revision: str) -> Thing:
    about = rollout.deployment["metadata"].get("annotations") or {}
    surge, _ = limits(rollout.deployment)
    return {
        **{key: value for key, value in about.items() if key not in _NOT_COPIED},
        _DESIRED: str(rollout.wanted),
        _MOST: str(rollout.wanted + surge),
        REVISION: revision,
    }


def _mark_revision(rollout: _Rollout, new: Frozen) -> None:
    """A template that was there before becomes the latest revision again: that is what a rollback is."""
    latest = max((_revision(one)[0] for one in rollout.old), default=0)
    if _revision(new)[0] >= latest + 1 or not rollout.old:
        _tell_revision(rollout, str(_revision(new)[0]))
        return
    known = new["metadata"].get("annotations") or {}
    history = ",".join(word for word in (known.get(_HISTORY, ""), known.get(REVISION, "")) if word)
    rollout.plane.write(
        new, lambda thing: thing["metadata"]["annotations"].update({REVISION: str(latest + 1), _HISTORY: history})
    )
    _say_progress(rollout, "FoundNewReplicaSet", f'Found new replica set "{name_of(new)}"')
    _tell_revision(_found(rollout.plane, _fresh(rollout)), str(latest + 1))


def _fresh(rollout: _Rollout) -> Frozen:
    about = rollout.deployment["metadata"]
    return rollout.plane.read("Deployment", about["namespace"], about["name"]) or rollout.deployment


def _tell_revision(rollout: _Rollout, revision: str) -> None:
    deployment = _fresh(rollout)
    if (deployment["metadata"].get("annotations") or {}).get(REVISION) != revision:
        rollout.plane.write(
            deployment, lambda thing: thing["metadata"].setdefault("annotations", {}).update({REVISION: revision})
        )


def _raise(rollout: _Rollout, new: Frozen) -> None:
    has, wanted = new["spec"]["replicas"], rollout.wanted
    if has >= wanted:
        _scale(rollout, new, wanted)
        return
    surge, _ = limits(rollout.deployment)
    room = wanted + surge - rollout.total()
    if room > 0:
        _scale(rollout, new, has + min(room, wanted - has))


def _lower(rollout: _Rollout) -> None:
    """Take old pods away: first those that do not serve, then as many as the new ones have replaced."""
    if rollout.new is None:
        return
    current = _found(rollout.plane, _fresh(rollout))
    new = current.new or rollout.new
    _, fewer = limits(current.deployment)
    least = current.wanted - fewer
    missing = new["spec"]["replicas"] - new.get("status", {}).get("availableReplicas", 0)
    may_go = current.total() - least - missing
    for one in _active(current.old):
        idle = one["spec"]["replicas"] - one.get("status", {}).get("availableReplicas", 0)
        gone = max(0, min(may_go, idle))
        if gone:
            _scale(current, one, one["spec"]["replicas"] - gone)
            may_go -= gone
    _lower_serving(_found(rollout.plane, _fresh(rollout)), least)


def _lower_serving(rollout: _Rollout, least: int) -> None:
    may_go = rollout.counted("availableReplicas") - least
    for one in _active(rollout.old):
        gone = max(0, min(may_go, one["spec"]["replicas"], one.get("status", {}).get("availableReplicas", 0)))
        if gone:
            _scale(rollout, one, one["spec"]["replicas"] - gone)
            may_go -= gone


def _scale(rollout: _Rollout, replica_set: Frozen, to: int) -> None:
    plane, before = rollout.plane, replica_set["spec"]["replicas"]
    surge, _ = limits(rollout.deployment)
    told = {_DESIRED: str(rollout.wanted), _MOST: str(rollout.wanted + surge)}
    fresh = plane.read("ReplicaSet", replica_set["metadata"]["namespace"], name_of(replica_set)) or replica_set
    if to == fresh["spec"]["replicas"] and told.items() <= fresh["metadata"]["annotations"].items():
        return
    plane.write(fresh, lambda thing: (thing["spec"].update(replicas=to), thing["metadata"]["annotations"].update(told)))
    if to != before:
        way = "up" if to > before else "down"
        message = f"Scaled {way} replica set {name_of(replica_set)} from {before} to {to}"
        plane.events.normal(rollout.deployment, _SOURCE, "ScalingReplicaSet", message)


def _forget(rollout: _Rollout) -> None:
    """Delete the oldest empty replica sets, beyond those that are kept for a rollback."""
    kept = rollout.deployment["spec"].get("revisionHistoryLimit", 10)
    idle = [one for one in rollout.old if not one["spec"]["replicas"] and not one.get("status", {}).get("replicas")]
    for one in idle[: max(0, len(idle) - kept)]:
        rollout.plane.store.delete(_REPLICA_SET, one["metadata"]["namespace"], name_of(one))


# What it reports


def _report(rollout: _Rollout) -> float:
    status = _status(rollout)
    rollout.plane.write_status(rollout.deployment, status)
    progress = next(one for one in status["conditions"] if one["type"] == "Progressing")
    waits = progress["status"] == "True" and progress["reason"] not in {"NewReplicaSetAvailable", "DeploymentPaused"}
    deadline_s = rollout.deployment["spec"].get("progressDeadlineSeconds", 600)
    return seconds(progress["lastUpdateTime"]) + deadline_s + 1 if waits else NEVER


def _status(rollout: _Rollout) -> Thing:
    available = rollout.counted("availableReplicas")
    updated = rollout.new.get("status", {}).get("replicas", 0) if rollout.new else 0
    counts = {
        "replicas": rollout.counted("replicas"),
        "updatedReplicas": updated,
        "readyReplicas": rollout.counted("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, rollout.total() - available),
    }
    return {
        "observedGeneration": rollout.deployment["metadata"]["generation"],
        **{word: number for word, number in counts.items() if number},
        "terminatingReplicas": rollout.counted("terminatingReplicas"),
        "conditions": _conditions(rollout, counts),
    }


def _conditions(rollout: _Rollout, counts: Mapping[str, int]) -> list[Thing]:
    before = rollout.deployment.get("status", {}).get("conditions")
    _, fewer = limits(rollout.deployment)
    enough = counts["availableReplicas"] >= rollout.wanted - fewer
    available = (
        Condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", updated=True)
        if enough
        else Condition(
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
            updated=True,
        )
    )
    made = written(before, rollout.plane.now, available, *_failures(rollout))
    return [*made, _progress(rollout, counts)]


def _failures(rollout: _Rollout) -> list[Condition]:
    found = [condition(one, "ReplicaFailure") for one in reversed(rollout.every) if condition(one, "ReplicaFailure")]
    return [Condition("ReplicaFailure", "True", one["reason"], one["message"], updated=True) for one in found[:1]]


def _progress(rollout: _Rollout, counts: Mapping[str, int]) -> Thing:
    before = condition(rollout.deployment, "Progressing")
    now, name = rollout.plane.now, name_of(rollout.new) if rollout.new else name_of(rollout.deployment)
    if rollout.deployment["spec"].get("paused"):
        said = Condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused", updated=True)
        return said.written(before or None, now)
    done = before.get("reason") == "NewReplicaSetAvailable" and counts["updatedReplicas"] == counts["replicas"]
    if done and f'"{name}"' in before["message"]:
        return dict(before)
    if _complete(rollout, counts):
        said = Condition(
            "Progressing",
            "True",
            "NewReplicaSetAvailable",
            f'ReplicaSet "{name}" has successfully progressed.',
            updated=True,
        )
        return said.written(before or None, now)
    return _under_way(rollout, counts, before, name)


def _complete(rollout: _Rollout, counts: Mapping[str, int]) -> bool:
    numbers = (counts["updatedReplicas"], counts["replicas"], counts["availableReplicas"])
    return rollout.new is not None and all(number == rollout.wanted for number in numbers)


def _under_way(rollout: _Rollout, counts: Mapping[str, int], before: Mapping[str, Any], name: str) -> Thing:
    now = rollout.plane.now
    going = Condition("Progressing", "True", "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.', updated=True)
    moved = _moved(rollout, counts)
    if not before or (moved and before.get("reason") != "ProgressDeadlineExceeded"):
        return {**going.written(before or None, now), "lastUpdateTime": now}
    if moved:
        return going.written(before, now)
    deadline_s = rollout.deployment["spec"].get("progressDeadlineSeconds", 600)
    if rollout.plane.now_s > seconds(before["lastUpdateTime"]) + deadline_s:
        told = f'ReplicaSet "{name}" has timed out progressing.'
        return Condition("Progressing", "False", "ProgressDeadlineExceeded", told, updated=True).written(before, now)
    return dict(before)


def _moved(rollout: _Rollout, counts: Mapping[str, int]) -> bool:
    before = rollout.deployment.get("status", {})
    old = counts["replicas"] - counts["updatedReplicas"]
    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    more = any(counts[word] > before.get(word, 0) for word in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return more or old < old_before


def _say_progress(rollout: _Rollout, reason: str, message: str) -> None:
    deployment = _fresh(rollout)
    before = condition(deployment, "Progressing")
    said = Condition("Progressing", "True", reason, message, updated=True).written(before or None, rollout.plane.now)
    others = [one for one in deployment.get("status", {}).get("conditions") or () if one["type"] != "Progressing"]
    rollout.plane.write_status(deployment, {**deployment.get("status", {}), "conditions": [*others, said]})


def _bare(template: Mapping[str, Any]) -> Thing:
    """A template without the label that stands for it."""
    about = template.get("metadata") or {}
    labels = {key: value for key, value in (about.get("labels") or {}).items() if key != _HASH}
    return {**template, "metadata": {**about, "labels": labels}}


def _active(replica_sets: list[Frozen]) -> list[Frozen]:
    return [one for one in replica_sets if one["spec"]["replicas"]]


def _revision(replica_set: Mapping[str, Any]) -> tuple[int, str]:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, "0")), name_of(replica_set)


def _latest(rollout: _Rollout) -> int:
    return max((_revision(one)[0] for one in rollout.every), default=0)


def _share(value: str | int, of: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    exact = of * int(value.rstrip("%")) / 100
    return math.ceil(exact) if up else math.floor(exact)


DEPLOYMENTS = Controller("deployments", frozenset({"Deployment", "ReplicaSet", "Pod"}), reconcile)
