"""Tests of rolling back: to which revision, what that changes, that it is done once, and what it refuses."""

from dataclasses import replace
from typing import Any

import pytest

from bot.actions.act import Did
from bot.actions.plan import Risk
from bot.actions.restart import Restart
from bot.actions.rollback import Rollback
from bot.errors import CannotAct, Stale, WriteUncertain
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import BACKEND, SPACE, Stage

ROLLBACK = Rollback()
SECRET = "hunter2-canary"
GOOD, BAD = "ghcr.io/volaticloud/volaticloud:2.14.0", "ghcr.io/volaticloud/volaticloud:2.15.0"


def release(thing: dict[str, Any]) -> None:
    """A newer version with another variable, whose value is a secret."""
    container = thing["spec"]["template"]["spec"]["containers"][0]
    container["image"] = BAD
    container["env"] = [*container["env"], {"name": "EXTRA", "value": SECRET}]
    thing["metadata"]["annotations"]["kubernetes.io/change-cause"] = "release 2.15.0"


@pytest.fixture
def released(here: Stage) -> Stage:
    """The backend, some time after a newer version of it was released."""
    here.change("Deployment", BACKEND, release)
    here.pass_by(120)
    return here


def container(here: Stage) -> dict[str, Any]:
    found: dict[str, Any] = here.found("Deployment", BACKEND)["spec"]["template"]["spec"]["containers"][0]
    return found


async def test_a_plan(released: Stage) -> None:
    """Says to which revision it goes back and what that changes, and tells no value of a variable."""
    plan = await released.planned(ROLLBACK, "backend")
    draft = plan.draft
    assert draft.summary.startswith(
        "Take deployment volaticloud/volaticloud-backend back from revision 2 to revision 1."
    )
    assert draft.hits[:2] == (
        f"container volaticloud: image {BAD} → {GOOD}",
        "container volaticloud: variable EXTRA goes",
    )
    assert draft.steps[0].command == (
        "kubectl --context volati rollout undo deployment/volaticloud-backend -n volaticloud --to-revision=1"
    )
    assert any("helm rollback volaticloud-backend -n volaticloud" in one for one in draft.warnings)
    assert (draft.risk, draft.risk in ROLLBACK.risks) == (Risk.MEDIUM, True)
    assert SECRET not in repr(plan)


async def test_a_rollback(released: Stage) -> None:
    """Puts the older template back, as the newest revision, and is through when its pods serve."""
    plan = await released.planned(ROLLBACK)
    said = await released.carried_out(ROLLBACK, plan)
    assert (container(released)["image"], "EXTRA" in repr(container(released))) == (GOOD, False)
    deployment = released.found("Deployment", BACKEND)
    assert "pod-template-hash" not in deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert deployment["metadata"]["annotations"]["meta.helm.sh/release-name"] == BACKEND
    assert {pod["spec"]["containers"][0]["image"] for pod in released.pods().values()} == {GOOD}
    assert said[1].startswith("The rollout of deployment volaticloud/volaticloud-backend is through")


async def test_back_and_forth(released: Stage) -> None:
    """Undoes a rollback by another one."""
    await released.carried_out(ROLLBACK, await released.planned(ROLLBACK))
    plan = await released.planned(ROLLBACK)
    assert "from revision 3 to revision 2" in plan.draft.summary
    assert "release 2.15.0" in " ".join(plan.draft.warnings)
    await released.carried_out(ROLLBACK, plan)
    assert container(released)["image"] == BAD


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("trouble", [Trouble(torn=True), Trouble(broken=True)], ids=["torn", "broken"])
async def test_without_an_answer(released: Stage, trouble: Trouble, taken: bool) -> None:  # noqa: FBT001 a case
    """Looks before it writes again, also when the numbers of the revisions have moved on: it goes back once."""
    plan = await released.planned(ROLLBACK)
    released.server.misbehave(replace(trouble, taken=taken, methods=("PUT",), at_most=1))
    with pytest.raises(WriteUncertain):
        await ROLLBACK.do(released.doing(plan), released.hands)
    released.pass_by(30)
    released.server.asked.clear()
    for _ in range(2):
        assert isinstance(await ROLLBACK.do(released.doing(plan, again=True), released.hands), Did)
        released.pass_by(30)
    assert len(released.writes()) == (0 if taken else 1)
    assert container(released)["image"] == GOOD


async def test_nothing_before(here: Stage) -> None:
    """Proposes nothing where there is no older revision."""
    with pytest.raises(CannotAct, match="has no revision before this one"):
        await here.planned(ROLLBACK)


async def test_a_restart_before(here: Stage) -> None:
    """Says that the revision before is the same where only a restart lies between."""
    await here.carried_out(Restart(), await here.planned(Restart()))
    draft = (await here.planned(ROLLBACK)).draft
    assert "is the same but for the mark of a restart" in draft.warnings[0]


async def test_a_paused_deployment(released: Stage) -> None:
    """Proposes no rollback of a paused deployment."""
    released.change("Deployment", BACKEND, lambda thing: thing["spec"].update(paused=True))
    with pytest.raises(CannotAct, match="is paused"):
        await released.planned(ROLLBACK)


async def test_what_is_no_deployment(here: Stage) -> None:
    """Says that only deployments are rolled back."""
    with pytest.raises(CannotAct, match="rollback is for deployments only"):
        await here.planned(ROLLBACK, "etcd")


async def test_a_rollback_meanwhile(released: Stage) -> None:
    """Does nothing where somebody else rolled back meanwhile, and says what is different."""
    plan = await released.planned(ROLLBACK)
    await released.carried_out(ROLLBACK, await released.planned(ROLLBACK))
    with pytest.raises(Stale, match=r"what it goes back to was revision 1, .* and is revision 3"):
        await ROLLBACK.do(released.doing(plan), released.hands)


async def test_a_revision_that_is_gone(released: Stage) -> None:
    """Does nothing where the replica set it goes back to was cleared away."""
    plan = await released.planned(ROLLBACK)
    released.delete("ReplicaSet", plan.draft.settings["replica set"])
    assert await ROLLBACK.facts(plan, released.hands) != plan.draft.facts
    with pytest.raises(Stale, match="is a replica set that is gone"):
        await ROLLBACK.do(released.doing(plan), released.hands)
    released.delete("Deployment", BACKEND)
    assert await ROLLBACK.facts(plan, released.hands) == ()


async def test_a_missing_right(released: Stage) -> None:
    """Names the right that it lacks, that to see the revisions too."""
    released.server.misbehave(Trouble(forbidden=(Forbidden(("list",), ("replicasets",), SPACE),)))
    with pytest.raises(CannotAct, match=r"lacks the right to list replicasets\.apps in namespace volaticloud"):
        await released.planned(ROLLBACK)
