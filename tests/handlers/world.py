"""The bot's handlers at work in a simulated Slack, with an examiner that is told what to find."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.errors import StoreUnreachable
from bot.examiner import Order
from bot.slack.poster import Poster
from bot.slack.transport import Transport, open_transport
from bot.store import UnderWay
from bot.tasks import Tasks
from diagnostics.model import Evidence
from diagnostics.observe import Glimpse
from diagnostics.redaction import KnownSecret, Redactor
from diagnostics.runs import Run
from handlers.app import build_app
from handlers.desk import Desk
from handlers.sockets import Sockets
from playground.slack.server import SimulatedSlack
from tests.bot.slack import samples

CHANNEL = "C0ENGINE0"
SECRET = "s3cr3t-v4lu3-9f8e7d"


@dataclass
class Examines:
    """Finds what it is told to find; waits at the gate while that is closed."""

    run: Run = field(default_factory=samples.run)
    failure: BaseException | None = None
    orders: list[Order] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def kinds(self, order: Order) -> tuple[type[Evidence], ...]:
        """What it says it looks at."""
        return samples.KINDS

    async def examine(self, order: Order, tell: Callable[[Glimpse], None]) -> Run:
        """Tell of some glimpses, wait at the gate, then find or fail as told."""
        self.orders.append(order)
        for glimpse in samples.glimpses():
            tell(glimpse)
        self.began.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return self.run


class Memory:
    """Remembers as the store does; `away` makes it unreachable."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        self.runs: dict[str, UnderWay] = {}
        self.begun: list[UnderWay] = []
        self.away = False

    def _check(self) -> None:
        if self.away:
            raise StoreUnreachable("Redis is away.")

    async def first_time(self, kind: str, identity: str) -> bool:
        """As the store."""
        self._check()
        first = (kind, identity) not in self.seen
        self.seen.add((kind, identity))
        return first

    async def begin_run(self, run: UnderWay) -> None:
        """As the store."""
        self._check()
        self.runs[run.run_id] = run
        self.begun.append(run)

    async def end_run(self, run_id: str) -> None:
        """As the store."""
        self._check()
        self.runs.pop(run_id, None)

    async def unfinished_runs(self) -> tuple[UnderWay, ...]:
        """As the store."""
        self._check()
        return tuple(self.runs.values())


class Clock:
    """A fixed time of day."""

    def now(self) -> datetime:
        """A night in November."""
        return datetime(2026, 11, 20, 3, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        """No time passes."""
        return 0.0


@dataclass
class World:
    """The simulated Slack with the bot in it."""

    slack: SimulatedSlack
    desk: Desk
    examines: Examines
    memory: Memory
    transport: Transport

    async def done(self) -> None:
        """Wait until nothing is under way."""
        while under_way := set(self.desk.tasks._tasks):
            await asyncio.wait(under_way)
            await asyncio.sleep(0)

    def root(self) -> str:
        """The text of the one message in the channel."""
        (message,) = self.slack.messages(CHANNEL)
        return message.text

    def thread(self) -> list[str]:
        """The texts in its thread, without it."""
        (message,) = self.slack.messages(CHANNEL)
        return [reply.text for reply in self.slack.thread(CHANNEL, message.ts)[1:]]


async def _no_nap(_: float) -> None:
    """Do not wait between tries."""


@asynccontextmanager
async def world(channel: str = CHANNEL, tasks: Tasks | None = None) -> AsyncIterator[World]:
    """The bot, listening over one socket."""
    async with SimulatedSlack() as slack, open_transport(slack.bot_token, slack.api_url) as transport:
        examines, memory = Examines(), Memory()
        poster = Poster(transport, Redactor([KnownSecret("client secret", SECRET)]), _no_nap)
        places = ("production", "staging")
        desk = Desk(channel, places, None, examines, memory, poster, tasks or Tasks(), Clock())
        sockets = Sockets(
            build_app(desk, transport, await transport.identity()), slack.app_token, transport.socket_address
        )
        try:
            await sockets.open()
            yield World(slack, desk, examines, memory, transport)
        finally:
            await sockets.close()
            await desk.tasks.drain(5)
