"""Tests of scaling: its bounds, who owns the count, that it is written once, and when it is through."""

from dataclasses import replace

import pytest

from bot.actions.act import Did
from bot.actions.hands import Kind
from bot.actions.plan import Risk
from bot.actions.scale import Scale
from bot.errors import CannotAct, Stale, StepFailed, WriteUncertain
from diagnostics.model import CouldNotLookError
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import BACKEND, SPACE, Stage, stage

SCALE = Scale()
DASHBOARD = "volaticloud-dashboard"


def replicas(here: Stage, name: str = DASHBOARD) -> int:
    return int(here.found("Deployment", name)["spec"]["replicas"])


@pytest.mark.parametrize("number", ["", "-1", "51", "x", "1.5", "٣", "1" * 400, " 3"])
async def test_a_number_that_is_none(here: Stage, number: str) -> None:
    """Takes whole numbers within its bounds alone, and names the bounds."""
    with pytest.raises(CannotAct, match="a whole number from 0 to 50"):
        await here.planned(SCALE, replicas=number)


async def test_other_bounds(here: Stage) -> None:
    """Holds to the largest number that it is given."""
    with pytest.raises(CannotAct, match="from 0 to 3"):
        await here.planned(Scale(most=3), replicas="4")


@pytest.mark.parametrize(
    ("word", "number", "risk", "says"),
    [
        ("dashboard", "3", Risk.LOW, "from 2 to 3 pods. No downtime expected."),
        ("dashboard", "1", Risk.MEDIUM, "from 2 to 1 pod."),
        ("dashboard", "0", Risk.HIGH, "from 2 to 0 pods. Nobody is served until it is scaled up again."),
        ("etcd", "4", Risk.MEDIUM, "from 3 to 4 pods."),
    ],
)
async def test_risks(here: Stage, word: str, number: str, risk: Risk, says: str) -> None:
    """Weighs by what is taken away, most where nothing is left."""
    draft = (await here.planned(SCALE, word, replicas=number)).draft
    assert (draft.risk, says in draft.summary) == (risk, True)
    assert draft.risk in SCALE.risks


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("5", "owns the number of pods (2 to 10): it sets another one within minutes"),
        ("20", "it sets 10 at once"),
        ("1", "it sets 2 at once"),
        ("0", "at 0 it stops, and does not scale up again by itself"),
    ],
)
async def test_an_autoscaler(here: Stage, number: str, says: str) -> None:
    """Says who owns the count, and what becomes of another one."""
    warnings = (await here.planned(SCALE, BACKEND, replicas=number)).draft.warnings
    assert any(says in one for one in warnings)
    assert any("next helm upgrade sets the number of pods back" in one for one in warnings)


async def test_a_budget(here: Stage) -> None:
    """Names the disruption budget that the new count would break."""
    warnings = (await here.planned(SCALE, BACKEND, replicas="0")).draft.warnings
    assert any("Disruption budget volaticloud-backend wants at least 1 healthy pod" in one for one in warnings)


async def test_whom_it_hits(here: Stage) -> None:
    """Names the pods that end: all, or of a stateful set the last ones, or how many the cluster chooses."""
    assert (await here.planned(SCALE, "etcd", replicas="1")).draft.hits == ("pod etcd-1", "pod etcd-2")
    assert len((await here.planned(SCALE, "dashboard", replicas="0")).draft.hits) == 2
    one = (await here.planned(SCALE, "dashboard", replicas="1")).draft.hits
    assert one == ("1 of its 2 pods; the cluster chooses which",)
    assert (await here.planned(SCALE, "dashboard", replicas="9")).draft.hits == ()


@pytest.mark.parametrize(
    ("word", "app", "to"), [("dashboard", DASHBOARD, 4), ("dashboard", DASHBOARD, 0), ("etcd", "etcd", 1)]
)
async def test_scaling(here: Stage, word: str, app: str, to: int) -> None:
    """Brings a workload to its number, and is through when there are as many pods, those that ended gone."""
    plan = await here.planned(SCALE, word, replicas=str(to))
    said = [(await here.step(SCALE, plan, step)).text for step in range(2)]
    assert len(here.pods(app)) == to
    assert said[1] == f"{plan.target} has {to} pod{'' if to == 1 else 's'}"


async def test_nothing_to_do(here: Stage) -> None:
    """Proposes nothing where the number is what is wanted already."""
    with pytest.raises(CannotAct, match="is scaled to 2 pods already"):
        await here.planned(SCALE, "dashboard", replicas="2")


async def test_a_daemon_set() -> None:
    """Says which kinds can be scaled, where another is meant."""
    async with stage(namespaces=("kube-system",)) as here:
        with pytest.raises(CannotAct, match="scale is for deployments and stateful sets only"):
            await here.planned(SCALE, "kube-proxy", replicas="2")


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("trouble", [Trouble(torn=True), Trouble(broken=True)], ids=["torn", "broken"])
async def test_without_an_answer(here: Stage, trouble: Trouble, taken: bool) -> None:  # noqa: FBT001 a case
    """Looks before it writes again, so that the number is set once."""
    plan = await here.planned(SCALE, "dashboard", replicas="3")
    here.server.misbehave(replace(trouble, taken=taken, methods=("PUT",), at_most=1))
    with pytest.raises(WriteUncertain):
        await SCALE.do(here.doing(plan), here.hands)
    here.server.asked.clear()
    for _ in range(2):
        assert isinstance(await SCALE.do(here.doing(plan, again=True), here.hands), Did)
    assert len(here.writes()) == (0 if taken else 1)
    assert replicas(here) == 3


async def test_another_count(here: Stage) -> None:
    """Does nothing where somebody else scaled meanwhile; a new image is no matter."""
    plan = await here.planned(SCALE, "dashboard", replicas="3")
    here.change("Deployment", DASHBOARD, lambda thing: thing["spec"]["template"]["spec"].update(hostNetwork=True))
    assert await SCALE.facts(plan, here.hands) == plan.draft.facts
    here.change("Deployment", DASHBOARD, lambda thing: thing["spec"].update(replicas=5))
    with pytest.raises(Stale, match="number of pods was 2, and is 5"):
        await here.step(SCALE, plan, 0)
    assert replicas(here) == 5


async def test_another_of_the_same_name(here: Stage) -> None:
    """Takes no other deployment of the same name for the planned one, also when begun again."""
    plan = await here.planned(SCALE, "dashboard", replicas="3")
    thing = dict(here.found("Deployment", DASHBOARD))
    here.delete("Deployment", DASHBOARD)
    with pytest.raises(Stale, match="is gone"):
        await SCALE.do(here.doing(plan, again=True), here.hands)
    about = {key: thing["metadata"][key] for key in ("name", "namespace", "labels")}
    await here.hands.cluster.create(Kind.DEPLOYMENT, {"metadata": about, "spec": {**thing["spec"], "replicas": 3}})
    with pytest.raises(Stale, match="uid was"):
        await SCALE.do(here.doing(plan, again=True), here.hands)


async def test_somebody_sets_it_back(here: Stage) -> None:
    """Says that the number did not stay what it was set to."""
    plan = await here.planned(SCALE, "dashboard", replicas="3")
    await here.step(SCALE, plan, 0)
    here.change("Deployment", DASHBOARD, lambda thing: thing["spec"].update(replicas=2))
    with pytest.raises(StepFailed, match="was scaled to 3 pods, and somebody or something made it 2"):
        await here.step(SCALE, plan, 1)


async def test_no_room(here: Stage) -> None:
    """Gives up waiting for pods that no node has room for, and says how far it came."""
    plan = await here.planned(SCALE, "prometheus", replicas="50")
    await here.step(SCALE, plan, 0)
    with pytest.raises(StepFailed, match=r"is not through after 10 min: .* of 50 pods available"):
        await here.step(SCALE, plan, 1)


async def test_a_paused_rollout(here: Stage) -> None:
    """Scales a paused deployment whose newest template is not rolled out, and says that it is paused."""
    here.change("Deployment", DASHBOARD, lambda thing: thing["spec"].update(paused=True))
    here.change("Deployment", DASHBOARD, lambda thing: thing["spec"]["template"]["spec"].update(hostNetwork=True))
    here.pass_by()
    plan = await here.planned(SCALE, "dashboard", replicas="0")
    assert "Its rollout is paused: the number of pods changes all the same." in plan.draft.warnings
    await here.carried_out(SCALE, plan)
    assert here.pods(DASHBOARD) == {}


async def test_a_server_that_goes_away(here: Stage) -> None:
    """Does not take pods for gone that it cannot see for the moment."""
    plan = await here.planned(SCALE, "dashboard", replicas="0")
    await here.step(SCALE, plan, 0)
    here.pass_by(1)
    here.server.misbehave(Trouble(broken=True, paths=("/pods",)))
    with pytest.raises(CouldNotLookError):
        await SCALE.do(here.doing(plan, 1), here.hands)


async def test_a_missing_right(here: Stage) -> None:
    """Asks for the right to scale alone, and names it."""
    here.server.misbehave(Trouble(forbidden=(Forbidden(("patch", "update"), ("deployments",), SPACE),)))
    await here.planned(SCALE, "dashboard", replicas="3")
    here.server.misbehave(Trouble(forbidden=(Forbidden(("update",), ("deployments/scale",), SPACE),)))
    made = r"create role volati-more .*--resource=deployments\.apps/scale\)"
    with pytest.raises(CannotAct, match=rf"lacks the right to update deployments/scale\.apps.*{made}"):
        await here.planned(SCALE, "dashboard", replicas="3")


async def test_pods_that_may_not_be_seen(here: Stage) -> None:
    """Counts by what the workload says where pods may not be listed."""
    here.server.misbehave(Trouble(forbidden=(Forbidden(("list",), ("pods",), SPACE),)))
    plan = await here.planned(SCALE, "dashboard", replicas="1")
    assert isinstance(await here.step(SCALE, plan, 0), Did)
    assert isinstance(await here.step(SCALE, plan, 1), Did)
