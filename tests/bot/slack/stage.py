"""A bot's way out to a simulated Slack, under a clock that runs only when nothing is left to do at that moment."""

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.slack.boxes import Keeps
from bot.slack.message import Message, section
from bot.slack.poster import Poster
from bot.slack.transport import Transport, open_transport
from diagnostics.redaction import Redactor
from playground.slack.clock import ManualClock
from playground.slack.server import SimulatedSlack

CHANNEL = "C0ENGINE0"
_TURNS = 30  # of the loop; what is ready to run has run by then


class StageTime(ManualClock):
    """The clock of the simulated Slack, for the bot too."""

    def wall(self) -> float:
        """Seconds since 1970."""
        return self.now()

    @property
    def next(self) -> float:
        """Seconds until the next sleeper wakes."""
        while self._sleepers and self._sleepers[0][2].done():
            self._sleepers.pop(0)
        assert self._sleepers, "nobody sleeps, and it is not done"
        return max(0.0, self._sleepers[0][0] - self.now())


class Counted:
    """Anything with asynchronous methods; counts how many of them are at work."""

    def __init__(self, thing: object) -> None:
        self._thing = thing
        self.at_work = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._thing, name)
        if not inspect.iscoroutinefunction(method):
            return method

        @functools.wraps(method)
        async def counted(*arguments: Any, **named: Any) -> Any:
            self.at_work += 1
            try:
                return await method(*arguments, **named)
            finally:
                self.at_work -= 1

        return counted


@dataclass
class Stage:
    """The simulated Slack, and posters that share its clock."""

    slack: SimulatedSlack
    transport: Transport
    clock: StageTime
    counted: list[Counted] = field(default_factory=list)

    def poster(self, store: Keeps | None = None) -> Poster:
        """The way out of one replica."""
        wire = self._counting(self.transport)
        kept = self._counting(store) if store is not None else None
        return Poster(wire, Redactor(), store=kept, clock=self.clock)

    def _counting(self, thing: object) -> Any:
        self.counted.append(Counted(thing))
        return self.counted[-1]

    async def settled(self) -> None:
        """Wait (no time passes) until nothing is left to do at this moment."""
        calm = 0
        while calm < _TURNS:
            busy = any(one.at_work for one in self.counted)
            calm = 0 if busy else calm + 1
            await asyncio.sleep(0.001 if busy else 0)

    async def until(self, done: Callable[[], bool], seconds: float = 3600.0) -> float:
        """Let time pass until it is done; gives the seconds that took."""
        began = self.clock.now()
        await self.settled()
        while not done():
            assert self.clock.now() - began <= seconds, "it takes too long"
            self.clock.advance(self.clock.next)
            await self.settled()
        return self.clock.now() - began

    async def passing(self, seconds: float) -> None:
        """Let so much time pass."""
        end = self.clock.now() + seconds
        await self.settled()
        while (left := end - self.clock.now()) > 0:
            self.clock.advance(min(left, self.clock.next) if self.clock._asleep else left)
            await self.settled()

    def texts(self, root: str) -> list[str]:
        """What a thread says, its root first."""
        (first,) = [one for one in self.slack.messages(CHANNEL) if one.text == root]
        return [message.text for message in self.slack.thread(CHANNEL, first.ts)]

    def everything(self) -> list[str]:
        """Every text in the channel, in threads and out of them."""
        return [message.text for message in self.slack.workspace.visible(CHANNEL)]


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """An empty workspace."""
    clock = StageTime()
    async with SimulatedSlack(clock) as slack, open_transport(slack.bot_token, slack.api_url) as transport:
        yield Stage(slack, transport, clock)


def says(text: str) -> Message:
    """A message with a block."""
    return Message(text, (section(text),))
