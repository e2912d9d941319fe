"""How the platform's public names are looked at: what each resolves to, and what its load balancer answers."""

import asyncio

from diagnostics.context import ClusterExpected
from diagnostics.evidence.cluster.edge_client import Edge, Found, Visit
from diagnostics.evidence.cluster.kinds import ClusterEdge, ClusterIngresses, ClusterServices, Host
from diagnostics.evidence.cluster.names import Name
from diagnostics.evidence.cluster.routes import IngressState, controller_of
from diagnostics.evidence.cluster.services import Ingress
from diagnostics.model import Evidence
from diagnostics.observe import Seen, Source

#: Names looked at in one run, all at once: a platform has a handful, and a wildcard of tenants must not be a flood.
HOSTS = 20
#: From this many ms on a name is looked up a second time: a nameserver that had to ask others first has it then, and
#: one that is slow is slow again.
AGAIN_MS = 250
#: What must be seen first.
NEEDS: tuple[type[Evidence], ...] = (ClusterIngresses, ClusterServices)


class EdgeLook:
    """One run's look at the public names.

    Args:
        client: the way to them.
        controller: the ingress controller, whose service has the load balancer's address.
        controller_class: what it calls itself in the classes it serves.
    """

    def __init__(self, client: Edge, controller: Name, controller_class: str) -> None:
        self._client = client
        self._controller = controller
        self._class = controller_class

    async def look(self, seen: Seen) -> ClusterEdge:
        """Every public name of the controller's ingresses, as it is seen from here."""
        served = self._served(seen[ClusterIngresses])
        fallback = self._fallback(seen[ClusterServices])
        chosen = list(served.items())[:HOSTS]
        hosts = await asyncio.gather(*(self._host(name, ingress, fallback) for name, ingress in chosen))
        return ClusterEdge(tuple(hosts), tuple(served)[HOSTS:])

    def _served(self, seen: ClusterIngresses) -> dict[str, Ingress]:
        """Each name with the first ingress that serves it. One that stands for many cannot be looked up."""
        served: dict[str, Ingress] = {}
        for ingress in seen.ingresses:
            if controller_of(ingress, seen.classes) == self._class:
                for name in IngressState(ingress).hosts:
                    if name and not name.startswith("*"):
                        served.setdefault(name, ingress)
        return served

    def _fallback(self, seen: ClusterServices) -> tuple[str, ...]:
        """The addresses of the controller's own load balancer, for ingresses that were given none."""
        mine = (one for one in seen.services if one.name.namespace == self._controller.namespace)
        return next((one.addresses for one in mine if one.type == "LoadBalancer" and one.addresses), ())

    async def _host(self, name: str, ingress: Ingress, fallback: tuple[str, ...]) -> Host:
        balancers = ingress.addresses or fallback
        found, visit = await asyncio.gather(self._found(name), self._visited(name, balancers))
        return _told(name, ingress, found, visit, balancers)

    async def _found(self, name: str) -> Found:
        """What a name resolves to, and how long that takes at best."""
        first = await self._client.look_up(name)
        if first.failure or first.took_ms < AGAIN_MS:
            return first
        second = await self._client.look_up(name)
        return first if second.failure else min(first, second, key=lambda one: one.took_ms)

    async def _visited(self, name: str, balancers: tuple[str, ...]) -> Visit | None:
        return await self._client.visit(name, balancers[0]) if balancers else None


def _told(name: str, ingress: Ingress, found: Found, visit: Visit | None, balancers: tuple[str, ...]) -> Host:
    return Host(
        name=name,
        ingress=ingress.name,
        addresses=found.addresses,
        lookup_failure=found.failure,
        missing=found.missing,
        lookup_ms=found.took_ms,
        balancers=balancers,
        reached=visit.reached if visit else None,
        status=visit.status if visit else None,
        no_status=visit.no_status if visit else None,
    )


def edge_source(client: Edge, expected: ClusterExpected) -> Source[ClusterEdge]:
    """The look at the public names as a source."""
    return Source(ClusterEdge, EdgeLook(client, expected.controller, expected.controller_class).look, NEEDS)
