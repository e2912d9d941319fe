"""What the live tests share: one real server of each kind for the session, or a visible reason why there is none."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.live.docker_containers import fill
from tests.live.docker_daemon import Daemon, NoDaemon
from tests.live.docker_daemon import running as docker_running
from tests.live.keycloak_process import MissingTool, running
from tests.live.keycloak_realm import RealKeycloak


@pytest.fixture(scope="session")
def real_keycloak(pytestconfig: pytest.Config) -> Iterator[RealKeycloak]:
    """A real Keycloak with VolatiCloud's realm. Whoever breaks it calls `heal`, before or after."""
    try:
        with running() as started:
            keycloak = RealKeycloak(started)
            asyncio.run(keycloak.heal())
            yield keycloak
    except MissingTool as missing:
        if pytestconfig.getoption("require_live"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def real_docker(pytestconfig: pytest.Config) -> Iterator[Daemon]:
    """A real Docker daemon with the contract's containers, each in its state. Nobody changes them."""
    try:
        with docker_running() as daemon:
            fill(daemon)
            yield daemon
    except NoDaemon as missing:
        if pytestconfig.getoption("require_live"):
            raise
        pytest.skip(str(missing))
