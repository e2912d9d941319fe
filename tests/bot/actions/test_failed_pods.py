"""Tests of deleting failed pods: those of the plan and no others, once, and never one that runs."""

import re
from typing import Any

import pytest

from bot.actions.act import Did, Later
from bot.actions.failed_pods import MOST, DeleteFailedPods
from bot.errors import CannotAct, Stale, StepFailed, WriteUncertain
from diagnostics.model import CouldNotLookError
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import SPACE, Stage

DELETE = DeleteFailedPods()
POD = kind_named("Pod")
EVICTED = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
CRASHED = {
    "phase": "Failed",
    "containerStatuses": [{"name": "one", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}],
}


def fail(here: Stage, name: str, status: dict[str, Any] | None = None, **about: Any) -> None:
    """A pod that has failed for good."""
    spec = {"containers": [{"name": "one", "image": "busybox"}], "restartPolicy": "Never"}
    made = here.world.store.create(POD, {"metadata": {"name": name, "namespace": SPACE, **about}, "spec": spec})
    here.world.store.replace_status(POD, {"metadata": made["metadata"], "status": status or EVICTED})


def there(here: Stage) -> set[str]:
    return {one["metadata"]["name"] for one in here.world.store.listed(POD, SPACE)}


@pytest.fixture
def failed(here: Stage) -> Stage:
    """Three pods that have failed, beside those that run."""
    fail(here, "old-1")
    fail(here, "old-2", CRASHED)
    job = {"apiVersion": "batch/v1", "kind": "Job", "name": "nightly", "uid": "u", "controller": True}
    fail(here, "old-3", ownerReferences=[job])
    return here


async def test_a_plan(failed: Stage) -> None:
    """Names each failed pod with its reason, and no pod that runs."""
    draft = (await failed.planned(DELETE, "")).draft
    assert str(draft.target) == "namespace volaticloud"
    assert draft.summary == "Delete 3 failed pods of namespace volaticloud."
    assert [re.sub(", [01] s old", "", hit) for hit in draft.hits] == [
        "pod old-1: Evicted: The node was low on resource: memory.",
        "pod old-2: Error, exit code 3",
        "pod old-3: Evicted: The node was low on resource: memory.",
    ]
    assert draft.steps[0].command == "kubectl --context volati delete pod -n volaticloud old-1 old-2 old-3"
    assert draft.warnings == ("1 pod of these belong to jobs: a pod's log says why its job failed.",)
    assert draft.risk in DELETE.risks


async def test_deleting(failed: Stage) -> None:
    """Deletes those of the plan, also when another fails meanwhile, and leaves whatever runs."""
    running = there(failed) - {"old-1", "old-2", "old-3"}
    plan = await failed.planned(DELETE, SPACE)
    fail(failed, "new-1")
    said = await failed.carried_out(DELETE, plan)
    assert there(failed) == {*running, "new-1"}
    assert said == ["Deleted 3 failed pods", "They are gone"]


async def test_another_of_the_same_name(failed: Stage) -> None:
    """Spares a pod that was made anew under the name of one that is in the plan."""
    plan = await failed.planned(DELETE, SPACE)
    failed.world.store.delete(POD, SPACE, "old-1")
    fail(failed, "old-1")
    said = await failed.carried_out(DELETE, plan)
    assert "old-1" in there(failed)
    assert said[0] == "Deleted 3 failed pods; 1 of them were gone before"


@pytest.mark.parametrize("taken", [False, True])
async def test_without_an_answer(failed: Stage, taken: bool) -> None:  # noqa: FBT001 a case
    """Goes on with those that are left after a deletion had no answer."""
    plan = await failed.planned(DELETE, SPACE)
    failed.server.misbehave(Trouble(torn=True, taken=taken, methods=("DELETE",), at_most=1))
    with pytest.raises(WriteUncertain):
        await DELETE.do(failed.doing(plan), failed.hands)
    assert isinstance(await DELETE.do(failed.doing(plan, again=True), failed.hands), Did)
    assert not there(failed) & {"old-1", "old-2", "old-3"}
    assert isinstance(await DELETE.do(failed.doing(plan, again=True), failed.hands), Did)


async def test_too_many(here: Stage) -> None:
    """Takes so many at a time, and says how many are left."""
    for number in range(MOST + 7):
        fail(here, f"old-{number:03}")
    plan = await here.planned(DELETE, "")
    assert len(plan.draft.hits) == MOST
    assert plan.draft.summary.endswith("So many are left for another time: 7.")
    await here.carried_out(DELETE, plan)
    assert sum(name.startswith("old-") for name in there(here)) == 7


async def test_none(here: Stage) -> None:
    """Proposes nothing where no pod has failed."""
    with pytest.raises(CannotAct, match="There is no failed pod in namespace volaticloud"):
        await here.planned(DELETE, "")


async def test_elsewhere(here: Stage) -> None:
    """Deletes nothing outside of the configured namespaces."""
    with pytest.raises(CannotAct, match="does nothing in namespace kube-system"):
        await here.planned(DELETE, "kube-system")


async def test_all_gone(failed: Stage) -> None:
    """Does nothing where every pod of the plan is gone, and says so."""
    plan = await failed.planned(DELETE, "")
    for name in plan.draft.settings:
        failed.world.store.delete(POD, SPACE, name)
    assert await DELETE.facts(plan, failed.hands) != plan.draft.facts
    with pytest.raises(Stale, match="are gone"):
        await DELETE.do(failed.doing(plan), failed.hands)


async def test_a_pod_that_is_held(here: Stage) -> None:
    """Names the finalizer that keeps a deleted pod, after it has waited for a while."""
    fail(here, "held", finalizers=["example.com/guard"])
    plan = await here.planned(DELETE, "")
    await here.step(DELETE, plan, 0)
    assert isinstance(await DELETE.do(here.doing(plan, 1), here.hands), Later)
    with pytest.raises(StepFailed, match=r"1 deleted pod did not go, held by finalizer example\.com/guard: held"):
        await here.step(DELETE, plan, 1)


async def test_a_missing_right(failed: Stage) -> None:
    """Names the right that it lacks; that to list, where even that is missing, is said by the look itself."""
    failed.server.misbehave(Trouble(forbidden=(Forbidden(("delete",), ("pods",), SPACE),)))
    with pytest.raises(CannotAct, match="lacks the right to delete pods in namespace volaticloud"):
        await failed.planned(DELETE, "")


async def test_a_server_that_is_away(failed: Stage) -> None:
    """Says that it cannot look, and deletes nothing."""
    plan = await failed.planned(DELETE, "")
    await failed.server.hush()
    with pytest.raises(CouldNotLookError):
        await DELETE.do(failed.doing(plan), failed.hands)
    assert {"old-1", "old-2", "old-3"} <= there(failed)
