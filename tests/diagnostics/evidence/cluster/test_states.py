"""Tests of workloads joined with what belongs to them."""

from typing import Any

from diagnostics.evidence.cluster.kinds import (
    ClusterEvents,
    ClusterLogs,
    ClusterNodes,
    ClusterPods,
    ClusterScaling,
    ClusterSchedules,
    ClusterWorkloads,
    Gap,
)
from diagnostics.evidence.cluster.logs import ContainerLog
from diagnostics.evidence.cluster.machines import Autoscaler, Event, Node
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Owner
from diagnostics.evidence.cluster.states import WorkloadState, WorkloadStates, named
from diagnostics.evidence.cluster.workloads import Schedule
from diagnostics.model import Evidence, Reason, Subject, Unobserved
from diagnostics.observe import Seen
from tests.diagnostics.evidence.cluster.things import BACKEND, SPACE, ago, pod, revision, workload

OLD = {"pod-template-hash": "1"}
NEW = {"pod-template-hash": "2"}


def joined(*evidence: Evidence) -> WorkloadStates:
    found = Seen({type(one): one for one in evidence}).get(WorkloadStates)
    assert isinstance(found, WorkloadStates)
    return found


def states(pods: tuple[Any, ...], *more: Evidence, **parts: Any) -> WorkloadStates:
    revisions = parts.pop("revisions", (revision(1), revision(2)))
    return joined(ClusterPods((), pods), ClusterWorkloads((), (workload(**parts),), revisions), *more)


def backend(view: WorkloadStates) -> WorkloadState:
    state = view.state("Deployment", BACKEND)
    assert state is not None
    return state


def test_pods_by_revision() -> None:
    """Tells the pods of the newest revision from those before, through the replica sets that made them."""
    old = pod("old", labels=OLD, owner=Owner("ReplicaSet", "volaticloud-backend-1"))
    new = pod("new", labels=NEW, owner=Owner("ReplicaSet", "volaticloud-backend-2"))
    state = backend(states((old, new)))
    assert (state.newest, state.older) == ((new,), (old,))
    assert state.pods == (new, old)


def test_pods_without_revisions() -> None:
    """Takes all pods for the newest where the replica sets could not be listed: nothing tells them apart."""
    one = pod("a", labels=OLD, owner=Owner("ReplicaSet", "volaticloud-backend-1"))
    two = pod("b", labels=NEW, owner=Owner("ReplicaSet", "volaticloud-backend-2"))
    state = backend(states((one, two), revisions=(), revision="2"))
    assert (state.newest, state.older) == ((one, two), ())


def test_other_owners() -> None:
    """Gives a set's pods to the set, and keeps those that nobody made apart."""
    stranger, loose = pod("set-0", owner=Owner("StatefulSet", "set")), pod("by-hand", owner=None)
    view = states((stranger, loose))
    assert backend(view).pods == ()
    assert view.loose == (loose,)


def test_events_of_all_that_belongs() -> None:
    """Gathers the events about a workload, its replica sets and its pods, newest first."""

    def event(kind: str, name: str, minutes: int, namespace: str = SPACE) -> Event:
        return Event(namespace, Owner(kind, name), "Warning", f"{kind}{minutes}", "", ago(minutes=minutes))

    events = (
        event("Pod", "p", 3),
        event("Deployment", BACKEND.name, 1),
        event("ReplicaSet", "volaticloud-backend-2", 2),
        event("Pod", "p", 1, "another"),
        event("Pod", "other", 1),
    )
    state = backend(states((pod("p"),), ClusterEvents((), events)))
    assert [one.reason for one in state.events] == ["Deployment1", "ReplicaSet2", "Pod3"]
    assert [one.reason for one in state.events_about(pod("p"))] == ["Pod3"]


def test_a_pod_that_is_gone() -> None:
    """Knows when a pod of a workload was last heard of that is not there any more, by the name it had."""

    def event(name: str, minutes: int, namespace: str = SPACE) -> Event:
        return Event(namespace, Owner("Pod", name), "Normal", "Killing", "", ago(minutes=minutes))

    there = pod("volaticloud-backend-2-a", labels=NEW, owner=Owner("ReplicaSet", "volaticloud-backend-2"))
    events = (
        event(there.name.name, 1),
        event("volaticloud-backend-3-b", 1),
        event("volaticloud-backend-2-b", 1, "another"),
        event("volaticloud-backend-2-b", 4),
        event("volaticloud-backend-1-b", 3),
    )
    assert backend(states((there,), ClusterEvents((), events))).lost_at == ago(minutes=3)
    assert backend(states((there,), ClusterEvents((), events[:3]))).lost_at is None


def test_the_schedule_of_a_job() -> None:
    """Gives a job the schedule that made it, of its own namespace; and none to what another made."""
    mine, other = Schedule(Name(SPACE, "backup"), ago(days=1)), Schedule(Name("another", "backup"))
    for owner, found in (
        (Owner("CronJob", "backup"), mine),
        (Owner("CronJob", "x"), None),
        (Owner("Job", "backup"), None),
        (None, None),
    ):
        state = backend(states((), ClusterSchedules((), (mine, other)), owner=owner))
        assert state.schedule == found


def test_when_it_was_asked_for() -> None:
    """Takes the newest of its own age, its revisions' and what the server says of its spec."""
    made = workload()
    newest = max(made.created_at, revision(1).created_at, revision(2).created_at)
    assert backend(states(())).asked_at == newest
    assert backend(states((), asked_at=newest - (ago() - newest))).asked_at == newest
    assert backend(states((), asked_at=ago(seconds=1))).asked_at == ago(seconds=1)


def test_what_lies_around() -> None:
    """Joins nodes, logs and the autoscaler where they were seen."""
    node, log = Node("node-1", ago(days=1)), ContainerLog(Name(SPACE, "p"), "volaticloud")
    scaler = Autoscaler(BACKEND, Owner("Deployment", BACKEND.name), 2, 10)
    more = (ClusterNodes((), (node,)), ClusterLogs((log,)), ClusterScaling((), (scaler,)))
    one = pod("p")
    state = backend(states((one,), *more))
    assert (state.nodes, state.logs, state.autoscaler) == ((node,), (log,), scaler)
    assert state.log_of(one, one.containers[0]) == log
    assert state.rests_on == (Subject("node", "node-1"),)


def test_without_what_it_may_do_without() -> None:
    """Is joined of pods and workloads alone."""
    state = backend(states((pod("p"),)))
    assert (state.events, state.logs, state.nodes, state.autoscaler) == ((), (), (), None)


def test_without_what_it_needs() -> None:
    """Is not joined without the pods."""
    seen = Seen({ClusterPods: Unobserved("the pods", Reason.FORBIDDEN, "No."), ClusterWorkloads: ClusterWorkloads()})
    assert isinstance(seen.get(WorkloadStates), Unobserved)


def test_gaps() -> None:
    """Passes the gaps of pods and workloads on: nothing is absent across them."""
    gap = Gap("pods in namespace keycloak", Reason.FORBIDDEN, "No.", "keycloak")
    view = joined(ClusterPods((gap,)), ClusterWorkloads())
    assert not view.whole("keycloak")
    assert view.whole(SPACE)


def test_serving() -> None:
    """Serves while one pod of any revision is ready and nobody has asked for its end."""
    assert backend(states((pod("p"),))).serves
    assert not backend(states((pod("p", deleting_since=ago(seconds=1)), pod("q", conditions=())))).serves


def test_naming_pods() -> None:
    """Names three pods and counts the rest."""
    assert named([pod(name) for name in "abcde"]) == "a, b, c and 2 more"
    assert named([pod("a")]) == "a"


def test_pods_of_makers_that_are_not_listed() -> None:
    """Keeps the pods of an operator, of a kind that could not be listed, and of nobody, each by its maker."""
    operators = tuple(pod(f"db-{number}", owner=Owner("Cluster", "db")) for number in (1, 2))
    static = pod("etcd-node-1", owner=Owner("Node", "node-1"))
    bare = pod("bare-1", owner=Owner("ReplicaSet", "bare"), labels={})
    by_hand = pod("by-hand", owner=None)
    view = states((*operators, static, bare, by_hand))
    assert {(one.workload.kind, one.workload.name.name): len(one.pods) for one in view.others} == {
        ("Cluster", "db"): 2,
        ("ReplicaSet", "bare"): 1,
        ("Pod", "etcd-node-1"): 1,
        ("Pod", "by-hand"): 1,
    }
    assert [one.workload.wanted for one in view.others] == [len(one.pods) for one in view.others]
    assert view.loose == (static, by_hand)
