"""The bot's handlers at work in a simulated Slack, with an examiner that is told what to find."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from bot.errors import StoreUnreachable
from bot.people.access import Holders, Role, Rules
from bot.people.directory import open_people
from bot.people.gate import Gate
from bot.people.visitors import Visitors
from bot.runs.examiner import Order
from bot.runs.glances import NoClusterError
from bot.runs.joining import Joining
from bot.slack.downloads import open_downloads
from bot.slack.message import Message
from bot.slack.poster import Poster
from bot.slack.surfaces import Surfaces
from bot.slack.transport import Transport, open_transport
from bot.store import UnderWay
from bot.tasks import Tasks
from bot.words.commands import Logs
from diagnostics.evidence.keycloak import Question
from diagnostics.glances.events import EventsGlance
from diagnostics.glances.logs import LogsGlance
from diagnostics.glances.overview import Overview
from diagnostics.model import Evidence
from diagnostics.observe import Glimpse
from diagnostics.redaction import KnownSecret, Redactor
from diagnostics.runs import Run
from handlers.app import build_app
from handlers.desk import Desk
from handlers.sockets import Sockets
from playground.slack.server import SimulatedSlack
from tests.bot.slack import samples

T = TypeVar("T")
CHANNEL = "C0ENGINE0"
SECRET = "s3cr3t-v4lu3-9f8e7d"
EVERYBODY: Mapping[Role, Holders] = {
    Role.VIEWER: Holders(everyone=True),
    Role.OPERATOR: Holders(users=frozenset({"U0ONCALL0"})),
}


@dataclass
class Examines:
    """Finds what it is told to find; waits at the gate while that is closed."""

    run: Run = field(default_factory=samples.run)
    failure: BaseException | None = None
    orders: list[Order] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
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
        return await self._found()

    async def explain_permission(self, question: Question, environment: str) -> Run:
        """Remember the question, then find or fail as told."""
        self.questions.append(question)
        return await self._found()

    async def explain_token(self, token: str, environment: str) -> Run:
        """Remember the token, as the real one never does, then find or fail as told."""
        self.tokens.append(token)
        return await self._found()

    async def _found(self) -> Run:
        self.began.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        return self.run


@dataclass
class Looks:
    """Shows what it is told to show of a cluster, or fails as told; remembers which logs were asked for."""

    events_seen: EventsGlance | None = None
    logs_seen: LogsGlance | None = None
    overview_seen: Overview | None = None
    logs_asked: list[Logs] = field(default_factory=list)

    async def overview(self, environment: str) -> Overview:
        """The quick look."""
        return self._given(self.overview_seen, environment)

    async def events(self, environment: str) -> EventsGlance:
        """The events."""
        return self._given(self.events_seen, environment)

    async def logs(self, asked: Logs) -> LogsGlance:
        """The log."""
        self.logs_asked.append(asked)
        return self._given(self.logs_seen, asked.environment)

    def _given(self, found: T | None, environment: str) -> T:
        if found is None:
            raise NoClusterError(f"No cluster is configured for {environment}.")
        return found


class Memory:
    """Remembers as the store does; `away` makes it unreachable."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()
        self.runs: dict[str, UnderWay] = {}
        self.begun: list[UnderWay] = []
        self.last: dict[tuple[str, str], bytes] = {}
        self.kept: dict[str, bytes] = {}
        self.claims: dict[tuple[str, str], str] = {}
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

    async def run(self, run_id: str) -> bytes | None:
        """As the store."""
        self._check()
        return self.kept.get(run_id)

    async def last_run(self, environment: str, area: str) -> bytes | None:
        """As the store."""
        self._check()
        return self.last.get((environment, area))

    async def figures(self, environment: str, area: str) -> tuple[bytes, ...]:
        """As the store: there are none."""
        self._check()
        return ()

    async def claim(self, environment: str, name: str, owner: str, seconds: float) -> bool:
        """As the store; time does not pass here."""
        self._check()
        return self.claims.setdefault((environment, name), owner) == owner

    async def release(self, environment: str, name: str, owner: str) -> None:
        """As the store."""
        self._check()
        if self.claims.get((environment, name)) == owner:
            del self.claims[environment, name]


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
        while under_way := set(self.desk.tasks._tasks) | set(self.desk.errands._tasks):
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


@dataclass
class Setting:
    """What a test wants otherwise than usual: where the bot posts, its jobs, who may what and where, who is known."""

    channel: str = CHANNEL
    tasks: Tasks | None = None
    roles: Mapping[Role, Holders] = field(default_factory=lambda: EVERYBODY)
    channels: frozenset[str] = frozenset()
    known: tuple[str, ...] = ("U0ONCALL0",)
    memory: Memory | None = None
    examines: Examines = field(default_factory=Examines)
    looks: Looks = field(default_factory=Looks)


async def _known(text: str) -> Message:
    """Knows every text."""
    return Message(f"Known: {text}")


async def _no_nap(_: float) -> None:
    """Do not wait between tries."""


@asynccontextmanager
async def desk_in(slack: SimulatedSlack, transport: Transport, setting: Setting) -> AsyncIterator[Desk]:
    """A desk that works in a Slack; its examiner is told what to find."""
    clock, memory = Clock(), setting.memory or Memory()
    redactor = Redactor([KnownSecret("client secret", SECRET)])
    rules = Rules(slack.core.app.team_id, setting.channels, setting.roles)
    async with (
        open_people(transport, rules, clock) as people,
        open_downloads(slack.bot_token, slack.api_url) as downloads,
    ):
        for person in setting.known:
            await people.look_up(person)
        desk = Desk(
            channel=setting.channel,
            environments=("production", "staging"),
            runbook_url=None,
            examiner=setting.examines,
            memory=memory,
            poster=Poster(transport, redactor, _no_nap),
            surfaces=Surfaces(transport, redactor, _no_nap),
            downloads=downloads,
            gate=Gate(people, rules),
            joining=Joining(memory),
            visitors=Visitors(clock),
            tasks=setting.tasks or Tasks(),
            errands=Tasks(64),
            clock=clock,
            triage=_known,
            glances=setting.looks,
        )
        try:
            yield desk
        finally:
            await desk.tasks.drain(5)
            await desk.errands.drain(5)


@asynccontextmanager
async def world(channel: str = CHANNEL, tasks: Tasks | None = None, **wanted: object) -> AsyncIterator[World]:
    """The bot, listening over one socket."""
    setting = Setting(channel, tasks, **wanted)  # type: ignore[arg-type] # each test gives the fields' own types
    setting.memory = setting.memory or Memory()
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SimulatedSlack())
        transport = await stack.enter_async_context(open_transport(slack.bot_token, slack.api_url))
        desk = await stack.enter_async_context(desk_in(slack, transport, setting))
        app = build_app(desk, transport, await transport.identity())
        sockets = Sockets(app, slack.app_token, transport.socket_address)
        stack.push_async_callback(sockets.close)
        await sockets.open()
        yield World(slack, desk, setting.examines, setting.memory, transport)
