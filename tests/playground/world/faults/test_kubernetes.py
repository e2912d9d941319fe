"""The cluster's faults: each shows as in a real cluster, and none of that is to be seen where all is well."""

import pytest

from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.faults.model import Fault
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.plane import is_over, is_ready, leaving
from playground.world.kubernetes.variants import variant
from tests.playground.world.faults.signs import SIGNS

#: How much CPU a whole installation may take, so that the command line stays quick. It takes about a third of it.


def shown(world: World) -> list[str]:
    """Every sign of any fault that is to be seen."""
    signs = {sign.words: sign for listed in SIGNS.values() for sign in listed if sign.telling}
    return [words for words, sign in signs.items() if sign.seen(world)]


def test_every_fault_has_signs() -> None:
    """Knows for every fault how a real cluster would show it, and names each fault once."""
    names = [fault.name for fault in KUBERNETES_FAULTS]
    assert sorted(SIGNS) == sorted(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("fault", KUBERNETES_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_shows(fault: Fault[Desired]) -> None:
    """Shows a fault by all the signs of a real cluster, as something that came minutes ago; and no sign once healed."""
    world = World()
    world.switch_on(fault)
    assert [sign.words for sign in SIGNS[fault.name] if not sign.seen(world)] == []
    assert not world.clock.held
    world.heal()
    assert shown(world) == []


@pytest.mark.parametrize("fault", KUBERNETES_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_said(fault: Fault[Desired]) -> None:
    """Says of a fault what is broken, and which finding is owed, under a heading of the runbook."""
    assert fault.breaks.endswith(".")
    assert (fault.area, fault.section) in {("server", "Server Won't Start"), ("network", "Network Issues")}
    assert fault.expect
    assert fault.expect.startswith(f"{fault.area}.")


def test_switching_off_is_leaving_out() -> None:
    """Mends one of two faults by leaving it out; the other stays."""
    by_name = {fault.name: fault for fault in KUBERNETES_FAULTS}
    world = World()
    world.switch_on(by_name["service-selector-wrong"])
    world.switch_on(by_name["readiness-failing"])
    world.switch_off(by_name["readiness-failing"])
    backend = world.plane.read("Deployment", "volaticloud", "volaticloud-backend")
    assert backend is not None
    assert backend["status"]["availableReplicas"] == 2
    assert all(sign.seen(world) for sign in SIGNS["service-selector-wrong"])


def test_the_healthy_platform_shows_nothing() -> None:
    """Shows no sign of any fault on the platform as installed."""
    world = World()
    assert shown(world) == []
    pods = world.plane.listed("Pod")
    assert len(pods) == 17
    assert all(is_ready(pod) for pod in pods)
    assert [one["message"] for one in world.plane.listed("Event") if one["type"] == "Warning"] == []


@pytest.mark.parametrize("seed", range(50))
def test_a_healthy_variant_shows_nothing(seed: int) -> None:
    """Shows no fault with all its signs on a platform with other names, counts and ages, where life goes on.

    Single signs may show: while pods are replaced, some addresses of a service are not ready.
    """
    world = variant(seed)
    assert [name for name, signs in SIGNS.items() if all(sign.seen(world) for sign in signs)] == []
    for deployment in world.plane.listed("Deployment"):
        available = next(one for one in deployment["status"]["conditions"] if one["type"] == "Available")
        scaling = deployment["status"].get("updatedReplicas", 0) > deployment["status"].get("readyReplicas", 0)
        assert available["status"] == "True" or scaling


def test_variants_differ() -> None:
    """Makes variants that hold what a healthy platform may: ended, ending, unready, restarted pods, drained nodes."""
    worlds = [variant(seed) for seed in range(12)]
    pods = [pod for world in worlds for pod in world.plane.listed("Pod")]
    assert any(leaving(pod) for pod in pods)
    assert any(is_over(pod) and pod["status"]["phase"] == "Failed" for pod in pods)
    assert any(not is_ready(pod) and not is_over(pod) for pod in pods)
    assert any(one["restartCount"] for pod in pods for one in pod["status"].get("containerStatuses", ()))
    assert any(node["spec"].get("unschedulable") for world in worlds for node in world.plane.listed("Node"))
    assert len({len(world.plane.listed("Deployment")) for world in worlds}) > 3
