"""Tests of debug logging for a limited time: it is set, held, and goes back, whatever happens in between."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.actions.act import Did, Later
from bot.actions.configured import Configured, DebugConfigured
from bot.actions.debug_logs import MARK, DebugLogs
from bot.actions.hands import Thing
from bot.actions.plan import Plan, Risk
from bot.clients.kubernetes import Address, KubernetesHands
from bot.errors import CannotAct, Stale, StepFailed, WriteRefused, WriteUncertain
from diagnostics.model import CouldNotLookError
from playground.world.kubernetes.access import Forbidden, grant
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import BACKEND, SPACE, Stage, stage

DEBUG = DebugLogs()
SET, WATCH, HOLD, PUT_BACK, WATCH_AGAIN = range(5)
INFO = {"name": "LOG_LEVEL", "value": "info"}
FROM_MAP = {
    "name": "LOG_LEVEL",
    "valueFrom": {"configMapKeyRef": {"name": "volaticloud-backend-config", "key": "VOLATICLOUD_LOG_LEVEL"}},
}
STATES = [None, INFO, FROM_MAP]


def level(here: Stage) -> Any:
    """How the variable stands in the template; None where it does not."""
    env = here.found("Deployment", BACKEND)["spec"]["template"]["spec"]["containers"][0]["env"]
    return next((one for one in env if one["name"] == "LOG_LEVEL"), None)


def mark(here: Stage) -> str | None:
    value = here.found("Deployment", BACKEND)["metadata"].get("annotations", {}).get(MARK)
    return None if value is None else str(value)


def give(here: Stage, entry: Any) -> None:
    """Have the variable stand so, behind everybody's back, and let it roll out."""

    def change(thing: Thing) -> None:
        container = thing["spec"]["template"]["spec"]["containers"][0]
        others = [one for one in container["env"] if one["name"] != "LOG_LEVEL"]
        container["env"] = [*others[:2], *([entry] if entry else []), *others[2:]]

    here.change("Deployment", BACKEND, change)
    here.pass_by(120)


def template(here: Stage) -> Any:
    return here.found("Deployment", BACKEND)["spec"]["template"]


def revisions(here: Stage) -> int:
    return len(
        [one for one in here.world.store.listed(kind_named("ReplicaSet"), SPACE) if BACKEND in one["metadata"]["name"]]
    )


async def planned(here: Stage, lasting: str = "") -> Plan:
    return await here.planned(DEBUG, "backend", **({"for": lasting} if lasting else {}))


async def test_a_plan(here: Stage) -> None:
    """Says what it does as kubectl commands, that it rolls the pods twice, that Helm may undo it; changes nothing."""
    version = here.world.store.version
    draft = (await planned(here, "1h30m")).draft
    assert here.world.store.version == version
    this = f"deployment/{BACKEND} -n {SPACE}"
    assert [step.command for step in draft.steps] == [
        f"kubectl --context volati set env {this} -c volaticloud LOG_LEVEL=debug",
        f"kubectl --context volati rollout status {this}",
        "",
        f"kubectl --context volati set env {this} -c volaticloud LOG_LEVEL-",
        f"kubectl --context volati rollout status {this}",
    ]
    assert [step.must for step in draft.steps] == [False, False, False, True, False]
    assert draft.steps[HOLD].text == "Hold for 1 h 30 min"
    assert [step.holds for step in draft.steps] == [False, False, True, False, False]
    assert draft.warnings[0] == "It rolls the pods twice: now, and when it goes back."
    assert any("managed by Helm" in one and "LOG_LEVEL back" in one for one in draft.warnings)
    assert len([one for one in draft.hits if one.startswith("pod ")]) == 2
    assert [fact.label for fact in draft.facts] == ["uid", "pod template", "paused", "LOG_LEVEL"]
    assert draft.risk is Risk.MEDIUM


@pytest.mark.parametrize("before", STATES)
async def test_there_and_back(here: Stage, before: Any) -> None:
    """Sets the variable, holds it for its time, and leaves the template exactly as it was, by the old revision."""
    give(here, before)
    whole, sets = template(here), revisions(here)
    plan = await planned(here, "10m")
    began = here.hands.clock.now()
    said = [(await here.step(DEBUG, plan, step)).text for step in (SET, WATCH)]
    assert (level(here), mark(here)) == ({"name": "LOG_LEVEL", "value": "debug"}, plan.id)
    assert said[SET].startswith("LOG_LEVEL is 'debug' now, and was ")
    assert said[WATCH].startswith("rolled out: 2 new pods available")
    said += [(await here.step(DEBUG, plan, step)).text for step in (HOLD, PUT_BACK, WATCH_AGAIN)]
    assert here.hands.clock.now() - began >= timedelta(minutes=10)
    assert said[HOLD] == "its 10 min are over"
    assert said[PUT_BACK].endswith(" again")
    assert (template(here), mark(here)) == (whole, None)
    assert revisions(here) == sets + 1


async def test_the_command_back(here: Stage) -> None:
    """Tells for every way a variable can be set the command that puts it back."""
    for before, says in (
        (INFO, "set env deployment/volaticloud-backend -n volaticloud -c volaticloud LOG_LEVEL=info"),
        (FROM_MAP, """patch deployment/volaticloud-backend -n volaticloud -p '{"spec":"""),
    ):
        give(here, before)
        assert says in (await planned(here)).draft.steps[PUT_BACK].command


async def test_it_ends_early(here: Stage) -> None:
    """Ends at once when somebody wants it to."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    since = here.hands.clock.now()
    held = await DEBUG.do(here.doing(plan, HOLD, since=since), here.hands)
    assert held == Later(60.0, f"debug logs until {since + timedelta(minutes=30):%H:%M} UTC")
    over = await DEBUG.do(here.doing(plan, HOLD, since=since, hurried=True), here.hands)
    assert over == Did("ended before its time, as somebody wanted")


async def test_the_last_look(here: Stage) -> None:
    """Looks again when the time is over, and not later."""
    plan = await planned(here, "1m")
    await here.step(DEBUG, plan, SET)
    since = here.hands.clock.now() - timedelta(seconds=50)
    held = await DEBUG.do(here.doing(plan, HOLD, since=since), here.hands)
    assert isinstance(held, Later)
    assert held.seconds == pytest.approx(10, abs=1)


async def test_it_is_on_already(here: Stage) -> None:
    """Proposes nothing where it is on already, and says by which plan."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    with pytest.raises(CannotAct, match=r"on already: LOG_LEVEL is 'debug' in .*, by plan p1, which puts it back"):
        await planned(here)


@pytest.mark.parametrize("lasting", ["59s", "4h1m", "5h", "0m", "-5m", "forever", "30", "1d"])
async def test_times(here: Stage, lasting: str) -> None:
    """Refuses a time that is none, or too short or too long a one."""
    with pytest.raises(CannotAct, match="it may last from 1 min to 4 h, as in 30m or 2h"):
        await planned(here, lasting)


@pytest.mark.parametrize(("lasting", "seconds"), [("", 1800), ("1m", 60), ("4h", 14_400), ("90s", 90), ("30min", 1800)])
async def test_good_times(here: Stage, lasting: str, seconds: int) -> None:
    """Takes a time as people write it, and half an hour where nobody says."""
    assert (await planned(here, lasting)).draft.settings["seconds"] == str(seconds)


async def test_another_workload(here: Stage) -> None:
    """Is for the backend alone: of others it does not know the variable."""
    with pytest.raises(CannotAct, match="is for volaticloud/volaticloud-backend, not for 'volaticloud-dashboard'"):
        await here.planned(DEBUG, "volaticloud-dashboard")
    for word in ("", BACKEND, f"{SPACE}/{BACKEND}", f"deployment/{BACKEND}"):
        assert (await here.planned(DEBUG, word)).target.name.name == BACKEND


async def test_what_it_cannot_do(here: Stage) -> None:
    """Proposes nothing for a paused deployment, one that is not there, and without the right; and says why."""
    here.server.misbehave(Trouble(forbidden=(Forbidden(("patch",), ("deployments",), SPACE),)))
    with pytest.raises(CannotAct, match=r"lacks the right to patch deployments\.apps"):
        await planned(here)
    here.server.heal()
    here.change("Deployment", BACKEND, lambda thing: thing["spec"].update(paused=True))
    with pytest.raises(CannotAct, match=r"is paused.*rollout resume"):
        await planned(here)
    here.world.store.delete(kind_named("Deployment"), SPACE, BACKEND)
    here.pass_by()
    with pytest.raises(CannotAct, match=r"There is no deployment .*is kubernetes\.backend right"):
        await planned(here)


async def test_other_names(here: Stage) -> None:
    """Sets the variable and the value that are configured."""
    here.hands = replace(here.hands, configured=Configured(debug=DebugConfigured("GO_LOG", "trace")))
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    env = template(here)["spec"]["containers"][0]["env"]
    assert {"name": "GO_LOG", "value": "trace"} in env


async def test_a_changed_deployment(here: Stage) -> None:
    """Does nothing where the deployment is not as planned, and says what differs."""
    plan = await planned(here)
    give(here, INFO)
    with pytest.raises(Stale, match="LOG_LEVEL was not set, and is 'info'"):
        await here.step(DEBUG, plan, SET)
    assert (level(here), mark(here)) == (INFO, None)


async def test_a_deployment_that_is_gone(here: Stage) -> None:
    """Does nothing where the deployment is gone, at each step in its own way."""
    plan = await planned(here)
    here.world.store.delete(kind_named("Deployment"), SPACE, BACKEND)
    here.pass_by()
    assert await DEBUG.facts(plan, here.hands) == ()
    with pytest.raises(Stale, match="is gone"):
        await here.step(DEBUG, plan, SET)
    with pytest.raises(StepFailed, match="is gone"):
        await here.step(DEBUG, plan, WATCH)
    assert (await here.step(DEBUG, plan, HOLD)).text == "somebody else has changed it meanwhile"
    assert "is gone, and the variable with it" in (await here.step(DEBUG, plan, PUT_BACK)).text


async def test_killed_between(here: Stage) -> None:
    """Sets it once and puts it back once, wherever it was killed and however often it is asked to go on."""
    whole = template(here)
    plan = await planned(here, "1m")
    since = here.hands.clock.now()
    here.server.asked.clear()
    for again in (False, True, True):
        assert isinstance(await DEBUG.do(here.doing(plan, SET, since=since, again=again), here.hands), Did)
    assert len(here.writes()) == 1
    for step in (WATCH, WATCH, HOLD, HOLD):
        await here.step(DEBUG, plan, step)
    for again in (False, True, True):
        assert isinstance(await DEBUG.do(here.doing(plan, PUT_BACK, again=again), here.hands), Did)
    assert len(here.writes()) == 2
    assert (template(here), mark(here)) == (whole, None)


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("trouble", [{"torn": True}, {"broken": True}])
@pytest.mark.parametrize("step", [SET, PUT_BACK])
async def test_without_an_answer(here: Stage, step: int, trouble: dict[str, Any], *, taken: bool) -> None:
    """Looks before it writes again when a write had no answer."""
    whole = template(here)
    plan = await planned(here)
    if step == PUT_BACK:
        await here.step(DEBUG, plan, SET)
    here.server.misbehave(Trouble(**trouble, taken=taken, methods=("PATCH",), at_most=1))
    with pytest.raises(WriteUncertain):
        await DEBUG.do(here.doing(plan, step), here.hands)
    here.server.asked.clear()
    assert isinstance(await DEBUG.do(here.doing(plan, step, again=True), here.hands), Did)
    assert len(here.writes()) == (0 if taken else 1)
    assert (template(here) == whole) == (step == PUT_BACK)


async def test_it_was_never_set(here: Stage) -> None:
    """Has nothing to put back where setting it failed."""
    whole = template(here)
    plan = await planned(here)
    here.server.asked.clear()
    assert (await here.step(DEBUG, plan, PUT_BACK)).text == "LOG_LEVEL is not set, as it was before"
    assert (template(here), here.writes()) == (whole, [])


@pytest.mark.parametrize("other", [None, {"name": "LOG_LEVEL", "value": "error"}, FROM_MAP])
async def test_somebody_elses_change(here: Stage, other: Any) -> None:
    """Leaves a variable that somebody else has changed meanwhile, says so, and takes only its own mark away."""
    give(here, INFO)
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    give(here, other)
    assert (await here.step(DEBUG, plan, HOLD)).text == "somebody else has changed it meanwhile"
    said = (await here.step(DEBUG, plan, PUT_BACK)).text
    assert "was changed by somebody else" in said
    assert said.endswith("and was left so")
    assert (level(here), mark(here)) == (other, None)


async def test_a_rollout_of_somebody_else(here: Stage) -> None:
    """Puts its variable back and leaves a new release in peace that came meanwhile."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    image = "ghcr.io/volaticloud/volaticloud:2.15.0"
    here.change("Deployment", BACKEND, lambda one: one["spec"]["template"]["spec"]["containers"][0].update(image=image))
    await here.step(DEBUG, plan, PUT_BACK)
    assert level(here) is None
    assert template(here)["spec"]["containers"][0]["image"] == image


async def test_another_deployment_of_the_name(here: Stage) -> None:
    """Leaves another deployment of the same name as it is, also where its variable looks like ours."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    copy = {key: here.found("Deployment", BACKEND)[key] for key in ("kind", "apiVersion", "spec")}
    here.world.store.delete(kind_named("Deployment"), SPACE, BACKEND)
    here.pass_by()
    here.world.store.create(kind_named("Deployment"), {**copy, "metadata": {"name": BACKEND, "namespace": SPACE}})
    assert "another deployment is named" in (await here.step(DEBUG, plan, PUT_BACK)).text
    assert level(here)["value"] == "debug"


async def test_another_plans_mark(here: Stage) -> None:
    """Leaves a variable that another plan has set, and its mark."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    here.change("Deployment", BACKEND, lambda one: one["metadata"]["annotations"].update({MARK: "p2"}))
    assert "was left so" in (await here.step(DEBUG, plan, PUT_BACK)).text
    assert (level(here)["value"], mark(here)) == ("debug", "p2")


async def test_a_lost_mark(here: Stage) -> None:
    """Puts back what it set also where somebody took its mark away: debug logs must not stay."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    here.change("Deployment", BACKEND, lambda one: one["metadata"]["annotations"].pop(MARK))
    await here.step(DEBUG, plan, PUT_BACK)
    assert level(here) is None


async def test_a_container_that_is_renamed(here: Stage) -> None:
    """Leaves a template in which its container is no longer there, and says so."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    here.change("Deployment", BACKEND, lambda one: one["spec"]["template"]["spec"]["containers"][0].update(name="x"))
    assert "nowhere to be found" in (await here.step(DEBUG, plan, PUT_BACK)).text


async def test_a_right_that_is_taken_away(here: Stage) -> None:
    """Says why it cannot put it back while it may not, and does it once it may again."""
    whole = template(here)
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    here.server.misbehave(Trouble(forbidden=(Forbidden(("patch",), ("deployments",), SPACE),)))
    with pytest.raises(WriteRefused, match="Grant the right to patch"):
        await DEBUG.do(here.doing(plan, PUT_BACK), here.hands)
    here.server.heal()
    await here.step(DEBUG, plan, PUT_BACK)
    assert template(here) == whole


async def test_a_server_that_is_away(here: Stage) -> None:
    """Says that it cannot look while the API server is down, and puts it back afterwards."""
    whole = template(here)
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    await here.server.hush()
    for step in (WATCH, HOLD, PUT_BACK):
        with pytest.raises(CouldNotLookError):
            await here.step(DEBUG, plan, step)
    await here.server.listen()
    await here.step(DEBUG, plan, PUT_BACK)
    assert template(here) == whole


@pytest.mark.parametrize("step", [SET, PUT_BACK])
async def test_others_who_write(here: Stage, step: int) -> None:
    """Looks anew when somebody wrote between reading and writing, and comes to its end."""
    plan = await planned(here)
    if step == PUT_BACK:
        await here.step(DEBUG, plan, SET)
    cluster, read, times = here.hands.cluster, here.hands.cluster.read, [2]

    async def interrupted(ref: Any) -> Any:
        thing = await read(ref)
        if times[0]:
            times[0] -= 1
            here.change("Deployment", BACKEND, lambda one: one["metadata"]["annotations"].update(n=str(times[0])))
        return thing

    cluster.read = interrupted  # type: ignore[method-assign]
    await here.step(DEBUG, plan, step)
    assert (level(here) is None) == (step == PUT_BACK)


async def test_a_rollout_that_fails(here: Stage) -> None:
    """Says that the pods do not come up with it, and puts it back all the same."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    here.world.store.delete(kind_named("Secret"), SPACE, "volaticloud-secrets")
    with pytest.raises(StepFailed, match="got no further within its deadline"):
        await here.step(DEBUG, plan, WATCH)
    assert (await here.step(DEBUG, plan, PUT_BACK)).text == "LOG_LEVEL is not set again"


async def test_a_pause_meanwhile(here: Stage) -> None:
    """Says that pods stay as they are where somebody paused the deployment; the variable goes back nevertheless."""
    plan = await planned(here)
    await here.step(DEBUG, plan, SET)
    here.change("Deployment", BACKEND, lambda thing: thing["spec"].update(paused=True))
    with pytest.raises(StepFailed, match="was paused"):
        await here.step(DEBUG, plan, WATCH)
    await here.step(DEBUG, plan, PUT_BACK)
    assert level(here) is None


@pytest.fixture
async def least() -> AsyncIterator[Stage]:
    """Hands that have the rights that the act names, and no others."""
    async with stage() as full:
        for right in DEBUG.rights(SPACE):
            resource, _, group = right.resource.partition(".")
            rule = {"verbs": [right.verb], "apiGroups": [group], "resources": [resource]}
            grant(full.world.store, "volati/bot", [rule], SPACE)
        async with KubernetesHands.opened(Address(full.server.kubeconfig("volati/bot")), tuple) as cluster:
            full.hands = replace(full.hands, of_cluster=cluster)
            yield full


async def test_it_needs_only_its_rights(least: Stage) -> None:
    """Comes to its end with exactly the rights that it says it needs."""
    whole = template(least)
    await least.carried_out(DEBUG, await planned(least, "1m"))
    assert template(least) == whole


async def test_recreate(here: Stage) -> None:
    """Says that the backend is away twice where all its pods end before new ones begin."""
    here.change("Deployment", BACKEND, lambda thing: thing["spec"].update(strategy={"type": "Recreate"}))
    assert "Nobody is served for a while" in (await planned(here)).draft.summary
