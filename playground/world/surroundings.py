"""What lies around the simulated cluster and follows it: its database's address, public names, the load balancer."""

from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from playground.world.certificates import Authority
from playground.world.database import SimulatedDatabase
from playground.world.edge.cluster import edge_of
from playground.world.edge.server import SimulatedEdge
from playground.world.edge.state import EdgeState
from playground.world.kubernetes.ingress_nginx import routes
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.simulated import Install, SimulatedCluster, installed
from playground.world.kubernetes.volaticloud import SPACE, Secrets

#: The TLS secrets of the platform's ingresses.
TLS_SECRETS = ("api-tls", "console-tls")


class ClusterAndSurroundings:
    """A cluster with what lies around it, to be used with `async with`. `client_secret` is the one Keycloak knows."""

    def __init__(self, client_secret: str, install: Install = installed) -> None:
        """`install` makes the cluster's world: the platform as it is, unless another is wanted."""
        self._client_secret = client_secret
        self._install = install
        self._stack = AsyncExitStack()
        self.database = SimulatedDatabase()
        self.edge = SimulatedEdge(self._outside)
        self.cluster: SimulatedCluster
        self.authority: Authority

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory(prefix="volati-authority-"))
            self.authority = Authority.new(Path(folder), "Volati playground public CA")
            await stack.enter_async_context(self.database)
            secrets = Secrets(client=self._client_secret, database_port=self.database.port)
            self.cluster = await stack.enter_async_context(
                SimulatedCluster(secrets, authority=self.authority, install=self._install)
            )
            await stack.enter_async_context(self.edge)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def heal(self) -> None:
        """Mend everything."""
        self.cluster.heal()
        await self.edge.heal()
        await self.follow()

    async def follow(self) -> None:
        """Have what lies around be as the cluster has it."""
        listening = self.cluster.world.desired.machine.database.listening
        await (self.database.listen() if listening else self.database.stop())
        await self.edge.front.adjust()

    def environment(self) -> dict[str, Any]:
        """The cluster as the bot's settings describe it."""
        return {
            "kubeconfig": str(self.cluster.kubeconfig()),
            "secrets": [
                {
                    "name": f"{SPACE}/volaticloud-db-secret",
                    "keys": ["host", "database", "username", "password"],
                },
                {"name": f"{SPACE}/keycloak-client-secret", "keys": ["client-secret"]},
                *({"name": f"{SPACE}/{name}", "keys": ["tls.crt", "tls.key"]} for name in TLS_SECRETS),
            ],
            "nameserver": self.edge.nameserver.address,
            "https_port": self.edge.front.port,
            "ca_file": str(self.authority.ca_file),
        }

    def _outside(self) -> EdgeState:
        """The edge as it follows from the cluster's objects."""
        world = self.cluster.world
        return edge_of(
            world.store.listed(kind_named("Ingress")),
            lambda namespace, name: world.store.read(kind_named("Secret"), namespace, name),
            ((route.host, route.status) for route in routes(world.plane)),
            world.desired.machine.names,
        )
