"""Socket Mode: many sockets, tickets, refreshes and everything that goes wrong on them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.slack.clock import ManualClock
from playground.slack.server import SimulatedSlack


class Listener:
    """A bare Socket Mode client: keeps every frame, acknowledges when told to."""

    def __init__(self, session: aiohttp.ClientSession, slack: SimulatedSlack) -> None:
        self._session = session
        self._slack = slack
        self._reader: asyncio.Task[None] | None = None
        self.answers = True
        self.frames: list[dict[str, Any]] = []
        self.pongs = 0
        self.ended = asyncio.Event()
        self.socket: aiohttp.ClientWebSocketResponse | None = None

    async def connect(self, address: str | None = None) -> "Listener":
        """Open the socket and wait for its first frame."""
        self.socket = await self._session.ws_connect(address or await address_from(self._slack), autoping=False)
        self._reader = asyncio.create_task(self._read(self.socket))
        await self._slack.until(lambda: self.frames)
        return self

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is aiohttp.WSMsgType.PONG:
                self.pongs += 1
                continue
            self.frames.append(frame.json())
            envelope = self.frames[-1].get("envelope_id")
            if envelope and self.answers:
                await socket.send_json({"envelope_id": envelope, "payload": {"text": "yes"}})
            self._slack.core.feed.stir()
        self.ended.set()

    @property
    def envelopes(self) -> list[dict[str, Any]]:
        """The frames that want an acknowledgement."""
        return [frame for frame in self.frames if "envelope_id" in frame]


async def address_from(slack: SimulatedSlack) -> str:
    answer = await AsyncWebClient(base_url=slack.api_url).apps_connections_open(app_token=slack.app_token)
    return str(answer["url"])


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def test_hello(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It greets each socket with the number of sockets."""
    first = await Listener(session, slack).connect()
    second = await Listener(session, slack).connect()
    assert first.frames[0]["type"] == "hello"
    assert [one.frames[0]["num_connections"] for one in (first, second)] == [1, 2]


async def test_any_one_of_them(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It sends each envelope to exactly one socket, by chance but the same for the same seed."""
    sockets = [await Listener(session, slack).connect() for _ in range(3)]
    for _ in range(30):
        assert (await slack.person("oncall").command("#engineering", "/volati help")).acknowledged
    counts = [len(one.envelopes) for one in sockets]
    assert sum(counts) == 30
    assert min(counts) > 3
    ids = {envelope["envelope_id"] for one in sockets for envelope in one.envelopes}
    assert len(ids) == 30


async def test_envelope_of_a_command(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It says whether an answer may ride on the acknowledgement, and shows it when it does."""
    listener = await Listener(session, slack).connect()
    outcome = await slack.person("oncall").command("#engineering", "/volati help")
    assert listener.envelopes[0]["type"] == "slash_commands"
    assert listener.envelopes[0]["accepts_response_payload"] is True
    assert outcome.answer is not None
    assert outcome.answer.text == "yes"


async def test_acknowledged_on_another_socket(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It takes an acknowledgement from whichever socket it comes."""
    listener = await Listener(session, slack).connect()
    listener.answers = False
    typing = asyncio.create_task(slack.person("oncall").command("#engineering", "/volati help"))
    await slack.until(lambda: listener.envelopes)
    other = await Listener(session, slack).connect()
    assert other.socket is not None
    await other.socket.send_json({"envelope_id": listener.envelopes[0]["envelope_id"]})
    assert (await typing).acknowledged


async def test_unknown_acknowledgement(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It writes down an acknowledgement of nothing, and survives a frame that is no JSON."""
    listener = await Listener(session, slack).connect()
    assert listener.socket is not None
    await listener.socket.send_json({"envelope_id": "never-sent"})
    await listener.socket.send_str("{")
    await slack.until(lambda: len(slack.ledger.rejected) == 2)
    assert {entry.error for entry in slack.ledger.rejected} == {"unknown_envelope"}


async def test_ticket_once(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It lets an address be used once."""
    address = await address_from(slack)
    await Listener(session, slack).connect(address)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await session.ws_connect(address)
    assert caught.value.status == 403


async def test_ticket_expires(still: SimulatedSlack, session: aiohttp.ClientSession, clock: ManualClock) -> None:
    """It refuses an address that is too old, or any while tickets are switched to expire."""
    address = await address_from(still)
    clock.advance(31)
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(address)
    still.switches.expire_tickets = True
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await session.ws_connect(await address_from(still))


async def test_refresh(still: SimulatedSlack, session: aiohttp.ClientSession, clock: ManualClock) -> None:
    """It warns, asks ten seconds later for a fresh connection, and closes the old one."""
    listener = await Listener(session, still).connect()
    refreshing = asyncio.create_task(still.sockets.refresh(still.sockets.links[0], warn=True))
    await clock.until_someone_sleeps()
    clock.advance(10)
    await listener.ended.wait()
    await refreshing
    reasons = [frame["reason"] for frame in listener.frames if frame["type"] == "disconnect"]
    assert reasons == ["warning", "refresh_requested"]


async def test_abort(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It cuts a connection without a goodbye."""
    listener = await Listener(session, slack).connect()
    slack.sockets.abort(slack.sockets.links[0])
    await listener.ended.wait()
    await slack.until(lambda: not slack.sockets.links)
    assert [frame["type"] for frame in listener.frames] == ["hello"]


async def test_deaf(still: SimulatedSlack, session: aiohttp.ClientSession, clock: ManualClock) -> None:
    """It answers pings on a deaf socket and delivers nothing."""
    listener = await Listener(session, still).connect()
    still.sockets.links[0].deaf = True
    assert listener.socket is not None
    await listener.socket.ping(b"there?")
    typing = asyncio.create_task(still.person("oncall").command("#engineering", "/volati help"))
    await clock.until_someone_sleeps()
    clock.advance(3)
    assert (await typing).failure == "operation_timeout"
    await listener.socket.send_str("{}")
    await still.until(lambda: still.ledger.of("ack"))
    assert listener.envelopes == []
    assert len(still.sockets.lost) == 1
    await asyncio.wait_for(_pinged(listener), 2)


async def _pinged(listener: Listener) -> None:
    while not listener.pongs:  # noqa: ASYNC110  a pong stirs nothing that could be awaited
        await asyncio.sleep(0.001)


async def test_frozen(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It leaves a connection half open: not even a ping is answered."""
    listener = await Listener(session, slack).connect()
    slack.sockets.freeze(slack.sockets.links[0])
    assert listener.socket is not None
    await listener.socket.ping(b"there?")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(_pinged(listener), 0.05)
    assert not listener.ended.is_set()


async def test_event_again(still: SimulatedSlack, session: aiohttp.ClientSession, clock: ManualClock) -> None:
    """It brings an event again that was not acknowledged, and says in the envelope that it does."""
    listener = await Listener(session, still).connect()
    listener.answers = False
    mentioning = asyncio.create_task(still.person("oncall").mention("#engineering", "help"))
    await still.until(lambda: listener.envelopes)
    await clock.until_someone_sleeps()
    clock.advance(3)
    listener.answers = True
    record = await mentioning
    await still.until(lambda: record.done)
    seen = [(one["retry_attempt"], one["retry_reason"]) for one in listener.envelopes]
    assert seen == [(0, ""), (1, "timeout")]
    assert listener.envelopes[0]["payload"] == listener.envelopes[1]["payload"]
    assert [attempt.receipt.failure for attempt in still.courier.unacknowledged] == ["operation_timeout"]


async def test_too_many(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It takes ten sockets and sends the eleventh away."""
    for _ in range(10):
        await Listener(session, slack).connect()
    eleventh = await Listener(session, slack).connect()
    await eleventh.ended.wait()
    assert [frame.get("reason") for frame in eleventh.frames] == ["too_many_websockets"]


async def test_disabled(slack: SimulatedSlack, session: aiohttp.ClientSession) -> None:
    """It tells every socket when Socket Mode is switched off."""
    listener = await Listener(session, slack).connect()
    await slack.sockets.disable()
    await listener.ended.wait()
    assert listener.frames[-1]["reason"] == "link_disabled"
