"""What network policies let through, on the platform's own policies and on others."""

import pytest

from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.policies import reaches_outside, reaches_pod
from playground.world.kubernetes.store import Frozen
from playground.world.kubernetes.templates import policy


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def pod(world: World, app: str) -> Frozen:
    return next(one for one in world.plane.listed("Pod") if one["metadata"]["labels"].get("app") == app)


@pytest.mark.parametrize(
    ("source", "target", "port", "passes"),
    [
        ("ingress-nginx-controller", "volaticloud-backend", 8080, True),
        ("ingress-nginx-controller", "volaticloud-dashboard", 8080, True),
        ("ingress-nginx-controller", "volaticloud-backend", 9090, False),
        ("volaticloud-dashboard", "volaticloud-backend", 8080, True),
        ("prometheus", "volaticloud-backend", 8080, True),
        ("volaticloud-keycloak", "volaticloud-backend", 8080, False),
        ("volaticloud-backend", "volaticloud-keycloak", 8080, True),
        ("volaticloud-backend", "etcd", 2379, True),
        ("volaticloud-backend", "etcd", 2380, False),
        ("volaticloud-backend", "prometheus", 9090, False),
        ("prometheus", "etcd", 2380, True),
    ],
)
def test_the_platforms_policies(world: World, source: str, target: str, port: int, passes: bool) -> None:  # noqa: FBT001 a table
    """Lets through what the platform needs, and nothing else where a policy speaks."""
    assert reaches_pod(world.plane, pod(world, source), pod(world, target), port) is passes


@pytest.mark.parametrize(
    ("host", "port", "passes"),
    [("127.0.0.1", 5432, True), ("10.0.0.6", 5432, False), ("127.0.0.1", 80, False), ("140.82.121.34", 443, True)],
)
def test_out_of_the_cluster(world: World, host: str, port: int, passes: bool) -> None:  # noqa: FBT001 a table
    """Lets the backend reach its database and the web, and no other host."""
    assert reaches_outside(world.plane, pod(world, "volaticloud-backend"), host, port) is passes
    assert reaches_outside(world.plane, pod(world, "prometheus"), host, port)


def test_policies_add_up(world: World) -> None:
    """Lets through what any policy allows, and heeds what a block leaves out."""
    block = {"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.128/25"]}}
    more = policy("volaticloud", "more", {"matchLabels": {"app": "volaticloud-backend"}}, egress=[{"to": [block]}])
    world.store.create(kind_named("NetworkPolicy"), more)
    backend = pod(world, "volaticloud-backend")
    assert reaches_outside(world.plane, backend, "192.0.2.5", 25)
    assert not reaches_outside(world.plane, backend, "192.0.2.200", 25)
    assert reaches_outside(world.plane, backend, "127.0.0.1", 5432)
