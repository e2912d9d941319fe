"""When what PagerDuty did not take is tried again, and when it counts as not accepted. Pure: it sends nothing."""

from datetime import datetime

from bot.errors import PagerBusy, PagerError, PagerLater, PagerRefused
from diagnostics.model import Value

PAUSES_SECONDS = (2.0, 8.0, 20.0, 30.0, 60.0)
"""Waits between tries of a page, the last of them from then on; PagerDuty asks for some seconds, then minutes."""

FAILS_AFTER = 3
"""Tries in a row after which a page counts as not accepted, and the next level is not made to wait: 10 s where the
connection is refused, and 40 to 46 s where nobody answers, since each of the three waits for its own deadline first.
One alone is a cut connection."""

REFUSED_SECONDS = 300.0
"""Time between tries of a page that was refused: a person has to change something first."""


class Tried(Value, frozen=True):
    """Tries that were all in vain: when the last one ended, the pause after it in seconds, and how many failed."""

    last: datetime
    pause: float
    fails: int = 0

    def left(self, at: datetime) -> float:
        """Seconds until the next try; none where the clock was put back, so that no page waits for that."""
        passed = (at - self.last).total_seconds()
        return max(0.0, self.pause - passed) if passed >= 0 else 0.0


def in_vain(before: Tried | None, error: PagerError, at: datetime) -> Tried:
    """What is known after one more try, which ended now with this error."""
    fails = before.fails if before else 0
    if isinstance(error, PagerBusy):
        return Tried(at, error.wait_seconds, fails)
    if isinstance(error, PagerRefused):
        return Tried(at, REFUSED_SECONDS, fails + 1)
    return Tried(at, PAUSES_SECONDS[min(fails, len(PAUSES_SECONDS) - 1)], fails + 1)


def not_accepted(tried: Tried, error: PagerError) -> bool:
    """Whether people must not wait for it any longer, after a try that ended so."""
    return not isinstance(error, PagerLater) or (not isinstance(error, PagerBusy) and tried.fails >= FAILS_AFTER)
