"""Tests of the connection to an API server, well and misbehaving, and of every way of not getting through."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clients.kubernetes import Address, KubernetesClient, Sealing, wire
from bot.clients.kubernetes import connection as connecting
from bot.clients.kubernetes.connection import Connection, RefusedError, opened
from bot.clients.kubernetes.plugin import as_user
from diagnostics.evidence.cluster.client import GoneError, LogAsked
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.names import Name
from diagnostics.model import CouldNotLookError, Reason
from diagnostics.redaction import KnownSecret
from playground.world.kubernetes.access import Forbidden
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.metrics import Metrics
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.trouble import Trouble

SPACE = "volaticloud"
PLUGIN_VERSION = "client.authentication.k8s.io/v1"
SEALING = Sealing(lambda _: "print", lambda *_: None)


@pytest.fixture(scope="module")
def world() -> World:
    """A cluster at rest. Nothing here changes it."""
    return World(seed=1)


@pytest.fixture
async def server(world: World) -> AsyncIterator[SimulatedKubernetes]:
    async with SimulatedKubernetes(world.store, world.kubelets) as running:
        yield running


@pytest.fixture
async def client(server: SimulatedKubernetes) -> AsyncIterator[KubernetesClient]:
    async with KubernetesClient.opened(Address(server.kubeconfig()), SEALING) as one:
        yield one


async def test_lists(client: KubernetesClient) -> None:
    """Reads every kind of thing there is."""
    pods = await client.pods(SPACE)
    assert {pod.name.namespace for pod in pods} == {SPACE}
    assert "volaticloud-backend" in {one.name.name for one in await client.deployments(SPACE)}
    assert "volaticloud-backend" in {one.workload.name for one in await client.revisions(SPACE)}
    assert await client.schedules(SPACE) == ()
    assert await client.services(SPACE)
    assert await client.slices(SPACE)
    assert await client.ingresses(SPACE)
    assert "nginx" in {one.name for one in await client.ingress_classes()}
    assert await client.policies(SPACE)
    assert SPACE in {one.name for one in await client.namespaces()}
    assert len(await client.nodes()) == 3
    assert await client.autoscalers(SPACE)
    assert await client.budgets(SPACE)
    assert await client.quotas(SPACE) == ()
    assert await client.pod_usage(SPACE)
    assert len(await client.node_usage()) == 3
    assert (await client.version()).startswith("v1.")


async def test_a_log(client: KubernetesClient) -> None:
    """Reads the newest lines of a log, no more than asked for, and says that there are older ones."""
    pod = next(one for one in await client.pods(SPACE) if one.name.name.startswith("volaticloud-backend"))
    whole = await client.log(LogAsked(pod.name, "volaticloud", lines=10_000))
    text = await client.log(LogAsked(pod.name, "volaticloud", lines=2))
    assert (text.lines, text.cut) == (whole.lines[-2:], len(whole.lines) > 2)


async def test_a_log_that_is_not_there(client: KubernetesClient) -> None:
    """Says why a log cannot be read, in the server's words."""
    pod = (await client.pods(SPACE))[0]
    with pytest.raises(CouldNotLookError, match="nonsense"):
        await client.log(LogAsked(pod.name, "nonsense"))


async def test_a_log_whose_pod_is_gone(client: KubernetesClient) -> None:
    """Tells a pod that was ended after it was listed from a log that cannot be read."""
    with pytest.raises(GoneError, match=r"Pod volaticloud/ended is not there any more: .*not found"):
        await client.log(LogAsked(Name(SPACE, "ended"), "volaticloud"))


@pytest.mark.parametrize("words", ['nodes "n1" not found', 'pods "n1" not found', "could not find the resource"])
async def test_a_log_that_is_not_found_where_its_pod_is(
    client: KubernetesClient, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Takes no other thing that is not found for the pod: the node may be gone, or its kubelet know no such path."""

    async def refused(*_: object) -> bytes:
        raise RefusedError(404, Reason.FAILED, f"The API server answered 404: {words}.")

    monkeypatch.setattr(Connection, "ask", refused)
    with pytest.raises(RefusedError) as caught:
        await client.log(LogAsked(Name(SPACE, "volaticloud-backend-1"), "volaticloud"))
    assert not isinstance(caught.value, GoneError)


async def test_a_login(server: SimulatedKubernetes) -> None:
    """Gives a secret's values for logging in, and has them learned before; of one that is not there, nothing."""
    learned: list[KnownSecret] = []
    sealing = Sealing(lambda _: "print", lambda *known: learned.extend(known))
    async with KubernetesClient.opened(Address(server.kubeconfig()), sealing) as one:
        values = await one.values(Name(SPACE, "volaticloud-db-secret"))
        assert await one.values(Name(SPACE, "nothing")) is None
    assert values is not None
    assert set(values) == {"host", "database", "username", "password"}
    assert [known.value for known in learned] == [values["password"]]


async def test_secrets(client: KubernetesClient) -> None:
    """Gives a secret as facts, and one that does not exist as that fact."""
    found = await client.secret(Name(SPACE, "volaticloud-db-secret"))
    assert found.exists
    assert found.key("password") is not None
    assert not (await client.secret(Name(SPACE, "nothing"))).exists
    assert not (await client.config(Name(SPACE, "nothing"))).exists


async def test_pages(client: KubernetesClient, server: SimulatedKubernetes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reads a list page by page, each thing once."""
    monkeypatch.setattr("bot.clients.kubernetes.paging.PAGE", 3)
    pods = await client.pods(SPACE)
    assert len({pod.name for pod in pods}) == len(pods)
    asked = [one.query for one in server.asked if one.path.endswith("/pods")]
    assert len(asked) == -(-len(pods) // 3)
    assert all("limit=3" in query for query in asked)


@pytest.mark.parametrize("trouble", [OverflowError("too large"), ValueError("no time")])
async def test_a_thing_that_cannot_be_read(
    client: KubernetesClient, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """Names the one thing of a list that cannot be read, and fails as a look that may fail does."""
    names = [one.name.name for one in await client.pods(SPACE)]

    def odd(sent: wire.Pod) -> None:
        if sent.metadata.name == names[1]:
            raise trouble

    monkeypatch.setattr("bot.clients.kubernetes.pods.pod", odd)
    with pytest.raises(CouldNotLookError, match=f"{names[1]} among what .* list pods in namespace.*{trouble}"):
        await client.pods(SPACE)


async def test_a_list_that_changes_under_its_pages(
    client: KubernetesClient, server: SimulatedKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begins a list anew, once, when the server no longer knows its second page."""
    monkeypatch.setattr("bot.clients.kubernetes.paging.PAGE", 3)
    expected = await client.pods(SPACE)
    ask = connecting.Connection.ask

    async def once_too_late(self: connecting.Connection, question: connecting.Question) -> bytes:
        server.misbehave(Trouble(expired="continue" in question.query and not refused))
        if server.trouble.expired:
            refused.append(question)
        return await ask(self, question)

    refused: list[connecting.Question] = []
    monkeypatch.setattr(connecting.Connection, "ask", once_too_late)
    assert await client.pods(SPACE) == expected
    assert len(refused) == 1


async def test_a_list_that_never_comes_to_its_end(
    client: KubernetesClient, server: SimulatedKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tells nothing of a part: a list whose pages expire or break off is not seen at all."""
    monkeypatch.setattr("bot.clients.kubernetes.paging.PAGE", 3)
    server.misbehave(Trouble(expired=True))
    with pytest.raises(CouldNotLookError, match="changed too fast to list pods"):
        await client.pods(SPACE)
    server.misbehave(Trouble(pages=1))
    with pytest.raises(CouldNotLookError, match="cannot be reached") as caught:
        await client.pods(SPACE)
    assert caught.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("trouble", "reason", "says"),
    [
        (Trouble(broken=True), Reason.FAILED, "The API server failed to list pods in namespace volaticloud"),
        (Trouble(throttled_s=30), Reason.REFUSED, "too busy to list pods in namespace volaticloud"),
        (
            Trouble(forbidden=(Forbidden(("list",), ("pods",), SPACE),)),
            Reason.FORBIDDEN,
            "The right to list pods in namespace volaticloud is missing",
        ),
    ],
)
async def test_refusals(
    client: KubernetesClient, server: SimulatedKubernetes, trouble: Trouble, reason: Reason, says: str
) -> None:
    """Says what a refusal means, and which right was used."""
    server.misbehave(trouble)
    with pytest.raises(CouldNotLookError, match=says) as caught:
        await client.pods(SPACE)
    assert caught.value.reason is reason


async def test_a_busy_server(client: KubernetesClient, server: SimulatedKubernetes) -> None:
    """Waits as long as a busy server asks for, when that is short, and asks once more."""
    server.misbehave(Trouble(throttled_s=0, at_most=1))
    assert await client.pods(SPACE)


async def test_a_token_that_nobody_knows(server: SimulatedKubernetes, tmp_path: Path) -> None:
    """Says that the server does not know who asks."""
    file = tmp_path / "kubeconfig"
    file.write_text(server.kubeconfig().read_text(encoding="utf-8").replace(server.token("admin"), "nobody's"))
    async with KubernetesClient.opened(Address(file), SEALING) as client:
        with pytest.raises(CouldNotLookError, match="does not know who asks to list pods") as caught:
            await client.pods(SPACE)
    assert caught.value.reason is Reason.FORBIDDEN


async def test_a_missing_right(server: SimulatedKubernetes) -> None:
    """Names the very right that is missing, and before it is needed, too."""
    address = Address(server.kubeconfig("volaticloud/nobody"))
    async with KubernetesClient.opened(address, SEALING) as client:
        with pytest.raises(CouldNotLookError, match="The right to list pods in namespace volaticloud is missing") as no:
            await client.pods(SPACE)
        assert no.value.reason is Reason.FORBIDDEN
        wanted = (Right("list", "pods", SPACE), Right("get", "secrets/x", SPACE), Right("list", "nodes"))
        assert await client.missing(wanted) == wanted


async def test_every_right_of_an_admin(client: KubernetesClient) -> None:
    """Misses no right that a role with all of them grants."""
    assert await client.missing((Right("list", "deployments.apps", SPACE), Right("get", "pods/log", SPACE))) == ()


async def test_an_unreachable_server(server: SimulatedKubernetes, tmp_path: Path) -> None:
    """Says which server cannot be reached, and how to check."""
    file = tmp_path / "kubeconfig"
    file.write_text(server.kubeconfig().read_text(encoding="utf-8").replace(server.url, "https://127.0.0.1:1"))
    async with opened(Address(file)) as one:
        with pytest.raises(CouldNotLookError, match=r"https://127\.0\.0\.1:1 cannot be reached") as caught:
            await one.ask(connecting.Question("/version", Right("get", "the version")))
        assert caught.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "there is no file"), ("", "cannot be used"), ("{}", "cannot be used"), ("[1", "cannot be used")],
)
async def test_a_kubeconfig_that_cannot_be_used(tmp_path: Path, content: str | None, says: str) -> None:
    """Says which file cannot be used and why, before anything is asked."""
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CouldNotLookError, match=says) as caught:
        async with opened(Address(file)):
            pass
    assert str(file) in caught.value.detail


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"- a list"])
async def test_a_file_that_is_no_kubeconfig(tmp_path: Path, content: bytes) -> None:
    """Says so in words of its own, and not in those of a program that stumbled over it."""
    file = tmp_path / "kubeconfig"
    file.write_bytes(content)
    with pytest.raises(CouldNotLookError, match="cannot be used: it is no kubeconfig"):
        async with opened(Address(file)):
            pass


def with_plugin(server: SimulatedKubernetes, folder: Path, script: str) -> Address:
    """The server's kubeconfig, with a login plugin in place of the token."""
    plugin, file = folder / "plugin", folder / "kubeconfig"
    plugin.write_text(f"#!/bin/sh\n{script}\n")
    plugin.chmod(0o700)
    told = json.loads(server.kubeconfig().read_text())
    about = {"apiVersion": PLUGIN_VERSION, "command": str(plugin), "interactiveMode": "Never"}
    told["users"][0]["user"] = {"exec": about}
    file.write_text(json.dumps(told))
    return Address(file)


def credential(**status: str) -> str:
    return json.dumps({"apiVersion": PLUGIN_VERSION, "kind": "ExecCredential", "status": status})


async def test_a_login_plugin(server: SimulatedKubernetes, tmp_path: Path) -> None:
    """Logs in with what a plugin prints, and lets it know what it is asked for."""
    script = f"test -n \"$KUBERNETES_EXEC_INFO\" && echo '{credential(token=server.token('admin'))}'"
    async with KubernetesClient.opened(with_plugin(server, tmp_path, script), SEALING) as client:
        assert await client.pods(SPACE)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo 'log in again' >&2; exit 3", "plugin ended with exit code 3 and said: log in again"),
        ("exit 1", "plugin ended with exit code 1\\. Check"),
        ("echo s3cr3t", "plugin printed no ExecCredential of client.authentication.k8s.io/v1"),
        (f"echo '{credential()}'", "plugin printed no ExecCredential"),
        (f"echo '{credential(clientCertificateData='x')}'", "neither a token nor a certificate with its key"),
    ],
)
async def test_a_login_plugin_that_fails(server: SimulatedKubernetes, tmp_path: Path, script: str, says: str) -> None:
    """Says what its plugin did, shows nothing that it printed as its answer, and asks nothing as nobody."""
    with pytest.raises(CouldNotLookError, match=says) as caught:
        async with opened(with_plugin(server, tmp_path, script)):
            pass
    assert "s3cr3t" not in caught.value.detail
    assert not server.asked


async def test_a_login_plugin_that_hangs(
    server: SimulatedKubernetes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gives up, and ends the plugin with all it started: what held its output open would be waited for."""
    monkeypatch.setattr("bot.clients.kubernetes.plugin.PLUGIN_SECONDS", 0.3)
    address = with_plugin(server, tmp_path, f"echo $$ > {tmp_path}/id; sleep 60; exit")
    with pytest.raises(CouldNotLookError, match="its login plugin gave no token within") as caught:
        async with opened(address):
            pass
    assert caught.value.reason is Reason.TIMEOUT
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "id").read_text()), 0)


def test_a_certificate_of_a_plugin() -> None:
    """Takes a certificate and its key as a kubeconfig would have them."""
    found = as_user({"clientCertificateData": "cert", "clientKeyData": "key"})
    assert found == {"client-certificate-data": "Y2VydA==", "client-key-data": "a2V5"}


async def test_an_untrusted_server(server: SimulatedKubernetes, tmp_path: Path) -> None:
    """Says why a certificate is refused, without a line of anybody's source."""
    told = json.loads(server.kubeconfig().read_text())
    del told["clusters"][0]["cluster"]["certificate-authority"]
    (tmp_path / "kubeconfig").write_text(json.dumps(told))
    async with KubernetesClient.opened(Address(tmp_path / "kubeconfig"), SEALING) as client:
        with pytest.raises(CouldNotLookError, match="cannot be reached \\(unable to get local issuer cert") as caught:
            await client.pods(SPACE)
    assert "_ssl.c" not in caught.value.detail


async def test_outside_a_cluster() -> None:
    """Says that there is no service account where the bot runs outside a cluster and no kubeconfig is set."""
    with pytest.raises(CouldNotLookError, match="the pod's service account cannot be used"):
        async with opened(Address()):
            pass


async def test_an_unknown_context(server: SimulatedKubernetes) -> None:
    """Refuses a context that the file does not have."""
    with pytest.raises(CouldNotLookError, match="cannot be used"):
        async with opened(Address(server.kubeconfig(), "another")):
            pass


async def test_a_server_that_hangs(
    client: KubernetesClient, server: SimulatedKubernetes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gives up at its own deadline, and says what was asked."""
    monkeypatch.setattr("bot.clients.kubernetes.connection.CALL_SECONDS", 0.2)
    server.misbehave(Trouble(silent=True))
    with pytest.raises(CouldNotLookError, match="gave no answer to list pods in namespace volaticloud") as caught:
        await client.pods(SPACE)
    assert caught.value.reason is Reason.TIMEOUT


@pytest.mark.parametrize("metrics", ["missing", "unavailable"])
async def test_no_metrics(client: KubernetesClient, server: SimulatedKubernetes, metrics: Metrics) -> None:
    """Takes a cluster without a metrics server that answers for one that cannot be measured, not for a faulty one."""
    server.misbehave(Trouble(metrics=metrics))
    with pytest.raises(CouldNotLookError, match="Install metrics-server") as caught:
        await client.pod_usage(SPACE)
    assert caught.value.reason is Reason.NOT_CONFIGURED
