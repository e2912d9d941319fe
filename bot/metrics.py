"""Counts what the bot does, for Prometheus. The one module that knows its library.

It never decides what is counted when: whoever does the thing calls the recorder. Values of labels that come from
outside are bounded here, so that no hostile word can make the bot remember it for ever.
"""

import re
from typing import Protocol

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

MOST_VALUES = 100
"""Different values one label may take; the largest vocabulary of ours, that of the checks, is below it."""

OTHER = "other"
"""What a label says for a value that is malformed, or one too many."""

RUN_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds of a run: most end within one, the default bound is 20, the highest that can be set 300."""

SOURCE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds of one look: a server nearby answers in milliseconds, the highest deadline that can be set is 60."""

_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}")


class Recorder(Protocol):
    """Where everything that is worth counting is told. No method waits or fails."""

    def command(self, word: str, outcome: str) -> None:
        """A command was heard; the outcome is `begun`, `answered`, `refused`, `denied`, `busy` or `failed`."""

    def run(self, area: str, verdict: str, seconds: float) -> None:
        """A run ended with a verdict."""

    def run_failed(self, area: str) -> None:
        """A run ended without one."""

    def finding(self, check: str) -> None:
        """A check found something."""

    def source(self, kind: str, seconds: float) -> None:
        """A look at a source took so long."""

    def slack_call(self, method: str, outcome: str) -> None:
        """A call of Slack's Web API ended: `ok`, `busy`, `unreachable`, or the code Slack refused it with."""

    def delivery(self, kind: str, outcome: str) -> None:
        """Slack delivered something: `answered`, `repeated`, `unhandled`, `stopping` or `failed`.

        PagerDuty did, of kind `pagerduty`: `taken`, `repeated`, `ignored` or `failed`.
        """

    def request_refused(self, reason: str) -> None:
        """A request over HTTP was refused."""

    def sockets(self, state: str, count: int) -> None:
        """So many connections are in this state now: `open`, `wanted`."""

    def reconnected(self, reason: str) -> None:
        """A connection was replaced."""

    def error(self, where: str) -> None:
        """Something failed that should not have."""

    def page(self, action: str, outcome: str) -> None:
        """An event for PagerDuty: `trigger`, `acknowledge` or `resolve`; `accepted`, `later` or `refused`."""

    def incidents(self, open_ones: int, stalled: int) -> None:
        """So many incidents are open now, and so many of them stand still that should not."""


class Unrecorded:
    """A recorder that counts nothing."""

    def command(self, word: str, outcome: str) -> None:
        """Not counted."""

    def run(self, area: str, verdict: str, seconds: float) -> None:
        """Not counted."""

    def run_failed(self, area: str) -> None:
        """Not counted."""

    def finding(self, check: str) -> None:
        """Not counted."""

    def source(self, kind: str, seconds: float) -> None:
        """Not counted."""

    def slack_call(self, method: str, outcome: str) -> None:
        """Not counted."""

    def delivery(self, kind: str, outcome: str) -> None:
        """Not counted."""

    def request_refused(self, reason: str) -> None:
        """Not counted."""

    def sockets(self, state: str, count: int) -> None:
        """Not counted."""

    def reconnected(self, reason: str) -> None:
        """Not counted."""

    def error(self, where: str) -> None:
        """Not counted."""

    def page(self, action: str, outcome: str) -> None:
        """Not counted."""

    def incidents(self, open_ones: int, stalled: int) -> None:
        """Not counted."""


class Metrics:
    """A recorder whose counts Prometheus can read. Each has a registry of its own: nothing is shared or global."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a second series for each, which nobody reads
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._known: dict[str, set[str]] = {}
        make = _Maker(self._registry)
        self._commands = make.counter("commands", "Commands heard, by word and outcome", "word", "outcome")
        self._runs = make.counter("runs", "Runs ended, by area and verdict", "area", "verdict")
        self._run_seconds = make.histogram("run_seconds", "How long runs took", RUN_BUCKETS, "area")
        self._findings = make.counter("check_findings", "Findings, by the check that found them", "check")
        self._sources = make.histogram("source_seconds", "How long looks at a source took", SOURCE_BUCKETS, "kind")
        self._calls = make.counter("slack_calls", "Calls of Slack's Web API", "method", "outcome")
        self._deliveries = make.counter("deliveries", "What Slack and PagerDuty delivered", "kind", "outcome")
        self._refused = make.counter("requests_refused", "Requests over HTTP that were refused", "reason")
        self._sockets = make.gauge("sockets", "Connections of Socket Mode now", "state")
        self._reconnects = make.counter("socket_replacements", "Connections that were replaced", "reason")
        self._errors = make.counter("errors", "Failures of the bot itself", "where")
        self._pages = make.counter(
            "pages", "Events for PagerDuty, by what they say and what became", "action", "outcome"
        )
        self._incidents = make.gauge(
            "incidents", "Incidents now: open ones, and those of them that stand still", "state"
        )

    def exposition(self) -> tuple[bytes, str]:
        """All counts in Prometheus' text format, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def command(self, word: str, outcome: str) -> None:
        """Count a command."""
        self._commands.labels(self._held("word", word), self._held("command outcome", outcome)).inc()

    def run(self, area: str, verdict: str, seconds: float) -> None:
        """Count a run and its time."""
        area = self._held("area", area)
        self._runs.labels(area, self._held("verdict", verdict)).inc()
        self._run_seconds.labels(area).observe(seconds)

    def run_failed(self, area: str) -> None:
        """Count a run that has no verdict, and so no time either."""
        self._runs.labels(self._held("area", area), "failed").inc()

    def finding(self, check: str) -> None:
        """Count a finding."""
        self._findings.labels(self._held("check", check)).inc()

    def source(self, kind: str, seconds: float) -> None:
        """Count a look's time."""
        self._sources.labels(self._held("kind", kind)).observe(seconds)

    def slack_call(self, method: str, outcome: str) -> None:
        """Count a call."""
        self._calls.labels(self._held("method", method), self._held("call outcome", outcome)).inc()

    def delivery(self, kind: str, outcome: str) -> None:
        """Count a delivery."""
        self._deliveries.labels(self._held("delivery", kind), self._held("delivery outcome", outcome)).inc()

    def request_refused(self, reason: str) -> None:
        """Count a refused request."""
        self._refused.labels(self._held("refusal", reason)).inc()

    def sockets(self, state: str, count: int) -> None:
        """Note how many there are."""
        self._sockets.labels(self._held("state", state)).set(count)

    def reconnected(self, reason: str) -> None:
        """Count a replacement."""
        self._reconnects.labels(self._held("replacement", reason)).inc()

    def error(self, where: str) -> None:
        """Count a failure."""
        self._errors.labels(self._held("where", where)).inc()

    def page(self, action: str, outcome: str) -> None:
        """Count an event for PagerDuty."""
        self._pages.labels(self._held("action", action), self._held("page outcome", outcome)).inc()

    def incidents(self, open_ones: int, stalled: int) -> None:
        """Note how many there are."""
        self._incidents.labels("open").set(open_ones)
        self._incidents.labels("stalled").set(stalled)

    def _held(self, label: str, value: str) -> str:
        """The value as a label takes it: itself, as long as it is well formed and not one too many."""
        known = self._known.setdefault(label, set())
        if value in known:
            return value
        if len(known) >= MOST_VALUES or not _VALUE.fullmatch(value):
            return OTHER
        known.add(value)
        return value


class _Maker:
    """Makes the series of one registry, all named alike."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"volati_{name}", about, labels, registry=self._registry)

    def gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"volati_{name}", about, labels, registry=self._registry)

    def histogram(self, name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"volati_{name}", about, labels, buckets=buckets, registry=self._registry)
