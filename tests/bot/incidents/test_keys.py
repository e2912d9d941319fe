"""What incidents leave in the store: keys of the table alone, each with its lifetime."""

from bot.keys import INCIDENT_CLOCK, KEYS
from tests.bot.incidents.stage import stage
from tests.bot.test_store import OF_INCIDENTS, lifetimes, of_kind

MINUTE_S = 60.0


async def test_every_key_has_its_lifetime() -> None:
    """It writes only keys of the table, each with the table's lifetime, on the way from opening to the first page."""
    async with stage() as one:
        await one.opened()
        await one.pass_time(10 * MINUTE_S + 1)
        await one.pass_time(5)
        left = await lifetimes(one.memory)
    kinds = {of_kind(key) for key in left}
    assert kinds <= set(KEYS)
    assert len(kinds & OF_INCIDENTS) >= 7
    for key, seconds in left.items():
        whole = of_kind(key).seconds
        assert seconds == -0.001 if whole is None else whole - 60 < seconds <= whole, key
    assert INCIDENT_CLOCK in KEYS
