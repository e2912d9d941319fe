"""The campaign of kills: its short, seeded form in `make test`, its long form in `make soak`."""

import pytest

from tests.campaigns import kills
from tests.campaigns.ledger import note

MODES = pytest.mark.parametrize("may_look", [True, False], ids=["may look", "may not look"])


def judge(campaign: kills.Campaign) -> None:
    """Hold a campaign to the promise."""
    assert not campaign.doubled, str(campaign)
    orphans = 0 if campaign.may_look else campaign.repeats
    assert len(campaign.hanging) <= orphans, str(campaign)


@MODES
async def test_short(*, may_look: bool) -> None:
    """It leaves no thread hanging and no verdict doubled after five kills."""
    judge(await kills.run(kills=5, seed=1, may_look=may_look))


@pytest.mark.soak
@MODES
async def test_long(*, may_look: bool) -> None:
    """It leaves no thread hanging and no verdict doubled after two hundred kills."""
    campaign = await kills.run(kills=200, seed=2, may_look=may_look)
    note(f"Kills of the bot during runs, {'with' if may_look else 'without'} the history scopes", str(campaign))
    judge(campaign)
