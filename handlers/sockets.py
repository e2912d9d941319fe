"""The way in over Socket Mode: several connections to Slack, each replaced before it is let go. It knows no command.

Slack gives each delivery to any one connection, asks for a fresh one every few hours, and may leave one open that
delivers nothing. Here a connection is replaced when Slack asks for it, when it breaks, and when it has been silent for
too long; the old one is read until it ends, and an acknowledgement leaves over whichever connection is open.
"""

import asyncio
import json
import math
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp

from bot.clock import SystemClock
from bot.health import Health, State
from bot.metrics import Recorder, Unrecorded
from bot.slack.errors import SlackBusy, SlackError
from handlers.connection import Connection
from handlers.intake import Answer, Delivery, Intake

SOCKETS = 2
"""Connections kept open: when one breaks, Slack delivers over the other. It allows ten, for all replicas together."""

ACK_SECONDS = 3.0
"""How long Slack waits for an acknowledgement; after that there is no use in sending it."""

PAUSES_SECONDS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Waits between tries to connect, the last one for as long as it takes: Slack allows some such calls a minute, and a
bot that is back ten seconds after Slack is soon enough."""

STEADY_SECONDS = 10.0
"""A connection that ended sooner counts as a failed try, so that a flapping one is not opened in a tight loop."""

FAREWELL_SECONDS = 12.0
"""How long a connection is kept that Slack asked to replace: it closes it itself, about 10 s after its warning."""

BY_CHANCE = 0.001
"""How improbable it must be that a connection gets nothing while the others do, before it counts as deaf: with two
connections that is ten deliveries. A wrong guess costs a fresh connection, and nothing else."""

QUIET_SECONDS = 15 * 60.0
"""Silence after which a connection is replaced: nobody asking and nothing getting through look alike."""

WATCH_SECONDS = 1.0
"""Time between two looks at how the connections are."""

GIVE_UP_SECONDS = 15 * 60.0
"""How long no connection may be open before the process ends itself. Outages of Slack's are waited out; after that a
fresh start (names and settings read anew) is what is left to try, and a restart is what people are told of."""

PART, OTHERS = "slack", "other replicas"
"""What the connections, and those of others, are called among the parts of the bot's health."""

DELIVERIES = ("events_api", "slash_commands", "interactive")

_ALONE = (
    "If another Volati runs with the same app token, end it, or set store.url of both to a Redis that they share: each "
    "acts on what reaches it, and remembers for itself. A connection that was just cut is counted for a moment, too."
)
_REMEDY = "Look at status.slack.com and at the way out of this network."
_log = structlog.get_logger()
Address = Callable[[], Awaitable[str]]


async def _unchecked() -> None:
    """Check nothing."""


@dataclass(frozen=True, slots=True)
class Around:
    """Who is told how the connections are, and what is done after each is opened."""

    health: Health = field(default_factory=lambda: Health(SystemClock()))
    recorder: Recorder = field(default_factory=Unrecorded)
    checked: Callable[[], Coroutine[None, None, None]] = _unchecked
    """Makes a call of the Web API: some connections were seen to deliver only after one (python-slack-sdk #1701)."""
    alone: bool = False
    """No other process should be connected with this app: nothing is shared with it."""


class Sockets:
    """All connections. Made inside a running loop; `close` gives back what the making of it took."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        address: Callable[[str], Awaitable[str]],
        count: int = SOCKETS,
        around: Around | None = None,
    ) -> None:
        self._around = around or Around()
        self._intake = Intake(app, self._around.recorder)
        self._address: Address = partial(address, app_token)
        # The way out that the vendor's client found in the environment and in its own settings.
        self._way = {"proxy": app.client.proxy, "ssl": app.client.ssl or True}
        self._session = aiohttp.ClientSession()
        self._count = count
        self._number = 0
        self._opening = 0
        self._open: list[Connection] = []
        self._opened = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._keepers: set[asyncio.Task[None]] = set()
        self._listening: set[asyncio.Task[None]] = set()
        self._deaf_since: float | None = self._now()
        self._closing = False
        self.lost = asyncio.Event()
        """Set when no connection has been open for so long that the process had better end."""

    async def open(self) -> None:
        """Return when the first connection is open; from then on all are kept.

        Raises:
            SlackError: there is no address to connect to, such as when Slack does not take the token.
        """
        first: str | None = await self._address()
        for _ in range(self._count):
            self._start(self._keepers, self._keep(first))
            first = None
        self._start(self._keepers, self._watch())
        await self._until_open()

    async def close(self) -> None:
        """Take nothing new in, acknowledge what came, then close: one after the other, so that one is left to do it."""
        self._closing = True
        await _cancelled(self._keepers)
        for connection in tuple(self._open):
            await _ended(self._listening, ACK_SECONDS)
            await connection.leave()
        await _cancelled(self._tasks)
        await _cancelled(self._listening)
        await self._session.close()

    # Keeping them open

    async def _keep(self, address: str | None) -> None:
        """Keep one connection for ever: when it is spent, open the next and only then let it go."""
        failures, spent = 0, None
        while True:
            connection = await self._connected(address, failures)
            if spent is not None:
                self._start(self._tasks, self._see_off(spent))
            address, reason = None, await connection.spent
            lived = self._now() - connection.opened_at
            failures = failures + 1 if lived < STEADY_SECONDS else 0
            self._around.recorder.reconnected(reason)
            _log.info("a connection is replaced", number=connection.number, reason=reason, lived_seconds=round(lived))
            spent = connection
            if reason == "too_many_websockets":
                await connection.close()

    async def _see_off(self, connection: Connection) -> None:
        """Let go of a connection that has a successor: at once when it may be deaf, else when Slack had time to."""
        if connection.spent.result() not in {"deaf", "quiet"}:
            await asyncio.sleep(FAREWELL_SECONDS)
        await connection.leave()

    async def _connected(self, address: str | None, failures: int) -> Connection:
        """A new connection, tried for until there is one."""
        while True:
            pause = PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS) - 1)]
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 only to keep replicas out of step
            try:
                return await self._try(address)
            except SlackError as error:
                address = None
                failures += 1
                self._report(str(error))
                if isinstance(error, SlackBusy):
                    await asyncio.sleep(error.seconds)

    async def _try(self, address: str | None) -> Connection:
        """A connection, read from now on. Whoever is spent is let go, now that there is another."""
        self._number += 1
        ticket = address or await self._address()
        self._opening += 1
        try:
            connection = await Connection.opened(self._session, ticket, self._number, **self._way)
            self._open.append(connection)
            self._note_others(connection)
        finally:
            self._opening -= 1
        self._start(self._tasks, self._read(connection))
        self._start(self._tasks, self._around.checked())
        self._report()
        async with self._opened:
            self._opened.notify_all()
        return connection

    async def _read(self, connection: Connection) -> None:
        """Take in what a connection brings until it ends."""
        try:
            async for frame in connection.frames():
                self._hear(connection, frame)
        finally:
            connection.replace("broken")
            self._open.remove(connection)
            for ack in connection.unsure():
                self._start(self._listening, self._acknowledge(connection, ack, self._now() + ACK_SECONDS))
            await connection.close()
            self._report()

    def _hear(self, connection: Connection, frame: dict[str, Any]) -> None:
        if frame.get("type") == "disconnect":
            connection.replace(str(frame.get("reason") or "asked to"))
        elif frame.get("type") in DELIVERIES and isinstance(frame.get("payload"), dict):
            self._note_the_unheard(connection)
            self._start(self._listening, self._answer(connection, frame))

    # Noticing that one is deaf, or all are

    def _note_the_unheard(self, heard: Connection) -> None:
        for other in self._open:
            if other is not heard:
                other.unheard += 1
                if self._count > 1 and other.unheard >= _improbable(self._count):
                    self._recycle(other, "deaf")

    def _recycle(self, connection: Connection, reason: str) -> None:
        """Replace one that may be deaf; one at a time, so that the others hear meanwhile."""
        if not any(one.spent.done() for one in self._open):
            connection.replace(reason)

    async def _watch(self) -> None:
        """Look every second whether all are gone, or one has been silent for long."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = self._now()
            for connection in self._open:
                if now - connection.heard_at > QUIET_SECONDS:
                    self._recycle(connection, "quiet")
            if self._deaf_since is not None and now - self._deaf_since > GIVE_UP_SECONDS:
                self.lost.set()

    def _note_others(self, newest: Connection) -> None:
        """Say so when Slack counts more connections than ours, and there should be none: it would deliver there too."""
        others = newest.peers - len(self._open) - self._opening + 1  # the newest one is counted in both
        if self._around.alone and others > 0:
            said = (
                f"Slack counts {newest.peers} connections of this app, and at least {others} of them not this process's"
            )
            self._around.health.report(OTHERS, State.AWAY, said, _ALONE)
        elif self._around.health.of(OTHERS) is not None:
            self._around.health.report(OTHERS, State.WELL, "no other process is connected with this app")

    def _report(self, trouble: str = "") -> None:
        """Say how the connections are, to whoever wants to know."""
        count = sum(connection.open for connection in self._open)
        self._around.recorder.sockets("open", count)
        self._around.recorder.sockets("wanted", self._count)
        if self._closing:
            return
        self._deaf_since = None if count else (self._deaf_since or self._now())
        if count:
            self._around.health.report(PART, State.WELL, f"connections open: {count}, wanted: {self._count}")
        else:
            self._around.health.report(PART, State.ILL, trouble or "no connection to Slack is open", _REMEDY)

    # Answering

    async def _answer(self, connection: Connection, frame: dict[str, Any]) -> None:
        """Let the app see a delivery, and acknowledge it."""
        came = self._now()
        attempt = frame.get("retry_attempt")
        delivery = Delivery.of(
            frame["type"],
            frame["payload"],
            attempt=attempt if isinstance(attempt, int) else 0,
            reason=str(frame.get("retry_reason") or ""),
        )
        answer = await self._intake.take(delivery)
        if answer.acknowledges:
            await self._acknowledge(connection, _ack(frame, answer), came + ACK_SECONDS)

    async def _acknowledge(self, connection: Connection, ack: dict[str, Any], until: float) -> None:
        """Over the connection it came by, or else over any, as soon as one is open.

        What was sent just before a connection ended is sent again: Slack takes the second one for nothing.
        """
        try:
            async with asyncio.timeout_at(until):
                while not await connection.send(ack):
                    connection = await self._until_open()
        except TimeoutError:
            self._around.recorder.error("acknowledgement")
            _log.warning("a delivery could not be acknowledged in time", envelope=ack["envelope_id"])

    async def _until_open(self) -> Connection:
        async with self._opened:
            await self._opened.wait_for(lambda: any(connection.open for connection in self._open))
        return next(connection for connection in self._open if connection.open)

    def _start(self, owner: set[asyncio.Task[None]], work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        owner.add(task)
        task.add_done_callback(owner.discard)
        task.add_done_callback(partial(self._note_failure, keeper=owner is self._keepers))

    def _note_failure(self, task: asyncio.Task[None], *, keeper: bool) -> None:
        """A fault of ours. Without a keeper the bot would grow deaf: rather end it, and let it be started again."""
        if not task.cancelled() and task.exception() is not None:
            _log.error("the connections to Slack failed", exc_info=task.exception())
            self._around.recorder.error("sockets")
            if keeper:
                self.lost.set()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _improbable(count: int) -> int:
    """Deliveries in a row that miss one of so many connections by chance only BY_CHANCE of the time."""
    return math.ceil(math.log(BY_CHANCE) / math.log(1 - 1 / count))


def _ack(frame: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """The acknowledgement. It may hold an answer only where Slack says that it takes one."""
    ack: dict[str, Any] = {"envelope_id": frame.get("envelope_id")}
    if answer.body and frame.get("accepts_response_payload"):
        ack["payload"] = json.loads(answer.body) if answer.body.startswith("{") else {"text": answer.body}
    return ack


async def _ended(tasks: set[asyncio.Task[None]], seconds: float | None = None) -> None:
    if tasks:
        await asyncio.wait(set(tasks), timeout=seconds)


async def _cancelled(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await _ended(tasks)
