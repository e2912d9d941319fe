"""The real `kubectl` works on the simulated cluster: what people type in the runbook does what it should."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.faults.model import named
from playground.world.kubernetes.access import grant
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.store import draft

pytestmark = pytest.mark.live

BACKEND = "deployment/volaticloud-backend"
OF_BACKEND = "app=volaticloud-backend"
POD = kind_named("Pod")
PATIENCE_S = 30.0


@dataclass
class Kubectl:
    """A shell with kubectl in it, and the world that it works on."""

    world: World
    cluster: SimulatedKubernetes
    home: Path

    async def __call__(self, *words: str, role: str = "admin", fails: bool = False) -> str:
        """What it prints, both streams, after it has ended as it should."""
        process = await self.begin(*words, role=role)
        async with asyncio.timeout(PATIENCE_S):
            told, _ = await process.communicate()
        text = told.decode()
        assert (process.returncode != 0) is fails, text
        return text

    async def begin(self, *words: str, role: str = "admin") -> asyncio.subprocess.Process:
        """One that has just begun."""
        return await asyncio.create_subprocess_exec(
            "kubectl",
            *words,
            env={"KUBECONFIG": str(self.cluster.kubeconfig(role)), "HOME": str(self.home), "PATH": "/usr/bin:/bin"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )

    def read(self, name: str) -> Thing:
        """One of the platform's pods."""
        found = self.world.store.read(POD, "volaticloud", name)
        assert found is not None
        return found

    def break_down(self, fault: str) -> None:
        """Switch a fault on, some minutes ago."""
        self.world.switch_on(named(KUBERNETES_FAULTS, fault))

    def pods(self) -> list[str]:
        """The names of the backend's pods."""
        chosen = self.world.store.listed(POD, "volaticloud")
        return [
            one["metadata"]["name"] for one in chosen if one["metadata"]["labels"].get("app") == "volaticloud-backend"
        ]

    def pod(self, name: str, change: Callable[[Thing], None]) -> None:
        """Change the status of a pod behind everybody's back."""
        thing = draft(self.read(name))
        change(thing["status"])
        self.world.store.replace_status(POD, thing)


@pytest.fixture
async def kubectl(pytestconfig: pytest.Config, tmp_path: Path) -> AsyncIterator[Kubectl]:
    """A kubectl, an API server, and a cluster at rest that only lives when it is told to."""
    if shutil.which("kubectl") is None:
        if pytestconfig.getoption("require_live"):
            pytest.fail("kubectl is not installed")
        pytest.skip("kubectl is not installed")
    world = World()
    async with SimulatedKubernetes(world.store, world.kubelets, refuses=world.refuses) as cluster:
        yield Kubectl(world, cluster, tmp_path)


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


async def test_get(kubectl: Kubectl) -> None:
    """Prints pods as tables, wide tables, JSON, by label, and of all namespaces."""
    head, *body = rows(await kubectl("get", "pods", "-l", OF_BACKEND))
    assert head == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row[:4] for row in body] == [[name, "1/1", "Running", "0"] for name in kubectl.pods()]
    wide = rows(await kubectl("get", "pods", "-o", "wide"))
    assert wide[0][5:7] == ["IP", "NODE"]
    ready = await kubectl("get", BACKEND, "-o", "jsonpath={.status.readyReplicas}")
    assert ready == "2"
    assert "coredns" in await kubectl("get", "pods", "-A")
    everything = await kubectl("get", "all,ingress,netpol,hpa,pdb,cm,secrets,sa,endpointslices,events", "-A")
    assert "horizontalpodautoscaler.autoscaling/volaticloud-backend" in everything


async def test_get_watches(kubectl: Kubectl) -> None:
    """Watches with -w, row by row."""
    name = kubectl.pods()[0]
    process = await kubectl.begin("get", "pods", "-l", OF_BACKEND, "-w", "--no-headers")
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        listed = [(await process.stdout.readline()).split() for _ in kubectl.pods()]
        kubectl.pod(name, lambda status: status.update(reason="Evicted"))
        changed = (await process.stdout.readline()).split()
    process.terminate()
    await process.wait()
    assert [row[2] for row in (*listed, changed)] == [b"Running", b"Running", b"Evicted"]


async def test_what_is_not_there(kubectl: Kubectl) -> None:
    """Says that something is not there, in kubectl's own words."""
    told = await kubectl("get", "pod", "nope", fails=True)
    assert told == 'Error from server (NotFound): pods "nope" not found\n'
    told = await kubectl("get", "nonsense", fails=True)
    assert told == 'error: the server doesn\'t have a resource type "nonsense"\n'


async def test_logs(kubectl: Kubectl) -> None:
    """Prints logs of a pod, of all pods with a label, the last lines, and says when there was no run before."""
    name = kubectl.pods()[0]
    assert len((await kubectl("logs", name, "--tail=3")).splitlines()) == 3
    both = await kubectl("logs", "-l", OF_BACKEND, "--tail=2", "--prefix")
    assert {line.split()[0] for line in both.splitlines()} == {f"[pod/{one}/volaticloud]" for one in kubectl.pods()}
    assert "previous terminated container" in await kubectl("logs", name, "--previous", fails=True)
    assert "request" in await kubectl("logs", BACKEND, "--since=10m", "--timestamps")


async def test_the_log_of_the_run_before(kubectl: Kubectl) -> None:
    """Prints the log of the run before of a container that crashes."""
    kubectl.break_down("database-refused")
    crashing = kubectl.pods()[-1]
    assert "connection refused" in await kubectl("logs", crashing, "--previous")


async def test_scale(kubectl: Kubectl) -> None:
    """Scales, and refuses to where the number is not the one that was thought."""
    wrong = await kubectl("scale", BACKEND, "--replicas=4", "--current-replicas=9", fails=True)
    assert "Expected replicas to be 9, was 2" in wrong
    assert await kubectl("scale", BACKEND, "--replicas=3") == "deployment.apps/volaticloud-backend scaled\n"
    kubectl.world.settle(60)
    assert len(kubectl.pods()) == 3


async def test_rollouts(kubectl: Kubectl) -> None:
    """Restarts, tells the status and the history, and undoes."""
    before = set(kubectl.pods())
    await kubectl("rollout", "restart", BACKEND)
    kubectl.world.settle(300)
    assert "successfully rolled out" in await kubectl("rollout", "status", BACKEND)
    assert not before & set(kubectl.pods())
    await kubectl("set", "env", BACKEND, "LOG_LEVEL=debug")
    kubectl.world.settle(300)
    history = await kubectl("rollout", "history", BACKEND)
    assert [row[0] for row in rows(history)[2:] if row] == ["1", "2", "3"]
    assert "LOG_LEVEL" in await kubectl("rollout", "history", BACKEND, "--revision=3")
    await kubectl("rollout", "undo", BACKEND)
    kubectl.world.settle(300)
    history = await kubectl("rollout", "history", BACKEND)
    assert [row[0] for row in rows(history)[2:] if row] == ["1", "3", "4"]
    assert "LOG_LEVEL" not in await kubectl("get", BACKEND, "-o", "yaml")


async def test_a_rollout_that_goes_on(kubectl: Kubectl) -> None:
    """Waits for a rollout until its time is over, and says how far it has come."""
    await kubectl("rollout", "restart", BACKEND)
    told = await kubectl("rollout", "status", BACKEND, "--timeout=1s", fails=True)
    assert "Waiting for deployment" in told


async def test_delete(kubectl: Kubectl) -> None:
    """Deletes a pod, which comes back under another name, and the failed ones by their phase."""
    name = kubectl.pods()[0]
    assert f'pod "{name}" deleted' in await kubectl("delete", "pod", name, "--wait=false")
    kubectl.world.settle(120)
    assert (name in kubectl.pods(), len(kubectl.pods())) == (False, 2)
    failed = kubectl.pods()[0]
    kubectl.pod(failed, lambda status: status.update(phase="Failed", reason="Evicted"))
    told = await kubectl("delete", "pods", "--field-selector=status.phase=Failed")
    assert f'pod "{failed}" deleted' in told


async def test_a_dry_run_on_the_server(kubectl: Kubectl) -> None:
    """Tries a change on the server that is not made."""
    told = await kubectl("scale", BACKEND, "--replicas=5", "--dry-run=server")
    assert "scaled (server dry run)" in told
    assert await kubectl("get", BACKEND, "-o", "jsonpath={.spec.replicas}") == "2"


async def test_events(kubectl: Kubectl) -> None:
    """Prints events in the order of their times, and those of one object."""
    kubectl.break_down("image-tag-missing")
    head, *body = rows(await kubectl("get", "events", "--sort-by=.lastTimestamp"))
    assert head == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert "BackOff" in {word for row in body for word in row}
    about = kubectl.pods()[-1]
    chosen = await kubectl("get", "events", "--field-selector", f"involvedObject.name={about}", "-o", "name")
    assert chosen.startswith(f"event/{about}.")
    assert "Warning" in await kubectl("events", "--types=Warning")


async def test_top(kubectl: Kubectl) -> None:
    """Tells what pods, containers and nodes use."""
    assert rows(await kubectl("top", "pods"))[0] == ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert rows(await kubectl("top", "pod", "--containers"))[1][1] == "volaticloud"
    assert rows(await kubectl("top", "nodes"))[1][2].endswith("%")


async def test_describe(kubectl: Kubectl) -> None:
    """Describes a deployment, a pod with its events, a node, a service, an ingress, an autoscaler."""
    kubectl.break_down("backend-secret-key-missing")
    told = await kubectl("describe", "pod", kubectl.pods()[-1])
    assert "CreateContainerConfigError" in told
    assert "couldn't find key" in told
    assert "OldReplicaSets:" in await kubectl("describe", BACKEND)
    for what in ("node", "service", "ingress", "hpa", "pdb", "networkpolicy"):
        assert "Name:" in await kubectl("describe", what)


async def test_rights(kubectl: Kubectl) -> None:
    """Tells an administrator and a service account what they may, and refuses what one may not."""
    role = "volaticloud/reader"
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
    grant(kubectl.world.store, role, rules, "volaticloud")
    assert await kubectl("auth", "can-i", "delete", "pods") == "yes\n"
    assert await kubectl("auth", "can-i", "list", "pods", role=role) == "yes\n"
    assert await kubectl("auth", "can-i", "patch", "deployments/scale", role=role, fails=True) == "no\n"
    assert ["pods", "[]", "[]", "[get", "list]"] in rows(await kubectl("auth", "can-i", "--list", role=role))
    assert "system:serviceaccount:volaticloud:reader" in await kubectl("auth", "whoami", role=role)
    assert 'cannot list resource "secrets"' in await kubectl("get", "secrets", role=role, fails=True)


async def test_eviction(kubectl: Kubectl) -> None:
    """Cordons and drains a node, as far as the budgets let it."""
    node = kubectl.read(kubectl.pods()[0])["spec"]["nodeName"]
    await kubectl("cordon", node)
    assert "SchedulingDisabled" in await kubectl("get", "node", node)
    chosen = ("--ignore-daemonsets", f"--pod-selector={OF_BACKEND}", "--timeout=1s")
    told = await kubectl("drain", node, *chosen, fails=True)
    assert f"evicting pod volaticloud/{kubectl.pods()[0]}" in told
    assert "deletionTimestamp" in kubectl.read(kubectl.pods()[0])["metadata"]


async def test_debugging(kubectl: Kubectl) -> None:
    """Adds a debugging container to a pod."""
    name = kubectl.pods()[0]
    chosen = ("--image=nicolaka/netshoot", "--target=volaticloud", "--container=shell", "--profile=general")
    await kubectl("debug", name, *chosen, "--", "sleep", "60")
    pod = kubectl.read(name)
    assert [one["name"] for one in pod["spec"]["ephemeralContainers"]] == ["shell"]


async def test_files(kubectl: Kubectl) -> None:
    """Creates, applies and deletes what stands in a file."""
    file = kubectl.home / "map.yaml"
    text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: "%s"}\n'
    file.write_text(text % 1, encoding="utf-8")
    assert "configmap/settings created" in await kubectl("apply", "-f", str(file))
    file.write_text(text % 2, encoding="utf-8")
    assert "configmap/settings configured" in await kubectl("apply", "-f", str(file))
    assert await kubectl("get", "cm", "settings", "-o", "jsonpath={.data.a}") == "2"
    assert "already exists" in await kubectl("create", "-f", str(file), fails=True)
    file.write_text(text.replace("\ndata:", "\ndate:") % 3, encoding="utf-8")
    assert 'unknown field "date"' in await kubectl("apply", "-f", str(file), fails=True)
    assert 'configmap "settings" deleted' in await kubectl("delete", "cm", "settings")


async def test_discovery(kubectl: Kubectl) -> None:
    """Lists versions, groups and kinds."""
    assert "Server Version: v1.36" in await kubectl("version")
    assert "apps/v1" in (await kubectl("api-versions")).splitlines()
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in rows(await kubectl("api-resources"))
    assert await kubectl("get", "--raw", "/readyz") == "ok"
