"""Tests of the looks at a cluster: everything once, a forbidden namespace as a gap, secrets before logs."""

from collections import Counter
from typing import Any

import msgspec

from diagnostics.context import ClusterExpected, SealedExpected
from diagnostics.evidence.cluster.client import GoneError
from diagnostics.evidence.cluster.kinds import (
    ClusterConfigs,
    ClusterEvents,
    ClusterLogs,
    ClusterPods,
    ClusterRights,
    ClusterSecrets,
    ClusterUsage,
    ClusterWorkloads,
    DatabaseReach,
    Right,
)
from diagnostics.evidence.cluster.machines import Event
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.pods import Owner, Stage
from diagnostics.evidence.cluster.sealed import ClusterSealed
from diagnostics.evidence.cluster.services import DatabaseTarget, Key, Sealed
from diagnostics.evidence.cluster.sources import EVENTS_AT_MOST, ClusterLook, cluster_sources, database_source, wanted
from diagnostics.evidence.cluster.workloads import ContainerSpec, Origin, Template, Variable
from diagnostics.evidence.network import Reached
from diagnostics.model import CouldNotLookError, Reason, Unobserved
from diagnostics.observe import Observation, Seen
from tests.diagnostics.evidence.cluster.things import (
    LABELS,
    NOW,
    SPACE,
    FakeCluster,
    ago,
    container,
    ended,
    pod,
    workload,
)
from tests.diagnostics.toys import lookout, marks

SECRET = Name(SPACE, "db")
EXPECTED = ClusterExpected(namespaces=(SPACE, "keycloak"), secrets=(SealedExpected(SECRET, ("password",)),))
NO = CouldNotLookError(Reason.FORBIDDEN, "The right to list pods in namespace keycloak is missing.")


class FakeNetwork:
    """Reaches everything, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def reach(self, url: str) -> Reached:
        """Reach it."""
        self.asked.append(url)
        return Reached("db", 5432, tls=False)


async def look(cluster: FakeCluster, network: FakeNetwork | None = None) -> Seen:
    looking = ClusterLook(cluster, EXPECTED, marks(), lambda: NOW)
    sources: Any = (*cluster_sources(looking), database_source(network or FakeNetwork()))
    return await Observation(sources, lookout()).look()


async def test_each_thing_once() -> None:
    """Asks for each kind of thing once in each namespace, however many areas want it."""
    cluster = FakeCluster()
    await look(cluster)
    assert {question for question, times in Counter(cluster.asked).items() if times > 1} == set()
    assert {"pods/volaticloud", "pods/keycloak", "nodes", "events/keycloak"} <= set(cluster.asked)


async def test_a_forbidden_namespace_is_a_gap() -> None:
    """Sees the other namespaces, and says what of which was not seen and why."""
    seen = (await look(FakeCluster({"pods": (pod("p"),), "pods/keycloak": NO})))[ClusterPods]
    assert [one.name.name for one in seen.pods] == ["p"]
    assert [(gap.what, gap.reason, gap.namespace) for gap in seen.gaps] == [
        ("pods in namespace keycloak", Reason.FORBIDDEN, "keycloak")
    ]
    assert seen.whole(SPACE)
    assert not seen.whole("keycloak")


async def test_nothing_at_all_is_no_evidence() -> None:
    """Is unobserved, with the reason, where no namespace can be seen."""
    found = (await look(FakeCluster({"pods": NO}))).get(ClusterPods)
    assert isinstance(found, Unobserved)
    assert (found.reason, found.detail) == (Reason.FORBIDDEN, NO.detail)


async def test_no_metrics_server() -> None:
    """Takes usage that cannot be measured for unobserved, without a fault."""
    away = CouldNotLookError(Reason.NOT_CONFIGURED, "No metrics server.")
    found = (await look(FakeCluster({"pod_usage": away, "node_usage": away}))).get(ClusterUsage)
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.NOT_CONFIGURED


async def test_rights() -> None:
    """Names the rights that are missing of those that looking needs."""
    lacks = Right("list", "pods", "keycloak")
    assert (await look(FakeCluster(lacks=(lacks,))))[ClusterRights] == ClusterRights((lacks,), "v1.36.0")


def test_what_looking_needs() -> None:
    """Wants to read, and only the named secrets: no right that changes anything, no list of secrets."""
    rights = wanted(EXPECTED)
    assert {right.verb for right in rights} == {"get", "list"}
    assert [str(right) for right in rights if "secret" in right.resource] == ["get secrets/db in namespace volaticloud"]


async def test_secrets_and_config_maps() -> None:
    """Looks at the configured secrets, and at the config maps that workloads name, each once."""
    variables = (Variable("A", Origin.CONFIG, "settings", "a"), Variable("B", Origin.CONFIG, "settings", "b"))
    spec = workload(template=Template(LABELS, (ContainerSpec("c", "i", variables=variables),)))
    found = Sealed(SECRET, keys=(Key("password"),))
    cluster = FakeCluster({"deployments/volaticloud": (spec,)}, sealed={SECRET: found})
    seen = await look(cluster)
    assert seen[ClusterSealed].secret(SECRET) == found
    assert seen[ClusterConfigs].sealed == (Sealed(Name(SPACE, "settings"), exists=False),)


async def test_a_secret_that_may_not_be_read() -> None:
    """Is a gap, and is not known: neither there nor missing."""
    seen = await look(FakeCluster(sealed={SECRET: NO}))
    assert seen[ClusterSealed].secret(SECRET) is None
    assert [gap.what for gap in seen[ClusterSecrets].gaps] == ["secret db in namespace volaticloud"]


async def test_logs_of_what_failed() -> None:
    """Reads the log of the failed container's failed run, and no other."""
    fallen = pod("p", container(stage=Stage.WAITING, ready=False, last_end=ended()))
    cluster = FakeCluster({"pods/volaticloud": (fallen, pod("q"))}, logs={(fallen.name, "volaticloud", True): ("x",)})
    (log,) = (await look(cluster))[ClusterLogs].logs
    assert (log.pod, log.previous, log.lines) == (fallen.name, True, ("x",))
    assert [asked for asked in cluster.asked if asked.startswith("log/")] == ["log/volaticloud/p/volaticloud/previous"]


async def test_logs_that_went_with_their_pods() -> None:
    """Leaves out a log whose pod went while it was looked at, and takes it for unseen where all of them did."""
    waits = container(stage=Stage.WAITING, ready=False, last_end=ended())
    fallen = [pod(name, waits, owner=Owner("StatefulSet", name)) for name in ("p", "q")]
    gone = GoneError(Reason.FAILED, "Pod volaticloud/p is not there any more.")
    for went, left in ((fallen[:1], ["q"]), (fallen, ["p"])):
        cluster = FakeCluster({"pods/volaticloud": tuple(fallen)})
        cluster.logs.update({(one.name, "volaticloud", True): gone if one in went else ("x",) for one in fallen})
        seen = (await look(cluster))[ClusterLogs]
        assert [log.pod.name for log in seen.logs] == left
        assert [one.reason for one in seen.lacks()] == ([Reason.FAILED] if went == fallen else [])


async def test_events_are_bounded() -> None:
    """Keeps the newest events, and says that there were more."""
    events = tuple(
        Event(SPACE, Owner("Pod", "p"), "Warning", str(number), "", ago(seconds=number))
        for number in range(EVENTS_AT_MOST + 1)
    )
    seen = (await look(FakeCluster({"events/volaticloud": tuple(reversed(events))})))[ClusterEvents]
    assert seen.events == events[:-1]
    assert seen.cut


async def test_the_database_is_reached_at_its_address() -> None:
    """Reaches the address that a configured secret names, in the form an address of its family has."""
    for host, url in (("db.internal", "http://db.internal:6432"), ("fd00::5", "http://[fd00::5]:6432")):
        network = FakeNetwork()
        told = Sealed(SECRET, database=DatabaseTarget(host, 6432))
        seen = await look(FakeCluster(sealed={SECRET: told}), network)
        assert network.asked == [url]
        assert seen[DatabaseReach].told_by == SECRET


async def test_no_database_is_named() -> None:
    """Says that no configured secret names a database, where none does."""
    found = (await look(FakeCluster())).get(DatabaseReach)
    assert isinstance(found, Unobserved)
    assert found.reason is Reason.NOT_CONFIGURED


async def test_evidence_survives_its_redaction() -> None:
    """Keeps names of secrets, keys and claims readable: what is masked are values."""
    variables = (Variable("TOKEN", Origin.SECRET, "keycloak-client-secret", "client-secret"),)
    spec = workload(template=Template(LABELS, (ContainerSpec("c", "i", variables=variables),)))
    told = Sealed(SECRET, keys=(Key("password", fingerprint="4f1c9ab07e21"),))
    seen = await look(FakeCluster({"deployments/volaticloud": (spec,)}, sealed={SECRET: told}))
    for kind in (ClusterSecrets, ClusterConfigs, DatabaseReach):
        found = seen.get(kind)
        clean = marks().redactor.value(found)
        assert msgspec.json.encode(clean) == msgspec.json.encode(found)


KINDS = ("deployments", "stateful_sets", "daemon_sets", "jobs", "revisions")


async def test_one_kind_of_workload_is_a_gap() -> None:
    """Sees the workloads of the other kinds, and says which kind was not seen where."""
    spec = workload()
    found = await look(FakeCluster({"deployments/volaticloud": (spec,), "jobs": NO}))
    seen = found[ClusterWorkloads]
    assert seen.workloads == (spec,)
    assert [gap.what for gap in seen.gaps] == ["jobs in namespace volaticloud", "jobs in namespace keycloak"]


async def test_no_kind_of_workload_is_one_gap() -> None:
    """Says of a namespace once that no workload of it may be listed, also where none may be listed anywhere."""
    seen = (await look(FakeCluster(dict.fromkeys(KINDS, NO))))[ClusterWorkloads]
    assert [gap.what for gap in seen.gaps] == ["workloads in namespace volaticloud", "workloads in namespace keycloak"]


async def test_workloads_that_fail_altogether() -> None:
    """Is unobserved where no right is missing, and yet nothing could be listed."""
    failed = CouldNotLookError(Reason.FAILED, "The server failed to list them.")
    found = (await look(FakeCluster(dict.fromkeys(KINDS, failed)))).get(ClusterWorkloads)
    assert isinstance(found, Unobserved)
    assert (found.reason, found.detail) == (Reason.FAILED, failed.detail)
