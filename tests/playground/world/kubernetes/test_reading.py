"""Reading from the simulated API server: objects, lists in pages, selectors, tables, and what is refused."""

import pytest

from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.store import draft
from tests.playground.world.kubernetes.clients import DEPLOYMENTS, PODS, Client, client, stocked
from tests.playground.world.kubernetes.fakes import DEPLOYMENT, POD, deployment, pod, stored

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


async def pages(asker: Client, path: str) -> list[str]:
    """Every name of a list, page by page."""
    answer = await asker.get(path)
    names = answer.names
    while token := answer.body["metadata"].get("continue"):
        answer = await asker.get(f"{path}&continue={token}")
        names += answer.names
    return names


async def test_pages_are_one_list() -> None:
    """Gives every object once, in order, over all namespaces, and counts what remains."""
    store = stocked("a", "volaticloud")
    stored(store, POD, *(pod(f"p{number}") for number in range(5)))
    stored(store, POD, {**pod("z"), "metadata": {"name": "z", "namespace": "a"}})
    async with client(store) as asker:
        first = await asker.get("/api/v1/pods?limit=4")
        assert first.body["metadata"]["remainingItemCount"] == 2
        assert await pages(asker, "/api/v1/pods?limit=4") == ["z", "p0", "p1", "p2", "p3", "p4"]
        assert await pages(asker, "/api/v1/pods?limit=6") == ["z", "p0", "p1", "p2", "p3", "p4"]


async def test_pages_are_of_one_moment() -> None:
    """Goes on with the list as it was when it began, whatever is written meanwhile."""
    store = stocked()
    stored(store, POD, *(pod(f"p{number}") for number in range(4)))
    async with client(store) as asker:
        first = await asker.get(f"{PODS}?limit=2")
        stored(store, POD, pod("p00"), pod("p9"))
        store.remove(POD, "volaticloud", "p3")
        second = await asker.get(f"{PODS}?limit=9&continue={first.body['metadata']['continue']}")
    assert (first.names, second.names) == (["p0", "p1"], ["p2", "p3"])
    assert second.body["metadata"]["resourceVersion"] == first.body["metadata"]["resourceVersion"]


async def test_an_old_token_is_expired() -> None:
    """Answers 410 once the moment at which a list began has been forgotten."""
    store = stocked()
    stored(store, POD, pod("a"), pod("b"))
    async with client(store) as asker:
        first = await asker.get(f"{PODS}?limit=1")
        stored(store, POD, pod("c"))
        store.forget()
        second = await asker.get(f"{PODS}?limit=1&continue={first.body['metadata']['continue']}")
    assert (second.status, second.body["reason"]) == (410, "Expired")
    assert second.message.startswith("The provided continue parameter is too old")


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=x", ["a", "b"]),
        ("app!=x", ["c", "d"]),
        ("app in (x,y)", ["a", "b", "c"]),
        ("app notin (x,y)", ["d"]),
        ("app,tier", ["a"]),
        ("!app", ["d"]),
        ("app=x,tier=1", ["a"]),
        ("tier>0", ["a"]),
        ("app==y", ["c"]),
        ("", ["a", "b", "c", "d"]),
    ],
)
async def test_labels_choose(selector: str, names: list[str]) -> None:
    """Chooses by labels as kubectl writes selectors."""
    store = stocked()
    stored(store, POD, pod("a", {"app": "x", "tier": "1"}), pod("b", {"app": "x"}), pod("c", {"app": "y"}), pod("d"))
    async with client(store) as asker:
        answer = await asker.http.get(PODS, params={"labelSelector": selector}, headers=bearer(asker))
    assert [one["metadata"]["name"] for one in answer.json()["items"]] == names


def bearer(asker: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {asker.cluster.token('admin')}"}


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("status.phase=Running", ["a", "b"]),
        ("status.phase!=Running", ["c"]),
        ("metadata.name=b", ["b"]),
        ("spec.nodeName=node-1,status.phase=Running", ["a"]),
    ],
)
async def test_fields_choose(selector: str, names: list[str]) -> None:
    """Chooses by the fields that the kind can be selected by."""
    store = stocked()
    failed = {**pod("c"), "status": {"phase": "Failed"}}
    stored(store, POD, pod("a"), pod("b", nodeName="node-2"), failed)
    async with client(store) as asker:
        assert (await asker.get(f"{PODS}?fieldSelector={selector}")).names == names


async def test_events_choose_by_their_object() -> None:
    """Finds the events of one object, in both groups that show events."""
    store = stocked()
    event = kind_named("Event")
    for name in ("one", "two"):
        about = {"kind": "Pod", "name": name, "namespace": "volaticloud"}
        told = {"involvedObject": about, "reason": "BackOff", "message": "m", "type": "Warning", "count": 3}
        store.create(event, {"metadata": {"name": f"{name}.1", "namespace": "volaticloud"}, **told})
    async with client(store) as asker:
        core = await asker.get("/api/v1/events?fieldSelector=involvedObject.name=one,type=Warning")
        other = await asker.get("/apis/events.k8s.io/v1/events?fieldSelector=regarding.name=two")
    assert (core.names, other.names) == (["one.1"], ["two.1"])
    assert other.body["items"][0]["regarding"]["name"] == "two"
    assert (other.body["items"][0]["note"], other.body["items"][0]["deprecatedCount"]) == ("m", 3)


async def test_only_metadata() -> None:
    """Gives metadata only, of one object and of a list, to whoever asks for that."""
    store = stocked()
    secret = {"metadata": {"name": "s", "namespace": "volaticloud"}, "data": {"password": "c2VjcmV0"}}
    store.create(kind_named("Secret"), secret)
    async with client(store) as asker:
        form = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
        listed = await asker.get("/api/v1/secrets", accept=form)
    assert (listed.body["kind"], listed.names) == ("PartialObjectMetadataList", ["s"])
    assert "c2VjcmV0" not in listed.text


async def test_a_table_with_whole_objects() -> None:
    """Puts whole objects, or none, into the rows of a table when asked to."""
    store = stocked()
    stored(store, POD, pod())
    async with client(store) as asker:
        whole = await asker.get(f"{PODS}?includeObject=Object", accept=TABLE)
        bare = await asker.get(f"{PODS}/one?includeObject=None", accept=TABLE)
    assert whole.body["rows"][0]["object"]["spec"]["nodeName"] == "node-1"
    assert list(bare.body["rows"][0]) == ["cells"]


@pytest.mark.parametrize("form", ["application/yaml", "text/html", "application/json;as=Picture;v=v1;g=meta.k8s.io"])
async def test_a_form_that_there_is_not(form: str) -> None:
    """Refuses to answer in a form that it does not have."""
    async with client(stocked()) as asker:
        answer = await asker.get(PODS, accept=form)
    assert (answer.status, answer.body["reason"]) == (406, "NotAcceptable")


async def test_an_old_version_of_a_list() -> None:
    """Lists what there was at an exact version, at least what there is otherwise, and 410 when it is forgotten."""
    store = stocked()
    stored(store, POD, pod("a"))
    then = store.version
    stored(store, POD, pod("b"))
    async with client(store) as asker:
        exact = f"{PODS}?resourceVersion={then}&resourceVersionMatch=Exact"
        assert (await asker.get(exact)).names == ["a"]
        assert (await asker.get(f"{PODS}?resourceVersion={then}")).names == ["a", "b"]
        assert (await asker.get(f"{PODS}?resourceVersion=0")).names == ["a", "b"]
        store.forget()
        gone = await asker.get(exact)
    assert (gone.status, gone.message) == (410, "The resourceVersion for the provided list is too old.")


async def test_autoscalers_have_two_versions() -> None:
    """Shows an autoscaler of v2 as v1 too, with its one target."""
    store = stocked()
    scaler = {"scaleTargetRef": {"kind": "Deployment", "name": "backend"}, "maxReplicas": 3}
    stored(
        store,
        kind_named("HorizontalPodAutoscaler"),
        {"metadata": {"name": "a", "namespace": "volaticloud"}, "spec": scaler},
    )
    async with client(store) as asker:
        path = "/apis/autoscaling/{}/namespaces/volaticloud/horizontalpodautoscalers/a"
        old, new = [(await asker.get(path.format(version))).body for version in ("v1", "v2")]
    assert (old["apiVersion"], old["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 80)
    assert new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 80


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/apis/nowhere.io/v1/things", 404),
        ("/api/v2/pods", 404),
        ("/api/v1/namespaces/volaticloud/nodes", 404),
        ("/api/v1/namespaces/volaticloud/pods/one/nonsense", 404),
        ("/api/v1/namespaces/volaticloud/pods/one/log/more", 404),
        (f"{PODS}/one/exec", 501),
        (f"{PODS}?limit=x", 400),
        (f"{PODS}?resourceVersion=x", 400),
        (f"{PODS}?labelSelector=a+in+x", 400),
        (f"{PODS}?fieldSelector=nonsense", 400),
        ("/nowhere", 403),
    ],
)
async def test_wrong_addresses(path: str, status: int) -> None:
    """Says what is wrong with an address or a query that leads nowhere."""
    store = stocked()
    stored(store, POD, pod())
    async with client(store) as asker:
        assert (await asker.get(path, role="nobody" if status == 403 else "admin")).status == status


async def test_a_method_that_cannot_be() -> None:
    """Answers 405 to what cannot be done with a kind."""
    async with client(stocked()) as asker:
        answers = [
            await asker.ask("DELETE", "/api/v1/namespaces"),
            await asker.ask("POST", "/api/v1/pods", pod()),
            await asker.ask("PUT", PODS, pod()),
        ]
    assert [answer.status for answer in answers] == [405, 405, 405]


async def test_every_request_is_remembered() -> None:
    """Remembers every request with its query, those that are refused too."""
    async with client(stocked()) as asker:
        await asker.get(f"{PODS}?limit=5")
        await asker.get("/version", role="")
        assert list(asker.cluster.asked) == [("GET", PODS, "limit=5"), ("GET", "/version", "")]


async def test_a_deprecated_kind_warns() -> None:
    """Warns of endpoints, which slices have replaced."""
    async with client(stocked()) as asker:
        answer = await asker.get("/api/v1/namespaces/volaticloud/endpoints")
    assert answer.headers["Warning"].startswith('299 - "v1 Endpoints is deprecated')


async def test_scales_are_read() -> None:
    """Tells the scale of what has one, with the selector in one word."""
    store = stocked()
    stored(store, DEPLOYMENT, deployment())
    running = {**draft(store.listed(DEPLOYMENT)[0]), "status": {"replicas": 2}}
    store.replace_status(DEPLOYMENT, running)
    async with client(store) as asker:
        scale = (await asker.get(f"{DEPLOYMENTS}/backend/scale")).body
    assert (scale["spec"], scale["status"]) == ({"replicas": 2}, {"replicas": 2, "selector": "app=backend"})
