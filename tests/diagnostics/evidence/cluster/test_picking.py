"""Tests of which logs are worth reading: of the container that failed, the run that failed."""

import pytest
from msgspec.structs import replace

from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.picking import LOGS_AT_MOST, Wish, failed_logs, maker, running_logs
from diagnostics.evidence.cluster.pods import Container, Owner, Role, Stage
from tests.diagnostics.evidence.cluster.things import BACKEND, NOW, SPACE, ago, container, ended, pod

WAITING = {"stage": Stage.WAITING, "ready": False}


@pytest.mark.parametrize(
    ("one", "previous"),
    [
        (container(**WAITING, reason="CrashLoopBackOff", last_end=ended()), True),
        (container(stage=Stage.TERMINATED, ready=False, end=ended(2)), False),
        (container(ready=False), False),
        (container(last_end=ended(137, "OOMKilled", minutes=59)), True),
        (container(last_end=ended(137, "OOMKilled", minutes=61)), None),
        (container(last_end=ended(0, "Completed")), None),
        (container(), None),
        (container(**WAITING, reason="ImagePullBackOff"), None),
        (container(stage=Stage.TERMINATED, ready=False, end=ended(0, "Completed")), None),
        (container(role=Role.INIT, stage=Stage.TERMINATED, ready=True, end=ended(0)), None),
        (container(role=Role.EPHEMERAL, stage=Stage.TERMINATED, ready=False, end=ended(1)), None),
    ],
)
def test_which_run(one: Container, previous: bool | None) -> None:  # noqa: FBT001 a table's column
    """Reads the run that failed: the one before where the container waits or runs again, the present one otherwise."""
    wishes = failed_logs([pod("p", one)], NOW)
    assert wishes == (() if previous is None else (Wish(Name(SPACE, "p"), "volaticloud", previous),))


def test_the_right_container() -> None:
    """Reads the container that failed, and not the first one."""
    fallen = container(name="sidecar", **WAITING, last_end=ended())
    assert [wish.container for wish in failed_logs([pod("p", container(), fallen)], NOW)] == ["sidecar"]


def test_one_pod_of_many() -> None:
    """Reads one log of a workload whose pods all fail: that of the pod that failed last."""
    pods = [pod(f"p{number}", container(**WAITING, last_end=ended(minutes=number + 1))) for number in range(5)]
    assert [wish.pod.name for wish in failed_logs(pods, NOW)] == ["p0"]


def test_pods_that_end_or_were_evicted() -> None:
    """Reads nothing of a pod that is asked to end, nor of one whose node threw it out."""
    ending = pod("a", container(ready=False), deleting_since=ago(seconds=5))
    evicted = pod("b", container(stage=Stage.TERMINATED, end=ended(137)), reason="Evicted")
    assert failed_logs([ending, evicted], NOW) == ()


def test_no_more_than_a_dozen() -> None:
    """Reads a bounded number of logs, of those that failed last."""
    pods = [
        pod(f"p{number:02}", container(**WAITING, last_end=ended(minutes=number + 1)), owner=Owner("Job", f"j{number}"))
        for number in range(LOGS_AT_MOST + 5)
    ]
    names = [wish.pod.name for wish in failed_logs(pods, NOW)]
    assert names == [f"p{number:02}" for number in range(LOGS_AT_MOST)]


def test_the_controller() -> None:
    """Reads the present logs of the ingress controller's running containers, of two pods at most."""
    owners = {"volaticloud-backend-1": BACKEND, "other-1": Name(SPACE, "other")}
    pods = [pod(f"p{number}") for number in range(3)]
    stranger = pod("stranger", owner=Owner("ReplicaSet", "other-1"))
    wishes = running_logs([stranger, *pods], owners, BACKEND)
    assert wishes == tuple(Wish(Name(SPACE, name), "volaticloud", previous=False) for name in ("p0", "p1"))


def test_a_controller_on_every_node() -> None:
    """Reads the log of a daemon set's pods too, of this name and namespace, and says what makes them."""
    mine = pod("mine", owner=Owner("DaemonSet", BACKEND.name))
    other = pod("other", owner=Owner("DaemonSet", "agent"))
    elsewhere = replace(mine, name=Name("elsewhere", "mine"))
    made = pod("made", owner=Owner("Job", BACKEND.name))
    wishes = running_logs([other, elsewhere, made, mine], {}, BACKEND)
    assert [one.pod for one in wishes] == [mine.name]
    assert [maker(one, {}, BACKEND) for one in (mine, other, elsewhere, made)] == ["DaemonSet", "", "", ""]
