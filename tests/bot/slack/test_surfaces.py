"""Showing modals and tabs: redacted, and again where that helps."""

from typing import Any

import pytest

from bot.slack.errors import SlackBusy, SlackError, SlackRefused, SlackUnreachable
from bot.slack.message import section
from bot.slack.poster import Place
from bot.slack.surfaces import BUSY_SECONDS, PAUSES_SECONDS, Surfaces, address_of
from bot.slack.view import View
from diagnostics.redaction import KnownSecret, Redactor

SECRET = "s3cr3t-v4lu3-9f8e7d"
VIEW = View("Volati", (section(f"It is {SECRET}."),), "token", "Send")
AWAY = SlackUnreachable("away", sent=True)


class Wire:
    """Remembers calls, and fails as told."""

    def __init__(self, *failures: SlackError | None) -> None:
        self.failures = list(failures)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Remember, and answer or fail."""
        self.calls.append((method, arguments))
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        return {"permalink": "https://slack.example/p1"}


class Naps:
    """Does not sleep; remembers for how long it was to."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Take none."""
        self.taken.append(seconds)


def surfaces(wire: Wire, naps: Naps | None = None) -> Surfaces:
    return Surfaces(wire, Redactor([KnownSecret("client secret", SECRET)]), naps or Naps())


async def test_redacts() -> None:
    """It lets no known secret into a modal or a tab."""
    wire = Wire()
    shown = surfaces(wire)
    await shown.open("1.2", VIEW)
    await shown.update("V1", VIEW)
    await shown.publish("U1", View("", VIEW.blocks, home=True))
    assert SECRET not in repr(wire.calls)
    assert SECRET not in repr(shown.cleaned(VIEW))
    assert [method for method, _ in wire.calls] == ["views.open", "views.update", "views.publish"]
    assert wire.calls[0][1]["view"]["callback_id"] == "token"


async def test_opens_once() -> None:
    """It does not try a trigger twice: it is good once."""
    wire = Wire(AWAY)
    with pytest.raises(SlackUnreachable):
        await surfaces(wire).open("1.2", VIEW)
    assert len(wire.calls) == 1


async def test_updates_until_it_is_shown() -> None:
    """It tries again while Slack is away or busy, for as long as it says."""
    wire, naps = Wire(AWAY, SlackBusy("busy", 2.0), AWAY), Naps()
    await surfaces(wire, naps).update("V1", VIEW)
    assert naps.taken == [PAUSES_SECONDS[0], 2.0, PAUSES_SECONDS[2]]


@pytest.mark.parametrize("failure", [SlackRefused("gone", "not_found"), SlackBusy("busy", BUSY_SECONDS + 1)])
async def test_gives_up_where_trying_is_no_use(failure: SlackError) -> None:
    """It does not try again what Slack refuses, nor wait longer than a person looks."""
    wire = Wire(failure)
    with pytest.raises(type(failure)):
        await surfaces(wire).update("V1", VIEW)
    assert len(wire.calls) == 1


async def test_gives_up_in_the_end() -> None:
    """It raises what the last try raised."""
    wire = Wire(AWAY, AWAY, AWAY, AWAY)
    with pytest.raises(SlackUnreachable):
        await surfaces(wire).publish("U1", VIEW)
    assert len(wire.calls) == len(PAUSES_SECONDS) + 1


async def test_an_address_is_a_convenience() -> None:
    """It gives the address of a message, and none where there is none to be had."""
    place = Place("C1", "1795463729.296167")
    assert await address_of(surfaces(Wire()), place) == "https://slack.example/p1"
    assert await address_of(surfaces(Wire(AWAY)), place) == ""
    assert await address_of(surfaces(Wire()), None) == ""
