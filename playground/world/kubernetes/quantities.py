"""Amounts as Kubernetes writes them: read as numbers, and written again."""

from collections.abc import Mapping
from functools import cache

_UNITS = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}


@cache
def amount(text: str | float) -> float:
    """The number that `250m` or `512Mi` stands for: cores, bytes or things."""
    word = str(text)
    digits = word.rstrip("numkKMGTi")
    return float(digits) * _UNITS[word[len(digits) :]]


def memory(size: float) -> str:
    """Bytes as a quota shows them: in the largest unit that keeps them whole."""
    whole = round(size)
    for unit in ("Gi", "Mi", "Ki"):
        if whole and whole % int(_UNITS[unit]) == 0:
            return f"{whole // int(_UNITS[unit])}{unit}"
    return str(whole)


def cores(number: float) -> str:
    """Cores as a quota shows them: whole, or in thousandths."""
    thousandths = round(number * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)


def requested(pod_spec: Mapping[str, object], resource: str, word: str = "requests") -> float:
    """What a pod's containers ask for together of `cpu` or `memory`: its init containers run before the others."""
    main = sum(_of(one, resource, word) for one in _containers(pod_spec, "containers"))
    return max([main, *(_of(one, resource, word) for one in _containers(pod_spec, "initContainers"))])


def _containers(pod_spec: Mapping[str, object], word: str) -> list[Mapping[str, Mapping[str, Mapping[str, str]]]]:
    return pod_spec.get(word) or []  # type: ignore[return-value]  # a pod's containers, by the API's schema


def _of(container: Mapping[str, Mapping[str, Mapping[str, str]]], resource: str, word: str) -> float:
    return amount((container.get("resources", {}).get(word) or {}).get(resource, "0"))
