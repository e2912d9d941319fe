"""Events: counted when they come again, each as its component writes it, and gone after an hour."""

from datetime import UTC, datetime, timedelta

from playground.world.kubernetes.clock import Clock
from playground.world.kubernetes.events import KUBELET, SCHEDULER, Events, last_seen_s
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.store import Frozen, Store

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


class Recorder:
    """Events about one pod, at times of one's choice."""

    def __init__(self) -> None:
        self.clock = Clock(lambda: NOW)
        self.store = Store(self.clock.now)
        self.events = Events(self.store, self.clock)
        self.pod = self.store.create(kind_named("Pod"), {"metadata": {"name": "p", "namespace": "n"}, "spec": {}})

    def at(self, seconds: float) -> Events:
        """The recorder so many seconds later."""
        self.clock.hold((NOW + timedelta(seconds=seconds)).timestamp())
        return self.events

    def told(self) -> tuple[Frozen, ...]:
        """Every event."""
        return self.store.listed(kind_named("Event"))


def test_the_same_again_is_counted() -> None:
    """Counts the same event about the same container, and keeps another apart."""
    recorder = Recorder()
    kubelet = KUBELET.on("vke-node-1")
    for seconds in (0, 10, 20):
        recorder.at(seconds).warning(recorder.pod, kubelet, "BackOff", "Back-off", "spec.containers{a}")
    recorder.at(30).warning(recorder.pod, kubelet, "BackOff", "Back-off", "spec.containers{b}")
    first = next(one for one in recorder.told() if one["involvedObject"]["fieldPath"].endswith("{a}"))
    assert len(recorder.told()) == 2
    assert (first["count"], first["firstTimestamp"], first["lastTimestamp"]) == (
        3,
        "2026-11-25T12:00:00Z",
        "2026-11-25T12:00:20Z",
    )
    assert first["source"] == {"component": "kubelet", "host": "vke-node-1"}
    assert first["reportingInstance"] == "vke-node-1"


def test_the_scheduler_writes_a_series() -> None:
    """Has the scheduler's events as it writes them: an eventTime, no count, a series when they come again."""
    recorder = Recorder()
    recorder.at(0).warning(recorder.pod, SCHEDULER, "FailedScheduling", "0/3 nodes are available")
    recorder.at(300).warning(recorder.pod, SCHEDULER, "FailedScheduling", "0/3 nodes are available")
    (told,) = recorder.told()
    assert told["firstTimestamp"] is told["lastTimestamp"] is None
    assert "count" not in told
    assert told["eventTime"] == "2026-11-25T12:00:00.000000Z"
    assert told["series"] == {"count": 2, "lastObservedTime": "2026-11-25T12:05:00.000000Z"}
    assert last_seen_s(told) == (NOW + timedelta(seconds=300)).timestamp()


def test_they_are_forgotten_after_an_hour() -> None:
    """Forgets an event an hour after it was last seen."""
    recorder = Recorder()
    recorder.at(0).normal(recorder.pod, KUBELET, "Started", "Container started")
    recorder.at(3600).expire()
    assert len(recorder.told()) == 1
    recorder.at(3601).expire()
    assert recorder.told() == ()
