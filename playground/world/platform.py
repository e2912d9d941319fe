"""The simulated VolatiCloud as a whole: its systems, its faults, and the settings that lead the bot to it."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from bot.errors import VolatiError
from playground.world.backend.login import Identity
from playground.world.backend.server import HOST, OK, SOUND, SimulatedBackend, asked, wall_clock
from playground.world.backend.state import BackendState
from playground.world.docker.server import SimulatedDocker
from playground.world.docker.volaticloud import KEYCLOAK
from playground.world.faults.backend import BACKEND_FAULTS, GRAPHQL_CLUSTER_FAULTS, GRAPHQL_KEYCLOAK_FAULTS
from playground.world.faults.docker import DOCKER_FAULTS
from playground.world.faults.edge import EDGE_FAULTS
from playground.world.faults.keycloak import KEYCLOAK_FAULTS
from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.faults.model import Fault
from playground.world.faults.performance import PERFORMANCE_FAULTS
from playground.world.faults.postgres import POSTGRES_FAULTS
from playground.world.keycloak import state as keycloak_state
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.kubernetes.desired import Desired
from playground.world.kubernetes.ingress_nginx import routes
from playground.world.kubernetes.volaticloud import API
from playground.world.pagerduty.server import SimulatedPagerDuty
from playground.world.surroundings import ClusterAndSurroundings

#: The faults of the cluster and of what stands on it: they need it to be there.
CLUSTER_FAULTS: tuple[Fault[Desired], ...] = (*KUBERNETES_FAULTS, *GRAPHQL_CLUSTER_FAULTS, *PERFORMANCE_FAULTS)
SURFACE_FAULTS: tuple[Fault[Any], ...] = (*BACKEND_FAULTS, *GRAPHQL_KEYCLOAK_FAULTS)
#: All that needs the cluster: its faults, those of what lies around it, and those of what stands on it.
IN_CLUSTER_FAULTS: tuple[Fault[Any], ...] = (*CLUSTER_FAULTS, *EDGE_FAULTS, *POSTGRES_FAULTS, *SURFACE_FAULTS)
FAULTS: tuple[Fault[Any], ...] = (*KEYCLOAK_FAULTS, *DOCKER_FAULTS, *IN_CLUSTER_FAULTS)

# What becomes of Keycloak while its container is down. No scenario of its own: it follows from Docker's.
_CONTAINER_DOWN: Fault[keycloak_state.State] = Fault(
    "container-down",
    "keycloak",
    "Keycloak Integration Issues",
    "Keycloak's container does not run.",
    "keycloak.container-stopped",
    lambda state: replace(state, listening=False),
)


class UnknownScenarioError(VolatiError):
    """There is no such scenario; the message names the nearest, and where all of them are listed."""


def fault_named(name: str) -> Fault[Any]:
    """The fault of this name.

    Raises:
        UnknownScenarioError: there is none.
    """
    for fault in FAULTS:
        if fault.name == name:
            return fault
    near = get_close_matches(name[:40], [fault.name for fault in FAULTS], n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UnknownScenarioError(f"There is no scenario {name[:40]!r}.{hint} `volati scenarios` lists all {len(FAULTS)}.")


class SimulatedPlatform:
    """The running simulated systems, and how to break them. What runs in a container is down when the container is."""

    def __init__(
        self,
        keycloak: SimulatedKeycloak,
        docker: SimulatedDocker,
        around: ClusterAndSurroundings | None = None,
        backend: SimulatedBackend | None = None,
    ) -> None:
        self.keycloak = keycloak
        self.docker = docker
        self.pagerduty: SimulatedPagerDuty | None = None
        self._around = around
        self._backend = backend

    async def switch_on(self, name: str) -> None:
        """Switch a fault on, in the system it is a fault of.

        Raises:
            UnknownScenarioError: there is none of this name.
        """
        fault = fault_named(name)
        if fault in BACKEND_FAULTS:
            await self.backend.switch_on(fault)
        elif fault in CLUSTER_FAULTS:
            self.around.cluster.switch_on(fault)
        elif fault in EDGE_FAULTS:
            await self.around.edge.switch_on(fault)
        elif fault in POSTGRES_FAULTS:
            await self.around.database.switch_on(fault)
        elif fault in DOCKER_FAULTS:
            self.docker.switch_on(fault)
        else:
            await self.keycloak.switch_on(fault)
        await self._follow()

    async def heal(self) -> None:
        """Mend everything."""
        self.docker.heal()
        if self._around is not None:
            await self._around.heal()
        if self._backend is not None:
            await self._backend.heal()
        if self.pagerduty is not None:
            await self.pagerduty.heal()
        await self.keycloak.heal()
        await self._follow()

    async def ripe(self) -> None:
        """Return when what is on has lasted for so long that it is a fault, and whoever starts late has started."""
        if self._around is not None:
            await self._around.database.ready()
            await self._around.database.ripe()

    @property
    def backend(self) -> SimulatedBackend:
        """The backend's HTTP surface.

        Raises:
            UnknownScenarioError: this platform runs without.
        """
        if self._backend is None:
            raise UnknownScenarioError("This platform runs without its backend: start it with `running(cluster=True)`.")
        return self._backend

    @property
    def around(self) -> ClusterAndSurroundings:
        """The cluster and what lies around it.

        Raises:
            UnknownScenarioError: this platform runs without.
        """
        if self._around is None:
            raise UnknownScenarioError("This platform runs without its cluster: start it with `running(cluster=True)`.")
        return self._around

    async def _follow(self) -> None:
        """Have the systems that stand on others follow them."""
        if self._around is not None:
            await self._around.follow()
        container = self.docker.state.named(KEYCLOAK)
        if container is None or not container.runs:
            await self.keycloak.switch_on(_CONTAINER_DOWN)
        else:
            await self.keycloak.switch_off(_CONTAINER_DOWN)

    def environment(self) -> dict[str, Any]:
        """This platform as an environment of the bot's settings."""
        keycloak = self.keycloak
        return {
            "keycloak": {
                "url": keycloak.url,
                "base_path": "",
                "realm": keycloak.realm,
                "client_id": keycloak.client_id,
                "client_secret": keycloak.client_secret,
                "ca_file": str(keycloak.ca_file),
                "admin": {"client_id": keycloak.admin_client_id, "client_secret": keycloak.admin_client_secret},
                "container": {"name": KEYCLOAK, "docker_host": self.docker.host},
            },
            **({"kubernetes": self._around.environment(), "postgres": self._around.postgres()} if self._around else {}),
            **({"backend": self._backend.environment()} if self._backend else {}),
        }


@asynccontextmanager
async def paged_by(platform: SimulatedPlatform) -> AsyncIterator[SimulatedPagerDuty]:
    """A PagerDuty beside the platform, until the end of the block; `settings()` of it leads the bot there."""
    async with SimulatedPagerDuty() as pagerduty:
        platform.pagerduty = pagerduty
        try:
            yield pagerduty
        finally:
            platform.pagerduty = None


@asynccontextmanager
async def running(*, cluster: bool = False) -> AsyncIterator[SimulatedPlatform]:
    """The simulated platform, on loopback, until the end of the block.

    With `cluster`, its Kubernetes, what lies around it and the backend's HTTP surface: half a second more.
    """
    async with SimulatedKeycloak() as keycloak, SimulatedDocker() as docker:
        if not cluster:
            yield SimulatedPlatform(keycloak, docker)
            return
        async with (
            ClusterAndSurroundings(keycloak.client_secret) as around,
            backend_of(keycloak, around) as backend,
        ):
            yield SimulatedPlatform(keycloak, docker, around, backend)


def backend_of(
    keycloak: SimulatedKeycloak, around: ClusterAndSurroundings, sound: BackendState = SOUND
) -> SimulatedBackend:
    """The backend's surface on these: it asks them at every request, and the way to it leads through the cluster."""

    def identity(state: BackendState) -> Identity:
        url = f"https://{HOST}:{state.keycloak_port}" if state.keycloak_port else keycloak.url
        return Identity(lambda: url, keycloak.ca_file, wall_clock(state.clock_ahead_s))

    def gateway() -> int:
        """What the ingress controller answers for the API's name; the first path counts."""
        return next((one.status for one in routes(around.cluster.world.plane) if one.host == API), OK)

    return SimulatedBackend(identity, asked(around.login), gateway, sound)


@asynccontextmanager
async def simulated_platform(scenario: str, areas: Sequence[str] = ()) -> AsyncIterator[dict[str, Any]]:
    """A platform with one fault, as the settings of a bot that looks at it once. Its data folder goes with it.

    It has a cluster where the fault or one of the areas is about it: without, it is there half a second sooner.

    Raises:
        UnknownScenarioError: there is no such scenario.
    """
    about_cluster = {fault.area for fault in IN_CLUSTER_FAULTS}
    cluster = not about_cluster.isdisjoint({fault_named(scenario).area, *areas})
    with tempfile.TemporaryDirectory(prefix="volati-") as folder:
        async with running(cluster=cluster) as platform:
            await platform.switch_on(scenario)
            await platform.ripe()
            yield {"environments": {"playground": platform.environment()}, "data_dir": folder}
