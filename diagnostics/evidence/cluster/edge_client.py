"""What looking at the platform's public names needs of a client: a name looked up, and a load balancer visited."""

from typing import Protocol

from diagnostics.evidence.http import NoAnswer
from diagnostics.evidence.network import Reached
from diagnostics.model import Value


class Found(Value, frozen=True):
    """What a name resolves to. `missing` says that a nameserver knows there is no such name, or no address for it."""

    addresses: tuple[str, ...] = ()
    took_ms: int = 0
    failure: NoAnswer | None = None
    missing: bool = False


class Visit(Value, frozen=True):
    """A load balancer visited under a name: how far the connection got, and what was answered to `GET /`."""

    reached: Reached
    status: int | None = None
    no_status: NoAnswer | None = None


class Edge(Protocol):
    """The way to the platform from outside. Both raise nothing but cancellation."""

    async def look_up(self, name: str) -> Found:
        """What a name resolves to: all its addresses, of both families."""
        ...

    async def visit(self, name: str, balancer: str) -> Visit:
        """Connect to a load balancer's own address, and ask there for a name, whatever that resolves to."""
        ...
