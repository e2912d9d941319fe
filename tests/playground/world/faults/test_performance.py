"""The cluster's faults that make it slow: each shows as in a real cluster, and nothing of it is left once healed."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from playground.world.faults.model import Fault
from playground.world.faults.performance import PERFORMANCE_FAULTS
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.plane import condition
from tests.playground.world.faults.signs import BACKEND, pods


def scaler(world: World) -> Mapping[str, Any]:
    found = world.plane.read("HorizontalPodAutoscaler", "volaticloud", BACKEND)
    assert found is not None
    return found


def says(kind: str, status: str, reason: str) -> Callable[[World], bool]:
    """The autoscaler's condition of this type."""

    def seen(world: World) -> bool:
        found = condition(scaler(world), kind)
        return bool(found) and (found["status"], found["reason"]) == (status, reason)

    return seen


def uses(cpu: float = 0.0, memory: float = 0.0) -> Callable[[World], bool]:
    """At least half of the backend's pods use so much: thousandths of a core, MiB. The others may just have begun."""

    def seen(world: World) -> bool:
        used = [one for pod in pods(world) for one in world.kubelets.usage(dict(pod)).values()]
        full = [one for one in used if one.cpu_m >= cpu and one.memory >= memory * 2**20]
        return bool(used) and 2 * len(full) >= len(used)

    return seen


def swings(world: World) -> bool:
    told = [one for one in world.plane.listed("Event") if one["reason"] == "SuccessfulRescale"]
    down = sum(one["count"] for one in told if one["message"].endswith("below target"))
    up = sum(one["count"] for one in told if one["message"].endswith("above target"))
    return bool(min(up, down) >= 3)


def pressed(world: World) -> bool:
    node = world.plane.read("Node", "", "vke-node-2")
    found = condition(node, "DiskPressure") if node else None
    return found is not None and found["status"] == "True"


SIGNS: dict[str, tuple[Callable[[World], bool], ...]] = {
    "cpu-throttled": (uses(cpu=999), lambda world: len(pods(world)) == 4),
    "memory-near-limit": (uses(memory=480),),
    "autoscaler-at-max": (says("ScalingLimited", "True", "TooManyReplicas"), lambda world: len(pods(world)) == 10),
    "autoscaler-without-metrics": (says("ScalingActive", "False", "FailedGetResourceMetric"),),
    "autoscaler-flapping": (swings,),
    "autoscaler-astray": (says("AbleToScale", "False", "FailedGetScale"),),
    "node-under-pressure": (pressed,),
}


def test_every_fault_has_signs() -> None:
    """Knows for every fault how a real cluster would show it."""
    assert set(SIGNS) == {fault.name for fault in PERFORMANCE_FAULTS}


@pytest.mark.parametrize("fault", PERFORMANCE_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_shows(fault: Fault[Desired]) -> None:
    """Shows a fault by its signs, and none of any fault once it is healed."""
    world = World()
    assert not any(sign(world) for signs in SIGNS.values() for sign in signs)
    world.switch_on(fault)
    assert all(sign(world) for sign in SIGNS[fault.name])
    world.heal()
    shown = [name for name, signs in SIGNS.items() if all(sign(world) for sign in signs)]
    assert shown == []
