"""How long the endpoints take, split by what the time goes into, over several samples. Pure."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from diagnostics.evidence.http import SERVER_FAILED, NoAnswer, silence
from diagnostics.model import Evidence, Figure, Value

#: What one request of a new client is made of, in order; each in ms.
PARTS = ("name lookup", "connect", "TLS", "first byte", "rest of the answer")


class Sample(Value, frozen=True):
    """One request as a new client makes it, in ms: each part of it, and the status it was answered with.

    `waited_ms` goes from the request to the answer's first bytes: the server's own part.
    """

    lookup_ms: int
    connect_ms: int
    tls_ms: int
    waited_ms: int
    rest_ms: int
    status: int = 200

    @property
    def parts(self) -> tuple[int, ...]:
        """The parts, in the order of PARTS."""
        return (self.lookup_ms, self.connect_ms, self.tls_ms, self.waited_ms, self.rest_ms)

    @property
    def total_ms(self) -> int:
        """All of it."""
        return sum(self.parts)

    @property
    def failed(self) -> bool:
        """Whether the server, or what stands before it, answered that it failed: its time is no response time."""
        return self.status // 100 == SERVER_FAILED


class Endpoint(Value, frozen=True):
    """One endpoint: what it is called, its address, the samples that were answered, and what ended the others."""

    name: str
    url: str
    samples: tuple[Sample, ...] = ()
    failures: tuple[NoAnswer, ...] = ()

    @property
    def tried(self) -> int:
        """How many samples were taken."""
        return len(self.samples) + len(self.failures)

    @property
    def failed(self) -> int:
        """How many of them were not answered, or with a failure."""
        return len(self.failures) + sum(sample.failed for sample in self.samples)

    def at(self, percent: int, of: Callable[[Sample], int] = lambda one: one.total_ms) -> int:
        """The percentile of its samples, by nearest rank, in ms; 0 without any."""
        return percentile([of(one) for one in self.samples], percent)

    def share(self, place: int) -> int:
        """The median of one of PARTS, in ms."""
        return self.at(50, lambda one: one.parts[place])

    @property
    def slowest_part(self) -> int:
        """Which of PARTS takes longest, by its median."""
        return max(range(len(PARTS)), key=self.share)


class ResponseTimes(Evidence, frozen=True):
    """The response times of the health and the GraphQL endpoint, seen from where the bot runs."""

    KIND: ClassVar[str] = "surface.times"
    WHAT: ClassVar[str] = "the response times"
    SETTING: ClassVar[str] = "environments.<name>.backend.samples"

    endpoints: tuple[Endpoint, ...]

    def figures(self) -> tuple[Figure, ...]:
        """Of each endpoint that did not only fail: p50 and p95, and the median of each part."""
        return tuple(
            one for endpoint in self.endpoints if endpoint.failed < endpoint.tried for one in _figures(endpoint)
        )

    def unanswered(self) -> str:
        """Why no request was answered."""
        if any(one.samples for one in self.endpoints):
            return ""
        return silence(*(failure for one in self.endpoints for failure in one.failures))


def label(endpoint: str, what: str) -> str:
    """The label of an endpoint's figure."""
    return f"{endpoint} {what} (ms)"


def percentile(values: Iterable[float], percent: int) -> int:
    """The value that so many percent are at most as large as, by nearest rank; 0 without values."""
    ranked = sorted(values)
    return round(ranked[max(0, -(-percent * len(ranked) // 100) - 1)]) if ranked else 0


def _figures(endpoint: Endpoint) -> Iterable[Figure]:
    yield Figure(label(endpoint.name, "p50"), float(endpoint.at(50)))
    yield Figure(label(endpoint.name, "p95"), float(endpoint.at(95)))
    yield from (Figure(label(endpoint.name, name), float(endpoint.share(place))) for place, name in enumerate(PARTS))
