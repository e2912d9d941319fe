"""Has the audit's head kept outside of the store: in the log, and in the channel that the settings name."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.audit.entry import Head
from bot.audit.head_keeper import HeadKeeper, keeping
from bot.slack.poster import Poster
from bot.slack.views.audit import kept


class _Time:
    """The process's own clock."""

    def now(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return when so many have passed."""
        await asyncio.sleep(seconds)


class _Channel:
    """The channel that keeps heads."""

    def __init__(self, poster: Poster, channel: str) -> None:
        self._poster = poster
        self._channel = channel

    async def post(self, head: Head) -> None:
        """Put a head there. Raises SlackError."""
        await self._poster.post(self._channel, kept(head))


@asynccontextmanager
async def heads_kept(poster: Poster, channel: str | None) -> AsyncIterator[HeadKeeper]:
    """A keeper at work; without a channel the log alone keeps heads."""
    async with keeping(_Time(), _Channel(poster, channel) if channel else None) as keeper:
        yield keeper
