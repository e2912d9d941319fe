"""Tests of what is meant by a word."""

import pytest

from diagnostics.evidence.cluster.kinds import ClusterPods, ClusterWorkloads
from diagnostics.evidence.cluster.names import Name
from diagnostics.glances.meaning import Ambiguous, Thing, Unknown, meant, things
from diagnostics.glances.running import Running, running
from diagnostics.observe import Seen
from tests.diagnostics.evidence.cluster.things import SPACE, pod, revision, workload


def named(kind: str, name: str, namespace: str = SPACE) -> Thing:
    return Thing(kind, Name(namespace, name))


BACKEND, DASHBOARD = named("Deployment", "volaticloud-backend"), named("Deployment", "volaticloud-dashboard")
KEYCLOAK = named("StatefulSet", "volaticloud-keycloak", "keycloak")
POD = named("Pod", "volaticloud-backend-5959c74bb5-hwptr")
ALL = (BACKEND, DASHBOARD, KEYCLOAK, POD, named("Pod", "debug"))


@pytest.mark.parametrize(
    ("word", "thing"),
    [
        ("backend", BACKEND),
        ("volaticloud-backend", BACKEND),
        ("volaticloud/volaticloud-backend", BACKEND),
        ("volaticloud/backend", BACKEND),
        ("deployment/backend", BACKEND),
        ("deploy/volaticloud-backend", BACKEND),
        ("dash", DASHBOARD),
        ("keycloak/volaticloud-keycloak", KEYCLOAK),
        ("keycloak", KEYCLOAK),
        ("sts/volaticloud-keycloak", KEYCLOAK),
        ("volaticloud-backend-5959c74bb5-hwptr", POD),
        ("volaticloud/volaticloud-backend-5959c74bb5-hwptr", POD),
        ("hwptr", POD),
        ("debug", ALL[-1]),
        ("pod/debug", ALL[-1]),
    ],
)
def test_one_thing(word: str, thing: Thing) -> None:
    """Reads a name, a part of one, its namespace or its kind."""
    assert meant(word, ALL) == thing


def test_several() -> None:
    """Asks back with the names when a word means several, and counts a whole name as just itself."""
    both = ("volaticloud/volaticloud-backend", "volaticloud/volaticloud-dashboard")
    assert meant("volaticloud/volaticloud", ALL) == Ambiguous("volaticloud/volaticloud", both)
    api = named("Deployment", "api")
    assert meant("api", (api, named("Deployment", "api-gateway"))) == api


def test_the_same_name_twice() -> None:
    """Tells by the kind, or by the namespace, what has the same name."""
    twins = (named("Deployment", "web"), named("Job", "web"), named("Deployment", "web", "other"))
    found = meant("web", twins)
    assert found == Ambiguous("web", ("deployment/web", "job/web", "other/web"))
    assert meant("job/web", twins) == twins[1]
    assert meant("other/web", twins) == twins[2]


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("bakend", ("volaticloud/volaticloud-backend",)),
        ("volaticlod-dashboard", ("volaticloud/volaticloud-dashboard",)),
        ("keyclok", ("keycloak/volaticloud-keycloak",)),
        ("zzzz", ()),
        ("nowhere/backend", ("volaticloud/volaticloud-backend",)),
        ("x" * 5_000, ()),
    ],
)
def test_none(word: str, nearest: tuple[str, ...]) -> None:
    """Gives the nearest names, and all of them for who wants to choose."""
    found = meant(word, ALL)
    assert isinstance(found, Unknown)
    assert found.nearest == nearest
    assert found.all == (str(BACKEND), str(DASHBOARD), str(KEYCLOAK))


def test_nothing_there() -> None:
    """Knows nothing where there is nothing."""
    assert meant("backend", ()) == Unknown("backend", (), ())


def test_what_has_logs() -> None:
    """Finds workloads with their pods, each pod, and pods that no workload made."""
    seen = Seen(
        {
            ClusterPods: ClusterPods((), (pod(), pod("by-hand", owner=None))),
            ClusterWorkloads: ClusterWorkloads((), (workload(),), (revision(),)),
        }
    )
    there = running(seen)
    assert isinstance(there, Running)
    found = things(there)
    assert [(one.kind, one.name.name, len(one.pods)) for one in found] == [
        ("Deployment", "volaticloud-backend", 1),
        ("Pod", "by-hand", 1),
        ("Pod", "volaticloud-backend-1-a", 1),
    ]
