"""Writing through the simulated API server: rules, versions, dry runs, preconditions, deletions, evictions."""

from typing import Any

import pytest

from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.store import Store, draft
from tests.playground.world.kubernetes.clients import DEPLOYMENTS, PODS, client, stocked
from tests.playground.world.kubernetes.fakes import DEPLOYMENT, POD, deployment, pod, stored

BUDGET = kind_named("PodDisruptionBudget")
FINALIZED: dict[str, Any] = {"name": "f", "namespace": "volaticloud", "finalizers": ["a/b"]}


def with_deployment() -> Store:
    store = stocked()
    stored(store, DEPLOYMENT, deployment())
    return store


async def test_a_dry_run_stores_nothing() -> None:
    """Answers a dry run as the real thing and stores nothing, of every verb."""
    store = with_deployment()
    stored(store, POD, pod())
    before = store.version
    async with client(store) as asker:
        patch = {"spec": {"replicas": 5}}
        answers = [
            await asker.ask("POST", f"{PODS}?dryRun=All", pod("two")),
            await asker.patch(f"{DEPLOYMENTS}/backend?dryRun=All", patch),
            await asker.patch(f"{DEPLOYMENTS}/backend/scale?dryRun=All", patch, "merge-patch"),
            await asker.ask("PUT", f"{DEPLOYMENTS}/backend?dryRun=All", deployment(replicas=7)),
            await asker.ask("DELETE", f"{PODS}/one?dryRun=All"),
            await asker.ask("DELETE", f"{PODS}?dryRun=All"),
            await asker.ask("POST", f"{PODS}/one/eviction?dryRun=All", {}),
        ]
        refused = await asker.ask("DELETE", f"{PODS}/one?dryRun=Some")
    assert [answer.status for answer in answers] == [201, 200, 200, 200, 200, 200, 201]
    assert [answer.body["spec"]["replicas"] for answer in answers[1:4]] == [5, 5, 7]
    assert (refused.status, store.version) == (422, before)


async def test_versions_guard() -> None:
    """Writes over an object only when its version is the current one, where a version is named."""
    store = with_deployment()
    old = store.listed(DEPLOYMENT)[0]["metadata"]["resourceVersion"]
    async with client(store) as asker:
        path = f"{DEPLOYMENTS}/backend"
        assert (await asker.patch(path, {"metadata": {"resourceVersion": old}, "spec": {"replicas": 3}})).status == 200
        stale = await asker.patch(path, {"metadata": {"resourceVersion": old}, "spec": {"replicas": 4}})
        blind = await asker.ask("PUT", path, deployment(replicas=6))
        scale = {"metadata": {"name": "backend", "resourceVersion": old}, "spec": {"replicas": 1}}
        stale_scale = await asker.ask("PUT", f"{path}/scale", scale)
    assert (stale.status, stale.body["reason"], stale_scale.status) == (409, "Conflict", 409)
    assert (blind.status, blind.body["spec"]["replicas"], blind.body["metadata"]["generation"]) == (200, 6, 3)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"metadata": {"name": "x"}, "spec": {}}, 422, "spec.selector: Required value"),
        ({**deployment(), "kind": "Pod"}, 400, "does not match the expected API version"),
        (
            {**deployment(), "metadata": {"name": "x", "namespace": "other"}},
            400,
            "the namespace of the provided object",
        ),
        ({**deployment(), "metadata": {"name": "x", "resourceVersion": "1"}}, 400, "resourceVersion should not be set"),
        ({**deployment(), "metadata": {"name": "x"}, "spec": []}, 400, "cannot be handled as a Deployment: json:"),
        (
            {**deployment(), "metadata": {"name": "x"}, "spec": {"template": {"spec": {"containers": ["a"]}}}},
            400,
            "json:",
        ),
        ({**deployment(), "metadata": []}, 400, "json:"),
        ("{", 400, "the object provided is unrecognized"),
        ("[]", 400, "the object provided is unrecognized"),
        (deployment("backend"), 409, "already exists"),
        (deployment("Bad_Name"), 422, "a lowercase RFC 1123 subdomain"),
    ],
)
async def test_what_cannot_be_made(body: Any, status: int, words: str) -> None:
    """Says why an object cannot be made."""
    async with client(with_deployment()) as asker:
        answer = await asker.ask("POST", DEPLOYMENTS, body)
    assert answer.status == status
    assert words in answer.message


async def test_where_nothing_can_be_made() -> None:
    """Refuses new objects in a namespace that is not there, or is going, or has no room."""
    store = stocked("volaticloud", "going")
    store.delete(kind_named("Namespace"), "", "going")
    async with client(store) as asker:
        missing = await asker.ask("POST", "/api/v1/namespaces/nowhere/pods", {**pod(), "metadata": {"name": "x"}})
        going = await asker.ask("POST", "/api/v1/namespaces/going/pods", {**pod(), "metadata": {"name": "x"}})
    assert (missing.status, missing.message) == (404, 'namespaces "nowhere" not found')
    assert (going.status, going.body["details"]["causes"][0]["reason"]) == (403, "NamespaceTerminating")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"selector": {"matchLabels": {"app": "z"}}}, "`selector` does not match template `labels`"),
        ({"replicas": -1}, "must be greater than or equal to 0"),
        ({"template": {"spec": {"containers": [{"name": "app", "image": None}]}}}, "image: Required value"),
        ({"template": {"spec": {"containers": [{"name": "A_B", "image": "x"}]}}}, "RFC 1123 label"),
        (
            {
                "template": {
                    "spec": {
                        "containers": [{"name": "app", "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}]
                    }
                }
            },
            "must be less than or equal to cpu limit of 1",
        ),
    ],
)
async def test_what_cannot_be_changed(change: Any, words: str) -> None:
    """Refuses a change after which an object would be invalid, and leaves it as it is."""
    store = with_deployment()
    before = store.version
    async with client(store) as asker:
        answer = await asker.patch(f"{DEPLOYMENTS}/backend", {"spec": change})
    assert (answer.status, store.version) == (422, before)
    assert words in answer.message


@pytest.mark.parametrize("change", [{"metadata": []}, {"metadata": None}, {"spec": []}, {"spec": {"template": 3}}])
async def test_changes_without_shape(change: Any) -> None:
    """Refuses a patch that puts something where it cannot be."""
    async with client(with_deployment()) as asker:
        assert (await asker.patch(f"{DEPLOYMENTS}/backend", change, "merge-patch")).status == 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"replicas": "two"}, "string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (
            {"template": {"spec": {"containers": [{"name": "app", "env": [{"name": "A", "value": 1}]}]}}},
            "number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
        ),
        ({"paused": "yes"}, "string into Go struct field DeploymentSpec.spec.paused of type bool"),
        (
            {"template": {"spec": {"containers": "all"}}},
            "string into Go struct field Container.spec.template.spec.containers",
        ),
        (
            {"template": {"metadata": {"labels": {"app": 1}}}},
            "object into Go struct field ObjectMeta.spec.template.metadata.labels",
        ),
        (
            {"template": {"spec": {"containers": [{"name": "app", "args": "x"}]}}},
            "string into Go struct field Container",
        ),
    ],
)
async def test_values_of_another_type(change: Any, words: str) -> None:
    """Refuses values of another type than their field's, and names both."""
    async with client(with_deployment()) as asker:
        answer = await asker.patch(f"{DEPLOYMENTS}/backend", {"spec": change})
    assert answer.status == 400
    assert f"cannot be handled as a Deployment: json: cannot unmarshal {words}" in answer.message


async def test_what_is_fixed() -> None:
    """Refuses to change a selector, or a running pod beyond its image."""
    store = with_deployment()
    stored(store, POD, pod())
    async with client(store) as asker:
        both = {"selector": {"matchLabels": {"app": "z"}}, "template": {"metadata": {"labels": {"app": "z"}}}}
        selector = await asker.patch(f"{DEPLOYMENTS}/backend", {"spec": both}, "merge-patch")
        image = await asker.patch(f"{PODS}/one", {"spec": {"containers": [{"name": "app", "image": "x:2"}]}})
        env = await asker.patch(f"{PODS}/one", {"spec": {"containers": [{"name": "app", "env": [{"name": "A"}]}]}})
    assert "field is immutable" in selector.message
    assert (image.status, env.status) == (200, 422)
    assert env.message.startswith('Pod "one" is invalid: spec: Forbidden: pod updates may not change fields other than')


async def test_the_type_of_a_secret_is_fixed() -> None:
    """Refuses to change a secret's type, in the words of a real server; its data may change."""
    store = stocked()
    stored(store, kind_named("Secret"), {"metadata": {"name": "tls", "namespace": "volaticloud"}, "type": "Opaque"})
    async with client(store) as asker:
        path = "/api/v1/namespaces/volaticloud/secrets/tls"
        typed = await asker.patch(path, {"type": "kubernetes.io/tls"}, "merge-patch")
        data = await asker.patch(path, {"data": {"tls.crt": "eA=="}}, "merge-patch")
    words = 'Secret "tls" is invalid: type: Invalid value: "kubernetes.io/tls": field is immutable'
    assert (typed.status, typed.message) == (422, words)
    assert data.status == 200


async def test_unknown_fields() -> None:
    """Drops unknown fields with a warning, in silence, or refuses them, as the client wants."""
    async with client(with_deployment()) as asker:
        thing = {**deployment("x"), "spec": {**deployment("x")["spec"], "replica": 3}}
        warned = await asker.ask("POST", f"{DEPLOYMENTS}?dryRun=All", thing)
        silent = await asker.ask("POST", f"{DEPLOYMENTS}?dryRun=All&fieldValidation=Ignore", thing)
        strict = await asker.patch(f"{DEPLOYMENTS}/backend?fieldValidation=Strict", {"spec": {"replica": 3}})
        wrong = await asker.ask("POST", f"{DEPLOYMENTS}?fieldValidation=Maybe", thing)
    assert warned.headers["Warning"] == r'299 - "unknown field \"spec.replica\""'
    assert ("replica" in warned.body["spec"], "Warning" in silent.headers) == (False, False)
    assert (strict.status, strict.message) == (
        400,
        'error decoding patch: strict decoding error: unknown field "spec.replica"',
    )
    assert wrong.status == 422


async def test_deletions_say_what_is_left() -> None:
    """Answers with a Status when it is over, with the object while it lasts."""
    store = stocked()
    config = kind_named("ConfigMap")
    for name in ("over", "held"):
        about = {**FINALIZED, "name": name, "finalizers": ["a/b"] if name == "held" else []}
        store.create(config, {"metadata": about})
    path = "/api/v1/namespaces/volaticloud/configmaps"
    async with client(store) as asker:
        over, held = [(await asker.ask("DELETE", f"{path}/{name}")).body for name in ("over", "held")]
        missing = await asker.ask("DELETE", f"{path}/nope")
        odd = await asker.ask("DELETE", f"{path}/held?propagationPolicy=Sideways")
    assert (over["kind"], over["status"], over["details"]["name"]) == ("Status", "Success", "over")
    assert held["metadata"]["deletionTimestamp"]
    assert (missing.status, odd.status) == (404, 400)


async def test_a_deletion_under_conditions() -> None:
    """Deletes with the grace and under the preconditions that were sent."""
    store = stocked()
    stored(store, POD, pod())
    uid = store.listed(POD)[0]["metadata"]["uid"]
    async with client(store) as asker:
        wrong = await asker.ask("DELETE", f"{PODS}/one", {"preconditions": {"resourceVersion": "1"}})
        right = await asker.ask("DELETE", f"{PODS}/one", {"gracePeriodSeconds": 3, "preconditions": {"uid": uid}})
    assert (wrong.status, right.body["metadata"]["deletionGracePeriodSeconds"]) == (409, 3)


async def test_a_collection_is_deleted_by_choice() -> None:
    """Deletes what the selectors choose and nothing else."""
    store = stocked()
    stored(store, POD, pod("a"), {**pod("b"), "status": {"phase": "Failed"}})
    async with client(store) as asker:
        gone = await asker.ask("DELETE", f"{PODS}?fieldSelector=status.phase%3DFailed")
    assert gone.names == ["b"]
    assert [one["metadata"]["name"] for one in store.listed(POD)] == ["a"]


def budgeted(allowed: int, *, settled: bool = True) -> Store:
    store = stocked()
    stored(store, POD, pod("one", {"app": "x"}))
    ready = draft(store.listed(POD)[0])
    ready["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    store.replace_status(POD, ready)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "x"}}}
    made = store.create(BUDGET, {"metadata": {"name": "b", "namespace": "volaticloud"}, "spec": spec})
    status = {"disruptionsAllowed": allowed, "currentHealthy": 1 + allowed, "desiredHealthy": 1, "expectedPods": 2}
    store.replace_status(BUDGET, {**draft(made), "status": {**status, "observedGeneration": int(settled)}})
    return store


async def test_an_eviction_is_charged() -> None:
    """Lets a pod go and charges its budget."""
    store = budgeted(1)
    async with client(store) as asker:
        answer = await asker.ask("POST", f"{PODS}/one/eviction", {"metadata": {"name": "one"}})
    assert (answer.status, answer.body["status"]) == (201, "Success")
    assert store.listed(POD)[0]["metadata"]["deletionTimestamp"]
    budget = store.listed(BUDGET)[0]["status"]
    assert (budget["disruptionsAllowed"], list(budget["disruptedPods"])) == (0, ["one"])


async def test_evictions_that_are_refused() -> None:
    """Refuses to evict while the budget is spent or not yet looked at, and when two budgets are about the pod."""
    two = budgeted(1)
    spec = {"minAvailable": 1, "selector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}
    two.create(BUDGET, {"metadata": {"name": "c", "namespace": "volaticloud"}, "spec": spec})
    answers = []
    for store in (budgeted(0), budgeted(1, settled=False), two):
        async with client(store) as asker:
            answers.append(await asker.ask("POST", f"{PODS}/one/eviction", {}))
        assert "deletionTimestamp" not in store.listed(POD)[0]["metadata"]
    spent, unsettled, double = answers
    assert (
        spent.body["details"]["causes"][0]["message"]
        == "The disruption budget b needs 1 healthy pods and has 1 currently"
    )
    assert (unsettled.status, unsettled.headers["Retry-After"]) == (429, "10")
    assert (double.status, "more than one PodDisruptionBudget" in double.message) == (500, True)


async def test_an_ephemeral_container_stays() -> None:
    """Adds a debugging container to a running pod, and never takes one away."""
    store = stocked()
    stored(store, POD, pod())
    async with client(store) as asker:
        path = f"{PODS}/one/ephemeralcontainers"
        first = await asker.patch(path, {"spec": {"ephemeralContainers": [{"name": "a", "image": "x"}]}})
        second = await asker.patch(path, {"spec": {"ephemeralContainers": [{"name": "b", "image": "x"}]}})
        gone = await asker.patch(path, {"spec": {"ephemeralContainers": []}}, "merge-patch")
    assert [one["name"] for one in first.body["spec"]["ephemeralContainers"]] == ["a"]
    assert {one["name"] for one in second.body["spec"]["ephemeralContainers"]} == {"a", "b"}
    assert gone.status == 422


async def test_status_is_written_apart() -> None:
    """Writes a status at its own address and nothing else there."""
    store = with_deployment()
    async with client(store) as asker:
        change = {"spec": {"replicas": 9}, "status": {"replicas": 2}}
        answer = await asker.patch(f"{DEPLOYMENTS}/backend/status", change)
        plain = await asker.patch(f"{DEPLOYMENTS}/backend", {"status": {"replicas": 7}})
    assert (answer.body["status"], answer.body["spec"]["replicas"]) == ({"replicas": 2}, 2)
    assert plain.body["status"] == {"replicas": 2}


async def test_null_is_not_sent() -> None:
    """Takes a field that says null for one that was not sent."""
    async with client(stocked()) as asker:
        thing = deployment()
        thing["spec"]["template"]["metadata"]["creationTimestamp"] = None
        answer = await asker.ask("POST", DEPLOYMENTS, thing)
    assert "creationTimestamp" not in answer.body["spec"]["template"]["metadata"]
