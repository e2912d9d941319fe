"""Figures and how they are shown: name, value, unit, and the target where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `target` is what the project promises, as text."""

    name: str
    value: float
    unit: str
    target: str = ""

    def __str__(self) -> str:
        target = f"   target {self.target}" if self.target else ""
        return f"{self.name:58}{self.value:>9.1f} {self.unit}{target}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share (0 to 1) of the values does not exceed, by the nearest rank.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values were measured")
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, round(share * len(ranked)) - 1))]
