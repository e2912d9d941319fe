"""The faults of the cluster that make the platform slow: a literal table, each a change of what is wanted."""

from collections.abc import Callable, Mapping
from typing import Any

from playground.world.faults.model import Fault
from playground.world.kubernetes.desired import Desired, Key
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.volaticloud import BACKEND, IMAGE, SPACE

USAGE = "Performance Issues: High CPU/Memory Usage"
RELEASE = "2.15.0"
_DEPLOYMENT: Key = ("Deployment", SPACE, BACKEND)
_AUTOSCALER: Key = ("HorizontalPodAutoscaler", SPACE, BACKEND)

Change = Callable[[Desired], Desired]


def _fault(name: str, breaks: str, expect: str, apply: Change) -> Fault[Desired]:
    return Fault(name, "performance", USAGE, breaks, f"performance.{expect}", apply)


def _load(load: float, wave_s: float = 0.0) -> Change:
    """The backend is this busy, as a share of what it asks for; with waves, every other half of one it rests."""
    return lambda wanted: wanted.with_machine(load=load, wave_s=wave_s).with_fallen(SPACE, BACKEND)


def _bloated(wanted: Desired) -> Desired:
    """A release that keeps nearly all the memory it may have."""
    known: Mapping[str, Any] = wanted.machine.releases
    changed = wanted.with_machine(releases={**known, RELEASE: "bloated"}).changed(_DEPLOYMENT, _released)
    return changed.with_fallen(SPACE, BACKEND)


def _released(deployment: Thing) -> None:
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = f"{IMAGE}:{RELEASE}"


def _hasty(scaler: Thing) -> None:
    scaler["spec"]["behavior"] = {"scaleDown": {"stabilizationWindowSeconds": 0}}


def _swinging(wanted: Desired) -> Desired:
    """Requests come in waves, and the autoscaler takes pods away as soon as one is over."""
    return _load(1.0, wave_s=150.0)(wanted.changed(_AUTOSCALER, _hasty))


def _bounded(scaler: Thing) -> None:
    scaler["spec"]["maxReplicas"] = 4


def _astray(scaler: Thing) -> None:
    scaler["spec"]["scaleTargetRef"]["name"] = "volaticloud-api"


PERFORMANCE_FAULTS: tuple[Fault[Desired], ...] = (
    _fault(
        "cpu-throttled",
        "More requests come than the backend's processor limit lets it answer, and no more pods may be made.",
        "cpu-at-limit",
        lambda wanted: _load(6.0)(wanted.changed(_AUTOSCALER, _bounded)),
    ),
    _fault("memory-near-limit", "A release keeps nearly all the memory it may have.", "memory-near-limit", _bloated),
    _fault(
        "autoscaler-at-max",
        "The backend has as many pods as its autoscaler may make, and wants more.",
        "autoscaler-at-max",
        _load(1.5),
    ),
    _fault(
        "autoscaler-without-metrics",
        "The metrics server is not installed any more.",
        "autoscaler-without-metrics",
        lambda wanted: wanted.with_machine(metrics=False),
    ),
    _fault(
        "autoscaler-flapping", "The autoscaler swings with every wave of requests.", "autoscaler-flapping", _swinging
    ),
    _fault(
        "autoscaler-astray",
        "The autoscaler names a deployment that does not exist.",
        "autoscaler-no-target",
        lambda wanted: wanted.changed(_AUTOSCALER, _astray),
    ),
    _fault(
        "node-under-pressure",
        "A node's disk is full, and its kubelet evicts pods.",
        "node-pressure",
        lambda wanted: wanted.with_machine(nodes={**wanted.machine.nodes, "vke-node-2": "disk-full"}),
    ),
)
