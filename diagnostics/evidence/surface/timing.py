"""How response times are measured: each sample as a new client makes it, one after another, within a budget of time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from diagnostics.context import SurfaceExpected
from diagnostics.evidence.http import NoAnswer, Outgoing, Reply
from diagnostics.evidence.network import Reached
from diagnostics.evidence.surface.kinds import GraphqlAnswers, HealthPages
from diagnostics.evidence.surface.look import TYPENAME, Instruments, asking
from diagnostics.evidence.surface.times import Endpoint, ResponseTimes, Sample
from diagnostics.observe import Clock, Seen, Source


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: samples of each endpoint, and the seconds after which no other sample is begun.

    Slow endpoints get fewer samples; each gets one at least.
    """

    samples: int = 5
    seconds: float = 3.0


class Stopwatch:
    """One run's measurement of both endpoints, at the same time. The samples of one follow one another."""

    def __init__(self, expected: SurfaceExpected, tools: Instruments, plan: Plan, clock: Clock) -> None:
        self._expected = expected
        self._tools = tools
        self._plan = plan
        self._clock = clock
        self._taken: dict[str, Endpoint] = {}

    async def times(self, seen: Seen) -> ResponseTimes:
        """The response times, at the addresses where the endpoints were found."""
        health, graphql = seen.given(HealthPages), seen.given(GraphqlAnswers)
        health_url = health.page.url if health else self._expected.health_url
        graphql_url = graphql.page.url if graphql else self._expected.graphql_url
        token = self._tools.token()
        await asyncio.gather(
            self._measured("health", lambda: Outgoing("GET", health_url)),
            self._measured("GraphQL", lambda: asking(graphql_url, TYPENAME, token)),
        )
        return ResponseTimes(tuple(self._taken.values()))

    def cut_off(self) -> ResponseTimes | None:
        """What was measured when a deadline ended it; nothing where no sample was finished."""
        taken = tuple(one for one in self._taken.values() if one.tried)
        return ResponseTimes(taken) if taken else None

    async def _measured(self, name: str, request: Callable[[], Outgoing]) -> None:
        began = self._clock.monotonic()
        self._taken[name] = Endpoint(name, request().url)
        for number in range(self._plan.samples):
            if number and self._clock.monotonic() - began > self._plan.seconds:
                return
            self._keep(name, await self._sample(request()))

    def _keep(self, name: str, one: Sample | NoAnswer) -> None:
        before = self._taken[name]
        if isinstance(one, Sample):
            self._taken[name] = Endpoint(name, before.url, (*before.samples, one), before.failures)
        else:
            self._taken[name] = Endpoint(name, before.url, before.samples, (*before.failures, one))

    async def _sample(self, request: Outgoing) -> Sample | NoAnswer:
        """One request: the way there is measured apart, by a connection of its own."""
        reached = await self._tools.network.reach(request.url)
        if reached.failure:
            return reached.failure
        reply = await self._tools.http.send(request)
        return _sample(reached, reply) if isinstance(reply, Reply) else reply


def times_source(watch: Stopwatch) -> Source[ResponseTimes]:
    """The measurement as a source: after the endpoints were found, so that it is made at the right address."""
    return Source(ResponseTimes, watch.times, cut_off=watch.cut_off, after=(HealthPages, GraphqlAnswers))


def _sample(reached: Reached, reply: Reply) -> Sample:
    waited = reply.waited_ms if reply.waited_ms is not None else reply.took_ms
    return Sample(
        lookup_ms=reached.lookup_ms or 0,
        connect_ms=reached.connect_ms or 0,
        tls_ms=reached.handshake_ms or 0,
        waited_ms=waited,
        rest_ms=reply.read_ms or 0,
        status=reply.status,
    )
