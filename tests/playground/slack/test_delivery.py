"""Events: brought once when acknowledged, again when not, twice when told to."""

import asyncio
from dataclasses import dataclass, field

import pytest

from playground.slack.clock import ManualClock
from playground.slack.delivery import Background, Delivery, Receipt
from playground.slack.server import SimulatedSlack


@dataclass
class Remembering:
    """A carrier that remembers, and acknowledges from an attempt on."""

    good_from: int = 0
    no_retry: bool = False
    carried: list[Delivery] = field(default_factory=list)

    async def carry(self, delivery: Delivery) -> Receipt:
        """Remember it."""
        self.carried.append(delivery)
        good = len(self.carried) > self.good_from
        return Receipt(acknowledged=good, reason="" if good else "http_error", no_retry=self.no_retry)


async def test_once(still: SimulatedSlack) -> None:
    """It brings an acknowledged event once."""
    carrier = still.courier.carrier = Remembering()
    record = await still.person("oncall").mention("#engineering", "diagnose keycloak")
    assert (record.acknowledged, record.done, len(carrier.carried)) == (True, True, 1)
    assert carrier.carried[0].payload["event"]["text"] == "<@U0VOLATI0> diagnose keycloak"


async def test_retries(still: SimulatedSlack, clock: ManualClock) -> None:
    """It tries again at once, after one minute and after five, with the count and the reason, and then gives up."""
    carrier = still.courier.carrier = Remembering(good_from=99)
    record = await still.person("oncall").mention("#engineering", "help")
    for seconds, attempts in ((60, 3), (300, 4)):
        await clock.until_someone_sleeps()
        assert len(carrier.carried) == attempts - 1
        clock.advance(seconds)
        await still.until(lambda: len(carrier.carried) == attempts)  # noqa: B023  awaited before it changes
    await still.until(lambda: record.done)
    assert [one.attempt for one in carrier.carried] == [0, 1, 2, 3]
    assert {one.reason for one in carrier.carried[1:]} == {"http_error"}
    assert len({one.payload["event_id"] for one in carrier.carried}) == 1


async def test_retry_stops(still: SimulatedSlack) -> None:
    """It stops once an attempt is acknowledged."""
    carrier = still.courier.carrier = Remembering(good_from=1)
    record = await still.person("oncall").mention("#engineering", "help")
    await still.until(lambda: record.done)
    assert record.acknowledged
    assert len(carrier.carried) == 2


async def test_no_retry(still: SimulatedSlack) -> None:
    """It does not try again when the app asks it not to."""
    carrier = still.courier.carrier = Remembering(good_from=99, no_retry=True)
    assert (await still.person("oncall").mention("#engineering", "help")).done
    assert len(carrier.carried) == 1


async def test_duplicates(still: SimulatedSlack) -> None:
    """It brings the same event again, unchanged, when told to."""
    carrier = still.courier.carrier = Remembering()
    still.switches.duplicates = 2
    await still.person("oncall").mention("#engineering", "help")
    assert len(carrier.carried) == 3
    assert carrier.carried[0] == carrier.carried[2]


async def test_only_where_the_bot_is(still: SimulatedSlack) -> None:
    """It tells the app of mentions only in its channels, and only with the scope for them."""
    carrier = still.courier.carrier = Remembering()
    await still.person("oncall").mention("#random", "help")
    await still.person("oncall").say("#engineering", "nothing about bots")
    still.switches.scopes.discard("app_mentions:read")
    await still.person("oncall").say("#engineering", "@volati help")
    assert carrier.carried == []


async def test_background_shows_faults() -> None:
    """It raises at the end what went wrong in the background."""

    async def wrong() -> None:
        raise ValueError("gone wrong")

    background = Background()
    background.start(wrong())
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="gone wrong"):
        await background.close()
