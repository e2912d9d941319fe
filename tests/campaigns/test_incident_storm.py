"""The campaign of deaths in a storm: its short, seeded form in `make test`, its long form in `make soak`."""

import pytest

from tests.campaigns import incident_storm
from tests.campaigns.ledger import note


@pytest.mark.timeout(240)
async def test_short() -> None:
    """It loses no page and opens none twice while thirty incidents climb over fifteen deaths."""
    campaign = await incident_storm.run(incidents=30, kills=15, seed=1)
    assert not campaign.wrong, f"{campaign}: {campaign.wrong}"
    assert campaign.pages


@pytest.mark.soak
async def test_long() -> None:
    """It does so for two hundred incidents over a hundred deaths."""
    campaign = await incident_storm.run(incidents=200, kills=100, seed=2)
    note("Deaths of the bot in a storm of incidents", str(campaign))
    assert not campaign.wrong, f"{campaign}: {campaign.wrong}"
