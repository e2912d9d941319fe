"""Kubernetes' quantities and times as numbers."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from diagnostics.evidence.cluster.workloads import Amounts

#: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
_SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
    "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}


def quantity(text: str | int | None) -> Decimal | None:
    """A quantity such as 250m, 512Mi or 1e3 as a number; None for none, or for one that cannot be read."""
    if text is None:
        return None
    written = str(text).strip()
    number = written.rstrip("numkKMGTPEi")
    suffix = written[len(number) :]
    try:
        found = Decimal(number) * _SUFFIXES[suffix]
    except (InvalidOperation, KeyError):
        return None
    return found if found.is_finite() else None


def amounts(given: Mapping[str, str | int] | None) -> Amounts:
    """Processor and memory of requests, limits, allocatable or usage."""
    cpu, memory = (quantity((given or {}).get(name)) for name in ("cpu", "memory"))
    return Amounts(None if cpu is None else round(cpu * 1000), None if memory is None else round(memory))


@lru_cache(maxsize=4096)
def moment(text: str | None) -> datetime | None:
    """A time of the API as a time, aware, in UTC; None where there is none. Thousands of pods share a few of them.

    Raises:
        ValueError: it is no time.
    """
    return datetime.fromisoformat(text) if text else None
