"""Tests of reading and writing a cluster for guarded acts: what is done, refused, overtaken, and what nobody knows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.actions.hands import ClusterHands, Kind, Ref, Thing
from bot.clients.kubernetes import Address, KubernetesHands, writing
from bot.errors import Conflict, WriteRefused, WriteUncertain
from diagnostics.evidence.cluster.client import LogAsked
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import CouldNotLookError, Reason
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.trouble import Trouble

SPACE = "volaticloud"
BACKEND = Ref(Kind.DEPLOYMENT, Name(SPACE, "volaticloud-backend"))
SCALE = Ref(BACKEND.kind, BACKEND.name, "scale")
NOBODY = Ref(Kind.DEPLOYMENT, Name(SPACE, "nobody"))
MARK = "example.com/mark"


def clean(lines: Any) -> tuple[str, ...]:
    return tuple(line.replace("/health", "•••") for line in lines)


@pytest.fixture
def world() -> World:
    return World(seed=1)


@pytest.fixture
async def server(world: World) -> AsyncIterator[SimulatedKubernetes]:
    async with SimulatedKubernetes(world.store, world.kubelets, refuses=world.refuses) as running:
        yield running


@pytest.fixture
async def hands(server: SimulatedKubernetes) -> AsyncIterator[ClusterHands]:
    async with KubernetesHands.opened(Address(server.kubeconfig()), clean) as one:
        yield one


async def there(hands: ClusterHands, ref: Ref = BACKEND) -> Thing:
    thing = await hands.read(ref)
    assert thing is not None
    return thing


def marked(value: str, version: str = "") -> Thing:
    about: dict[str, Any] = {"annotations": {MARK: value}}
    return {"metadata": {**about, "resourceVersion": version} if version else about}


def mark(thing: Thing) -> str | None:
    return str(thing["metadata"].get("annotations", {}).get(MARK)) if thing["metadata"].get("annotations") else None


async def a_pod(hands: ClusterHands) -> tuple[Ref, str]:
    pod = next(one for one in await hands.listed(Kind.POD, SPACE) if "backend" in one["metadata"]["name"])
    return Ref(Kind.POD, Name(SPACE, pod["metadata"]["name"])), pod["metadata"]["uid"]


async def test_reading(hands: ClusterHands) -> None:
    """Gives a thing as the server has it, and nothing for one that is not there."""
    thing = await there(hands)
    assert (thing["kind"], thing["metadata"]["name"]) == ("Deployment", "volaticloud-backend")
    assert (await there(hands, SCALE))["kind"] == "Scale"
    assert await hands.read(NOBODY) is None


@pytest.mark.parametrize("kind", list(Kind))
async def test_lists(hands: ClusterHands, kind: Kind) -> None:
    """Lists every kind that acts know, in its own namespace alone."""
    found = await hands.listed(kind, SPACE)
    assert {one["metadata"]["namespace"] for one in found} <= {SPACE}
    assert await hands.listed(kind, "nowhere") == ()


async def test_a_patch(hands: ClusterHands) -> None:
    """Merges a patch into what is there, and gives the thing as it is then."""
    before = await there(hands)
    after = await hands.patch(BACKEND, marked("one"))
    assert mark(after) == "one"
    assert after["spec"] == before["spec"]
    assert await there(hands) == after


async def test_a_patch_by_its_keys(hands: ClusterHands) -> None:
    """Merges lists by their keys: a variable more leaves the container and the other variables as they are."""
    before = (await there(hands))["spec"]["template"]["spec"]["containers"]
    container = {"name": before[0]["name"], "env": [{"name": "EXTRA", "value": "1"}]}
    change = {"spec": {"template": {"spec": {"containers": [container]}}}}
    after = (await hands.patch(BACKEND, change))["spec"]["template"]["spec"]["containers"]
    assert len(after) == len(before)
    assert after[0]["image"] == before[0]["image"]
    assert {one["name"] for one in after[0]["env"]} == {"EXTRA", *(one["name"] for one in before[0]["env"])}


async def test_a_patch_of_an_older_version(hands: ClusterHands) -> None:
    """Changes nothing where somebody else wrote meanwhile, and says so."""
    version = (await there(hands))["metadata"]["resourceVersion"]
    await hands.patch(BACKEND, marked("theirs"))
    with pytest.raises(Conflict, match="was changed meanwhile") as caught:
        await hands.patch(BACKEND, marked("ours", version))
    assert caught.value.status == 409
    assert mark(await there(hands)) == "theirs"


async def test_a_replacement(hands: ClusterHands) -> None:
    """Replaces the number of pods by the version that was read, and is refused with an older one."""
    scale = await there(hands, SCALE)
    wanted = {**scale, "spec": {"replicas": 3}}
    assert (await hands.replace(SCALE, wanted))["spec"]["replicas"] == 3
    assert (await there(hands))["spec"]["replicas"] == 3
    with pytest.raises(Conflict, match="update the scale of deployment volaticloud/volaticloud-backend"):
        await hands.replace(SCALE, {**scale, "spec": {"replicas": 4}})


POD: Thing = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"namespace": SPACE, "name": "probe"},
    "spec": {"containers": [{"name": "one", "image": "busybox:1.36"}], "restartPolicy": "Never"},
}


async def test_making(hands: ClusterHands) -> None:
    """Makes a thing once: of the same name there cannot be a second, and that is no conflict of versions."""
    made = await hands.create(Kind.POD, POD)
    assert made["metadata"]["uid"]
    with pytest.raises(WriteRefused, match="create pod volaticloud/probe") as caught:
        await hands.create(Kind.POD, POD)
    assert (caught.value.status, isinstance(caught.value, Conflict)) == (409, False)


async def test_deleting(hands: ClusterHands, world: World) -> None:
    """Deletes the very thing that is meant, and does nothing where it is gone or another has its name."""
    ref, uid = await a_pod(hands)
    assert not await hands.delete(ref, "another")
    assert (await there(hands, ref))["metadata"].get("deletionTimestamp") is None
    assert await hands.delete(ref, uid)
    world.settle(60)
    assert await hands.read(ref) is None
    assert not await hands.delete(ref, uid)


async def test_trying(hands: ClusterHands, world: World) -> None:
    """Stores nothing of what is only tried, and says what would come of it."""
    version = world.store.version
    ref, uid = await a_pod(hands)
    assert mark(await hands.patch(BACKEND, marked("dry"), dry=True)) == "dry"
    scale = await there(hands, SCALE)
    assert (await hands.replace(SCALE, {**scale, "spec": {"replicas": 7}}, dry=True))["spec"]["replicas"] == 7
    assert (await hands.create(Kind.POD, POD, dry=True))["metadata"]["name"] == "probe"
    assert await hands.delete(ref, uid, dry=True)
    assert world.store.version == version


async def test_trying_what_is_not_valid(hands: ClusterHands) -> None:
    """Is told what is wrong by a mere trial, in the server's own words."""
    with pytest.raises(WriteRefused, match=r"not valid there\. It said: .*spec\.replicas") as caught:
        await hands.patch(BACKEND, {"spec": {"replicas": -1}}, dry=True)
    assert caught.value.status == 422


async def test_rights(server: SimulatedKubernetes) -> None:
    """Asks for each right, that of a part of a thing too, and names those that it does not have."""
    patch, scale, log = (
        Kind.DEPLOYMENT.right("patch", SPACE),
        Kind.DEPLOYMENT.right("update", SPACE, "scale"),
        Right("get", "pods/log", SPACE),
    )
    async with KubernetesHands.opened(Address(server.kubeconfig()), clean) as hands:
        assert await hands.missing((patch, scale, log)) == ()
        server.misbehave(Trouble(forbidden=(Forbidden(("update",), ("deployments/scale",), SPACE),)))
        assert await hands.missing((patch, scale, log)) == (scale,)
    async with KubernetesHands.opened(Address(server.kubeconfig("volaticloud/nobody")), clean) as hands:
        assert await hands.missing((patch, scale, log)) == (patch, scale, log)


async def test_rights_that_cannot_be_asked(hands: ClusterHands, server: SimulatedKubernetes) -> None:
    """Takes no right for given while the server does not say."""
    server.misbehave(Trouble(broken=True, paths=("selfsubjectaccessreviews",)))
    with pytest.raises(CouldNotLookError, match="selfsubjectaccessreviews"):
        await hands.missing((Kind.DEPLOYMENT.right("patch", SPACE),))


async def test_a_log(hands: ClusterHands) -> None:
    """Reads a log without the secrets in it."""
    ref, _ = await a_pod(hands)
    text = await hands.log(LogAsked(ref.name, "volaticloud", lines=200))
    assert text.lines
    assert not any("/health" in line for line in text.lines)


async def test_a_forbidden_write(hands: ClusterHands, server: SimulatedKubernetes) -> None:
    """Names the right that a write lacks; nothing is changed."""
    server.misbehave(Trouble(forbidden=(Forbidden(("patch",), ("deployments",), SPACE),)))
    says = r"refused to patch deployment volaticloud/volaticloud-backend \(HTTP 403\)\. Grant the right to patch deploy"
    with pytest.raises(WriteRefused, match=says) as caught:
        await hands.patch(BACKEND, marked("one"))
    assert caught.value.status == 403
    assert mark(await there(hands)) != "one"


async def test_a_write_of_nothing(hands: ClusterHands) -> None:
    """Says that there is nothing to be changed."""
    with pytest.raises(WriteRefused, match="There is no such thing") as caught:
        await hands.patch(NOBODY, marked("one"))
    assert caught.value.status == 404


async def patches(hands: ClusterHands) -> Callable[[], Awaitable[object]]:
    return lambda: hands.patch(BACKEND, marked("one"))


async def replaces(hands: ClusterHands) -> Callable[[], Awaitable[object]]:
    scale = await there(hands, SCALE)
    return lambda: hands.replace(SCALE, {**scale, "spec": {"replicas": 5}})


async def creates(hands: ClusterHands) -> Callable[[], Awaitable[object]]:
    return lambda: hands.create(Kind.POD, POD)


async def deletes(hands: ClusterHands) -> Callable[[], Awaitable[object]]:
    ref, uid = await a_pod(hands)
    return lambda: hands.delete(ref, uid)


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize(
    "trouble", [Trouble(torn=True), Trouble(broken=True), Trouble(silent=True)], ids=["torn", "broken", "silent"]
)
@pytest.mark.parametrize("prepared", [patches, replaces, creates, deletes])
async def test_a_write_without_an_answer(  # noqa: PLR0913, PLR0917 what is tried in every combination
    hands: ClusterHands,
    server: SimulatedKubernetes,
    world: World,
    prepared: Callable[[ClusterHands], Awaitable[Callable[[], Awaitable[object]]]],
    trouble: Trouble,
    taken: bool,  # noqa: FBT001 one of the combinations
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Says that nobody knows, whether it was done or not, and never sends it twice."""
    monkeypatch.setattr(writing, "WRITE_SECONDS", 0.5)
    write = await prepared(hands)
    version = world.store.version
    server.asked.clear()
    server.misbehave(replace(trouble, taken=taken))
    with pytest.raises(WriteUncertain, match="it may have been done"):
        await write()
    assert len(server.asked) == 1
    assert (world.store.version != version) == taken


async def test_a_trial_without_an_answer(hands: ClusterHands, server: SimulatedKubernetes) -> None:
    """Says of a mere trial that nothing was changed, whatever happened to it."""
    server.misbehave(Trouble(torn=True, taken=True))
    with pytest.raises(CouldNotLookError, match="nothing was changed"):
        await hands.patch(BACKEND, marked("one"), dry=True)


async def test_a_server_that_is_away(hands: ClusterHands, server: SimulatedKubernetes) -> None:
    """Says of a write that was never sent that the server cannot be reached, and leaves no doubt behind."""
    await server.hush()
    with pytest.raises(CouldNotLookError, match="cannot be reached") as caught:
        await hands.patch(BACKEND, marked("one"))
    assert caught.value.reason is Reason.UNREACHABLE


async def test_a_busy_server(hands: ClusterHands, server: SimulatedKubernetes) -> None:
    """Asks a busy server once more, which did not take the write; one that stays busy is left alone."""
    server.misbehave(Trouble(throttled_s=0, at_most=1))
    assert mark(await hands.patch(BACKEND, marked("one"))) == "one"
    server.misbehave(Trouble(throttled_s=30))
    with pytest.raises(CouldNotLookError, match="too busy to patch deployment"):
        await hands.patch(BACKEND, marked("two"))
    server.heal()
    assert mark(await there(hands)) == "one"


async def test_many_at_once(hands: ClusterHands) -> None:
    """Lets one of many win who write by the same version."""
    version = (await there(hands))["metadata"]["resourceVersion"]
    writers = (hands.patch(BACKEND, marked(f"{number}", version)) for number in range(20))
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    assert [isinstance(one, Conflict) for one in outcomes].count(True) == 19
