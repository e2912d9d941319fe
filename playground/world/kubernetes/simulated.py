"""The simulated cluster as a running thing: its life in real time, and the API server through which it is seen."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from playground.world.certificates import Authority
from playground.world.faults.model import Fault
from playground.world.kubernetes.cluster import World
from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.server import SimulatedKubernetes
from playground.world.kubernetes.volaticloud import Secrets

T = TypeVar("T")


Install = Callable[[Secrets | None, Authority | None], World]


def installed(values: Secrets | None, authority: Authority | None) -> World:
    """The platform as it is."""
    return World(values, authority=authority)


class SimulatedCluster:
    """A cluster to be used with `async with`; it lives until the end of the block."""

    def __init__(
        self, values: Secrets | None = None, *, authority: Authority | None = None, install: Install = installed
    ) -> None:
        """`values` are the platform's secrets, where they are shared with another simulated system.

        `authority` signs the certificates that the ingresses show, for whoever is to trust them. `install` makes the
        world: the platform as it is, unless another is wanted.
        """
        self._values = values
        self._authority = authority
        self._install = install
        self._world: World | None = None
        self._server: SimulatedKubernetes | None = None
        self._life: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        # Installing takes a fifth of a second of computing: not on the loop.
        world = await asyncio.to_thread(self._install, self._values, self._authority)
        self._world = world
        self._server = await SimulatedKubernetes(world.store, world.kubelets, refuses=world.refuses).__aenter__()
        self._life = asyncio.create_task(world.run(), name="life of the simulated cluster")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._life is not None:
            self._life.cancel()
            with suppress(asyncio.CancelledError):
                await self._life
        if self._server is not None:
            await self._server.__aexit__(kind, error, trace)

    @property
    def world(self) -> World:
        """Its objects and their life."""
        return _running(self._world)

    @property
    def server(self) -> SimulatedKubernetes:
        """Its API server."""
        return _running(self._server)

    def kubeconfig(self, role: str = "admin") -> Path:
        """A kubeconfig file for a role."""
        return self.server.kubeconfig(role)

    def switch_on(self, fault: Fault[Desired]) -> None:
        """Have a fault come some minutes ago."""
        self.world.switch_on(fault)

    def switch_off(self, fault: Fault[Desired]) -> None:
        """Have a fault mended some minutes ago."""
        self.world.switch_off(fault)

    def heal(self) -> None:
        """Mend everything, the API server too. Nothing is done where nothing was switched on or misbehaves."""
        self.server.heal()
        if self.world.faults:
            self.world.heal()


def _running(one: T | None) -> T:
    if one is None:
        raise RuntimeError("the simulated cluster is not running: use it with `async with`")
    return one
