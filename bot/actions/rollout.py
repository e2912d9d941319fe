"""How far a rollout is, judged as `kubectl rollout status` judges it: going on, through, or failed. Pure.

It looks at a workload alone, never at its pods, and asks nothing. After kubectl's rollout_status.go.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.actions.hands import Kind, Thing
from diagnostics.model import Value
from diagnostics.words import counted, raw_line, span

BASE = timedelta(minutes=10)
"""How long a rollout may take at least: what Kubernetes itself gives a deployment to get any further."""

EACH = timedelta(minutes=2)
"""What is added for each pod that is wanted: a pod here ends within 30 s and is ready within a minute."""

_TIMED_OUT = "ProgressDeadlineExceeded"


class Stage(StrEnum):
    """Where a rollout is."""

    GOING = "going on"
    THROUGH = "through"
    FAILED = "failed"


class Rollout(Value, frozen=True):
    """Where a rollout is, and that in words."""

    stage: Stage
    text: str


def judged(kind: Kind, thing: Thing) -> Rollout:
    """Where the rollout of a deployment, a stateful set or a daemon set is.

    Raises:
        KeyError: things of this kind are not rolled out.
    """
    return _JUDGES[kind](thing)


def deadline(kind: Kind, thing: Thing) -> timedelta:
    """How long the whole of its rollout may take, by our own measure: only deployments have one of their own."""
    return BASE + EACH * wanted(kind, thing)


def overdue(most: timedelta, begun: datetime, now: datetime) -> str:
    """That it takes longer than it may, in words; empty while it has time left."""
    took = now - begun
    return f"it is not through after {span(took.total_seconds())}" if took > most else ""


def wanted(kind: Kind, thing: Thing) -> int:
    """How many pods it is to have: of a daemon set, as many as there are nodes for it."""
    if kind is Kind.DAEMON_SET:
        return _count(thing, "desiredNumberScheduled")
    replicas = _spec(thing).get("replicas")
    return 1 if replicas is None else int(replicas)


def observed(thing: Thing) -> bool:
    """Whether its controller has seen the newest of what is wanted, so that its status is about that."""
    return int(thing["metadata"].get("generation") or 0) <= _count(thing, "observedGeneration")


def timed_out(thing: Thing) -> str:
    """That a deployment got no further within its own deadline, in words; empty while it did not say so."""
    progress = _condition(thing, "Progressing")
    if progress.get("reason") != _TIMED_OUT:
        return ""
    said, within = raw_line(str(progress.get("message", ""))), _spec(thing).get("progressDeadlineSeconds", 600)
    return f"it got no further within its deadline of {span(within)}: {said}{_hindered(thing)}"


def rolls_by_itself(thing: Thing) -> bool:
    """Whether a changed template comes to the pods without somebody deleting them."""
    return bool(_strategy(thing).get("type") != "OnDelete")


def partition(thing: Thing) -> int:
    """Of a stateful set, the number below which pods keep the older template."""
    return int((_strategy(thing).get("rollingUpdate") or {}).get("partition") or 0)


def _deployment(thing: Thing) -> Rollout:
    if not observed(thing):
        return _going("the deployment controller has not seen the change yet")
    if why := timed_out(thing):
        return _failed(why)
    target, updated = wanted(Kind.DEPLOYMENT, thing), _count(thing, "updatedReplicas")
    if updated < target:
        return _going(f"{updated} of {counted(target, 'new pod')} made{_hindered(thing)}")
    if (old := _count(thing, "replicas") - updated) > 0:
        return _going(f"{counted(old, 'old pod')} still to end{_hindered(thing)}")
    if (available := _count(thing, "availableReplicas")) < updated:
        return _going(f"{available} of {counted(updated, 'new pod')} available")
    return _through(f"{counted(updated, 'new pod')} available, no old one left")


def _stateful_set(thing: Thing) -> Rollout:
    if not rolls_by_itself(thing):
        return _failed("its update strategy is OnDelete: pods keep the older template until somebody deletes them")
    if not _status(thing).get("observedGeneration") or not observed(thing):
        return _going("the stateful set controller has not seen the change yet")
    target, ready = wanted(Kind.STATEFUL_SET, thing), _count(thing, "readyReplicas")
    if ready < target:
        return _going(f"{ready} of {counted(target, 'pod')} ready")
    share = max(0, target - partition(thing))
    if (updated := _count(thing, "updatedReplicas")) < share:
        return _going(f"{updated} of {counted(share, 'pod')} renewed")
    return _through(f"{counted(share, 'pod')} renewed, {counted(target, 'pod')} ready")


def _daemon_set(thing: Thing) -> Rollout:
    if not rolls_by_itself(thing):
        return _failed("its update strategy is OnDelete: pods keep the older template until somebody deletes them")
    if not observed(thing):
        return _going("the daemon set controller has not seen the change yet")
    target, updated = wanted(Kind.DAEMON_SET, thing), _count(thing, "updatedNumberScheduled")
    if updated < target:
        return _going(f"{updated} of {counted(target, 'pod')} renewed")
    if (available := _count(thing, "numberAvailable")) < target:
        return _going(f"{available} of {counted(target, 'renewed pod')} available")
    return _through(f"{counted(target, 'pod')} renewed and available")


_JUDGES: Mapping[Kind, Callable[[Thing], Rollout]] = {
    Kind.DEPLOYMENT: _deployment,
    Kind.STATEFUL_SET: _stateful_set,
    Kind.DAEMON_SET: _daemon_set,
}


def _hindered(thing: Thing) -> str:
    """Why no more pods are made, where the controller says so: a quota, as a rule."""
    failure = _condition(thing, "ReplicaFailure")
    return f" (pods cannot be made: {raw_line(str(failure.get('message', '')))})" if failure else ""


def _condition(thing: Thing, kind: str) -> Mapping[str, Any]:
    return next((one for one in _status(thing).get("conditions") or () if one.get("type") == kind), {})


def _count(thing: Thing, word: str) -> int:
    return int(_status(thing).get(word) or 0)


def _spec(thing: Thing) -> Mapping[str, Any]:
    return thing.get("spec") or {}


def _status(thing: Thing) -> Mapping[str, Any]:
    return thing.get("status") or {}


def _strategy(thing: Thing) -> Mapping[str, Any]:
    return _spec(thing).get("updateStrategy") or {}


def _going(text: str) -> Rollout:
    return Rollout(Stage.GOING, text)


def _through(text: str) -> Rollout:
    return Rollout(Stage.THROUGH, text)


def _failed(text: str) -> Rollout:
    return Rollout(Stage.FAILED, text)
