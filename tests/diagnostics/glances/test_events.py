"""Tests of grouping events: what counts as the same, whose they are, in which order they are told."""

from datetime import datetime
from typing import Any

import pytest

from diagnostics.evidence.cluster.kinds import ClusterEvents, ClusterSecrets, Gap
from diagnostics.evidence.cluster.machines import Event
from diagnostics.evidence.cluster.pods import Owner
from diagnostics.glances.events import EventGroup, events_glance, grouped, workload_of
from diagnostics.model import Reason, Unobserved
from diagnostics.observe import Seen
from tests.diagnostics.evidence.cluster.things import NOW, SPACE, ago

ONE, TWO = "volaticloud-backend-5959c74bb5-hwptr", "volaticloud-backend-7d9f8b6c54-lmx7l"


def event(pod: str = ONE, **parts: Any) -> Event:
    """A warning about a pod of the backend, a minute ago unless said otherwise."""
    well: dict[str, Any] = {
        "namespace": SPACE,
        "about": Owner("Pod", pod),
        "type": "Warning",
        "reason": "BackOff",
        "message": "Back-off restarting failed container",
        "last_at": ago(minutes=1),
    }
    return Event(**{**well, **parts})


def only(*events: Event) -> EventGroup:
    (group,) = grouped(events)
    return group


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (f"Back-off in pod {ONE}_volaticloud", f"Back-off in pod {TWO}_volaticloud"),
        ("Back-off 10s restarting", "Back-off 1m20s restarting"),
        ("Startup probe failed: 503", "Startup probe failed: 500"),
        ('Get "http://10.244.3.17:8080/health": refused', 'Get "http://10.244.1.4:8080/health": refused'),
        ("pod x(357d6f2e-c4e1-49a1-9f2e-490cdb0f0126)", "pod x(0b1c2d3e-aaaa-bbbb-cccc-490cdb0f0126)"),
        ("Created pod: volaticloud-backend-5959c74bb5-x2x9z", "Created pod: volaticloud-backend-5959c74bb5-zz7bk"),
        ("pulled in 1.234s (1.3s including waiting)", "pulled in 890ms (12.1s including waiting)"),
        ("0/3 nodes are available", "0/12 nodes are  available"),
    ],
)
def test_the_same(one: str, two: str) -> None:
    """Tells once what differs in names, ids, addresses and numbers alone."""
    group = only(event(ONE, message=one), event(TWO, message=two))
    assert (group.things, group.name, group.count) == (2, "volaticloud-backend", 2)


@pytest.mark.parametrize(
    "other",
    [
        {"message": "Back-off pulling image"},
        {"reason": "Failed"},
        {"type": "Normal"},
        {"namespace": "keycloak"},
        {"about": Owner("Pod", "volaticloud-dashboard-5959c74bb5-hwptr")},
        {"about": Owner("ReplicaSet", "volaticloud-backend-5959c74bb5")},
    ],
)
def test_not_the_same(other: dict[str, Any]) -> None:
    """Keeps apart what has another message, reason, type or namespace, and what is about another workload or kind."""
    assert len(grouped([event(), event(**other)])) == 2


def test_counts_and_times() -> None:
    """Counts how often it happened in all, from the first time to the last, and keeps the newest message."""
    old = event(message="Back-off 10s", count=3, first_at=ago(minutes=30), last_at=ago(minutes=20))
    new = event(message="Back-off 40s", count=2, first_at=ago(minutes=10), last_at=ago(minutes=5))
    group = only(old, new)
    assert (group.count, group.first_at, group.last_at) == (5, ago(minutes=30), ago(minutes=5))
    assert (group.message, group.name, group.things) == ("Back-off 40s", ONE, 1)
    assert only(event(first_at=None)).first_at == ago(minutes=1)


def at(clock: str, kind: str) -> Event:
    when = datetime.fromisoformat(f"2026-01-02T{clock}+00:00")
    return event(type=kind, reason=f"{kind}{clock}", last_at=when)


def test_order() -> None:
    """Tells the newest first; of what happened in the same minute the warnings before the rest."""
    events = [at("03:03:50", "Normal"), at("03:03:10", "Warning"), at("03:04:01", "Normal"), at("03:03:20", "Warning")]
    assert [group.reason for group in grouped(events)] == [
        "Normal03:04:01",
        "Warning03:03:20",
        "Warning03:03:10",
        "Normal03:03:50",
    ]


@pytest.mark.parametrize(
    ("kind", "name", "workload"),
    [
        ("Pod", "volaticloud-backend-5959c74bb5-hwptr", "volaticloud-backend"),
        ("Pod", "volaticloud-keycloak-0", "volaticloud-keycloak"),
        ("Pod", "node-exporter-zz7bk", "node-exporter"),
        ("Pod", "backup-29384756-x2x9z", "backup"),
        ("Pod", "started-by-hand", "started-by-hand"),
        ("ReplicaSet", "volaticloud-backend-5959c74bb5", "volaticloud-backend"),
        ("Job", "backup-29384756", "backup"),
        ("Job", "migrate", "migrate"),
        ("Deployment", "web-22222", "web-22222"),
        ("Node", "vke-node-1", "vke-node-1"),
    ],
)
def test_whose_it_is(kind: str, name: str, workload: str) -> None:
    """Reads from a thing's name which workload made it, also when the thing is gone."""
    assert workload_of(Owner(kind, name)) == workload


def test_messages_are_bare() -> None:
    """Leaves out of a message what a reader cannot see, and puts it on one line."""
    assert only(event(message="a\x1b[31m b\n\tc\u202e\u200bd\x07")).message == "a b cd"


def test_the_glance() -> None:
    """Says how many events were read, that there were more, and what could not be seen."""
    gap = Gap("events in namespace keycloak", Reason.FORBIDDEN, "It may not list events.", "keycloak")
    seen = Seen(
        {ClusterEvents: ClusterEvents((gap,), (event(), event(TWO)), cut=True), ClusterSecrets: ClusterSecrets()}
    )
    found = events_glance(seen, "production", NOW)
    assert (found.read, len(found.groups), found.cut) == (2, 1, True)
    assert found.lacks == (Unobserved("events in namespace keycloak", Reason.FORBIDDEN, "It may not list events."),)


def test_nothing_was_seen() -> None:
    """Has no groups and the reason when the events could not be seen."""
    silent = Unobserved(ClusterEvents.WHAT, Reason.TIMEOUT, "No answer.")
    found = events_glance(Seen({ClusterEvents: silent, ClusterSecrets: ClusterSecrets()}), "production", NOW)
    assert (found.groups, found.lacks) == ((), (silent,))
