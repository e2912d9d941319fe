"""The simulated VolatiCloud as a whole: its systems, its faults, and the settings that lead the bot to it."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from bot.errors import VolatiError
from playground.world.docker.server import SimulatedDocker
from playground.world.docker.volaticloud import KEYCLOAK
from playground.world.faults.docker import DOCKER_FAULTS
from playground.world.faults.edge import EDGE_FAULTS
from playground.world.faults.keycloak import KEYCLOAK_FAULTS
from playground.world.faults.kubernetes import KUBERNETES_FAULTS
from playground.world.faults.model import Fault
from playground.world.keycloak import state as keycloak_state
from playground.world.keycloak.server import SimulatedKeycloak
from playground.world.surroundings import ClusterAndSurroundings

FAULTS: tuple[Fault[Any], ...] = (*KEYCLOAK_FAULTS, *DOCKER_FAULTS, *KUBERNETES_FAULTS, *EDGE_FAULTS)

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
        self, keycloak: SimulatedKeycloak, docker: SimulatedDocker, around: ClusterAndSurroundings | None = None
    ) -> None:
        self.keycloak = keycloak
        self.docker = docker
        self._around = around

    async def switch_on(self, name: str) -> None:
        """Switch a fault on, in the system it is a fault of.

        Raises:
            UnknownScenarioError: there is none of this name.
        """
        fault = fault_named(name)
        if fault in KUBERNETES_FAULTS:
            self.around.cluster.switch_on(fault)
        elif fault in EDGE_FAULTS:
            await self.around.edge.switch_on(fault)
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
        await self.keycloak.heal()
        await self._follow()

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
            **({"kubernetes": self._around.environment()} if self._around else {}),
        }


@asynccontextmanager
async def running(*, cluster: bool = False) -> AsyncIterator[SimulatedPlatform]:
    """The simulated platform, on loopback, until the end of the block.

    With `cluster`, its Kubernetes and what lies around it: half a second more.
    """
    async with SimulatedKeycloak() as keycloak, SimulatedDocker() as docker:
        if not cluster:
            yield SimulatedPlatform(keycloak, docker)
            return
        async with ClusterAndSurroundings(keycloak.client_secret) as around:
            yield SimulatedPlatform(keycloak, docker, around)


@asynccontextmanager
async def simulated_platform(scenario: str, areas: Sequence[str] = ()) -> AsyncIterator[dict[str, Any]]:
    """A platform with one fault, as the settings of a bot that looks at it once. Its data folder goes with it.

    It has a cluster where the fault or one of the areas is about it: without, it is there half a second sooner.

    Raises:
        UnknownScenarioError: there is no such scenario.
    """
    of_cluster: tuple[Fault[Any], ...] = (*KUBERNETES_FAULTS, *EDGE_FAULTS)
    about_cluster = {fault.area for fault in of_cluster}
    cluster = not about_cluster.isdisjoint({fault_named(scenario).area, *areas})
    with tempfile.TemporaryDirectory(prefix="volati-") as folder:
        async with running(cluster=cluster) as platform:
            await platform.switch_on(scenario)
            yield {"environments": {"playground": platform.environment()}, "data_dir": folder}
