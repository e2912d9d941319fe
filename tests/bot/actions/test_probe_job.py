"""Tests of a probe's job: what it may do, and what its state says."""

from typing import Any

import pytest

from bot.actions.configured import ProbeConfigured
from bot.actions.probe_job import Ending, Waiting, ending, job, name_of, ours, pod_of, waiting
from bot.probe.order import Order, Way

HOW = ProbeConfigured("registry.example.com/volati:1", "volaticloud", ("registry",), "db-secret")
TCP = Order(Way.TCP, "db.example.com", 5432)


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "ownerReferences": [{"uid": "u"}]}, "status": status}


def container(**state: Any) -> dict[str, Any]:
    return pod(containerStatuses=[{"name": "probe", "state": state}])


def test_it_may_do_nothing() -> None:
    """Has no right in the cluster or on its node, no root, nothing to write to, little to take, and an end."""
    made = job("p1", TCP, HOW)
    spec = made["spec"]["template"]["spec"]
    (one,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10_001,
        "runAsGroup": 10_001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert one["resources"]["limits"] == {"cpu": "500m", "memory": "256Mi"}
    assert not {"hostNetwork", "hostPID", "volumes", "serviceAccountName"} & set(spec)
    assert (made["spec"]["backoffLimit"], spec["restartPolicy"]) == (0, "Never")
    assert (made["spec"]["activeDeadlineSeconds"], made["spec"]["ttlSecondsAfterFinished"]) == (120, 300)
    assert spec["imagePullSecrets"] == [{"name": "registry"}]


def test_what_it_runs() -> None:
    """Runs one command of its own image, its words apart, so that nothing in a target is read as another word."""
    (one,) = job("p1", TCP, HOW)["spec"]["template"]["spec"]["containers"]
    assert one["command"] == ["volati", "probe-from-here", "tcp", "db.example.com:5432"]
    assert one["env"] == []


def test_what_it_is_told_of_the_database() -> None:
    """Takes the database's place from its secret, straight, and no password."""
    (one,) = job("p1", Order(Way.POSTGRES), HOW)["spec"]["template"]["spec"]["containers"]
    keys = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in one["env"]}
    assert {where["key"] for where in keys.values()} == {"host", "port", "database", "username"}
    assert {where["name"] for where in keys.values()} == {"db-secret"}


@pytest.mark.parametrize("plan", ["p1", "2Q4yXw_-9", "x" * 200, "ümlaut"])
def test_names(plan: str) -> None:
    """Has a name that Kubernetes takes, the same for the same plan."""
    name = name_of(plan)
    assert name == name_of(plan)
    assert len(name) <= 63
    assert name.startswith("volati-probe-")
    assert name.isascii()
    assert name[-1].isalnum()


def test_whose_it_is() -> None:
    """Knows its own by the plan's id, and its pod by who owns it."""
    made = job("p1", TCP, HOW)
    assert ours(made, "p1")
    assert not ours(made, "p2")
    assert not ours({"metadata": {}}, "p1")
    stranger = {"metadata": {"name": "s", "labels": {"job-name": "x"}}}
    assert pod_of({"metadata": {"uid": "u"}}, [stranger, pod()]) == pod()
    assert pod_of({"metadata": {"uid": "v"}}, [stranger, pod()]) is None


@pytest.mark.parametrize(
    ("conditions", "end"),
    [
        ([], None),
        ([{"type": "Complete", "status": "False"}], None),
        ([{"type": "SuccessCriteriaMet", "status": "True"}], None),
        ([{"type": "Complete", "status": "True"}], Ending()),
        ([{"type": "Failed", "status": "True"}], Ending("Failed")),
        (
            [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded", "message": "too long"}],
            Ending("DeadlineExceeded", "too long"),
        ),
    ],
)
def test_endings(conditions: list[dict[str, str]], end: Ending | None) -> None:
    """Says how a job ended, once it has."""
    assert ending({"metadata": {}, "status": {"conditions": conditions}}) == end


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, Waiting("no pod yet")),
        (pod(), Waiting("its pod is being started")),
        (container(running={}), Waiting("the probe is running")),
        (container(waiting={"reason": "ContainerCreating"}), Waiting("ContainerCreating")),
        (container(waiting={"reason": "ErrImagePull", "message": "denied"}), Waiting("ErrImagePull: denied", True)),  # noqa: FBT003
        (
            pod(conditions=[{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]),
            Waiting("no node takes its pod: 0/3 nodes are available"),
        ),
    ],
)
def test_waiting(found: dict[str, Any] | None, told: Waiting) -> None:
    """Says what a probe waits for, and whether that is in vain."""
    assert waiting(found) == told
