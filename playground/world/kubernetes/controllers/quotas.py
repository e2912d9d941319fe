"""Resource quotas: what is used, and why a pod is not admitted."""

from collections.abc import Iterable, Mapping
from typing import Any

from playground.world.kubernetes.plane import NEVER, Controller, Plane, is_over
from playground.world.kubernetes.quantities import amount, cores, memory, requested

_PARTS = {
    "requests.cpu": ("cpu", "requests"),
    "requests.memory": ("memory", "requests"),
    "limits.cpu": ("cpu", "limits"),
    "limits.memory": ("memory", "limits"),
    "cpu": ("cpu", "requests"),
    "memory": ("memory", "requests"),
}


def reconcile(plane: Plane) -> float:
    """Write what is used into every quota."""
    for quota in plane.listed("ResourceQuota"):
        hard = quota["spec"].get("hard") or {}
        used = {word: _shown(word, _used(plane, quota["metadata"]["namespace"], word)) for word in hard}
        plane.write_status(quota, {"hard": dict(hard), "used": used})
    return NEVER


def exceeded(plane: Plane, namespace: str, pod_spec: Mapping[str, Any]) -> str:
    """Which quota a pod would exceed, in the API server's words; nothing where it fits."""
    for quota in plane.listed("ResourceQuota", namespace):
        hard = quota["spec"].get("hard") or {}
        sums = {word: (_asked(word, pod_spec), _used(plane, namespace, word)) for word in sorted(hard)}
        over = [word for word, (asked, used) in sums.items() if asked and asked + used > amount(hard[word])]
        if over:
            told = _list((word, _shown(word, sums[word][0])) for word in over)
            used = _list((word, _shown(word, sums[word][1])) for word in over)
            limited = _list((word, str(hard[word])) for word in over)
            name = quota["metadata"]["name"]
            return f"exceeded quota: {name}, requested: {told}, used: {used}, limited: {limited}"
    return ""


def _used(plane: Plane, namespace: str, word: str) -> float:
    return sum(_asked(word, pod["spec"]) for pod in plane.listed("Pod", namespace) if not is_over(pod))


def _asked(word: str, pod_spec: Mapping[str, Any]) -> float:
    if word in {"pods", "count/pods"}:
        return 1
    return requested(pod_spec, *_PARTS[word]) if word in _PARTS else 0


def _shown(word: str, number: float) -> str:
    resource = _PARTS.get(word, ("", ""))[0]
    if resource == "memory":
        return memory(number)
    return cores(number) if resource == "cpu" else str(round(number))


def _list(pairs: Iterable[tuple[str, str]]) -> str:
    return ",".join(f"{word}={value}" for word, value in pairs)


QUOTAS = Controller("quotas", frozenset({"ResourceQuota", "Pod"}), reconcile)
