"""The campaign of kills during acts: its short, seeded form in `make test`, its long form in `make soak`."""

import pytest

from tests.campaigns import act_kills
from tests.campaigns.ledger import note


@pytest.mark.timeout(240)
async def test_short() -> None:
    """It brings every confirmed act to one end, with each write once, after four kills."""
    campaign = await act_kills.run(kills=4, seed=1)
    assert not campaign.wrong, f"{campaign}: {campaign.wrong}"
    assert campaign.deeds


@pytest.mark.soak
async def test_long() -> None:
    """It does so after two hundred kills."""
    campaign = await act_kills.run(kills=200, seed=2)
    note("Kills of the bot during guarded acts", str(campaign))
    assert not campaign.wrong, f"{campaign}: {campaign.wrong}"
