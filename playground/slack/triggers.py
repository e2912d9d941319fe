"""Trigger ids: the short-lived permission to open a modal, given with each interaction."""

import itertools
from dataclasses import dataclass

from playground.slack.clock import Clock
from playground.slack.refusals import SlackRefusal

LIFETIME_S = 3.0  # Slack: a trigger id can be used once, within three seconds


@dataclass(slots=True)
class Trigger:
    """Whom it belongs to, when it was given, and the modal it was given in, if any."""

    person: str
    at: float
    view_id: str | None = None
    used: bool = False


class Triggers:
    """Gives and takes trigger ids."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: dict[str, Trigger] = {}
        self._numbers = itertools.count(1)

    def give(self, person: str, view_id: str | None = None) -> str:
        """A new trigger id for what a person just did."""
        number = next(self._numbers)
        name = f"{number}.{int(self._clock.now())}.{number:032x}"
        self._given[name] = Trigger(person, self._clock.now(), view_id)
        return name

    def take(self, name: str) -> Trigger:
        """Exchange a trigger id.

        Raises:
            SlackRefusal: `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`.

        """
        trigger = self._given.get(name)
        if trigger is None:
            raise SlackRefusal("invalid_trigger_id")
        if trigger.used:
            raise SlackRefusal("exchanged_trigger_id")
        if self._clock.now() - trigger.at > LIFETIME_S:
            raise SlackRefusal("expired_trigger_id")
        trigger.used = True
        return trigger
