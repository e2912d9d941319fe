"""Tests of how the public names are looked at: which, where, and how many."""

import pytest

from diagnostics.evidence.cluster.edge import HOSTS, NEEDS, EdgeLook
from diagnostics.evidence.cluster.edge_client import Found, Visit
from diagnostics.evidence.cluster.kinds import ClusterEdge, ClusterIngresses, ClusterServices
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.services import Ingress, Service
from diagnostics.evidence.http import NoAnswer, Stage
from diagnostics.evidence.network import Reached
from diagnostics.observe import Seen
from tests.diagnostics.areas.cases.routes import (
    API,
    BALANCED,
    BALANCER,
    CONSOLE,
    CONTROLLER,
    ingress,
    ingresses,
    service,
)

LOST = NoAnswer(Stage.NAME, "NXDOMAIN", timed_out=False, took_ms=3)


class FakeEdge:
    """Answers from two tables, and remembers what it was asked."""

    def __init__(self, found: dict[str, Found] | None = None) -> None:
        self.found = found or {}
        self.looked_up: list[str] = []
        self.visited: list[tuple[str, str]] = []

    async def look_up(self, name: str) -> Found:
        """What the table has."""
        self.looked_up.append(name)
        return self.found.get(name, Found(("192.0.2.1",), 4))

    async def visit(self, name: str, balancer: str) -> Visit:
        """A load balancer that answers."""
        self.visited.append((name, balancer))
        return Visit(Reached(name, 443, tls=True, addresses=(balancer,)), 200)


async def look(client: FakeEdge, *some: Ingress, services: tuple[Service, ...] = ()) -> ClusterEdge:
    seen = Seen({ClusterIngresses: ingresses(*some), ClusterServices: ClusterServices(services=services)})
    return await EdgeLook(client, CONTROLLER, "k8s.io/ingress-nginx").look(seen)


async def test_each_name_once() -> None:
    """Looks at each name of the controller's ingresses once, for the first ingress that has it."""
    client = FakeEdge()
    seen = await look(client, ingress(), ingress("again"), ingress("console", CONSOLE))
    assert {host.name: host.ingress.name for host in seen.hosts} == {API: "api", CONSOLE: "console"}
    assert sorted(client.looked_up) == [API, CONSOLE]
    assert sorted(client.visited) == [(API, BALANCER), (CONSOLE, BALANCER)]


async def test_others_are_left_alone() -> None:
    """Looks at no name of another controller's ingress, at none that stands for many, and at no rule for all hosts."""
    client = FakeEdge()
    others = (
        ingress("a", "a.example.com", class_name="other"),
        ingress("b", "b.example.com", class_name="gone"),
        ingress("c", "*.example.com"),
        ingress("d", "", tls=()),
    )
    assert (await look(client, *others)).hosts == ()
    assert client.looked_up == []
    assert client.visited == []


async def test_what_is_told() -> None:
    """Tells what the name resolves to or why not, and what was answered at the load balancer all the same."""
    client = FakeEdge({API: Found((), 7, LOST, missing=True)})
    (host,) = (await look(client, ingress())).hosts
    assert (host.addresses, host.lookup_failure, host.missing, host.lookup_ms) == ((), LOST, True, 7)
    assert (host.status, host.balancers) == (200, (BALANCER,))
    assert host.reached is not None
    assert host.reached.addresses == (BALANCER,)


@pytest.mark.parametrize(
    ("took", "told"),
    [((249,), 249), ((250, 3), 3), ((700, 600), 600), ((600, 700), 600)],
)
async def test_a_slow_lookup_is_tried_again(took: tuple[int, ...], told: int) -> None:
    """Looks a name up again where that was slow, and tells the better time: the first had to fill somebody's cache."""

    class Slow(FakeEdge):
        async def look_up(self, name: str) -> Found:
            await super().look_up(name)
            return Found((BALANCER,), took[len(self.looked_up) - 1])

    client = Slow()
    (host,) = (await look(client, ingress())).hosts
    assert host.lookup_ms == told
    assert len(client.looked_up) == len(took)


async def test_the_controllers_own_address() -> None:
    """Visits the controller's own load balancer where an ingress was given no address."""
    client = FakeEdge()
    elsewhere = service(Name("volaticloud", "db"), type="LoadBalancer", addresses=("192.0.2.66",))
    (host,) = (await look(client, ingress(addresses=()), services=(elsewhere, BALANCED))).hosts
    assert client.visited == [(API, BALANCER)]
    assert host.balancers == (BALANCER,)


async def test_no_load_balancer() -> None:
    """Visits nothing where no address is known, least of all what the name resolves to."""
    client = FakeEdge()
    (host,) = (await look(client, ingress(addresses=()))).hosts
    assert client.visited == []
    assert (host.reached, host.status, host.addresses) == (None, None, ("192.0.2.1",))


async def test_a_bound_on_names() -> None:
    """Looks at no more names than it may, and tells which were left out."""
    many = [ingress(f"i{n}", f"n{n}.example.com") for n in range(HOSTS + 2)]
    seen = await look(FakeEdge(), *many)
    assert len(seen.hosts) == HOSTS
    assert len(seen.left_out) == 2
    assert {host.name for host in seen.hosts}.isdisjoint(seen.left_out)


def test_what_it_needs() -> None:
    """Needs the ingresses for the names, and the services for the load balancer's address."""
    assert (ClusterIngresses, ClusterServices) == NEEDS
