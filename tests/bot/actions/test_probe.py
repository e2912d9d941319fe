"""Tests of the in-cluster probe: what its plan says, what it sees, and that nothing of it stays."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as but

from bot.actions.act import Did, Later
from bot.actions.configured import Configured, Door, ProbeConfigured
from bot.actions.plan import Plan, Risk
from bot.actions.probe import Probe
from bot.actions.probe_job import JOB_SECONDS, KEPT_SECONDS, name_of
from bot.clients.kubernetes import Address, KubernetesHands
from bot.errors import CannotAct, Stale, StepFailed, WriteRefused, WriteUncertain
from diagnostics.model import CouldNotLookError
from playground.world.kubernetes.access import Forbidden, grant
from playground.world.kubernetes.frozen import Frozen
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.probing import IMAGE
from playground.world.kubernetes.trouble import Trouble
from tests.bot.actions.stage import BACKEND, SPACE, Stage, stage

PROBE = Probe()
ELSEWHERE = Door(("db.example.com",), 5432, "a host of the platform, by kubernetes.probe.hosts")
HOW = ProbeConfigured(f"{IMAGE}:latest", SPACE, database_secret="volaticloud-db-secret", doors=(ELSEWHERE,))
HEALTH = f"http://{BACKEND}:8080/gateway/v1/health"


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    """A cluster at rest, with probes configured."""
    async with stage() as one:
        yield configured(one, HOW)


def configured(one: Stage, how: ProbeConfigured) -> Stage:
    one.hands = replace(one.hands, configured=Configured(probe=how))
    return one


def jobs(here: Stage) -> list[Frozen]:
    return list(here.world.store.listed(kind_named("Job"), SPACE))


def pods(here: Stage) -> list[Frozen]:
    every = here.world.store.listed(kind_named("Pod"), SPACE)
    return [pod for pod in every if pod["metadata"].get("labels", {}).get("volati/plan")]


async def planned(here: Stage, way: str, target: str) -> Plan:
    return await here.planned(PROBE, target, way=way)


async def seen(here: Stage, way: str, target: str) -> str:
    """What a probe said that it saw, all steps done."""
    return (await here.carried_out(PROBE, await planned(here, way, target)))[2]


async def test_a_plan(here: Stage) -> None:
    """Says where a probe goes and whose place that is, what it leaves, and how one does it by hand; changes nothing."""
    version = here.world.store.version
    draft = (await planned(here, "http", f"{BACKEND}/gateway/v1/health")).draft
    assert here.world.store.version == version
    full = f"http://{BACKEND}.{SPACE}.svc:8080/gateway/v1/health"
    assert draft.summary == f"Probe {full} by http from inside the cluster (a service of namespace {SPACE})"
    assert str(draft.target) == f"probe {SPACE}/{full}"
    assert draft.risk is Risk.LOW
    assert [step.must for step in draft.steps] == [False, False, False, True]
    assert draft.steps[0].command == (
        f"kubectl --context volati create job volati-probe -n {SPACE} --image={IMAGE}:latest "
        f"-- volati probe-from-here http {full}"
    )


@pytest.mark.parametrize(
    ("way", "target", "says"),
    [
        ("http", HEALTH, "/gateway/v1/health answers HTTP 200"),
        ("http", f"{BACKEND}/nothing", "/nothing answers HTTP 404"),
        ("tcp", BACKEND, f"{BACKEND}.{SPACE}.svc:8080 takes connections"),
        ("tcp", "volaticloud-keycloak-service", "volaticloud-keycloak-service.keycloak.svc:8080 takes connections"),
        ("dns", "api.volaticloud.com", "api.volaticloud.com has 1 address"),
        ("dns", BACKEND, "A 10.96.14.20"),
        ("http", "api.volaticloud.com", "https://api.volaticloud.com/ answers HTTP 200"),
        ("http", "http://console.volaticloud.com", "answers HTTP 308"),
        ("postgres", "database", "takes connections, and asks for a password (SCRAM)"),
        ("tcp", "database", "takes connections"),
        ("route", BACKEND, "is 2 hops away, and takes the connection"),
        ("dns", "db.example.com", "db.example.com cannot be looked up"),
    ],
)
async def test_what_it_sees(here: Stage, way: str, target: str, says: str) -> None:
    """Sees from inside what the network is like, says from where, and nothing of it stays."""
    told = await seen(here, way, target)
    assert told.startswith(f"Seen inside the cluster, from namespace {SPACE}: ")
    assert says in told
    assert (jobs(here), pods(here)) == ([], [])


async def test_a_policy_that_cuts_it_off(here: Stage) -> None:
    """Sees that nothing answers where a network policy lets nobody in."""
    here.world.store.delete(kind_named("NetworkPolicy"), SPACE, "allow-probes")
    assert "takes no connection: nothing within 8.0 s" in await seen(here, "tcp", BACKEND)


async def test_a_service_without_pods(here: Stage) -> None:
    """Sees that a service refuses that has no pods behind it."""
    here.change("Service", BACKEND, lambda one: one["spec"].update(selector={"app": "nobody"}))
    assert "takes no connection: Connection refused" in await seen(here, "tcp", BACKEND)


async def test_a_database_that_is_down(here: Stage) -> None:
    """Sees that the database refuses."""
    machine = here.world.plane.machine
    here.world.plane.machine = replace(machine, database=replace(machine.database, listening=False))
    assert "takes no connection: Connection refused" in await seen(here, "postgres", "database")


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("169.254.169.254:80", "link-local"),
        ("localhost:5432", "own pod"),
        ("example.com:443", "none of the platform's own hosts"),
        (f"{BACKEND}:22", "has no port 22"),
        ("kubernetes.default:443", "none of the platform's own hosts"),
    ],
)
async def test_where_it_does_not_go(here: Stage, target: str, says: str) -> None:
    """Proposes no probe to anywhere else."""
    with pytest.raises(CannotAct, match=says):
        await planned(here, "tcp", target)


async def test_without_an_image(here: Stage) -> None:
    """Proposes nothing where no image is configured, and names the setting."""
    with pytest.raises(CannotAct, match=r"set kubernetes\.probe\.image"):
        await planned(configured(here, ProbeConfigured()), "tcp", BACKEND)


async def test_without_a_secret(here: Stage) -> None:
    """Proposes no probe of the database where nothing tells its place, and names the setting."""
    with pytest.raises(CannotAct, match=r"kubernetes\.probe\.database_secret"):
        await planned(configured(here, but(HOW, database_secret="")), "postgres", "database")


async def test_an_unknown_way(here: Stage) -> None:
    """Names the ways there are."""
    with pytest.raises(CannotAct, match="goes by tcp, http, dns, postgres, route; not by 'icmp'"):
        await planned(here, "icmp", BACKEND)


async def test_a_namespace_that_is_not_there(here: Stage) -> None:
    """Proposes nothing that the cluster would refuse."""
    with pytest.raises(CannotAct, match='namespaces "nowhere" not found'):
        await planned(configured(here, but(HOW, namespace="nowhere")), "tcp", BACKEND)


async def test_a_missing_right(here: Stage) -> None:
    """Names the right that the bot lacks before anybody is asked to confirm."""
    here.server.misbehave(Trouble(forbidden=(Forbidden(("create",), ("jobs",), SPACE),)))
    with pytest.raises(CannotAct, match=r"lacks the right to create jobs\.batch"):
        await planned(here, "tcp", BACKEND)


async def test_a_namespace_that_cannot_be_listed(here: Stage) -> None:
    """Goes where it can tell, and says of another place what could not be listed."""
    here.server.misbehave(Trouble(forbidden=(Forbidden(("list",), ("services",), "keycloak"),)))
    plan = await planned(here, "tcp", BACKEND)
    assert (await PROBE.facts(plan, here.hands)) == plan.draft.facts
    with pytest.raises(CannotAct, match="could not be listed: services of keycloak"):
        await planned(here, "tcp", "volaticloud-keycloak-service")


async def test_a_place_that_is_gone(here: Stage) -> None:
    """Does nothing where the place is no longer the platform's, and where another image is configured by now."""
    plan = await planned(here, "tcp", BACKEND)
    here.world.store.delete(kind_named("Service"), SPACE, BACKEND)
    with pytest.raises(Stale, match="and is none of the platform's own"):
        await here.step(PROBE, plan, 0)
    assert jobs(here) == []
    other = await planned(here, "tcp", "volaticloud-dashboard")
    configured(here, but(HOW, image="other:1"))
    with pytest.raises(Stale, match="image was"):
        await here.step(PROBE, other, 0)


async def test_a_place_that_cannot_be_told(here: Stage) -> None:
    """Calls no plan stale only because a list could not be had just now."""
    plan = await planned(here, "tcp", BACKEND)
    here.server.misbehave(Trouble(forbidden=(Forbidden(("list",), ("services",), SPACE),)))
    with pytest.raises(CouldNotLookError):
        await PROBE.facts(plan, here.hands)


async def test_killed_between(here: Stage) -> None:
    """Makes one job, whoever asks how often, wherever it was killed; and ends the same."""
    plan = await planned(here, "http", HEALTH)
    since = here.hands.clock.now()
    for again in (False, True, True):
        assert isinstance(await PROBE.do(here.doing(plan, 0, since=since, again=again), here.hands), Did)
    assert [one["metadata"]["name"] for one in jobs(here)] == [name_of(plan.id)]
    assert len(pods(here)) <= 1
    said = [await here.step(PROBE, plan, step) for step in (1, 1, 2, 2, 3, 3)]
    assert said[2] == said[3]
    assert said[4].text == f"job {SPACE}/{name_of(plan.id)} was deleted"
    assert said[5].text == "the job is gone"


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("trouble", [{"torn": True}, {"broken": True}])
@pytest.mark.parametrize(("step", "method"), [(0, "POST"), (3, "DELETE")])
async def test_without_an_answer(here: Stage, step: int, method: str, trouble: dict[str, Any], *, taken: bool) -> None:
    """Looks before it writes again when a write had no answer."""
    plan = await planned(here, "tcp", BACKEND)
    for before in range(step):
        await here.step(PROBE, plan, before)
    since = here.hands.clock.now()
    here.server.misbehave(Trouble(**trouble, taken=taken, methods=(method,), at_most=1))
    with pytest.raises(WriteUncertain):
        await PROBE.do(here.doing(plan, step, since=since), here.hands)
    here.pass_by(2)
    here.server.asked.clear()
    assert isinstance(await PROBE.do(here.doing(plan, step, since=since, again=True), here.hands), Did)
    assert len(here.writes()) == (0 if taken else 1)
    assert len(jobs(here)) == (1 if step == 0 else 0)


async def test_the_bot_never_comes_back(here: Stage) -> None:
    """Leaves a job that the cluster itself removes with its pod, when the bot is gone for ever after creating it."""
    await here.step(PROBE, await planned(here, "tcp", BACKEND), 0)
    here.pass_by(30)
    assert len(jobs(here)) == 1
    here.pass_by(KEPT_SECONDS + 30)
    assert (jobs(here), pods(here)) == ([], [])


async def test_a_probe_that_hangs_without_a_bot(here: Stage) -> None:
    """Leaves nothing running either where the pod never comes to an end: the cluster ends it."""
    configured(here, but(HOW, image="registry.example.com/does-nothing:1"))
    await here.step(PROBE, await planned(here, "tcp", BACKEND), 0)
    here.pass_by(JOB_SECONDS - 20)
    assert [pod["status"]["phase"] for pod in pods(here)] == ["Running"]
    here.pass_by(60)
    assert pods(here) == []
    here.pass_by(KEPT_SECONDS)
    assert jobs(here) == []


async def test_a_pod_that_never_ends(here: Stage) -> None:
    """Says that the cluster ended a probe that did not end; it is deleted all the same."""
    configured(here, but(HOW, image="registry.example.com/does-nothing:1"))
    plan = await planned(here, "tcp", BACKEND)
    await here.step(PROBE, plan, 0)
    with pytest.raises(StepFailed, match="did not come to its end within 120 s"):
        await here.step(PROBE, plan, 1)
    assert "the probe is running" in here.looks
    await here.step(PROBE, plan, 3)
    assert jobs(here) == []


async def test_an_image_that_cannot_be_pulled(here: Stage) -> None:
    """Says at once why a probe's pod does not start."""
    machine = here.world.plane.machine
    here.world.plane.machine = replace(machine, registries={"ghcr.io": "denied"})
    plan = await planned(here, "tcp", BACKEND)
    await here.step(PROBE, plan, 0)
    with pytest.raises(StepFailed, match=r"does not start: (ErrImagePull|ImagePullBackOff)"):
        await here.step(PROBE, plan, 1)


async def test_another_image(here: Stage) -> None:
    """Says that a pod said nothing that can be read where the configured image is another program's."""
    configured(here, but(HOW, image="ghcr.io/volaticloud/backup:1"))
    plan = await planned(here, "tcp", BACKEND)
    for step in (0, 1):
        await here.step(PROBE, plan, step)
    with pytest.raises(StepFailed, match=r"is kubernetes\.probe\.image this version's image"):
        await here.step(PROBE, plan, 2)


async def test_a_restricted_namespace(here: Stage) -> None:
    """Runs where the namespace lets in only pods that may do nothing; another pod is not let in there."""
    enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
    here.change("Namespace", SPACE, lambda one: one["metadata"]["labels"].update(enforce), "")
    assert "takes connections" in await seen(here, "tcp", BACKEND)


async def test_no_room(here: Stage) -> None:
    """Says that there is no pod yet where a quota lets none be made, and ends by the job's deadline."""
    quota = {"metadata": {"name": "full", "namespace": SPACE}, "spec": {"hard": {"pods": "0"}}, "status": {}}
    here.world.store.create(kind_named("ResourceQuota"), quota)
    plan = await planned(here, "tcp", BACKEND)
    await here.step(PROBE, plan, 0)
    with pytest.raises(StepFailed, match="did not come to its end"):
        await here.step(PROBE, plan, 1)
    assert set(here.looks) == {"no pod yet"}


async def test_somebody_elses_job(here: Stage) -> None:
    """Touches no job of its name that is another's: it does not take it for its own, and does not delete it."""
    plan = await planned(here, "tcp", BACKEND)
    await here.step(PROBE, plan, 0)
    here.change("Job", name_of(plan.id), lambda one: one["metadata"].update(labels={"volati/plan": "other"}))
    for step, says in ((0, "Another job is named"), (1, "is gone before it was read"), (2, "is gone before")):
        with pytest.raises(StepFailed, match=says):
            await here.step(PROBE, plan, step)
    assert (await here.step(PROBE, plan, 3)).text == "the job is gone"
    assert len(jobs(here)) == 1


async def test_a_job_that_is_deleted_meanwhile(here: Stage) -> None:
    """Says so where somebody deleted the job, and has nothing left to do."""
    plan = await planned(here, "tcp", BACKEND)
    await here.step(PROBE, plan, 0)
    here.world.store.delete(kind_named("Job"), SPACE, name_of(plan.id))
    here.pass_by()
    with pytest.raises(StepFailed, match="is gone before it was read"):
        await here.step(PROBE, plan, 1)
    assert (await here.step(PROBE, plan, 3)).text == "the job is gone"


async def test_back_too_late(here: Stage) -> None:
    """Does not probe anew where it was begun so long ago that the job may have come and gone."""
    plan = await planned(here, "tcp", BACKEND)
    since = here.hands.clock.now()
    here.pass_by(JOB_SECONDS + 1)
    with pytest.raises(StepFailed, match="begun too long ago"):
        await PROBE.do(here.doing(plan, 0, since=since, again=True), here.hands)
    assert jobs(here) == []


async def test_a_right_that_is_taken_away(here: Stage) -> None:
    """Changes nothing where the right was withdrawn after the plan was made."""
    plan = await planned(here, "tcp", BACKEND)
    here.server.misbehave(Trouble(forbidden=(Forbidden(("create",), ("jobs",), SPACE),)))
    with pytest.raises(WriteRefused):
        await here.step(PROBE, plan, 0)


async def test_two_at_once(here: Stage) -> None:
    """Makes one job where two replicas create it at the same moment: the second one adopts it."""
    plan = await planned(here, "tcp", BACKEND)
    cluster, read = here.hands.cluster, here.hands.cluster.read

    async def slow(ref: Any) -> Any:
        found = await read(ref)
        if found is None and not jobs(here):
            other = await PROBE.do(here.doing(plan, 0), replace(here.hands, of_cluster=fast))
            assert isinstance(other, Did)
        return found

    fast = type(cluster)(cluster._connection, cluster._clean)  # type: ignore[attr-defined, call-arg]  # the same hands
    cluster.read = slow  # type: ignore[method-assign]
    first = await PROBE.do(here.doing(plan, 0), here.hands)
    assert isinstance(first, Later)
    assert isinstance(await PROBE.do(here.doing(plan, 0, again=True), here.hands), Did)
    assert len(jobs(here)) == 1


async def test_it_needs_only_its_rights() -> None:
    """Comes to its end with exactly the rights that it says it needs, and what reading needs."""
    async with stage() as full:
        store = full.world.store
        for right in PROBE.rights(SPACE):
            resource, _, group = right.resource.partition(".")
            rule = {"verbs": [right.verb], "apiGroups": [group], "resources": [resource]}
            grant(store, "volati/bot", [rule], SPACE)
        address = Address(full.server.kubeconfig("volati/bot"))
        async with KubernetesHands.opened(address, tuple) as cluster:
            expected = but(full.hands.expected, namespaces=(SPACE,))
            full.hands = replace(full.hands, of_cluster=cluster, of_expected=expected)
            assert "takes connections" in await seen(configured(full, HOW), "tcp", BACKEND)
