"""The campaign of kills during incidents: its short, seeded form in `make test`, its long form in `make soak`."""

import pytest

from tests.campaigns import incident_kills
from tests.campaigns.ledger import note


@pytest.mark.timeout(300)
async def test_short() -> None:
    """It brings six incidents to the end of their path, each level paged once, after three kills."""
    campaign = await incident_kills.run(kills=3, seed=1, incidents=6)
    assert not campaign.wrong, f"{campaign}: {campaign.wrong}"
    assert campaign.pages == 2 * campaign.incidents


@pytest.mark.soak
async def test_long() -> None:
    """It does so for two hundred incidents over a hundred kills."""
    campaign = await incident_kills.run(kills=100, seed=2, incidents=200)
    note("Kills of the bot during a storm of incidents", str(campaign))
    assert not campaign.wrong, f"{campaign}: {campaign.wrong}"
