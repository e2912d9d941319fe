"""What `kubectl get` prints: the words for the state of each kind, ages, and tables of every kind."""

from datetime import UTC, datetime
from typing import Any

import pytest

from playground.world.kubernetes import cells
from playground.world.kubernetes.defaults import filled
from playground.world.kubernetes.kinds import KINDS, Thing, kind_named
from playground.world.kubernetes.tables import table
from tests.playground.world.kubernetes.fakes import deployment, pod

NOW = datetime(2026, 11, 23, 16, 25, 21, tzinfo=UTC)
BORN = "2026-11-21T12:25:21Z"


def row(kind: str, thing: Thing) -> list[Any]:
    """The cells of one object, with its defaults, two days and some hours old."""
    made = filled(kind_named(kind), {**thing, "metadata": {"creationTimestamp": BORN, **thing["metadata"]}})
    cells_of: list[Any] = table(kind_named(kind), [made], {}, NOW)["rows"][0]["cells"]
    return cells_of


def status(state: Thing, last: Thing | None = None, *, ready: bool = False, restarts: int = 0) -> Thing:
    return {"name": "app", "state": state, "lastState": last or {}, "ready": ready, "restartCount": restarts}


RUNS = {"running": {"startedAt": BORN}}
DIED = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": "2026-11-23T16:23:00Z"}}


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"phase": "Running", "containerStatuses": [status(RUNS, ready=True)]}, "Running"),
        ({"phase": "Pending"}, "Pending"),
        (
            {"phase": "Running", "containerStatuses": [status({"waiting": {"reason": "CrashLoopBackOff"}}, DIED)]},
            "CrashLoopBackOff",
        ),
        (
            {
                "phase": "Running",
                "containerStatuses": [status({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})],
            },
            "OOMKilled",
        ),
        ({"phase": "Failed", "containerStatuses": [status({"terminated": {"exitCode": 3}})]}, "ExitCode:3"),
        ({"phase": "Failed", "containerStatuses": [status({"terminated": {"exitCode": 0, "signal": 9}})]}, "Signal:9"),
        ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        ({"phase": "Pending", "initContainerStatuses": [status(RUNS)]}, "Init:0/1"),
        (
            {"phase": "Pending", "initContainerStatuses": [status({"waiting": {"reason": "PodInitializing"}})]},
            "Init:0/1",
        ),
        (
            {"phase": "Pending", "initContainerStatuses": [status({"waiting": {"reason": "ErrImagePull"}})]},
            "Init:ErrImagePull",
        ),
        ({"phase": "Pending", "initContainerStatuses": [status(DIED)]}, "Init:Error"),
        ({"phase": "Pending", "initContainerStatuses": [status({"terminated": {"exitCode": 2}})]}, "Init:ExitCode:2"),
        (
            {
                "phase": "Running",
                "initContainerStatuses": [status({"terminated": {"exitCode": 0}})],
                "containerStatuses": [status(RUNS)],
            },
            "Running",
        ),
        (
            {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [status({"terminated": {"reason": "Completed"}}), status(RUNS, ready=True)],
            },
            "NotReady",
        ),
    ],
)
def test_the_state_of_a_pod(told: Thing, word: str) -> None:
    """Says in one word how a pod is, as kubectl's printer does."""
    assert row("Pod", {**pod(initContainers=[{"name": "init", "image": "x"}]), "status": told})[2] == word


def test_a_pod_that_goes() -> None:
    """Says of a pod that is deleted that it terminates, or that nobody knows when its node is lost."""
    going = {**pod(), "metadata": {"name": "x", "namespace": "a", "deletionTimestamp": BORN}}
    assert row("Pod", going)[2] == "Terminating"
    assert row("Pod", {**going, "status": {"phase": "Running", "reason": "NodeLost"}})[2] == "Unknown"


def test_restarts_of_a_pod() -> None:
    """Counts restarts, with the time since the last one."""
    told = {"phase": "Running", "containerStatuses": [status(RUNS, DIED, ready=True, restarts=7)]}
    assert row("Pod", {**pod(), "status": told})[1:5] == ["1/1", "Running", "7 (2m21s ago)", "2d4h"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (601, "10m"),
        (3 * 3600 - 1, "179m"),
        (3 * 3600 + 60, "3h1m"),
        (8 * 3600, "8h"),
        (47 * 3600, "47h"),
        (49 * 3600, "2d1h"),
        (8 * 86_400, "8d"),
    ],
)
def test_durations(seconds: int, text: str) -> None:
    """Tells a time in two units at most, the rougher the longer it is."""
    assert cells.duration(seconds) == text


def test_an_unknown_age() -> None:
    """Says that it does not know the age of what has none."""
    assert cells.age(None, NOW) == "<unknown>"


ABOUT = {"name": "x", "namespace": "a"}
METRIC = {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 70}}}
USED = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 12}}}
READY = [{"type": "Ready", "status": "True"}]
SUBJECTS = [{"kind": "ServiceAccount", "name": "s", "namespace": "a"}, {"kind": "User", "name": "u"}]
TEMPLATE = deployment()["spec"]["template"]


@pytest.mark.parametrize(
    ("kind", "thing", "shown"),
    [
        (
            "Deployment",
            {**deployment("x"), "status": {"readyReplicas": 1, "updatedReplicas": 2}},
            ["x", "1/2", 2, 0, "2d4h", "app", "x:1", "app=x"],
        ),
        ("ReplicaSet", {**deployment("x"), "status": {"replicas": 2}}, ["x", 2, 2, 0, "2d4h", "app", "x:1", "app=x"]),
        ("StatefulSet", {**deployment("x"), "status": {"readyReplicas": 1}}, ["x", "1/2", "2d4h", "app", "x:1"]),
        (
            "DaemonSet",
            {**deployment("x"), "status": {"desiredNumberScheduled": 3, "numberReady": 2}},
            ["x", 3, 0, 2, 0, 0, "<none>", "2d4h", "app", "x:1", "app=x"],
        ),
        (
            "Job",
            {
                "metadata": ABOUT,
                "spec": {"template": TEMPLATE},
                "status": {
                    "succeeded": 1,
                    "startTime": BORN,
                    "completionTime": "2026-11-21T12:26:21Z",
                    "conditions": [{"type": "Complete", "status": "True"}],
                },
            },
            ["x", "Complete", "1/1", "60s", "2d4h", "app", "x:1", "<none>"],
        ),
        (
            "CronJob",
            {"metadata": ABOUT, "spec": {"schedule": "@daily", "jobTemplate": {"spec": {"template": TEMPLATE}}}},
            ["x", "@daily", "<none>", "False", 0, "<none>", "2d4h", "app", "x:1", "<none>"],
        ),
        (
            "Service",
            {
                "metadata": ABOUT,
                "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.9", "ports": [{"port": 80, "nodePort": 30080}]},
            },
            ["x", "LoadBalancer", "10.96.0.9", "<pending>", "80:30080/TCP", "2d4h", "<none>"],
        ),
        (
            "Endpoints",
            {
                "metadata": ABOUT,
                "subsets": [{"addresses": [{"ip": f"10.0.0.{n}"} for n in range(4)], "ports": [{"port": 80}]}],
            },
            ["x", "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 + 1 more...", "2d4h"],
        ),
        (
            "EndpointSlice",
            {"metadata": ABOUT, "addressType": "IPv4", "endpoints": None, "ports": None},
            ["x", "IPv4", "<unset>", "<unset>", "2d4h"],
        ),
        (
            "Ingress",
            {
                "metadata": ABOUT,
                "spec": {"tls": [{}], "rules": [{"host": "h"}]},
                "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}},
            },
            ["x", "<none>", "h", "1.2.3.4", "80, 443", "2d4h"],
        ),
        ("IngressClass", {"metadata": ABOUT, "spec": {"controller": "c"}}, ["x", "c", "<none>", "2d4h"]),
        (
            "NetworkPolicy",
            {
                "metadata": ABOUT,
                "spec": {"podSelector": {"matchExpressions": [{"key": "k", "operator": "In", "values": ["a", "b"]}]}},
            },
            ["x", "k in (a,b)", "2d4h"],
        ),
        (
            "HorizontalPodAutoscaler",
            {
                "metadata": ABOUT,
                "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d"}, "maxReplicas": 9, "metrics": [METRIC]},
                "status": {"currentMetrics": [USED], "currentReplicas": 2},
            },
            ["x", "Deployment/d", "cpu: 12%/70%", "1", 9, 2, "2d4h"],
        ),
        ("PodDisruptionBudget", {"metadata": ABOUT, "spec": {"minAvailable": 1}}, ["x", "1", "N/A", 0, "2d4h"]),
        (
            "Node",
            {
                "metadata": {"name": "x", "labels": {"node-role.kubernetes.io/worker": ""}},
                "spec": {"unschedulable": True},
                "status": {
                    "conditions": READY,
                    "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
                    "nodeInfo": {"kubeletVersion": "v1"},
                },
            },
            [
                "x",
                "Ready,SchedulingDisabled",
                "worker",
                "2d4h",
                "v1",
                "10.0.0.1",
                "<none>",
                "<unknown>",
                "<unknown>",
                "<unknown>",
            ],
        ),
        ("Namespace", {"metadata": {"name": "x"}}, ["x", "Active", "2d4h"]),
        ("Secret", {"metadata": ABOUT, "stringData": {"a": "b"}}, ["x", "Opaque", 1, "2d4h"]),
        ("ConfigMap", {"metadata": ABOUT, "data": {"a": "b"}}, ["x", 1, "2d4h"]),
        ("ServiceAccount", {"metadata": ABOUT}, ["x", 0, "2d4h"]),
        ("Role", {"metadata": ABOUT}, ["x", BORN]),
        (
            "RoleBinding",
            {"metadata": ABOUT, "roleRef": {"kind": "Role", "name": "r"}, "subjects": SUBJECTS},
            ["x", "Role/r", "2d4h", "u", "", "a/s"],
        ),
        (
            "PersistentVolumeClaim",
            {
                "metadata": ABOUT,
                "spec": {"accessModes": ["ReadWriteOnce"]},
                "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}},
            },
            ["x", "Bound", "", "1Gi", "RWO", "", "<unset>", "2d4h", "<unset>"],
        ),
        (
            "ResourceQuota",
            {
                "metadata": ABOUT,
                "spec": {},
                "status": {"hard": {"pods": "4", "limits.cpu": "2"}, "used": {"pods": "1"}},
            },
            ["x", "pods: 1/4", "limits.cpu: 0/2", "2d4h"],
        ),
        (
            "Event",
            {
                "metadata": ABOUT,
                "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{app}"},
                "type": "Warning",
                "reason": "BackOff",
                "message": "Back-off restarting",
                "source": {"component": "kubelet", "host": "node-1"},
                "firstTimestamp": BORN,
                "lastTimestamp": "2026-11-23T16:25:00Z",
                "count": 9,
            },
            [
                "21s (x9 over 2d4h)",
                "Warning",
                "BackOff",
                "pod/p",
                "spec.containers{app}",
                "kubelet,node-1",
                "Back-off restarting",
                "2d4h",
                9,
                "x",
            ],
        ),
        ("Lease", {"metadata": ABOUT}, ["x", "2d4h"]),
    ],
)
def test_rows(kind: str, thing: Thing, shown: list[Any]) -> None:
    """Prints an object of each kind in its columns, as many as there are headings."""
    assert row(kind, thing) == shown
    assert len(table(kind_named(kind), [], {}, NOW)["columnDefinitions"]) == len(shown)


def test_every_kind_has_a_table() -> None:
    """Has a table for every kind, with at least a name and an age."""
    assert all(len(table(kind, [], {}, NOW)["columnDefinitions"]) > 1 for kind in KINDS)
