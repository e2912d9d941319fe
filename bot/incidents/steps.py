"""Notices that a clock was stepped: that it went on by more or less than time did. Pure: it is told what clocks say."""

from dataclasses import dataclass

STEP_SECONDS = 5.0
"""A difference above this is a step. Clocks are slewed by half a millisecond a second (adjtime), so that no look at one
that is well differs by more than its answer took."""

ANSWER_SECONDS = 4.0
"""How late an answer of the store may be: its deadline is two seconds, and a busy loop adds to that."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a clock: what it said, without what it is known to be stepped by; and when it was asked and answered.

    `begun` and `ended` are of time that only goes forward; all in seconds.
    """

    says: float
    begun: float
    ended: float


@dataclass(slots=True)
class Steady:
    """What the last look says about the next one."""

    last: Look | None = None

    def window(self, begun: float) -> tuple[float, float]:
        """From when to when the clock may be, without a step, when it is asked now."""
        if self.last is None:
            return 0.0, float("inf")
        least = self.last.says + (begun - self.last.ended) - STEP_SECONDS
        return least, self.last.says + (begun - self.last.begun) + ANSWER_SECONDS + STEP_SECONDS

    def step(self, now: Look) -> float:
        """By how many seconds the clock was stepped since the last look."""
        if self.last is None:
            return 0.0
        middle = (now.begun + now.ended - self.last.begun - self.last.ended) / 2
        return now.says - self.last.says - middle
