"""The roles of `deploy/` against the code: exactly what it uses, no more and no less, and tried on a cluster."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.actions.hands import Hands
from bot.actions.plan import Request
from bot.actions.table import ACTIONS
from bot.bootstrap import Services, open_services
from bot.clients.kubernetes.rights import split
from bot.doctor import checkups
from bot.errors import CannotAct
from bot.health import State
from bot.settings import KubernetesSettings, parse
from diagnostics.evidence.cluster.kinds import Right
from diagnostics.evidence.cluster.sources import wanted
from diagnostics.model import CouldNotLookError
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.frozen import draft
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.volaticloud import Secrets
from tests.deploy.manifests import DEPLOY, EXAMPLE, Thing, built, documents, of
from tests.deploy.rights import Granted, acted, granted, looked, rules, told, written

BOT = "volati/volati"
BACKEND = "volaticloud-backend"
SPACES = ("volaticloud", "keycloak", "ingress-nginx")
ACTED_IN = ("volaticloud", "keycloak")
IN_CLUSTER = [name for name, act in ACTIONS.items() if act.area != "database"]
"""What is done in the cluster; what a database takes is in test_database_role.py."""

ROLES = {
    "base/cluster-role.yaml": ("ClusterRole", "volati", "What belongs to no namespace."),
    "read/role.yaml": ("Role", "volati-read", "Looking at one namespace."),
    "act/role.yaml": ("Role", "volati-act", "Guarded acts in one namespace, beside what looking needs (../read)."),
    "probe/role.yaml": (
        "Role",
        "volati-probe",
        "In-cluster probes, where they run, beside what looking needs (../read).",
    ),
}
ASKED = {
    "restart": Request("restart", "production", BACKEND),
    "rollback": Request("rollback", "production", BACKEND),
    "scale": Request("scale", "production", BACKEND, {"replicas": "3"}),
    "delete-failed-pods": Request("delete-failed-pods", "production", "volaticloud"),
    "debug-logs": Request("debug-logs", "production", BACKEND),
    "probe": Request("probe", "production", "volaticloud-backend:8080", {"way": "tcp"}),
}
"""Something to ask of each act."""


async def needed() -> dict[str, set[Granted]]:
    """What each role must grant."""
    looks = await looked()
    named = told(right for right in looks if right.namespace and not right.resource.startswith("secrets/"))
    # Which config maps it reads, the workloads say: nobody can name them beforehand.
    read = {(verb, group, resource, "" if resource == "configmaps" else name) for verb, group, resource, name in named}
    wide = told(right for right in looks if not right.namespace)
    acts, probes = (told(acted(probing=probing)) - read for probing in (False, True))
    return {"base/cluster-role.yaml": wide, "read/role.yaml": read, "act/role.yaml": acts, "probe/role.yaml": probes}


@pytest.mark.parametrize("name", ROLES)
async def test_a_role_grants_exactly_what_is_used(name: str) -> None:
    """Grants what the code asks for, and nothing that it does not. To have a role written anew, delete its file."""
    path, wants = DEPLOY / name, (await needed())[name]
    if not path.exists():
        written(path, *ROLES[name], wants)
        raise AssertionError(f"{name} was not there and has been written; look at it and run again")
    role = documents(path)[0]
    assert (role["kind"], role["metadata"]["name"]) == ROLES[name][:2]
    assert granted(role["rules"]) - wants == set(), "more than is used"
    assert wants - granted(role["rules"]) == set(), "less than is used"
    assert role["rules"] == rules(wants)


async def test_what_doctor_asks_for_is_what_is_used() -> None:
    """Asks by `volati doctor` for the rights that looking uses; only usage may be missing, where nobody measures it."""
    settings = KubernetesSettings.model_validate({})
    asked = told(wanted(expected(settings)))
    roles = await needed()
    used = roles["read/role.yaml"] | roles["base/cluster-role.yaml"]
    assert used - asked == {("list", "metrics.k8s.io", "nodes", ""), ("list", "metrics.k8s.io", "pods", "")}
    assert {one for one in asked - used if one[2] != "secrets"} == set()


def expected(settings: KubernetesSettings) -> Any:
    from bot.platform.cluster import ClusterPlatform  # noqa: PLC0415 imports the client's library

    return ClusterPlatform(settings).expected


def test_secrets_are_named_one_by_one() -> None:
    """Grants `get` on the secrets that the settings list, each by its name, and on no other."""
    listed = {one.name for one in KubernetesSettings.model_validate({}).secrets}
    found = set()
    for role in of(built(EXAMPLE), "Role") + of(built(EXAMPLE), "ClusterRole"):
        for rule in role["rules"]:
            if "secrets" in rule["resources"]:
                assert (rule["verbs"], rule["resources"]) == (["get"], ["secrets"])
                found |= {f"{role['metadata']['namespace']}/{name}" for name in rule["resourceNames"]}
    assert found == listed


def test_nothing_is_granted_at_large() -> None:
    """Has no star in any rule, nothing that would give the bot more rights, and binds just its own account."""
    roles = built(EXAMPLE)
    for role in of(roles, "Role") + of(roles, "ClusterRole"):
        assert "*" not in repr(role["rules"])
        for verb, group, resource, _ in granted(role["rules"]):
            assert verb not in {"escalate", "bind", "impersonate"}
            assert group not in {"rbac.authorization.k8s.io", "certificates.k8s.io"}
            assert resource not in {
                "serviceaccounts/token",
                "pods/exec",
                "pods/attach",
                "pods/portforward",
                "nodes/proxy",
            }
    for binding in of(roles, "RoleBinding") + of(roles, "ClusterRoleBinding"):
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "volati", "namespace": "volati"}]
    (account,) = of(roles, "ServiceAccount")
    assert (account["metadata"]["namespace"], account["metadata"]["name"]) == ("volati", "volati")


@dataclass
class Installed:
    """A bot in a simulated cluster, with the rights of the manifests."""

    services: Services
    world: World

    def without(self, one: Granted) -> None:
        """Take one right away, wherever it is granted."""
        for kind in ("Role", "ClusterRole"):
            for role in list(self.world.store.listed(kind_named(kind))):
                left = rules({right for right in granted(role["rules"]) if right != one})
                changed = {**role, "rules": left}
                self.world.store.replace(kind_named(kind), changed)


def install(world: World, things: list[Thing]) -> None:
    """Put the roles and bindings into a cluster."""
    for kind in ("ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"):
        for one in of(things, kind):
            world.store.create(kind_named(kind), one)


def lived_in() -> World:
    """A cluster in which there is something for each act to do: a newer release, and a pod that failed."""
    world = World(Secrets(database="d4tabase-secret", client="cl1ent-secret"), seed=1)
    backend = draft(world.store.read(kind_named("Deployment"), "volaticloud", BACKEND) or {})
    backend["spec"]["template"]["spec"]["containers"][0]["image"] = "ghcr.io/volaticloud/volaticloud:2.15.0"
    world.store.replace(kind_named("Deployment"), backend)
    world.pass_by(120)
    spec = {"containers": [{"name": "one", "image": "busybox"}], "restartPolicy": "Never"}
    about = {"name": "failed", "namespace": "volaticloud"}
    made = world.store.create(kind_named("Pod"), {"metadata": about, "spec": spec})
    ended = {"metadata": made["metadata"], "status": {"phase": "Failed", "reason": "Evicted"}}
    world.store.replace_status(kind_named("Pod"), ended)
    return world


@asynccontextmanager
async def installed(folder: Path) -> AsyncIterator[Installed]:
    """The example's settings and roles at work."""
    world = lived_in()
    install(world, built(EXAMPLE))
    async with SimulatedKubernetes(world.store, world.kubelets) as server:
        probe = {"image": "registry.example.com/volati:0.1.0"}
        kubernetes = {"kubeconfig": str(server.kubeconfig(BOT)), "namespaces": SPACES, "probe": probe}
        document = {"environments": {"production": {"kubernetes": kubernetes}}, "data_dir": str(folder)}
        async with open_services(parse(document, "the example"), memory_required=True) as services:
            yield Installed(services, world)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Installed]:
    async with installed(tmp_path) as found:
        yield found


async def rights_checkup(here: Installed) -> tuple[State, str]:
    (found,) = [one async for one in checkups(here.services) if "rights" in one.part]
    return found.state, found.said


async def test_doctor_misses_no_right(here: Installed) -> None:
    """Finds with exactly these roles no right missing, and nothing forbidden."""
    found = [one async for one in checkups(here.services)]
    (rights,) = [one for one in found if "rights" in one.part]
    assert (rights.state, rights.said) == (State.WELL, "seen")
    assert [one for one in found if "forbidden" in one.said] == []


async def test_doctor_names_a_missing_right(here: Installed) -> None:
    """Names the right that was taken away, and where it is missing."""
    here.without(("list", "apps", "deployments", ""))
    here.without(("list", "", "nodes", ""))
    state, said = await rights_checkup(here)
    assert state is State.ILL
    assert said.startswith(
        "4 missing: in the whole cluster: list nodes; in namespace ingress-nginx: list deployments.apps"
    )


async def test_every_act_has_its_rights(here: Installed) -> None:
    """Gives each act all it needs where acts are granted, and nothing where they are not."""
    async with here.services.hands("production") as hands:
        for act in (ACTIONS[name] for name in IN_CLUSTER):
            for space in ACTED_IN[:1] if act.name == "probe" else ACTED_IN:
                assert await hands.cluster.missing(act.rights(space)) == (), act.name
            assert await hands.cluster.missing(act.rights("ingress-nginx")), act.name


async def test_an_act_names_each_right_it_lacks(here: Installed) -> None:
    """Says of every single right of the acts that it is missing, once it is taken away."""
    roles = await needed()
    only = roles["act/role.yaml"] | roles["probe/role.yaml"]
    async with here.services.hands("production") as hands:
        for one in sorted(only):
            install_anew(here.world)
            here.without(one)
            for act in ACTIONS.values():
                mine = {right for right in act.rights("volaticloud") if told([right]) == {one}}
                assert set(await hands.cluster.missing(act.rights("volaticloud"))) == mine


def install_anew(world: World) -> None:
    for one in of(built(EXAMPLE), "Role"):
        world.store.replace(kind_named("Role"), one)


@pytest.mark.parametrize("name", IN_CLUSTER)
async def test_an_act_is_proposed(here: Installed, name: str) -> None:
    """Makes a plan with exactly these roles; with one right less it says which, and makes none."""
    act = ACTIONS[name]
    async with here.services.hands("production") as hands:
        assert (await act.propose(ASKED[name], hands)).steps
        lost = next(iter(needs(act.rights("volaticloud"), await needed())))
        here.without(lost)
        await refused(name, hands, lost)


def needs(rights: tuple[Right, ...], roles: dict[str, set[Granted]]) -> list[Granted]:
    """The rights of an act that are its own, in its order."""
    own = roles["act/role.yaml"] | roles["probe/role.yaml"]
    return [one for right in rights for one in told([right]) if one in own]


async def refused(name: str, hands: Hands, lost: Granted) -> None:
    with pytest.raises((CannotAct, CouldNotLookError)) as raised:
        await ACTIONS[name].propose(ASKED[name], hands)
    verb, _, resource, _ = lost
    assert f"{verb} {resource}" in str(raised.value)


def test_the_way_rights_are_read() -> None:
    """Reads a right as a role grants it: subresources, groups, and names of single secrets."""
    assert split(Right("get", "pods/log", "a")) == ("", "pods/log", "")
    assert split(Right("patch", "deployments/scale.apps", "a")) == ("apps", "deployments/scale", "")
    assert split(Right("get", "secrets/db.x", "a")) == ("", "secrets", "db.x")
