"""The way in for PagerDuty's webhooks: forged, replayed, oversized, malformed and real ones, over HTTP."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot.clock import SystemClock
from bot.errors import StoreUnreachable
from bot.health import Health
from bot.incidents.webhooks import BODY_AT_MOST, Hook, Kind
from bot.metrics import Metrics
from bot.settings import ServerSettings
from diagnostics.redaction import Redactor
from handlers import pagerduty as module
from handlers.pagerduty import PATH, Hooks
from handlers.web import Site, serving
from playground.slack.clock import RealClock
from playground.world.pagerduty.account import SERVICES, USERS, person
from playground.world.pagerduty.server import WEBHOOK_SECRET, SimulatedPagerDuty
from playground.world.pagerduty.trouble import Trouble
from playground.world.pagerduty.webhooks import signatures
from tests.bot.incidents.hooks import SECRETS, acknowledged, body_of

EACH = 40
"""Requests of each kind of attack, of which there are eight."""


@dataclass
class Kept:
    """An inbox that remembers, knows repeats, and fails when told to."""

    hooks: list[Hook] = field(default_factory=list)
    asked: int = 0
    failing: bool = False
    gate: asyncio.Event | None = None
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, hook: Hook) -> bool:
        """Keep it."""
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.failing:
            self.failed.set()
            raise StoreUnreachable("Redis is gone.")
        known = hook.id in {one.id for one in self.hooks}
        if not known:
            self.hooks.append(hook)
        return not known


@dataclass
class Door:
    """The endpoint of a running server."""

    url: str
    session: aiohttp.ClientSession
    inbox: Kept
    metrics: Metrics
    hooks: Hooks

    async def post(self, body: bytes, header: str | None = None, **more: str) -> tuple[int, str]:
        """Post a body, signed unless another header is given."""
        headers = {"Content-Type": "application/json", "X-PagerDuty-Signature": header or signatures(body, SECRETS)}
        return await self.ask("POST", body, {**headers, **more})

    async def ask(self, method: str, body: object, headers: dict[str, str]) -> tuple[int, str]:
        """Ask anything."""
        async with self.session.request(method, self.url, data=body, headers=headers) as response:
            return response.status, await response.text()

    def count(self, series: str) -> float:
        """What the metrics say of one series."""
        lines = self.metrics.exposition()[0].decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == series), 0.0)

    def delivered(self, outcome: str) -> float:
        """How many had this outcome."""
        return self.count(f'volati_deliveries_total{{kind="pagerduty",outcome="{outcome}"}}')

    def refused(self, reason: str) -> float:
        """How many were refused for this."""
        return self.count(f'volati_requests_refused_total{{reason="pagerduty-{reason}"}}')


@asynccontextmanager
async def door(secrets: tuple[str, ...] = SECRETS) -> AsyncIterator[Door]:
    inbox, metrics = Kept(), Metrics()
    site = Site(Health(SystemClock()), metrics, Redactor([]))
    hooks = Hooks(secrets, inbox, metrics, time.monotonic)
    site.hear_pagerduty(hooks.handle)
    async with serving(site, ServerSettings(port=0), metrics) as port, aiohttp.ClientSession() as session:
        yield Door(f"http://127.0.0.1:{port}{PATH}", session, inbox, metrics, hooks)


async def test_a_real_one() -> None:
    """It keeps an event that PagerDuty signed, answers 202, and counts it."""
    async with door() as one:
        assert await one.post(body_of(acknowledged())) == (202, "taken")
        assert [(hook.kind, hook.key) for hook in one.inbox.hooks] == [(Kind.ACKNOWLEDGED, "volati.i1.3")]
        assert one.delivered("taken") == 1


async def test_a_replay() -> None:
    """It answers a repeat well, so that PagerDuty does not send it again, and keeps it once; after a restart, too."""
    async with door() as one:
        body = body_of(acknowledged())
        await one.post(body)
        assert await one.post(body) == (200, "repeated")
        assert one.inbox.asked == 1
        one.hooks._seen.clear()  # as another replica, or this one after a restart
        assert await one.post(body) == (200, "repeated")
        assert len(one.inbox.hooks) == 1
        assert one.delivered("repeated") == 2


async def test_the_same_event_signed_anew_is_a_replay() -> None:
    """It knows a repeat by the event's id, and not by header or bytes."""
    async with door() as one:
        event = acknowledged()
        await one.post(body_of(event))
        assert await one.post(json.dumps(event, indent=2).encode(), **{"X-Webhook-Id": "other"}) == (200, "repeated")


async def test_what_it_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """It forgets the oldest ids; the inbox still knows them."""
    monkeypatch.setattr(module, "REMEMBERED", 3)
    async with door() as one:
        for number in range(6):
            event = acknowledged()
            event["event"]["id"] = f"E{number}"
            await one.post(body_of(event))
        assert list(one.hooks._seen) == ["E3", "E4", "E5"]


async def test_ping() -> None:
    """It answers the test button of a subscription, and what it does not know, and counts them as ignored."""
    async with door() as one:
        event = acknowledged()
        event["event"] |= {"event_type": "pagey.ping", "data": {"message": "Hello from your friend Pagey!"}}
        assert await one.post(body_of(event)) == (202, "ignored")
        assert one.inbox.hooks == []
        assert one.delivered("ignored") == 1


async def test_what_cannot_be_kept_comes_again() -> None:
    """It answers 503 while its memory is gone, so that PagerDuty tries again, and keeps it then."""
    async with door() as one:
        body = body_of(acknowledged())
        one.inbox.failing = True
        assert await one.post(body) == (503, "failed")
        one.inbox.failing = False
        assert await one.post(body) == (202, "taken")
        assert one.delivered("failed") == 1


async def test_a_slow_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers before PagerDuty's patience ends, whatever its memory does."""
    assert module.KEEP_SECONDS < 5
    monkeypatch.setattr(module, "KEEP_SECONDS", 0.05)
    async with door() as one:
        one.inbox.gate = asyncio.Event()
        assert await one.post(body_of(acknowledged())) == (503, "failed")


async def test_not_there_before_it_listens() -> None:
    """It is told to come back while nobody hears PagerDuty yet."""
    site = Site(Health(SystemClock()), Metrics(), Redactor([]))
    async with (
        serving(site, ServerSettings(port=0), Metrics()) as port,
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}{PATH}", data=b"x") as response,
    ):
        assert response.status == 503


async def test_a_body_without_a_length() -> None:
    """It stops reading a body that grows beyond the limit without having said so."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(BODY_AT_MOST // 10_000 + 2):
            yield b" " * 10_000

    async with door() as one:
        headers = {"Content-Type": "application/json", "X-PagerDuty-Signature": "v1=00"}
        assert await one.ask("POST", endless(), headers) == (413, "too-large")


async def test_a_body_that_says_it_is_too_long() -> None:
    """It refuses a body by the length it announces, before a byte of it was sent."""
    async with door() as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(one.url.split(":")[2].split("/")[0]))
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-PagerDuty-Signature: v1=00\r\n"
        writer.write(f"{head}Content-Length: {BODY_AT_MOST + 1}\r\n\r\n".encode())
        assert (await asyncio.wait_for(reader.readline(), 3)).startswith(b"HTTP/1.1 413 ")
        writer.close()


def _genuine(body: bytes) -> dict[str, str]:
    return {"Content-Type": "application/json", "X-PagerDuty-Signature": signatures(body, SECRETS)}


def _event(chance: random.Random) -> bytes:
    event = acknowledged()
    event["event"]["id"] = f"E{chance.getrandbits(64):x}"
    return body_of(event)


def forged(chance: random.Random) -> tuple[str, bytes, dict[str, str]]:
    """Signed with a guessed secret, for another body, with one character changed, or with noise."""
    body = _event(chance)
    right = signatures(body, SECRETS[:1])
    at = chance.randrange(3, len(right))
    changed = right[:at] + ("0" if right[at] != "0" else "1") + right[at + 1 :]
    noise = "".join(chance.choices("v1=,0123456789abcdef ", k=chance.randint(1, 200)))
    header = chance.choice([signatures(body, ["guess"]), signatures(body + b" ", SECRETS), changed, noise])
    return "signature", body, {**_genuine(body), "X-PagerDuty-Signature": header}


def unsigned(chance: random.Random) -> tuple[str, bytes, dict[str, str]]:
    """Without the header."""
    return "unsigned", _event(chance), {"Content-Type": "application/json"}


def oversized(chance: random.Random) -> tuple[str, bytes, dict[str, str]]:
    """Larger than PagerDuty ever sends, and rightly signed."""
    body = _event(chance) + b" " * (BODY_AT_MOST + chance.randint(0, 50_000))
    return "too-large", body, _genuine(body)


def malformed(chance: random.Random) -> tuple[str, bytes, dict[str, str]]:
    """Rightly signed, and cut off, noise, or JSON of somebody else."""
    body = _event(chance)
    other = json.dumps(
        {"event": {"id": "x", "event_type": "incident.resolved", "data": chance.choice([1, [], {}, None])}}
    )
    body = chance.choice([body[: chance.randrange(len(body))], chance.randbytes(50), other.encode(), b"[]", b""])
    return "malformed", body, _genuine(body)


def typed(chance: random.Random) -> tuple[str, bytes, dict[str, str]]:
    """Not as JSON, or packed."""
    body = _event(chance)
    kind = {"Content-Type": chance.choice(["text/plain", "application/x-www-form-urlencoded", "x", ""])}
    return "content-type", body, {**_genuine(body), **chance.choice([kind, {"Content-Encoding": "gzip"}])}


STATUS = {"signature": 401, "unsigned": 401, "too-large": 413, "malformed": 400, "content-type": 415, "method": 405}


async def test_hostile_requests() -> None:
    """It refuses forged, unsigned, oversized and malformed requests rightly, counts them, and keeps none."""
    chance = random.Random(7)  # noqa: S311 the same requests in every run
    expected: Counter[str] = Counter()
    async with door() as one:
        for attack in (forged, unsigned, oversized, malformed, typed):
            for _ in range(EACH):
                word, body, headers = attack(chance)
                assert await one.ask("POST", body, headers) == (STATUS[word], word), (word, body[:200], headers)
                expected[word] += 1
        for method in ("GET", "PUT", "DELETE", "PATCH"):
            body = _event(chance)
            assert await one.ask(method, body, _genuine(body)) == (405, "method")
            expected["method"] += 1
        assert one.inbox.hooks == []
        assert {word: one.refused(word) for word in expected} == expected
        assert await one.post(_event(chance)) == (202, "taken")


# From the simulated PagerDuty.


async def test_what_the_simulated_pagerduty_sends() -> None:
    """It takes what happens at PagerDuty, in order, each once, also where every webhook comes twice."""
    async with door((WEBHOOK_SECRET,)) as one, SimulatedPagerDuty() as pagerduty:
        subscription = pagerduty.subscribe(one.url)
        await pagerduty.suffer("pagerduty-repeats-webhooks")
        account = pagerduty.account
        incident = account.trigger(SERVICES[0], "volati.i1.3", {"summary": "x"})
        account.acknowledge(incident, person(USERS[0]))
        account.ping()
        account.resolve(incident, person(USERS[1]))
        await asyncio.wait_for(pagerduty.delivered(), 10)
        assert [hook.kind for hook in one.inbox.hooks] == [Kind.TRIGGERED, Kind.ACKNOWLEDGED, Kind.RESOLVED]
        assert Counter(attempt.status for attempt in subscription.attempts) == {202: 5, 200: 3}


class Hurried(RealClock):
    """A clock by which a wait between tries takes no time, and the five seconds for an answer do."""

    async def sleep(self, seconds: float) -> None:
        """Sleep only for an answer."""
        await super().sleep(seconds if seconds == 5.0 else 0)


async def test_pagerduty_tries_again() -> None:
    """It gets what it could not keep at a later try, in order; a wrong secret loses it for good."""
    async with door((WEBHOOK_SECRET,)) as one, SimulatedPagerDuty(Hurried()) as pagerduty:
        await pagerduty.suffer(Trouble())
        subscription = pagerduty.subscribe(one.url, ("wrong",))
        incident = pagerduty.account.trigger(SERVICES[0], "volati.i1.3", {"summary": "x"})
        await asyncio.wait_for(pagerduty.delivered(), 10)
        assert len(subscription.dropped) == 1
        subscription = pagerduty.subscribe(one.url)
        one.inbox.failing = True
        pagerduty.account.acknowledge(incident, person(USERS[0]))
        pagerduty.account.resolve(incident, person(USERS[0]))
        await asyncio.wait_for(one.inbox.failed.wait(), 10)
        one.inbox.failing = False
        await asyncio.wait_for(pagerduty.delivered(), 10)
        assert [hook.kind for hook in one.inbox.hooks] == [Kind.ACKNOWLEDGED, Kind.RESOLVED]
        assert subscription.attempts[0].status == 503
