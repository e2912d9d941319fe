"""The real Keycloak as the live tests use it: broken on purpose, and mended again."""

import httpx
import pytest

from playground.world.faults.keycloak import KEYCLOAK_FAULTS
from tests.live.keycloak_realm import BREAKS, RealKeycloak

pytestmark = pytest.mark.live

REGISTERED = 3  # what volaticloud's realm starts with, besides the server's own default


async def registered(keycloak: RealKeycloak) -> list[str]:
    """The types of the resources that the backend's own token can see."""
    base = f"{keycloak.url}/realms/{keycloak.realm}"
    form = {"grant_type": "client_credentials", "client_id": keycloak.client_id}
    async with httpx.AsyncClient(timeout=30) as http:
        asked = {**form, "client_secret": keycloak.client_secret}
        token = (await http.post(f"{base}/protocol/openid-connect/token", data=asked)).raise_for_status().json()
        bearer = {"Authorization": f"Bearer {token['access_token']}"}
        answer = await http.get(f"{base}/authz/protection/resource_set", params={"deep": "true"}, headers=bearer)
    return [one["type"] for one in answer.raise_for_status().json() if "default" not in one["type"]]


@pytest.mark.parametrize("fault", BREAKS)
async def test_heals(fault: str, real_keycloak: RealKeycloak) -> None:
    """It is whole again after each fault, all its resources included."""
    await real_keycloak.switch_on(fault)
    await real_keycloak.heal()
    assert len(await registered(real_keycloak)) == REGISTERED


def test_breaks_what_the_simulation_breaks() -> None:
    """It knows its faults under the names of the simulation."""
    assert set(BREAKS) <= {fault.name for fault in KEYCLOAK_FAULTS}


async def test_unknown_fault(real_keycloak: RealKeycloak) -> None:
    """It refuses a fault that no administrator can cause."""
    with pytest.raises(KeyError):
        await real_keycloak.switch_on("certificate-expired")
