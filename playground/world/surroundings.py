"""What lies around the simulated cluster and follows it: its database's address, public names, the load balancer."""

import asyncio
import base64
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from playground.world.certificates import Authority
from playground.world.edge.cluster import edge_of
from playground.world.edge.server import SimulatedEdge
from playground.world.edge.state import EdgeState
from playground.world.faults.model import Fault
from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.ingress_nginx import routes
from playground.world.kubernetes.kinds import kind_named
from playground.world.kubernetes.probing import IMAGE as PROBE_IMAGE
from playground.world.kubernetes.simulated import Install, SimulatedCluster, installed
from playground.world.kubernetes.volaticloud import SPACE, Secrets
from playground.world.postgres.around import SECRET, consequence, following
from playground.world.postgres.simulated import SimulatedPostgres
from playground.world.postgres.state import State

#: The TLS secrets of the platform's ingresses.
TLS_SECRETS = ("api-tls", "console-tls")


class ClusterAndSurroundings:
    """A cluster with what lies around it, to be used with `async with`. `client_secret` is the one Keycloak knows."""

    def __init__(self, client_secret: str, install: Install = installed) -> None:
        """`install` makes the cluster's world: the platform as it is, unless another is wanted."""
        self._client_secret = client_secret
        self._install = install
        self._stack = AsyncExitStack()
        self.database = SimulatedPostgres(self._database)
        self._consequence: Fault[Desired] | None = None  # what the database's faults do to the cluster
        self._starting: asyncio.Task[int] | None = None
        self.edge = SimulatedEdge(self._outside)
        self.cluster: SimulatedCluster
        self.authority: Authority

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            folder = stack.enter_context(TemporaryDirectory(prefix="volati-authority-"))
            self.authority = Authority.new(Path(folder), "Volati playground public CA")
            await stack.enter_async_context(self.database)
            secrets = Secrets(
                client=self._client_secret,
                database=self.database.passwords.owner,
                database_port=self.database.port,
            )
            self.cluster = await stack.enter_async_context(
                SimulatedCluster(secrets, authority=self.authority, install=self._install)
            )
            await stack.enter_async_context(self.edge)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.wait({self._starting})
        await self._stack.aclose()

    async def heal(self) -> None:
        """Mend everything."""
        self.cluster.heal()
        self._consequence = None
        await self.edge.heal()
        await self.database.heal()
        await self.follow()

    async def follow(self) -> None:
        """Have what lies around be as the cluster has it."""
        await self.database.adjust()
        await self._suffer()
        server, metrics = self.cluster.server, self.cluster.world.desired.machine.metrics
        server.misbehave(replace(server.trouble, metrics="on" if metrics else "missing"))
        await self.edge.front.adjust()

    async def _suffer(self) -> None:
        """Have the cluster be as the database's own faults leave it."""
        now, before = await consequence(self.database), self._consequence
        if now != before:
            if before is not None:
                self.cluster.switch_off(before)
            if now is not None:
                self.cluster.switch_on(now)
            self._consequence = now

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
            "probe": {"image": f"{PROBE_IMAGE}:latest"},
        }

    def postgres(self) -> dict[str, Any]:
        """The database as the bot's settings describe it: by the platform's own secret."""
        return {
            "secret": f"{SPACE}/{SECRET}",
            "sslmode": "verify-full",
            "ca_file": str(self.database.authority.ca_file),
        }

    async def login(self) -> dict[str, str]:
        """What the platform's secret in the cluster says of the database, which is asked for by that: it is started."""
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self.database.ready(), name="the simulated database starts")
        await asyncio.shield(self._starting)  # whoever asks may give up: it starts all the same, for the next
        secret = self.cluster.world.store.read(kind_named("Secret"), SPACE, SECRET)
        values = (secret.get("data") or {}) if secret else {}
        return {key: base64.b64decode(value).decode() for key, value in values.items()}

    def _database(self) -> State:
        """The database as it follows from the cluster, where that is there already."""
        return following(self.cluster.world.desired.machine.database, self.database.passwords)

    def _outside(self) -> EdgeState:
        """The edge as it follows from the cluster's objects."""
        world = self.cluster.world
        return edge_of(
            world.store.listed(kind_named("Ingress")),
            lambda namespace, name: world.store.read(kind_named("Secret"), namespace, name),
            ((route.host, route.status) for route in routes(world.plane)),
            world.desired.machine.names,
        )
