"""Who looks at the Home tab."""

from datetime import UTC, datetime

from bot.slack.asker import Asker
from bot.visitors import RECENT_SECONDS, VISITORS_AT_MOST, Visitors


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        """What it is set to."""
        return self.seconds

    def now(self) -> datetime:
        """Not looked at."""
        return datetime(2026, 11, 20, tzinfo=UTC)


def test_forgets_after_a_while() -> None:
    """It keeps up the tab of somebody who came lately, and again when they come again."""
    clock = Clock()
    visitors = Visitors(clock)
    visitors.came(Asker("U1"))
    clock.seconds = RECENT_SECONDS
    assert [one.person for one in visitors.recent()] == ["U1"]
    clock.seconds += 1
    assert visitors.recent() == ()
    visitors.came(Asker("U1"))
    assert [one.person for one in visitors.recent()] == ["U1"]


def test_keeps_to_a_bound() -> None:
    """It keeps up the latest tabs only."""
    visitors = Visitors(Clock())
    for number in range(VISITORS_AT_MOST + 5):
        visitors.came(Asker(f"U{number}"))
    assert len(visitors.recent()) == VISITORS_AT_MOST
    assert visitors.recent()[0].person == "U5"
