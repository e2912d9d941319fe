"""Tests of the quick look: what is counted, what is joined, what is left out, what could not be seen."""

from typing import Any

import msgspec
import pytest

from diagnostics.evidence.cluster.kinds import (
    ClusterIngresses,
    ClusterNodes,
    ClusterPods,
    ClusterServices,
    ClusterUsage,
    ClusterWorkloads,
    Gap,
)
from diagnostics.evidence.cluster.machines import Node, Usage
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Condition, Owner, Role, Stage
from diagnostics.evidence.cluster.services import Backend, Endpoint, Ingress, Route, Service, ServicePort, Slice
from diagnostics.evidence.cluster.workloads import Amounts, ContainerSpec, Template, Workload
from diagnostics.glances.overview import LOOKS, IngressRow, NodeRow, Overview, PodsRow, ServiceRow, overview, total
from diagnostics.model import Evidence, Reason, Unobserved
from diagnostics.observe import Seen
from tests.diagnostics.evidence.cluster.things import (
    BACKEND,
    LABELS,
    NOW,
    SPACE,
    ago,
    container,
    ended,
    pod,
    revision,
    workload,
)

ASKS, MOST = Amounts(250, 2**28), Amounts(1_000, 2**29)
TEMPLATE = Template(
    LABELS,
    (
        ContainerSpec("volaticloud", "backend:1", requests=ASKS, limits=MOST),
        ContainerSpec("prepare", "busybox", Role.INIT, requests=Amounts(9_999, 9_999)),
    ),
)
BROKEN = container(stage=Stage.WAITING, ready=False, restarts=4, reason="CrashLoopBackOff", last_end=ended(1))
UNREADY = (Condition("Ready", "False"),)


def look(*found: Evidence, blind: tuple[type[Evidence], ...] = ()) -> Overview:
    empty: dict[type[Evidence], Any] = {kind: kind() for kind in LOOKS}
    lacks = {kind: Unobserved(kind.WHAT, Reason.TIMEOUT, "No answer.") for kind in blind}
    return overview(Seen({**empty, **{type(one): one for one in found}, **lacks}), "production", (SPACE, "other"), NOW)


def backend(*pods: Any, **parts: Any) -> tuple[Evidence, Evidence]:
    return ClusterPods((), pods), ClusterWorkloads((), (workload(template=TEMPLATE, **parts),), (revision(),))


def test_pods() -> None:
    """Counts ready pods of the wanted ones, restarts, why one is not ready, and what is used of what is allowed."""
    used = ClusterUsage(
        (),
        (Usage("a", Amounts(40, 100), SPACE, "volaticloud"), Usage("b", Amounts(2, 20), SPACE, "volaticloud")),
    )
    found = look(*backend(pod("a"), pod("b", BROKEN, conditions=UNREADY)), used)
    assert found.namespaces[0].pods == (
        PodsRow(
            "Deployment",
            BACKEND,
            ready=1,
            wanted=2,
            restarts=4,
            restarted_at=ago(minutes=1),
            trouble="CrashLoopBackOff",
            used=Amounts(42, 120),
            requested=Amounts(500, 2**29),
            limits=Amounts(2_000, 2**30),
        ),
    )
    assert found.pods_ready == (1, 2)
    assert [space.name for space in found.namespaces] == [SPACE]


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"reason": "Evicted", "phase": "Failed", "conditions": UNREADY}, "Evicted"),
        (
            {"conditions": (*UNREADY, Condition("PodScheduled", "False", "Unschedulable")), "containers": ()},
            "Unschedulable",
        ),
        ({"deleting_since": ago(minutes=1)}, "Terminating"),
        ({"conditions": UNREADY}, "NotReady"),
        ({"conditions": UNREADY, "phase": "Pending"}, "Pending"),
        (
            {"conditions": UNREADY, "containers": (container(stage=Stage.TERMINATED, end=ended(137, "OOMKilled")),)},
            "OOMKilled",
        ),
        ({}, ""),
    ],
)
def test_trouble(parts: dict[str, Any], word: str) -> None:
    """Says in the cluster's own word why a pod is not ready."""
    well = pod("a")
    found = look(*backend(msgspec.structs.replace(well, **parts)))
    assert found.namespaces[0].pods[0].trouble == word


def test_worst_first() -> None:
    """Tells first what lacks pods."""
    other = workload(name=Name(SPACE, "a-dashboard"), wanted=0)
    pods, workloads = backend()
    assert isinstance(workloads, ClusterWorkloads)
    found = look(pods, msgspec.structs.replace(workloads, workloads=(other, *workloads.workloads)))
    assert [row.name.name for row in found.namespaces[0].pods] == ["volaticloud-backend", "a-dashboard"]


def test_what_is_finished() -> None:
    """Counts jobs and pods that came to a good end, and lists those that failed and pods made by hand."""

    def job(name: str, *conditions: Condition, **facts: Any) -> Workload:
        return workload(**{"kind": "Job", "name": Name(SPACE, name), "wanted": 1, "conditions": conditions, **facts})

    done, lost = Condition("Complete", "True"), Condition("Failed", "True", "DeadlineExceeded")
    jobs = (
        job("done", done),
        job("done-without-pods", done),
        job("failed"),
        job("gone", lost),
        job("refused"),
        job("undone", Condition("Complete", "False")),
    )
    ends = pod("done-x", phase="Succeeded", owner=Owner("Job", "done"), conditions=UNREADY)
    fails = pod(
        "failed-x", container(stage=Stage.TERMINATED, end=ended(1)), phase="Failed", owner=Owner("Job", "failed")
    )
    fails = msgspec.structs.replace(fails, conditions=UNREADY)
    by_hand, over = pod("by-hand", owner=None), pod("over", owner=None, phase="Succeeded")
    found = look(ClusterPods((), (ends, fails, by_hand, over)), ClusterWorkloads((), jobs))
    (space,) = found.namespaces
    assert space.finished == 3
    assert [(row.kind, row.name.name, row.trouble) for row in space.pods] == [
        ("Job", "failed", "Error"),
        ("Job", "gone", "DeadlineExceeded"),
        ("Job", "refused", ""),
        ("Job", "undone", ""),
        ("Pod", "by-hand", ""),
    ]


def test_services() -> None:
    """Counts the ready endpoints of a service, each address once, and those that are leaving as not ready."""
    name = Name(SPACE, "volaticloud-backend")
    ends = (Endpoint("10.0.0.1", ready=True), Endpoint("10.0.0.2", ready=False))
    leaving = Endpoint("10.0.0.3", ready=True, terminating=True)
    slices = (Slice(name, ends), Slice(name, (ends[0], leaving)), Slice(Name(SPACE, "other"), ends))
    service = Service(name, ports=(ServicePort(8080, "http"),), addresses=("203.0.113.9",))
    away = Service(Name(SPACE, "db"), "ExternalName", external_name="db.example.com")
    found = look(ClusterServices((), (service, away), slices))
    assert found.namespaces[0].services == (
        ServiceRow(name, "ClusterIP", 1, 3, ports=("8080/TCP",), addresses=("203.0.113.9",)),
        ServiceRow(away.name, "ExternalName", elsewhere="db.example.com"),
    )


def test_endpoints_that_were_not_seen() -> None:
    """Does not call a service without endpoints whose endpoints could not be seen."""
    gap = Gap(f"endpoints in namespace {SPACE}", Reason.FORBIDDEN, "It may not.", SPACE)
    found = look(ClusterServices((gap,), (Service(BACKEND),)))
    assert found.namespaces[0].services[0].endpoints is None
    assert found.lacks[0].what == f"endpoints in namespace {SPACE}"


def test_ingresses() -> None:
    """Names each host of an ingress once, and the addresses it was given."""
    name, to = Name(SPACE, "api"), Backend("volaticloud-backend", 8080)
    routes = tuple(Route("api.example.com", path, "Prefix", to) for path in ("/", "/x"))
    found = look(
        ClusterIngresses((), (Ingress(name, routes=routes, addresses=("1.2.3.4",)), Ingress(name, default=to)))
    )
    assert found.namespaces[0].ingresses == (
        IngressRow(name, ("api.example.com",), ("1.2.3.4",)),
        IngressRow(name, ("*",), ()),
    )


def test_nodes() -> None:
    """Tells of each node what is used of what pods may use, those that are not ready first."""
    room = Amounts(4_000, 2**33)
    well = Node("a", ago(days=9), (Condition("Ready", "True"),), allocatable=room)
    lost = Node("b", ago(days=9), (Condition("Ready", "Unknown"),), allocatable=room)
    found = look(ClusterNodes((), (well, lost)), ClusterUsage((), (), (Usage("a", Amounts(400, 2**30)),)))
    assert found.nodes == (
        NodeRow("b", ready=False, room=room),
        NodeRow("a", ready=True, used=Amounts(400, 2**30), room=room),
    )


@pytest.mark.parametrize("kind", LOOKS)
def test_what_was_not_seen(kind: type[Evidence]) -> None:
    """Names what could not be seen with its reason, and shows the rest."""
    rest = [one for one in (*backend(pod("a")), ClusterServices((), (Service(BACKEND),))) if type(one) is not kind]
    found = look(*rest, blind=(kind,))
    assert [(one.what, one.reason) for one in found.lacks] == [(kind.WHAT, Reason.TIMEOUT)]
    assert found.namespaces
    if kind is ClusterWorkloads:
        assert [row.name.name for row in found.namespaces[0].pods] == ["a"]


def test_sums() -> None:
    """Adds what is said; where somebody says no limit, there is none for all."""
    some = (Amounts(100, None), Amounts(None, 20), Amounts(5, 5))
    assert total(some) == Amounts(105, 25)
    assert total(some, whole=True) == Amounts(None, None)
    assert total((Amounts(1, 2), Amounts(3, 4)), whole=True) == Amounts(4, 6)
    assert total(()) == Amounts(None, None)
