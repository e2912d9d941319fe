"""Bringing things to the app, over sockets or HTTP: once for what people do, with retries for events.

Slack waits three seconds for an acknowledgement. What people do is not tried again; an event is, three times:
at once, after one minute, after five (docs.slack.dev/apis/events-api).
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Protocol

from playground.slack.clock import Clock
from playground.slack.feed import Feed
from playground.slack.shapes import Json
from playground.slack.switches import Switches

ACK_WITHIN_S = 3.0
RETRY_AFTER_S = (0.0, 60.0, 300.0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to bring; `kind` is slash_commands, interactive or events_api."""

    kind: str
    payload: Json
    wants_answer: bool = False
    attempt: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of it; `failure` is Slack's word: operation_timeout or dispatch_failed, None when acknowledged."""

    acknowledged: bool
    latency_ms: float = 0.0
    payload: Json = field(default_factory=dict)
    failure: str | None = None
    reason: str = ""
    no_retry: bool = False


class Carrier(Protocol):
    """One way to the app."""

    async def carry(self, delivery: Delivery) -> Receipt:
        """Bring it and wait at most three seconds for the acknowledgement."""


@dataclass(slots=True)
class EventRecord:
    """An event and each attempt to bring it."""

    event_id: str
    receipts: list[Receipt] = field(default_factory=list)
    done: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether any attempt was acknowledged."""
        return any(receipt.acknowledged for receipt in self.receipts)


class Background:
    """Owns the tasks that outlive the call that started them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Let work go on by itself until it is done or everything is closed."""
        self._tasks.add(asyncio.create_task(work))

    async def close(self) -> None:
        """Cancel what still runs; what failed before is raised here, so that no fault goes unseen."""
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to bring something, and what came of it: for counting, and for acknowledgement times."""

    kind: str
    receipt: Receipt


@dataclass(slots=True)
class Courier:
    """Chooses the way, retries events, and remembers every attempt."""

    clock: Clock
    switches: Switches
    feed: Feed
    carrier: Carrier
    background: Background
    events: dict[str, EventRecord] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def unacknowledged(self) -> list[Attempt]:
        """The attempts the app did not acknowledge within three seconds."""
        return [attempt for attempt in self.attempts if not attempt.receipt.acknowledged]

    async def bring(self, delivery: Delivery) -> Receipt:
        """Bring something once; without interactivity Slack's client itself refuses to be pressed."""
        if delivery.kind == "interactive" and not self.switches.interactivity:
            return Receipt(acknowledged=False, failure="not_interactive")
        receipt = await self.carrier.carry(delivery)
        self.attempts.append(Attempt(delivery.kind, receipt))
        self.feed.stir()
        return receipt

    async def bring_event(self, payload: Json) -> EventRecord:
        """Bring an event; returns after the first attempt, retries go on in the background."""
        record = self.events.setdefault(payload["event_id"], EventRecord(payload["event_id"]))
        delivery = Delivery("events_api", payload)
        await self._attempt(record, delivery)
        for _ in range(self.switches.duplicates):
            await self._attempt(record, delivery)
        if self._over(record):
            record.done = True
        else:
            self.background.start(self._retry(record, delivery))
        return record

    async def _attempt(self, record: EventRecord, delivery: Delivery) -> None:
        record.receipts.append(await self.bring(delivery))

    async def _retry(self, record: EventRecord, delivery: Delivery) -> None:
        for attempt, delay in enumerate(RETRY_AFTER_S, start=1):
            await self.clock.sleep(delay)
            reason = record.receipts[-1].reason or "timeout"
            await self._attempt(record, replace(delivery, attempt=attempt, reason=reason))
            if self._over(record):
                break
        record.done = True
        self.feed.stir()

    def _over(self, record: EventRecord) -> bool:
        return record.acknowledged or record.receipts[-1].no_retry
