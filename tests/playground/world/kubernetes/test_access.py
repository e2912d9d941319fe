"""Who may do what: tokens, roles and bindings of every form, reviews, and refusals."""

from typing import Any

import pytest

from playground.world.kubernetes.access import Forbidden, grant
from playground.world.kubernetes.kinds import Thing, kind_named
from playground.world.kubernetes.store import Store
from playground.world.kubernetes.trouble import Trouble
from tests.playground.world.kubernetes.clients import DEPLOYMENTS, PODS, Client, client, stocked

READ: Thing = {"apiGroups": ["", "apps"], "resources": ["pods", "pods/log", "deployments"], "verbs": ["get", "list"]}
BOT = "volaticloud/volati"
REVIEWS = "/apis/authorization.k8s.io/v1"


def bound(store: Store, rules: list[Thing], subject: Thing, *, wide: bool = False) -> None:
    """Give somebody rules: in the namespace, or in the whole cluster."""
    role, binding = ("ClusterRole", "ClusterRoleBinding") if wide else ("Role", "RoleBinding")
    about = {"name": "read"} if wide else {"name": "read", "namespace": "volaticloud"}
    store.create(kind_named(role), {"metadata": about, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": "read"}
    store.create(kind_named(binding), {"metadata": about, "roleRef": reference, "subjects": [subject]})


ACCOUNT: Thing = {"kind": "ServiceAccount", "name": "volati", "namespace": "volaticloud"}


async def review(asker: Client, role: str = BOT, **attributes: Any) -> Any:
    spec = {"resourceAttributes": {"namespace": "volaticloud", **attributes}}
    answer = await asker.ask("POST", f"{REVIEWS}/selfsubjectaccessreviews", {"spec": spec}, role)
    return answer.body["status"]


async def test_a_service_account_may_what_its_role_says() -> None:
    """Lets a service account do what a role gives it, in that namespace, and nothing else."""
    store = stocked("volaticloud", "other")
    bound(store, [READ], ACCOUNT)
    async with client(store) as asker:
        allowed = [PODS, DEPLOYMENTS]
        denied = ["/api/v1/namespaces/other/pods", "/api/v1/pods", "/api/v1/namespaces/volaticloud/secrets"]
        assert [(await asker.get(path, BOT)).status for path in allowed] == [200, 200]
        assert [(await asker.get(path, BOT)).status for path in denied] == [403, 403, 403]
        assert (await asker.ask("DELETE", f"{PODS}/x", role=BOT)).status == 403


async def test_rights_are_given_one_by_one() -> None:
    """Gives a service account rights in a namespace and in the whole cluster, each in addition to the others."""
    store = stocked("volaticloud", "other")
    grant(store, BOT, [{**READ, "resources": ["pods"]}], "volaticloud")
    grant(store, BOT, [{**READ, "resources": ["nodes"]}])
    async with client(store) as asker:
        answers = [await asker.get(path, BOT) for path in (PODS, "/api/v1/nodes", "/api/v1/namespaces/other/pods")]
    assert [answer.status for answer in answers] == [200, 200, 403]


async def test_a_refusal_names_it_all() -> None:
    """Names who may not do what to which object where, in the namespace or in the whole cluster."""
    async with client(stocked()) as asker:
        one = await asker.ask("PATCH", f"{DEPLOYMENTS}/backend/scale", {}, BOT)
        wide = await asker.get("/api/v1/nodes", BOT)
        page = await asker.get("/metrics", BOT)
    who = 'User "system:serviceaccount:volaticloud:volati"'
    where = 'in API group "apps" in the namespace "volaticloud"'
    assert (
        one.message
        == f'deployments.apps "backend" is forbidden: {who} cannot patch resource "deployments/scale" {where}'
    )
    assert one.body["details"] == {"name": "backend", "group": "apps", "kind": "deployments"}
    assert wide.message.endswith('cannot list resource "nodes" in API group "" at the cluster scope')
    assert page.message == f'forbidden: {who} cannot get path "/metrics"'


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (ACCOUNT, 'ServiceAccount "volati/volaticloud"'),
        ({"kind": "Group", "name": "system:serviceaccounts:volaticloud"}, 'Group "system:serviceaccounts:volaticloud"'),
        ({"kind": "User", "name": "system:serviceaccount:volaticloud:volati"}, "User"),
    ],
)
async def test_subjects_of_every_form(subject: Thing, words: str) -> None:
    """Knows a subject as a service account, by its group, or as a user, and says so in a review."""
    store = stocked()
    bound(store, [READ], subject, wide=True)
    async with client(store) as asker:
        told = await review(asker, verb="get", resource="pods", name="x")
    assert told["allowed"]
    assert told["reason"].startswith('RBAC: allowed by ClusterRoleBinding "read" of ClusterRole "read" to ' + words)


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, True),
        ({"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]}, True),
        ({"apiGroups": ["apps"], "resources": ["*/scale"], "verbs": ["patch"]}, True),
        ({"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}, False),
        ({"apiGroups": [""], "resources": ["deployments/scale"], "verbs": ["patch"]}, False),
        ({"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get"]}, False),
        (
            {
                "apiGroups": ["apps"],
                "resources": ["deployments/scale"],
                "verbs": ["patch"],
                "resourceNames": ["backend"],
            },
            True,
        ),
        (
            {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"], "resourceNames": ["other"]},
            False,
        ),
    ],
)
async def test_rules_of_every_form(rule: Thing, allowed: bool) -> None:  # noqa: FBT001 an example
    """Reads rules as the real authorizer does: groups, parts, wildcards, names."""
    store = stocked()
    bound(store, [rule], ACCOUNT)
    async with client(store) as asker:
        asked = {"group": "apps", "resource": "deployments", "subresource": "scale", "verb": "patch", "name": "backend"}
        assert (await review(asker, **asked))["allowed"] is allowed


async def test_one_name_in_a_rule() -> None:
    """Lets somebody look at one object by its name, or at a list and a watch that are chosen by that name."""
    store = stocked()
    named = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"], "resourceNames": ["one"]}
    grant(store, BOT, [named], "volaticloud")
    async with client(store) as asker:
        chosen = await asker.get(f"{PODS}?fieldSelector=metadata.name%3Done", BOT)
        other = await asker.get(f"{PODS}?fieldSelector=metadata.name%3Dtwo", BOT)
        every = await asker.get(PODS, BOT)
    assert [chosen.status, other.status, every.status] == [200, 403, 403]


async def test_a_namespace_is_in_itself() -> None:
    """Lets a role of a namespace give sight of that namespace, and of no other."""
    store = stocked("volaticloud", "other")
    grant(store, BOT, [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}], "volaticloud")
    async with client(store) as asker:
        own, other = [await asker.get(f"/api/v1/namespaces/{name}", BOT) for name in ("volaticloud", "other")]
    assert [own.status, other.status] == [200, 403]
    assert other.message.endswith('cannot get resource "namespaces" in API group "" in the namespace "other"')


async def test_all_rules_of_somebody() -> None:
    """Lists every rule that somebody has in a namespace, those of the whole cluster too."""
    store = stocked()
    bound(store, [READ], ACCOUNT)
    nodes = {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]}
    bound(store, [nodes], ACCOUNT, wide=True)
    async with client(store) as asker:
        path, spec = f"{REVIEWS}/selfsubjectrulesreviews", {"spec": {"namespace": "volaticloud"}}
        told = (await asker.ask("POST", path, spec, BOT)).body["status"]
        nowhere = await asker.ask("POST", path, {"spec": {}}, BOT)
    assert told["resourceRules"][2:] == [nodes, READ]
    assert told["incomplete"] is False
    assert nowhere.status == 400


async def test_what_is_forbidden_besides() -> None:
    """Refuses what is forbidden although a role allows it, in requests and in both reviews."""
    store = stocked()
    bound(store, [READ], ACCOUNT)
    async with client(store) as asker:
        asker.cluster.misbehave(Trouble(forbidden=(Forbidden(("list",), ("pods",), "volaticloud"),)))
        assert (await asker.get(PODS, BOT)).status == 403
        assert (await asker.get(DEPLOYMENTS, BOT)).status == 200
        assert not (await review(asker, verb="list", resource="pods"))["allowed"]
        answer = await asker.ask(
            "POST", f"{REVIEWS}/selfsubjectrulesreviews", {"spec": {"namespace": "volaticloud"}}, BOT
        )
        rules = {one["resources"][0]: one["verbs"] for one in answer.body["status"]["resourceRules"]}
    assert (rules["pods"], rules["deployments"]) == (["get"], ["get", "list"])


async def test_tokens() -> None:
    """Knows a token until it is revoked, and nobody without one."""
    async with client(stocked()) as asker:
        good = {"Authorization": f"Bearer {asker.cluster.token('admin')}"}
        assert (await asker.ask("GET", PODS, role="", headers=good)).status == 200
        for bad in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": good["Authorization"][7:]}):
            assert (await asker.ask("GET", "/version", role="", headers=bad)).status == 401
        asker.cluster.tokens.revoke("admin")
        assert (await asker.ask("GET", PODS, role="", headers=good)).status == 401
        assert (await asker.get(PODS)).status == 200


async def test_acting_as_somebody_else() -> None:
    """Lets an administrator act as somebody, who then may what that one may."""
    store = stocked()
    bound(store, [READ], ACCOUNT)
    async with client(store) as asker:
        other = {"Impersonate-User": "system:serviceaccount:volaticloud:volati"}
        who = await asker.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, headers=other)
        assert who.body["status"]["userInfo"]["username"] == other["Impersonate-User"]
        assert (await asker.ask("GET", PODS, headers=other)).status == 200
        assert (await asker.ask("DELETE", PODS, headers=other)).status == 403
        nobody = {"Impersonate-User": "admin"}
        assert (await asker.ask("GET", PODS, headers=nobody)).status == 403


async def test_a_review_of_somebody_else() -> None:
    """Answers whether somebody else may, to those who may ask that."""
    store = stocked()
    bound(store, [READ], {"kind": "User", "name": "jane"})
    asked = {"user": "jane", "resourceAttributes": {"namespace": "volaticloud", "verb": "list", "resource": "pods"}}
    async with client(store) as asker:
        told = await asker.ask("POST", f"{REVIEWS}/subjectaccessreviews", {"spec": asked})
        refused = await asker.ask("POST", f"{REVIEWS}/subjectaccessreviews", {"spec": asked}, "jane")
    assert told.body["status"]["allowed"]
    assert refused.status == 403


async def test_a_kubeconfig_is_private() -> None:
    """Writes a kubeconfig that only its owner reads and that is gone afterwards."""
    async with client(stocked()) as asker:
        file = asker.cluster.kubeconfig(BOT)
        assert file.stat().st_mode & 0o777 == 0o600
        assert asker.cluster.token(BOT) in file.read_text(encoding="utf-8")
    assert not file.exists()
