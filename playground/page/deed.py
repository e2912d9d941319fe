"""What one thing asked by a tab is: a value that was checked when it was read, and can be carried out."""

from typing import Annotated, Any

import msgspec

from playground.page.stage import Stage
from playground.slack.messages import Message
from playground.slack.outcomes import NotPossibleError, Outcome
from playground.slack.seat import Seat

Result = dict[str, Any]
#: Characters of an id, a name, an option's value: Slack's longest is a button's value of 2,000.
Name = Annotated[str, msgspec.Meta(max_length=2_000)]
#: Characters of a message a person types; Slack cuts at 40,000, its client warns at 12,000.
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=12_000)]


class Deed(msgspec.Struct, frozen=True, tag_field="do", forbid_unknown_fields=True):
    """Something a tab asks for. Each kind is a class; its tag is the word in `do`."""

    async def carry_out(self, stage: Stage) -> Result:
        """Do it; gives what the tab should know.

        Raises:
            NotPossibleError: a person could not do this now.
            VolatiError: there is no such thing to switch.
        """
        raise NotImplementedError


class Personal(Deed, frozen=True):
    """Something somebody does at their client; `person` is their id."""

    person: Name

    def seat(self, stage: Stage) -> Seat:
        """Their client."""
        return stage.slack.person(self.person)


def message_at(stage: Stage, channel: str, ts: str) -> Message:
    """The message at this place.

    Raises:
        NotPossibleError: there is none, or it was deleted.
    """
    found = stage.slack.workspace.any_message(channel, ts)
    if found is None:
        raise NotPossibleError(f"There is no message {ts[:40]} in {channel[:40]} any more.")
    return found


def told(outcome: Outcome) -> Result:
    """What the person gets to know of an outcome."""
    return {
        "acknowledged": outcome.acknowledged,
        "ms": round(outcome.latency_ms, 1),
        "failure": outcome.failure,
        "errors": dict(outcome.errors),
    }
