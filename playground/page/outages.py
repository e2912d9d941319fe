"""Slack itself going wrong, as switches: gone, too busy, sockets cut."""

import asyncio
from typing import Any

from playground.slack.server import SimulatedSlack

STORM_CALLS = 6  # about the calls of one run: the whole answer has to come through the storm
STORM_WAIT_S = 1  # seconds each refused call is told to wait: seen in the figures, and soon over


class Outages:
    """The switches of one simulated Slack."""

    def __init__(self, slack: SimulatedSlack) -> None:
        self._slack = slack
        self._down = False
        self._one_at_a_time = asyncio.Lock()

    async def down(self, *, on: bool) -> None:
        """Be gone (connections are refused), or be there again."""
        async with self._one_at_a_time:
            if on == self._down:
                return
            await (self._slack.go_down() if on else self._slack.come_back())
            self._down = on

    def storm(self, *, on: bool) -> None:
        """Answer the next calls with "too many requests", whatever they are; or stop that."""
        self._slack.switches.storms.clear()
        if on:
            self._slack.switches.storm("*", calls=STORM_CALLS, retry_after_s=STORM_WAIT_S)

    def cut(self) -> None:
        """Cut every open socket without a word."""
        self._slack.sockets.cut()

    def state(self) -> dict[str, Any]:
        """Which are on: `down`, and how many calls the storm will still refuse."""
        return {"down": self._down, "storm": sum(storm.left for storm in self._slack.switches.storms)}
