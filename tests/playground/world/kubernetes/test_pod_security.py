"""Tests of pod security admission: which pods a namespace lets in that enforces a level, and the words of a refusal."""

import ssl
from typing import Any

import httpx
import pytest

from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.defaults import filled
from playground.world.kubernetes.frozen import draft
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.pod_security import refusal
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.templates import thing
from tests.playground.world.kubernetes.clients import PODS, Client

SPACE = "volaticloud"
GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "a",
            "image": "busybox:1",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}


@pytest.fixture
def world() -> World:
    return World(seed=1)


def enforcing(world: World, level: str) -> World:
    space = draft(world.store.read(kind_named("Namespace"), "", SPACE) or {})
    space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] = level
    world.store.replace(kind_named("Namespace"), space)
    return world


def changed(**parts: Any) -> dict[str, Any]:
    """A good pod with something else in its container."""
    return {**GOOD, "containers": [{**GOOD["containers"][0], **parts}]}


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (GOOD, ""),
        ({**GOOD, "hostNetwork": True}, "host namespaces (hostNetwork=true)"),
        ({**GOOD, "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}, 'hostPath volumes (volume "v")'),
        ({**GOOD, "volumes": [{"name": "v", "nfs": {}}]}, "restricted volume types"),
        ({**GOOD, "volumes": [{"name": "v", "emptyDir": {}}]}, ""),
        (
            {**GOOD, "securityContext": {"runAsNonRoot": True}},
            'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault"',
        ),
        (
            {**GOOD, "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}},
            'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
        ),
        (
            changed(securityContext={"allowPrivilegeEscalation": False}),
            'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"])',
        ),
        (
            changed(securityContext={"capabilities": {"drop": ["ALL"]}}),
            'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false)',
        ),
        (changed(securityContext={**GOOD["containers"][0]["securityContext"], "runAsUser": 0}), "runAsUser=0"),
        (changed(securityContext={"privileged": True}), 'privileged (container "a" must not set'),
    ],
)
def test_the_restricted_level(world: World, spec: dict[str, Any], says: str) -> None:
    """Lets in at the restricted level only pods that may do nothing, and says what each other one must set."""
    told = refusal(enforcing(world, "restricted").plane, SPACE, spec)
    assert told.startswith('violates PodSecurity "restricted:latest": ') if says else told == ""
    assert says in told


def test_other_levels(world: World) -> None:
    """Lets in at the baseline level what only restricts itself, and everything where no level is enforced."""
    plain = {"containers": [{"name": "a"}]}
    assert refusal(world.plane, SPACE, {**plain, "hostNetwork": True}) == ""
    enforcing(world, "baseline")
    assert refusal(world.plane, SPACE, plain) == ""
    assert "host namespaces" in refusal(world.plane, SPACE, {**plain, "hostNetwork": True})
    assert refusal(world.plane, "keycloak", {**plain, "hostNetwork": True}) == ""
    assert refusal(world.plane, "nowhere", plain) == ""


async def test_over_the_wire(world: World) -> None:
    """Refuses a pod with 403, as an API server does, and lets a good one in."""
    enforcing(world, "restricted")
    async with (
        SimulatedKubernetes(world.store, world.kubelets, refuses=world.refuses) as server,
        httpx.AsyncClient(
            base_url=server.url, verify=ssl.create_default_context(cafile=server.ca_file), trust_env=False
        ) as http,
    ):
        one = Client(server, http)
        plain = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "image": "busybox:1"}]}}
        refused = await one.ask("POST", PODS, plain)
        assert refused.status == 403
        assert refused.message.startswith('pods "p" is forbidden: violates PodSecurity "restricted:latest": ')
        assert (await one.ask("POST", PODS, {**plain, "spec": GOOD})).status == 201


def test_a_controller(world: World) -> None:
    """Has a controller say that its pods are not let in, and make none."""
    enforcing(world, "restricted")
    job = thing("Job", SPACE, "j", spec={"template": {"spec": {"containers": [{"name": "a", "image": "busybox:1"}]}}})
    world.store.create(kind_named("Job"), filled(kind_named("Job"), job))
    world.pass_by(1)
    told = [one["message"] for one in world.plane.listed("Event", SPACE) if one["reason"] == "FailedCreate"]
    assert any("is forbidden: violates PodSecurity" in message for message in told)
    assert not [pod for pod in world.plane.listed("Pod", SPACE) if pod["metadata"]["name"].startswith("j-")]
