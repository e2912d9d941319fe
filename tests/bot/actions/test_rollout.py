"""Tests of how far a rollout is, held to what kubectl says of the same."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.hands import Kind
from bot.actions.rollout import Stage, deadline, judged, overdue, rolls_by_itself

DEPLOYMENT, STATEFUL_SET, DAEMON_SET = Kind.DEPLOYMENT, Kind.STATEFUL_SET, Kind.DAEMON_SET
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WHOLE = {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
DAEMONS = {"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3}


def thing(spec: dict[str, Any], status: dict[str, Any], seen: int | None = 2) -> dict[str, Any]:
    told = {**status, **({"observedGeneration": seen} if seen is not None else {})}
    return {"metadata": {"generation": 2}, "spec": spec, "status": told}


def condition(kind: str, reason: str, message: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": "False", "reason": reason, "message": message}]}


TIMED_OUT = condition("Progressing", "ProgressDeadlineExceeded", 'ReplicaSet "x" has timed out progressing.')
QUOTA = condition("ReplicaFailure", "FailedCreate", "exceeded quota: pods=10")
THREE: dict[str, Any] = {"replicas": 3}


@pytest.mark.parametrize(
    ("kind", "given", "stage", "says"),
    [
        (DEPLOYMENT, thing(THREE, WHOLE), Stage.THROUGH, "3 new pods available, no old one left"),
        (DEPLOYMENT, thing(THREE, WHOLE, seen=1), Stage.GOING, "has not seen the change"),
        (DEPLOYMENT, thing(THREE, WHOLE, seen=None), Stage.GOING, "has not seen the change"),
        (DEPLOYMENT, thing(THREE, {**WHOLE, "updatedReplicas": 1}), Stage.GOING, "1 of 3 new pods made"),
        (DEPLOYMENT, thing(THREE, {**WHOLE, "replicas": 4}), Stage.GOING, "1 old pod still to end"),
        (DEPLOYMENT, thing(THREE, {**WHOLE, "availableReplicas": 2}), Stage.GOING, "2 of 3 new pods available"),
        (DEPLOYMENT, thing({"replicas": 0}, {}), Stage.THROUGH, "0 new pods available"),
        (DEPLOYMENT, thing({}, {}), Stage.GOING, "0 of 1 new pod made"),
        (DEPLOYMENT, thing(THREE, {**WHOLE, **TIMED_OUT}), Stage.FAILED, "no further within its deadline of 10 min"),
        (DEPLOYMENT, thing(THREE, {**WHOLE, **TIMED_OUT}, seen=1), Stage.GOING, "has not seen"),
        (DEPLOYMENT, thing(THREE, {**QUOTA, "updatedReplicas": 1}), Stage.GOING, "cannot be made: exceeded quota"),
        (STATEFUL_SET, thing(THREE, WHOLE), Stage.THROUGH, "3 pods renewed, 3 pods ready"),
        (STATEFUL_SET, thing(THREE, WHOLE, seen=None), Stage.GOING, "has not seen"),
        (STATEFUL_SET, thing(THREE, {**WHOLE, "readyReplicas": 2}), Stage.GOING, "2 of 3 pods ready"),
        (STATEFUL_SET, thing(THREE, {**WHOLE, "updatedReplicas": 2}), Stage.GOING, "2 of 3 pods renewed"),
        (
            STATEFUL_SET,
            thing({**THREE, "updateStrategy": {"rollingUpdate": {"partition": 2}}}, {**WHOLE, "updatedReplicas": 1}),
            Stage.THROUGH,
            "1 pod renewed, 3 pods ready",
        ),
        (STATEFUL_SET, thing({**THREE, "updateStrategy": {"type": "OnDelete"}}, WHOLE), Stage.FAILED, "OnDelete"),
        (DAEMON_SET, thing({}, DAEMONS), Stage.THROUGH, "3 pods renewed and available"),
        (DAEMON_SET, thing({}, {**DAEMONS, "updatedNumberScheduled": 1}), Stage.GOING, "1 of 3 pods renewed"),
        (DAEMON_SET, thing({}, {**DAEMONS, "numberAvailable": 2}), Stage.GOING, "2 of 3 renewed pods available"),
        (DAEMON_SET, thing({}, DAEMONS, seen=1), Stage.GOING, "has not seen"),
        (DAEMON_SET, thing({"updateStrategy": {"type": "OnDelete"}}, DAEMONS), Stage.FAILED, "OnDelete"),
    ],
)
def test_where_it_is(kind: Kind, given: dict[str, Any], stage: Stage, says: str) -> None:
    """Says where a rollout is, and in words how far."""
    rollout = judged(kind, given)
    assert (rollout.stage, says in rollout.text) == (stage, True), rollout.text


def test_what_is_not_rolled_out() -> None:
    """Judges nothing that knows no rollouts."""
    with pytest.raises(KeyError):
        judged(Kind.POD, thing({}, {}))


def test_a_deadline_of_our_own() -> None:
    """Gives a rollout time by its pods, and says so when that is over."""
    slow = thing(THREE, {**WHOLE, "readyReplicas": 1})
    most = deadline(STATEFUL_SET, slow)
    assert most == timedelta(minutes=16)
    assert overdue(most, NOW, NOW + most) == ""
    assert overdue(most, NOW, NOW + most + timedelta(seconds=1)) == "it is not through after 16 min"


counts = st.integers(0, 5)


def kubectl_deployment(one: dict[str, Any]) -> bool:
    """Whether kubectl calls a deployment's rollout done, as its source has it."""
    spec, status = one["spec"], one["status"]
    if one["metadata"]["generation"] > status.get("observedGeneration", 0):
        return False
    return bool(
        status.get("updatedReplicas", 0) >= spec["replicas"]
        and status.get("replicas", 0) <= status.get("updatedReplicas", 0)
        and status.get("availableReplicas", 0) >= status.get("updatedReplicas", 0)
    )


@given(counts, counts, counts, counts, st.integers(0, 3))
def test_deployments_as_kubectl(wanted: int, total: int, updated: int, available: int, seen: int) -> None:
    """Calls a deployment's rollout through exactly when kubectl does, whatever its numbers are."""
    status = {"replicas": total, "updatedReplicas": updated, "availableReplicas": available}
    one = thing({"replicas": wanted}, status, seen)
    assert (judged(DEPLOYMENT, one).stage is Stage.THROUGH) == kubectl_deployment(one)


@given(counts, counts, counts, st.integers(0, 6), st.integers(0, 3))
def test_stateful_sets_as_kubectl(wanted: int, ready: int, updated: int, first: int, seen: int) -> None:
    """Calls a stateful set's rollout through exactly when kubectl does."""
    spec = {"replicas": wanted, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": first}}}
    one = thing(spec, {"readyReplicas": ready, "updatedReplicas": updated}, seen)
    through = seen >= 2 and ready >= wanted and updated >= wanted - first
    assert (judged(STATEFUL_SET, one).stage is Stage.THROUGH) == through


@given(counts, counts, counts, st.integers(0, 3))
def test_daemon_sets_as_kubectl(wanted: int, updated: int, available: int, seen: int) -> None:
    """Calls a daemon set's rollout through exactly when kubectl does."""
    status = {"desiredNumberScheduled": wanted, "updatedNumberScheduled": updated, "numberAvailable": available}
    through = seen >= 2 and updated >= wanted and available >= wanted
    assert (judged(DAEMON_SET, thing({}, status, seen)).stage is Stage.THROUGH) == through


json_ = st.recursive(
    st.none() | st.integers(0, 5) | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([DEPLOYMENT, STATEFUL_SET, DAEMON_SET]), st.dictionaries(st.text(max_size=8), json_, max_size=4))
def test_odd_things(kind: Kind, odd: dict[str, Any]) -> None:
    """Judges a thing with nothing in it, or with fields that it does not know, and calls nothing through unseen."""
    assert judged(kind, {"metadata": {"generation": 1}, "spec": None, "status": odd}).stage is not Stage.FAILED
    assert rolls_by_itself({"metadata": {}, "spec": None})
