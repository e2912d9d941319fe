"""Disruption budgets: how many pods may be taken down just now."""

import math

from playground.world.kubernetes.conditions import Condition, written
from playground.world.kubernetes.kinds import Thing
from playground.world.kubernetes.plane import NEVER, Controller, Plane, is_over, is_ready, labels_of, leaving
from playground.world.kubernetes.selectors import matches
from playground.world.kubernetes.store import Frozen


def reconcile(plane: Plane) -> float:
    """Write how many disruptions each budget allows."""
    for budget in plane.listed("PodDisruptionBudget"):
        namespace, selector = budget["metadata"]["namespace"], budget["spec"].get("selector")
        pods = [pod for pod in plane.listed("Pod", namespace) if matches(selector, labels_of(pod)) and not is_over(pod)]
        _report(plane, budget, pods)
    return NEVER


def _report(plane: Plane, budget: Frozen, pods: list[Frozen]) -> None:
    expected = len(pods)
    healthy = sum(is_ready(pod) and not leaving(pod) for pod in pods)
    wanted = _wanted(budget, expected)
    allowed = max(0, healthy - wanted)
    generation: Thing = {"observedGeneration": budget["metadata"]["generation"]}
    status, reason = ("True", "SufficientPods") if allowed else ("False", "InsufficientPods")
    said = Condition("DisruptionAllowed", status, reason, "", generation, bare_message=True)
    plane.write_status(
        budget,
        {
            **generation,
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": wanted,
            "expectedPods": expected,
            "conditions": written(budget.get("status", {}).get("conditions"), plane.now, said),
        },
    )


def _wanted(budget: Frozen, expected: int) -> int:
    spec = budget["spec"]
    if "maxUnavailable" in spec:
        return max(0, expected - _number(spec["maxUnavailable"], expected))
    return _number(spec.get("minAvailable", 1), expected)


def _number(value: int | str, of: int) -> int:
    return value if isinstance(value, int) else math.ceil(of * int(value.rstrip("%")) / 100)


BUDGETS = Controller("budgets", frozenset({"PodDisruptionBudget", "Pod"}), reconcile)
