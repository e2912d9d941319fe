"""Tests of looking quickly at a cluster: at the simulated one, well and misbehaving; what is masked; what it costs."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.catalogue import load_catalogue
from bot.clock import SystemClock
from bot.platform.environment import Platform, fingerprints
from bot.runs.examiner import Frame
from bot.runs.glances import Glances, NoClusterError
from bot.settings import EnvironmentSettings
from bot.words.commands import Logs
from diagnostics.glances.meaning import Ambiguous, Unknown
from diagnostics.model import Reason
from diagnostics.observe import Deadlines
from diagnostics.redaction import Redactor
from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.kubelets import Line
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.trouble import Trouble
from playground.world.kubernetes.volaticloud import BACKEND, SPACE, Secrets

CANARY = "c4nary-D4tabase-9vKq2Lx7w"
CLIENT = "c4nary-Cl1ent-5tBn8Wd4zz"
HERE = Logs("here", "backend")
CATALOGUE = load_catalogue()
#: For what must be seen or refused whole, also on a machine that is busy.
PATIENT = Deadlines(source=15.0, run=40.0)


def event(number: int, message: str, **parts: Any) -> dict[str, Any]:
    """An event as the API keeps it."""
    at = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"e{number}", "namespace": SPACE},
        "involvedObject": {"kind": "Pod", "name": "volaticloud-backend-5959c74bb5-bcdfg", "namespace": SPACE},
        "type": "Warning",
        "reason": "Custom",
        "message": message,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        **parts,
    }


class Talking:
    """Kubelets whose containers have logged these lines as well."""

    def __init__(self, inner: Any, *lines: str) -> None:
        self._inner = inner
        self.lines = lines

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def log(self, pod: Any, container: str, *, previous: bool) -> Any:
        """What it logged, and these lines."""
        now = SystemClock().now()
        return [*self._inner.log(pod, container, previous=previous), *(Line(now, text) for text in self.lines)]


@pytest.fixture
def world() -> World:
    return World(Secrets(database=CANARY, client=CLIENT), seed=1)


@pytest.fixture
async def server(world: World) -> AsyncIterator[SimulatedKubernetes]:
    async with SimulatedKubernetes(world.store, Talking(world.kubelets)) as running:
        yield running


def looking(config: Path | str, deadlines: Deadlines = PATIENT) -> Glances:
    settings = EnvironmentSettings.model_validate({"kubernetes": {"kubeconfig": str(config)}})
    bare = Platform("bare", EnvironmentSettings(), fingerprints(b"key"))
    frame = Frame(SystemClock(), Redactor(), deadlines, "from the test", lambda: CATALOGUE)
    return Glances({"here": Platform("here", settings, fingerprints(b"key")), "bare": bare}, frame)


@pytest.fixture
def glances(server: SimulatedKubernetes) -> Glances:
    return looking(server.kubeconfig())


async def test_the_quick_look(glances: Glances) -> None:
    """Sees the pods, services, ingresses, nodes and what is used, and lacks nothing."""
    found = await glances.overview("here")
    assert [space.name for space in found.namespaces] == [SPACE, "keycloak", "ingress-nginx"]
    backend = next(row for row in found.namespaces[0].pods if row.name.name == BACKEND)
    assert (backend.ready, backend.wanted, backend.trouble) == (2, 2, "")
    assert backend.used is not None
    assert backend.used.cpu_m
    assert found.namespaces[0].services[0].ready == 2
    assert found.namespaces[0].ingresses[0].hosts
    assert len(found.nodes) == 3
    assert found.lacks == ()


async def test_a_fault_shows(world: World, glances: Glances) -> None:
    """Shows what lacks pods, tells its events together, and gives the log of the run that failed, marked."""
    world.switch_on(next(one for one in KUBERNETES_FAULTS if one.name == "database-refused"))
    backend = (await glances.overview("here")).namespaces[0].pods[0]
    assert (backend.name.name, backend.ready, backend.trouble) == (BACKEND, 0, "CrashLoopBackOff")
    groups = (await glances.events("here")).groups
    backoff = next(group for group in groups if group.reason == "BackOff")
    assert (backoff.name, backoff.things, backoff.count > 2) == (BACKEND, 2, True)
    log = await glances.logs(HERE)
    assert log.choice is not None
    assert log.choice.previous
    assert log.choice.because == "that run failed: exit code 1"
    assert [one.id for one in log.known] == ["postgres.refused"]
    assert any(line.known for line in log.lines)


async def test_what_is_meant(glances: Glances) -> None:
    """Asks back, or gives the nearest; reads a pod by its name."""
    assert isinstance((await glances.logs(Logs("here", "volaticloud"))).instead, Ambiguous)
    nearest = (await glances.logs(Logs("here", "bakend"))).instead
    assert isinstance(nearest, Unknown)
    assert nearest.nearest == (f"{SPACE}/{BACKEND}",)
    first = (await glances.logs(HERE)).choice
    assert first is not None
    again = await glances.logs(Logs("here", str(first.pod), first.container, "current"))
    assert again.choice is not None
    assert (again.thing, again.choice.pod) == (f"pod {first.pod}", first.pod)


async def test_pages_and_since(server: SimulatedKubernetes, glances: Glances) -> None:
    """Reads page by page, each line once, and no line older than was asked for."""
    server._desk.kubelets.lines = tuple(f"line {number}" for number in range(100))  # type: ignore[attr-defined]
    found = [await glances.logs(Logs("here", "backend", page=page, since_s=60)) for page in (1, 2, 3, 4)]
    lines = [line.text for page in reversed(found) for line in page.lines if line.text.startswith("line ")]
    assert lines == [f"line {number}" for number in range(100)]
    assert [page.more for page in found] == [True, True, True, False]
    assert all("sinceTime=" in one.query for one in server.asked if one.path.endswith("/log"))


async def test_nothing_secret_leaves(world: World, server: SimulatedKubernetes, glances: Glances) -> None:
    """Masks what the secrets hold wherever it turns up, and known forms; shows no value of a setting or config map."""
    spelt = f"{CANARY[:9]}\u200b{CANARY[9:]}"
    said = (
        f"login with {CANARY} refused",
        f"client {CLIENT}!",
        f"hidden {spelt} and \x1b[1m{CANARY[:5]}\x1b[0m{CANARY[5:]}",
        "dial postgresql://api:Us3rInfo-c4nary@db:5432/x",
        "password=P4ge-c4nary-6hJm3Rf9",
    )
    server._desk.kubelets.lines = said  # type: ignore[attr-defined]
    for number, text in enumerate(said):
        world.store.create(kind_named("Event"), event(number, text, reason="Odd"))
    config = {"metadata": {"name": "c", "namespace": SPACE}, "data": {"x": "c4nary-in-config"}}
    world.store.create(kind_named("ConfigMap"), {"apiVersion": "v1", "kind": "ConfigMap", **config})
    deployment = world.plane.read("Deployment", SPACE, BACKEND)
    assert deployment is not None
    variable = {"name": "X", "value": "c4nary-in-environment"}
    world.plane.write(
        deployment, lambda one: one["spec"]["template"]["spec"]["containers"][0].setdefault("env", []).append(variable)
    )
    log, events = await glances.logs(HERE), await glances.events("here")
    for found in (log, events, await glances.overview("here")):
        assert "c4nary" not in msgspec.json.encode(found).decode()
    assert "login with \u2039masked: " in str(log.lines)
    assert "login with \u2039masked: " in str(events.groups)


async def test_missing_rights(server: SimulatedKubernetes, glances: Glances) -> None:
    """Names the exact right that is missing, and shows the rest."""
    server.misbehave(
        Trouble(forbidden=(Forbidden(("list",), ("events",), "keycloak"), Forbidden(("get",), ("pods/log",))))
    )
    events = await glances.events("here")
    assert [(one.what, one.reason) for one in events.lacks] == [("events in namespace keycloak", Reason.FORBIDDEN)]
    log = await glances.logs(HERE)
    assert (log.lines, log.lacks[0].reason) == ((), Reason.FORBIDDEN)
    assert f"get pods/log in namespace {SPACE}" in log.lacks[0].detail


async def test_secrets_that_may_not_be_read(server: SimulatedKubernetes, glances: Glances) -> None:
    """Says that values are masked by their form alone where the secrets could not be read."""
    server.misbehave(Trouble(forbidden=(Forbidden((), ("secrets",)),)))
    lacks = (await glances.logs(HERE)).lacks
    assert [one.reason for one in lacks] == [Reason.FORBIDDEN] * 2
    assert all("by its form and its surroundings alone" in one.detail for one in lacks)


async def test_workloads_that_may_not_be_listed(server: SimulatedKubernetes, glances: Glances) -> None:
    """Finds a pod by its name where workloads cannot be seen."""
    server.misbehave(Trouble(forbidden=(Forbidden(("list",), ("deployments", "statefulsets")),)))
    found = (await glances.logs(Logs("here", "volaticloud-backend"))).instead
    assert isinstance(found, Ambiguous)
    assert (await glances.logs(Logs("here", found.names[0]))).lines


@pytest.mark.parametrize(
    ("trouble", "reason", "deadlines"),
    [
        (Trouble(broken=True), Reason.FAILED, PATIENT),
        (Trouble(throttled_s=60), Reason.REFUSED, PATIENT),
        (Trouble(silent=True), Reason.TIMEOUT, Deadlines(1.0, 3.0)),
    ],
    ids=["500", "429", "silent"],
)
async def test_a_server_in_trouble(
    server: SimulatedKubernetes, trouble: Trouble, reason: Reason, deadlines: Deadlines
) -> None:
    """Says that nothing could be seen, and why; a silent server does not hold it up beyond its deadline."""
    server.misbehave(trouble)
    there = looking(server.kubeconfig(), deadlines)
    async with asyncio.timeout(60):
        for found in (await there.overview("here"), await there.events("here"), await there.logs(HERE)):
            assert {one.reason for one in found.lacks} - {Reason.DEPENDS} == {reason}


async def test_a_log_that_does_not_come(server: SimulatedKubernetes) -> None:
    """Shows which log it would be, and that it was not read in time."""
    server.misbehave(Trouble(silent=True, paths=("/log",)))
    found = await looking(server.kubeconfig(), Deadlines(3.0, 20.0)).logs(HERE)
    assert found.choice is not None
    assert (found.lines, found.lacks[0].reason) == ((), Reason.TIMEOUT)


async def test_a_kubeconfig_that_is_not_there(tmp_path: Path) -> None:
    """Says why the cluster cannot be opened."""
    glances = looking(tmp_path / "none")
    for found in (await glances.overview("here"), await glances.events("here"), await glances.logs(HERE)):
        assert "there is no file" in found.lacks[0].detail


async def test_no_cluster() -> None:
    """Names the setting to add where no cluster is configured."""
    for ask in (looking("x").overview, looking("x").events):
        with pytest.raises(NoClusterError, match=r"add environments\.bare\.kubernetes to the settings"):
            await ask("bare")


async def test_many_events(world: World, glances: Glances) -> None:
    """Reads the newest 2,000 events of even more, and tells the same ones together."""
    for number in range(2_100):
        world.store.create(
            kind_named("Event"), event(number, f"attempt {number} after {number}s", reason=f"R{number % 7}")
        )
    found = await glances.events("here")
    custom = [group for group in found.groups if group.reason.startswith("R") and group.reason[1:].isdigit()]
    assert len(custom) == 7
    assert found.read == 2_000
    assert found.cut
