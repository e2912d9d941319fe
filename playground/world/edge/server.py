"""The simulated edge as running servers on loopback: a nameserver and a TLS front, with faults switched on and off."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import reduce
from types import TracebackType
from typing import Self

from playground.world.edge.front import Front
from playground.world.edge.nameserver import Nameserver
from playground.world.edge.state import EdgeState
from playground.world.faults.edge import EDGE_FAULTS
from playground.world.faults.model import Fault, named


class SimulatedEdge:
    """An edge to be used with `async with`; afterwards its ports are gone.

    `sound` gives the edge as it is without faults, asked anew each time, so that it may follow a cluster that changes.
    """

    def __init__(self, sound: Callable[[], EdgeState]) -> None:
        self._sound = sound
        self._faults: tuple[Fault[EdgeState], ...] = ()
        self._stack = AsyncExitStack()
        self.nameserver = Nameserver(lambda: self.state)
        self.front = Front(lambda: self.state)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.nameserver)
            await stack.enter_async_context(self.front)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def state(self) -> EdgeState:
        """The edge as it is now, through every fault that is on."""
        return reduce(lambda state, fault: fault.apply(state), self._faults, self._sound())

    @property
    def faults(self) -> tuple[str, ...]:
        """The names of the faults that are on, oldest first."""
        return tuple(fault.name for fault in self._faults)

    async def switch_on(self, fault: Fault[EdgeState] | str) -> None:
        """Break something. Raises KeyError for a name that is not in the table."""
        chosen = named(EDGE_FAULTS, fault)
        if chosen.name not in self.faults:
            self._faults = (*self._faults, chosen)
        await self.front.adjust()

    async def switch_off(self, fault: Fault[EdgeState] | str) -> None:
        """Mend it again; a fault that is not on is no error."""
        chosen = named(EDGE_FAULTS, fault)
        self._faults = tuple(one for one in self._faults if one.name != chosen.name)
        await self.front.adjust()

    async def heal(self) -> None:
        """Mend everything."""
        self._faults = ()
        await self.front.adjust()
