"""Says that escalation by itself is off while the memory does not answer, and that it is on again: once each time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.errors import VolatiError

OFF_AFTER_SECONDS = 10.0
"""How long the memory may be silent before that is said: a restart of Redis takes less."""

LOOK_SECONDS = 1.0

OFF = (
    "Escalation by itself is OFF: my memory (Redis) does not answer, so that no time runs. Call people yourselves, in "
    "PagerDuty or here; `volati doctor` says more."
)
ON = "Escalation by itself is on again: my memory answers, and what fell due meanwhile goes on now, one step each."
_log = structlog.get_logger()


@dataclass(slots=True)
class Outage:
    """Whether the memory answers. `elapsed` gives seconds that only go forward, `say` puts a line into the channel."""

    elapsed: Callable[[], float]
    say: Callable[[str], Awaitable[None]]
    _since: float | None = None
    _told: bool = False

    def answered(self, well: bool) -> None:  # noqa: FBT001 its one argument
        """Note whether the memory answered."""
        if well:
            self._since = None
        elif self._since is None:
            self._since = self.elapsed()

    async def look(self) -> None:
        """Say what has to be said."""
        off = self._since is not None and self.elapsed() - self._since >= OFF_AFTER_SECONDS
        if off and not self._told:
            self._told = await self._said(OFF)
        elif self._told and self._since is None:
            self._told = not await self._said(ON)

    async def run(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await sleep(LOOK_SECONDS)

    async def _said(self, words: str) -> bool:
        _log.error("escalation", said=words)
        try:
            async with asyncio.timeout(5.0):  # Slack's own deadline is longer, and its letter waits then
                await self.say(words)
        except (VolatiError, TimeoutError) as error:
            _log.warning("what became of escalation could not be said", reason=str(error))
            return False
        return True
