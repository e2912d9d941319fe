"""The metrics API: what pods and nodes use, and what it is when there is no metrics server."""

from playground.world.kubernetes.kubelets import Usage
from playground.world.kubernetes.trouble import Trouble
from tests.playground.world.kubernetes.clients import client, stocked
from tests.playground.world.kubernetes.fakes import NODE, POD, FakeKubelets, pod, stored

PATH = "/apis/metrics.k8s.io/v1beta1"
PODS = f"{PATH}/namespaces/volaticloud/pods"


def measured() -> FakeKubelets:
    kubelets = FakeKubelets()
    kubelets.used = {"app": Usage(12.5, 64 * 1024 * 1024)}
    kubelets.nodes = {"node-1": Usage(250, 2 * 1024**3)}
    return kubelets


async def test_usage_of_pods() -> None:
    """Tells what each container of a pod uses, in nanocores and kibibytes."""
    store = stocked()
    stored(store, POD, pod("one", {"app": "x"}), pod("two"))
    async with client(store, measured()) as asker:
        listed = await asker.get(f"{PODS}?labelSelector=app%3Dx")
        one = await asker.get(f"{PODS}/one")
    assert (listed.body["kind"], listed.names) == ("PodMetricsList", ["one"])
    assert one.body["containers"] == [{"name": "app", "usage": {"cpu": "12500000n", "memory": "65536Ki"}}]
    assert one.body["timestamp"] == "2026-11-23T16:25:21Z"


async def test_usage_of_nodes() -> None:
    """Tells what a node uses, and leaves out the ones that have not been measured."""
    store = stocked()
    stored(store, NODE, {"metadata": {"name": "node-1"}}, {"metadata": {"name": "node-2"}})
    async with client(store, measured()) as asker:
        listed = await asker.get(f"{PATH}/nodes")
        missing = await asker.get(f"{PATH}/nodes/node-2")
    assert [one["usage"] for one in listed.body["items"]] == [{"cpu": "250000000n", "memory": "2097152Ki"}]
    assert (missing.status, missing.message) == (404, 'nodes.metrics.k8s.io "node-2" not found')


async def test_no_metrics_server() -> None:
    """Does not know the group where no metrics server is installed, and lists it where one is."""
    async with client(stocked()) as asker:
        assert "metrics.k8s.io" in (await asker.get("/apis")).text
        asker.cluster.misbehave(Trouble(metrics="missing"))
        assert "metrics.k8s.io" not in (await asker.get("/apis")).text
        assert ((await asker.get(PODS)).status, (await asker.get(PODS)).text) == (404, "404 page not found\n")


async def test_a_metrics_server_that_does_not_answer() -> None:
    """Answers 503 while the metrics server itself is down."""
    async with client(stocked()) as asker:
        asker.cluster.misbehave(Trouble(metrics="unavailable"))
        answer = await asker.get(PODS)
    assert (answer.status, answer.message) == (503, "the server is currently unable to handle the request")
