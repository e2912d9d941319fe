"""The time, as the one thing that tells it; tests and the playground put their own in its place."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only go forward, for durations."""
        return time.monotonic()
