"""The simulated Keycloak with a clock that a test moves."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from playground.world.keycloak.server import SimulatedKeycloak

LONG_AGO_S = 3600.0  # an hour: longer than any token of the realm lives


class Clock:
    """Seconds since 1970, by hand."""

    def __init__(self) -> None:
        self.now_s = time.time()

    def __call__(self) -> float:
        """The time."""
        return self.now_s


class Pretended(SimulatedKeycloak):
    """A simulated Keycloak that can also hand out a token of long ago."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(tls=False, clock=clock)
        self.clock = clock

    async def expired_token(self) -> str:
        """A token of the backend's client whose time is over."""
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret}
        self.clock.now_s -= LONG_AGO_S
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.url}/realms/{self.realm}/protocol/openid-connect/token", data=form)
        self.clock.now_s += LONG_AGO_S
        return str(answer.raise_for_status().json()["access_token"])


@asynccontextmanager
async def simulated() -> AsyncIterator[Pretended]:
    """One that runs, without TLS so that its addresses read like the real one's."""
    async with Pretended(Clock()) as keycloak:
        yield keycloak
