"""Tests of measuring response times: how many samples, within which time, and what a deadline leaves."""

import asyncio

from diagnostics.context import SurfaceExpected
from diagnostics.evidence.http import NoAnswer, Outgoing, Reply, Stage
from diagnostics.evidence.network import Reached
from diagnostics.evidence.surface.kinds import GraphqlAnswers, GraphqlPage, HealthPage, HealthPages
from diagnostics.evidence.surface.look import Instruments
from diagnostics.evidence.surface.timing import Plan, Stopwatch
from diagnostics.observe import Seen
from tests.diagnostics.evidence.fakes import NOW, URL
from tests.diagnostics.evidence.surface.test_look import FakeSchemas

EXPECTED = SurfaceExpected(f"{URL}/health", f"{URL}/query")


class FakeWay:
    """A clock, a network and a server in one: each answer takes `seconds` of the clock."""

    def __init__(self, seconds: float = 0.01, failure: NoAnswer | None = None) -> None:
        self.seconds = seconds
        self.failure = failure
        self.now = 0.0
        self.sent: list[Outgoing] = []
        self.held, self.holding = asyncio.Event(), asyncio.Event()
        self.hold_at = 0

    def monotonic(self) -> float:
        """The time."""
        return self.now

    async def reach(self, url: str) -> Reached:
        """A connection in 1, 2 and 3 ms."""
        return Reached(url, 443, tls=True, lookup_ms=1, connect_ms=2, handshake_ms=3, failure=self.failure)

    async def send(self, request: Outgoing) -> Reply | NoAnswer:
        """An answer, after a while; the one at `hold_at` never comes."""
        self.sent.append(request)
        self.now += self.seconds
        if self.hold_at == len(self.sent):
            self.holding.set()
            await self.held.wait()
        waited = round(self.seconds * 1000)
        return Reply(200, {}, b"", took_ms=waited + 6, received_at=NOW, waited_ms=waited, read_ms=4)


def watch(way: FakeWay, plan: Plan | None = None, token: str = "") -> Stopwatch:
    tools = Instruments(way, way, FakeSchemas(), lambda _: (), lambda: token)
    return Stopwatch(EXPECTED, tools, plan or Plan(), way)


async def test_samples() -> None:
    """Takes as many samples as planned of each endpoint, each split into its parts."""
    way = FakeWay()
    seen = await watch(way, Plan(3, 3.0), "t0ken").times(Seen({}))
    assert {one.name: len(one.samples) for one in seen.endpoints} == {"health": 3, "GraphQL": 3}
    assert seen.endpoints[0].samples[0].parts == (1, 2, 3, 10, 4)
    assert {(one.method, one.bearer) for one in way.sent} == {("GET", ""), ("POST", "t0ken")}
    assert "t0ken" not in repr(seen)


async def test_slow_endpoints() -> None:
    """Begins no other sample once its time is over, and takes one at least."""
    seen = await watch(FakeWay(seconds=2.0), Plan(20, 3.0)).times(Seen({}))
    assert all(1 <= one.tried < 5 for one in seen.endpoints)
    seen = await watch(FakeWay(seconds=99.0), Plan(20, 3.0)).times(Seen({}))
    assert [one.tried for one in seen.endpoints] == [1, 1]


async def test_failures() -> None:
    """Keeps what ended a sample, and asks nobody who cannot be reached."""
    lost = NoAnswer(Stage.CONNECT, "Connection refused", timed_out=False, took_ms=1)
    way = FakeWay(failure=lost)
    seen = await watch(way, Plan(2)).times(Seen({}))
    assert [one.failures for one in seen.endpoints] == [(lost, lost), (lost, lost)]
    assert way.sent == []


async def test_where_they_are() -> None:
    """Measures the endpoints at the addresses where they were found."""
    way = FakeWay()
    answer = Reply(200, {}, b'{"status":"ok"}', 1, NOW).answer()
    gone = Reply(404, {}, b"", 1, NOW).answer()
    health = HealthPages((HealthPage(f"{URL}/health", gone), HealthPage(f"{URL}/gateway/v1/health", answer)))
    graphql = GraphqlAnswers(
        (GraphqlPage(f"{URL}/query", gone), GraphqlPage(f"{URL}/gateway/v1/query", answer, "Query"))
    )
    seen = await watch(way, Plan(1)).times(Seen({HealthPages: health, GraphqlAnswers: graphql}))
    assert [one.url for one in seen.endpoints] == [f"{URL}/gateway/v1/health", f"{URL}/gateway/v1/query"]


async def test_cut_off() -> None:
    """Tells the samples that there were when a deadline ended it, and nothing where there was none."""
    way = FakeWay()
    way.hold_at = 3
    measuring = watch(way, Plan(5))
    assert measuring.cut_off() is None
    task = asyncio.create_task(measuring.times(Seen({})))
    await way.holding.wait()
    task.cancel()
    await asyncio.wait({task})
    told = measuring.cut_off()
    assert told is not None
    assert sum(one.tried for one in told.endpoints) >= 2
