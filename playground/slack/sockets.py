"""Socket Mode: tickets, open sockets, envelopes to any one of them, acknowledgements, and what can go wrong there.

Protocol: docs.slack.dev/apis/events-api/using-socket-mode and the recorded frames in python-slack-sdk's tests.
"""

import asyncio
import contextlib
import itertools
import json
import random
import uuid
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from playground.slack.clock import Clock, within
from playground.slack.delivery import ACK_WITHIN_S, Delivery, Receipt
from playground.slack.feed import Feed
from playground.slack.ledger import Entry, Ledger
from playground.slack.people import App
from playground.slack.shapes import Json, mapping
from playground.slack.switches import Switches

MOST_SOCKETS = 10
TICKET_LIFETIME_S = 30.0  # how long an address from apps.connections.open may wait for its one use
CONNECTION_TIME_S = 18_060  # Slack's own figure in `hello`: when it will ask for a fresh connection
WARNING_BEFORE_S = 10.0  # a `warning` comes about this long before a refresh
CLOSE_WITHIN_S = 1.0  # real seconds a socket gets to say goodbye when everything ends


@dataclass(slots=True)
class Link:
    """One open socket; `deaf` means it answers pings and delivers nothing."""

    number: int
    socket: web.WebSocketResponse
    request: web.Request
    deaf: bool = False
    delivered: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        """Whether something can still be sent."""
        return not self.socket.closed


@dataclass(slots=True)
class Sockets:
    """All open sockets of the app."""

    app: App
    clock: Clock
    switches: Switches
    ledger: Ledger
    feed: Feed
    seed: int = 0
    links: list[Link] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # envelopes nobody acknowledged in time
    _tickets: dict[str, float] = field(default_factory=dict)
    _waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  which socket gets an envelope guards nothing

    def ticket(self) -> str:
        """A new ticket: good for one connection, for a short time."""
        name = uuid.uuid4().hex
        self._tickets[name] = self.clock.now()
        return name

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until it ends."""
        if not self._admit(request.query.get("ticket", "")):
            return web.json_response({"ok": False, "error": "invalid_ticket"}, status=403)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        link = Link(next(self._numbers), socket, request)
        self.links.append(link)
        try:
            await self._serve(link)
        finally:
            self.links.remove(link)
            self.feed.stir()
        return socket

    def _admit(self, ticket: str) -> bool:
        given = self._tickets.pop(ticket, None)
        if given is None or self.switches.expire_tickets:
            return False
        return self.clock.now() - given <= TICKET_LIFETIME_S

    async def _serve(self, link: Link) -> None:
        if len(self.links) > MOST_SOCKETS:
            await self._say_disconnect(link, "too_many_websockets")
            await link.socket.close()
            return
        await link.socket.send_json(self._hello())
        self.feed.stir()
        async for frame in link.socket:
            if frame.type is WSMsgType.TEXT:
                self._take_ack(frame.data)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.links),
            "debug_info": {
                "host": "applink-playground",
                "build_number": 1,
                "approximate_connection_time": CONNECTION_TIME_S,
            },
            "connection_info": {"app_id": self.app.api_app_id},
        }

    def _take_ack(self, text: str) -> None:
        try:
            ack = mapping(json.loads(text))
        except ValueError:
            ack = {}
        waiting = self._waiting.get(str(ack.get("envelope_id")))
        known = waiting is not None and not waiting.done()
        error = None if known else "unknown_envelope"
        self.ledger.record(Entry("ack", ack, self.clock.now(), error))
        self.feed.stir()
        if waiting is not None and known:
            waiting.set_result(mapping(ack.get("payload")))

    async def carry(self, delivery: Delivery) -> Receipt:
        """Send an envelope to one socket by chance and wait for its acknowledgement, from whichever socket."""
        envelope_id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        began = self.clock.now()
        try:
            if not await self._send_to_any(_envelope(envelope_id, delivery)):
                return Receipt(acknowledged=False, failure="dispatch_failed", reason="connection_failed")
            payload = await within(self.clock, ACK_WITHIN_S, answer)
        finally:
            del self._waiting[envelope_id]
        latency = (self.clock.now() - began) * 1000
        if payload is None:
            self.lost.append(envelope_id)
            return Receipt(acknowledged=False, latency_ms=latency, failure="operation_timeout", reason="timeout")
        return Receipt(acknowledged=True, latency_ms=latency, payload=payload if delivery.wants_answer else {})

    async def _send_to_any(self, envelope: Json) -> bool:
        candidates = [link for link in self.links if link.open]
        self._chance.shuffle(candidates)
        for link in candidates:
            link.delivered.append(envelope["envelope_id"])
            if link.deaf:
                return True
            with contextlib.suppress(ConnectionError):
                await link.socket.send_json(envelope)
                return True
        return False

    async def refresh(self, link: Link, *, warn: bool = False, close: bool = True) -> None:
        """Ask for a fresh connection, as Slack does every few hours; then close this one."""
        if warn:
            await self._say_disconnect(link, "warning")
            await self.clock.sleep(WARNING_BEFORE_S)
        await self._say_disconnect(link, "refresh_requested")
        if close:
            await link.socket.close()

    async def disable(self) -> None:
        """Switch Socket Mode off for the app: every socket is told and closed."""
        for link in list(self.links):
            await self._say_disconnect(link, "link_disabled")
            await link.socket.close()

    def abort(self, link: Link) -> None:
        """Cut the connection without a word."""
        if link.request.transport is not None:
            link.request.transport.abort()

    def cut(self) -> None:
        """Cut every connection without a word."""
        for link in list(self.links):
            self.abort(link)

    def freeze(self, link: Link) -> None:
        """Leave the connection half open: nothing is read, no ping answered, nothing delivered."""
        link.deaf = True
        if link.request.transport is not None:
            link.request.transport.pause_reading()

    async def close(self) -> None:
        """Close all sockets; one that does not answer is cut."""
        for link in list(self.links):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await link.socket.close()
            self.abort(link)

    async def _say_disconnect(self, link: Link, reason: str) -> None:
        debug = {"host": "applink-playground"}
        with contextlib.suppress(ConnectionError):
            await link.socket.send_json({"type": "disconnect", "reason": reason, "debug_info": debug})


def _envelope(envelope_id: str, delivery: Delivery) -> Json:
    envelope: Json = {
        "envelope_id": envelope_id,
        "payload": delivery.payload,
        "type": delivery.kind,
        "accepts_response_payload": delivery.wants_answer,
    }
    if delivery.kind == "events_api":
        envelope |= {"retry_attempt": delivery.attempt, "retry_reason": delivery.reason}
    return envelope
