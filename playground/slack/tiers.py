"""Slack's rate limits: how often a method may be called, and when to come back.

Tier 1 to 4 are calls a minute for each method and workspace (docs.slack.dev/apis/web-api/rate-limits).
chat.postMessage has its own: about one message a second for each channel, short bursts tolerated.
"""

import math
from collections import defaultdict, deque

from playground.slack.clock import Clock
from playground.slack.refusals import SlackRefusal
from playground.slack.switches import Switches

CALLS_A_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100}
WINDOW_S = 60.0
POST_BURST = 5  # messages a channel takes at once; Slack says only "short bursts"
POST_A_SECOND = 1.0


class Tiers:
    """Counts calls and refuses what is too much."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def storm(self, method: str) -> None:
        """Answer 429 while a storm is switched on for this method."""
        for storm in self._switches.storms:
            if storm.left > 0 and storm.method in ("*", method):
                storm.left -= 1
                raise SlackRefusal("ratelimited", retry_after=storm.retry_after_s)

    def count(self, method: str, tier: int | None) -> None:
        """Count a call against its tier.

        Raises:
            SlackRefusal: `ratelimited`, with the seconds to wait.

        """
        if tier is None or not self._switches.strict_tiers:
            return
        now, calls = self._clock.now(), self._calls[method]
        while calls and calls[0] <= now - WINDOW_S:
            calls.popleft()
        if len(calls) >= CALLS_A_MINUTE[tier]:
            raise SlackRefusal("ratelimited", retry_after=max(1, math.ceil(calls[0] + WINDOW_S - now)))
        calls.append(now)

    def count_post(self, channel: str) -> None:
        """Count a message against its channel's own limit: a bucket that refills at one a second.

        Raises:
            SlackRefusal: `ratelimited`, with the seconds to wait.

        """
        if not self._switches.strict_tiers:
            return
        now = self._clock.now()
        left, since = self._posts.get(channel, (float(POST_BURST), now))
        left = min(float(POST_BURST), left + (now - since) * POST_A_SECOND)
        if left < 1:
            raise SlackRefusal("ratelimited", retry_after=max(1, math.ceil((1 - left) / POST_A_SECOND)))
        self._posts[channel] = (left - 1, now)
