"""Remembers who opened the Home tab lately, so that a new verdict reaches those tabs, and no others. In memory only."""

from collections import OrderedDict

from bot.slack.asker import Asker
from diagnostics.examine import WallClock

RECENT_SECONDS = 3600.0
"""How long a tab is kept up to date after it was opened; opening it again begins anew."""

VISITORS_AT_MOST = 20
"""Tabs kept up to date, the latest: views.publish takes 100 calls a minute (tier 4), and runs come several at once."""


class Visitors:
    """Who looks at the board, each as they asked for it."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._came: OrderedDict[str, tuple[Asker, float]] = OrderedDict()

    def came(self, asker: Asker) -> None:
        """Somebody opened the tab."""
        self._came[asker.person] = (asker, self._clock.monotonic())
        self._came.move_to_end(asker.person)
        if len(self._came) > VISITORS_AT_MOST:
            self._came.popitem(last=False)

    def recent(self) -> tuple[Asker, ...]:
        """Those whose tab is kept up to date."""
        since = self._clock.monotonic() - RECENT_SECONDS
        return tuple(asker for asker, at in self._came.values() if at >= since)
