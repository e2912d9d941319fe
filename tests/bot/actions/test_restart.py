"""Tests of a rolling restart: what its plan says, what it does once, and when it does nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions.act import Did, Later
from bot.actions.hands import Ref, Thing
from bot.actions.plan import Risk
from bot.actions.restart import Restart
from bot.actions.things import RESTARTED_AT
from bot.errors import CannotAct, Stale, StepFailed, WriteRefused, WriteUncertain
from diagnostics.model import CouldNotLookError
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import BACKEND, BACKEND_REF, EVERYWHERE, SPACE, Stage, stage

RESTART = Restart()
KEYCLOAK = "keycloak/volaticloud-keycloak"


def mark(here: Stage, kind: str = "Deployment", name: str = BACKEND, namespace: str = SPACE) -> str | None:
    about = here.found(kind, name, namespace)["spec"]["template"].get("metadata") or {}
    value = (about.get("annotations") or {}).get(RESTARTED_AT)
    return None if value is None else str(value)


async def test_a_plan(here: Stage) -> None:
    """Says whom a restart hits, what it does as kubectl commands, what becomes of it; and changes nothing."""
    version = here.world.store.version
    draft = (await here.planned(RESTART, "backend")).draft
    assert here.world.store.version == version
    assert str(draft.target) == "deployment volaticloud/volaticloud-backend"
    assert draft.summary == (
        "Replace 2 pods of deployment volaticloud/volaticloud-backend. "
        "No downtime expected: there are never fewer than 2 pods that serve."
    )
    assert [step.command for step in draft.steps] == [
        "kubectl --context volati rollout restart deployment/volaticloud-backend -n volaticloud",
        "kubectl --context volati rollout status deployment/volaticloud-backend -n volaticloud",
    ]
    assert [hit.rpartition(",")[0] for hit in draft.hits] == [f"pod {name}, 5 days old" for name in here.pods()]
    assert draft.warnings == ("It is managed by Helm (release volaticloud-backend): it lets the mark of a restart be.",)
    assert draft.risk is Risk.LOW


@pytest.mark.parametrize(
    ("word", "kind", "name", "namespace", "app"),
    [
        ("backend", "Deployment", BACKEND, SPACE, BACKEND),
        (KEYCLOAK, "StatefulSet", "volaticloud-keycloak", "keycloak", "volaticloud-keycloak"),
        ("kube-proxy", "DaemonSet", "kube-proxy", "kube-system", "kube-proxy"),
    ],
)
async def test_a_restart(word: str, kind: str, name: str, namespace: str, app: str) -> None:
    """Replaces every pod of each kind of workload, and is through when all new ones serve."""
    async with stage(namespaces=(*EVERYWHERE, "kube-system")) as here:
        plan = await here.planned(RESTART, word)
        before = set(here.pods(app))
        said = await here.carried_out(RESTART, plan)
        assert mark(here, kind, name, namespace)
        assert len(here.pods(app)) == len(before)
        assert not before & {pod["metadata"]["uid"] for pod in here.pods(app).values()}
        assert said[0].startswith(f"Marked {plan.target} for a restart at ")
        assert said[1].startswith(f"The rollout of {plan.target} is through: ")
        assert here.looks


async def test_again(here: Stage) -> None:
    """Marks once what it is asked to mark again, whether it was killed before the answer or after it."""
    plan = await here.planned(RESTART)
    since = here.hands.clock.now()
    await RESTART.do(here.doing(plan, since=since), here.hands)
    first = mark(here)
    here.pass_by(20)
    here.server.asked.clear()
    for _ in range(3):
        assert isinstance(await RESTART.do(here.doing(plan, since=since, again=True), here.hands), Did)
    assert (here.writes(), mark(here)) == ([], first)


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("trouble", [Trouble(torn=True), Trouble(broken=True)], ids=["torn", "broken"])
async def test_without_an_answer(here: Stage, trouble: Trouble, taken: bool) -> None:  # noqa: FBT001 a case
    """Looks before it writes again when a write had no answer, so that the mark is set once."""
    plan = await here.planned(RESTART)
    since = here.hands.clock.now()
    here.server.misbehave(replace(trouble, taken=taken, methods=("PATCH",), at_most=1))
    with pytest.raises(WriteUncertain):
        await RESTART.do(here.doing(plan, since=since), here.hands)
    assert (mark(here) is not None) == taken
    here.pass_by(10)
    here.server.asked.clear()
    await RESTART.do(here.doing(plan, since=since, again=True), here.hands)
    assert len(here.writes()) == (0 if taken else 1)
    assert mark(here) == f"{since:%Y-%m-%dT%H:%M:%SZ}"


async def test_a_later_restart(here: Stage) -> None:
    """Marks nothing again where somebody restarted after the step was begun, in whatever form the time is written."""
    plan = await here.planned(RESTART)
    since = here.hands.clock.now()
    for later, done in (("2031-01-01T00:00:00+01:00", True), ("2001-01-01T00:00:00Z", False), ("nonsense", False)):
        theirs = {"metadata": {"annotations": {RESTARTED_AT: later}}}
        await here.hands.cluster.patch(BACKEND_REF, {"spec": {"template": theirs}})
        here.server.asked.clear()
        if done:
            assert isinstance(await RESTART.do(here.doing(plan, since=since, again=True), here.hands), Did)
        else:
            with pytest.raises(Stale, match="pod template was"):
                await RESTART.do(here.doing(plan, since=since, again=True), here.hands)
        assert here.writes() == []


async def test_a_failure_of_before(here: Stage) -> None:
    """Restarts what had failed, and does not take the failure of the rollout before for one of its own."""
    here.delete("Secret", "volaticloud-secrets")
    here.change("Deployment", BACKEND, lambda thing: thing["spec"]["template"]["spec"].update(hostNetwork=True))
    here.pass_by(700)
    plan = await here.planned(RESTART)
    stuck = here.found("Deployment", BACKEND)["status"]["conditions"]
    assert "ProgressDeadlineExceeded" in {one["reason"] for one in stuck}
    assert isinstance(await RESTART.do(here.doing(plan, 1), here.hands), Later)
    a_while_ago = here.hands.clock.now() - timedelta(seconds=31)
    with pytest.raises(StepFailed, match="got no further within its deadline"):
        await RESTART.do(here.doing(plan, 1, since=a_while_ago), here.hands)


async def test_a_pause_between(here: Stage) -> None:
    """Does nothing where the deployment was paused after the plan was made, and names what is different."""
    plan = await here.planned(RESTART)
    here.change("Deployment", BACKEND, lambda thing: thing["spec"].update(paused=True))
    with pytest.raises(Stale) as caught:
        await here.step(RESTART, plan, 0)
    assert caught.value.differences == ("paused was no, and is yes",)
    assert mark(here) is None


async def test_another_template(here: Stage) -> None:
    """Does nothing where somebody rolled out meanwhile, and where the deployment is another of the same name."""
    plan = await here.planned(RESTART)
    here.change("Deployment", BACKEND, lambda thing: thing["spec"]["template"]["spec"].update(hostNetwork=True))
    with pytest.raises(Stale, match="pod template was"):
        await here.step(RESTART, plan, 0)
    assert await RESTART.facts(plan, here.hands) != plan.draft.facts


async def test_a_target_that_is_gone(here: Stage) -> None:
    """Does nothing where the target was deleted; its facts are none."""
    plan = await here.planned(RESTART)
    here.delete("Deployment", BACKEND)
    assert await RESTART.facts(plan, here.hands) == ()
    with pytest.raises(Stale, match="is gone"):
        await here.step(RESTART, plan, 0)
    with pytest.raises(StepFailed, match="was deleted"):
        await here.step(RESTART, plan, 1)


async def test_what_is_no_difference(here: Stage) -> None:
    """Goes on where only the number of pods and the status are other than they were."""
    plan = await here.planned(RESTART)
    here.change("Deployment", BACKEND, lambda thing: thing["spec"].update(replicas=3))
    here.pass_by()
    assert await RESTART.facts(plan, here.hands) == plan.draft.facts
    await here.carried_out(RESTART, plan)
    assert len(here.pods()) == 3


async def test_a_paused_deployment(here: Stage) -> None:
    """Proposes no restart of a paused deployment, and says how to go on."""
    here.change("Deployment", BACKEND, lambda thing: thing["spec"].update(paused=True))
    with pytest.raises(CannotAct, match=r"is paused.* kubectl rollout resume deployment/volaticloud-backend"):
        await here.planned(RESTART)


async def test_a_set_that_waits_for_deletions(here: Stage) -> None:
    """Proposes no restart where the mark would change no pod."""
    wait = {"type": "OnDelete"}
    here.change("StatefulSet", "etcd", lambda thing: thing["spec"].update(updateStrategy=wait), "etcd-system")
    with pytest.raises(CannotAct, match=r"OnDelete.*kubectl delete pod"):
        await here.planned(RESTART, "etcd")


async def test_a_missing_right(here: Stage) -> None:
    """Names the right that the bot lacks, and how it is granted, before anybody is asked to confirm."""
    here.server.misbehave(Trouble(forbidden=(Forbidden(("patch",), ("deployments",), SPACE),)))
    with pytest.raises(CannotAct, match=r"lacks the right to patch deployments\.apps.*--verb=patch") as caught:
        await here.planned(RESTART)
    assert "list" not in str(caught.value)


async def test_a_right_that_is_taken_away(here: Stage) -> None:
    """Says that it may not, where the right was withdrawn after the plan was made."""
    plan = await here.planned(RESTART)
    here.server.misbehave(Trouble(forbidden=(Forbidden(("patch",), ("deployments",), SPACE),)))
    with pytest.raises(WriteRefused, match="Grant the right to patch"):
        await here.step(RESTART, plan, 0)


async def test_what_cannot_be_seen(here: Stage) -> None:
    """Proposes a restart also where the pods cannot be seen, and says that they cannot."""
    here.server.misbehave(Trouble(forbidden=(Forbidden(("list",), ("pods",), SPACE),)))
    draft = (await here.planned(RESTART)).draft
    assert draft.hits == ()
    assert any("The pods could not be looked at" in one for one in draft.warnings)


async def test_nobody_left(here: Stage) -> None:
    """Says that nobody is served meanwhile where all pods end before a new one starts; that is no low risk."""
    here.change("Deployment", BACKEND, lambda thing: thing["spec"].update(strategy={"type": "Recreate"}))
    draft = (await here.planned(RESTART)).draft
    assert "Nobody is served for a while: its strategy is Recreate" in draft.summary
    assert any("wants at least 1 healthy pod" in one for one in draft.warnings)
    assert draft.risk is Risk.MEDIUM


async def test_a_rollout_that_fails(here: Stage) -> None:
    """Says that a restart failed, and what the deployment says, where its new pods do not become ready."""
    plan = await here.planned(RESTART)
    await here.step(RESTART, plan, 0)
    here.delete("Secret", "volaticloud-secrets")
    with pytest.raises(StepFailed, match="got no further within its deadline of 10 min"):
        await here.step(RESTART, plan, 1)


async def test_a_rollout_that_takes_too_long(here: Stage) -> None:
    """Gives up watching after a time of its own, where the cluster itself has no deadline."""
    plan = await here.planned(RESTART, "etcd")
    await here.step(RESTART, plan, 0)
    long_ago = here.hands.clock.now() - timedelta(hours=1)
    with pytest.raises(StepFailed, match="is not through after"):
        await RESTART.do(here.doing(plan, 1, since=long_ago), here.hands)


async def test_somebody_elses_change(here: Stage) -> None:
    """Calls no rollout its own that somebody else began; a second restart of the same is none the worse."""
    plan = await here.planned(RESTART)
    await here.step(RESTART, plan, 0)
    theirs = {"metadata": {"annotations": {RESTARTED_AT: "2031-01-01T00:00:00Z"}}}
    await here.hands.cluster.patch(BACKEND_REF, {"spec": {"template": theirs}})
    assert isinstance(await here.step(RESTART, plan, 1), Did)
    here.change("Deployment", BACKEND, lambda thing: thing["spec"]["template"]["spec"].update(hostNetwork=True))
    with pytest.raises(StepFailed, match="changed by somebody else"):
        await here.step(RESTART, plan, 1)


async def test_others_who_write(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads anew when somebody wrote between reading and writing; gives up when that goes on and on."""
    plan = await here.planned(RESTART)
    cluster, read, times = here.hands.cluster, here.hands.cluster.read, [0]

    async def interrupted(ref: Ref) -> Thing | None:
        thing = await read(ref)
        if times[0]:
            times[0] -= 1
            here.change("Deployment", BACKEND, lambda one: one["metadata"]["annotations"].update(n=f"{times}"))
        return thing

    monkeypatch.setattr(cluster, "read", interrupted)
    times[0] = 99
    with pytest.raises(StepFailed, match="Others changed it 5 times"):
        await here.step(RESTART, plan, 0)
    times[0] = 2
    assert isinstance(await here.step(RESTART, plan, 0), Did)


async def test_a_server_that_is_away(here: Stage) -> None:
    """Says that it cannot look, and changes nothing, while the API server is down."""
    plan = await here.planned(RESTART)
    await here.server.hush()
    for step in range(2):
        with pytest.raises(CouldNotLookError):
            await here.step(RESTART, plan, step)
    await here.server.listen()
    assert mark(here) is None
