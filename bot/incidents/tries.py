"""When what PagerDuty did not take is tried again, and when it counts as not accepted. Pure: it sends nothing."""

from datetime import datetime

from bot.errors import PagerBusy, PagerError, PagerLater, PagerPaced, PagerRefused
from diagnostics.model import Value

PAUSES_SECONDS = (2.0, 8.0, 20.0, 30.0, 60.0)
"""Waits between tries of a page, the last of them from then on; PagerDuty asks for some seconds, then minutes."""

FAILS_AFTER = 3
"""Tries in a row after which a page counts as not accepted, and the next level is not made to wait: 10 s where the
connection is refused, and 40 to 46 s where nobody answers, since each of the three waits for its own deadline first.
One alone is a cut connection."""

HELD_SECONDS = 60.0
"""How long PagerDuty may hold a page back, with whatever answers, before it counts as not accepted. It counts events by
the minute: what it does not take within one is not held up by a burst. What our own pace holds back goes out behind
others of the same service, which call the same people."""

REFUSED_SECONDS = 300.0
"""Time between tries of a page that was refused: a person has to change something first."""


class Tried(Value, frozen=True):
    """Tries that were all in vain: when the last ended, the pause after it, how many failed, how long it was held.

    `held` is how long PagerDuty had held it back before the last try; `paced`: the pause is our own pace's, and counts
    for nothing. Times are in seconds.
    """

    last: datetime
    pause: float
    fails: int = 0
    held: float = 0.0
    paced: bool = False

    def left(self, at: datetime) -> float:
        """Seconds until the next try; none where the clock was put back, so that no page waits for that."""
        passed = (at - self.last).total_seconds()
        return max(0.0, self.pause - passed) if passed >= 0 else 0.0


def in_vain(before: Tried | None, error: PagerError, at: datetime) -> Tried:
    """What is known after one more try, which ended now with this error."""
    before = before or Tried(at, 0.0)
    held = before.held + (0.0 if before.paced else before.pause)
    if isinstance(error, PagerPaced):
        return Tried(at, error.wait_seconds, before.fails, held, paced=True)
    fails = before.fails + (not isinstance(error, PagerBusy))
    return Tried(at, _pause(before.fails, held, error), fails, held)


def _pause(fails: int, held: float, error: PagerError) -> float:
    if isinstance(error, PagerBusy):  # it is looked at in time to say that it was held too long
        return min(error.wait_seconds, HELD_SECONDS - held) if held < HELD_SECONDS else error.wait_seconds
    if isinstance(error, PagerRefused):
        return REFUSED_SECONDS
    return PAUSES_SECONDS[min(fails, len(PAUSES_SECONDS) - 1)]


def not_accepted(tried: Tried, error: PagerError) -> bool:
    """Whether people must not wait for it any longer, after a try that ended so."""
    if isinstance(error, PagerPaced):
        return False
    return not isinstance(error, PagerLater) or tried.fails >= FAILS_AFTER or tried.held >= HELD_SECONDS
