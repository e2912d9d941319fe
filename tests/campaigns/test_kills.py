"""The campaign of kills: its short, seeded form in `make test`, its long form in `make soak`."""

import pytest

from tests.campaigns import kills
from tests.campaigns.ledger import note


async def test_short() -> None:
    """It leaves no thread hanging and no verdict doubled after five kills."""
    campaign = await kills.run(kills=5, seed=1)
    assert not campaign.hanging
    assert not campaign.doubled


@pytest.mark.soak
async def test_long() -> None:
    """It leaves no thread hanging and no verdict doubled after two hundred kills."""
    campaign = await kills.run(kills=200, seed=2)
    note("Kills of the bot during runs", str(campaign))
    assert not campaign.hanging
    assert not campaign.doubled
