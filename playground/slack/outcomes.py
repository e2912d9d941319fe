"""What a person gets to know after doing something in Slack."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from playground.slack.delivery import Receipt
from playground.slack.messages import Message
from playground.slack.shapes import Json
from playground.slack.views import View

NO_ERRORS: Mapping[str, str] = {}


class NotPossibleError(Exception):
    """A person could not have done this: Slack's own client would not have offered it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    `answer` is what was shown at once: the app's acknowledgement, or Slackbot's complaint.
    `failure` is Slack's word when the app did not acknowledge: operation_timeout, dispatch_failed.
    `dialog` is the confirmation that was shown before; `errors` are a modal's, by block id;
    `view` is the modal the person looks at afterwards.
    """

    acknowledged: bool
    latency_ms: float = 0.0
    answer: Message | None = None
    failure: str | None = None
    dialog: Json | None = None
    errors: Mapping[str, str] = field(default_factory=lambda: NO_ERRORS)
    view: View | None = None
    payload: Json = field(default_factory=dict)


def from_receipt(receipt: Receipt, payload: Json) -> Outcome:
    """The outcome of something that shows nothing at once."""
    return Outcome(receipt.acknowledged, receipt.latency_ms, failure=receipt.failure, payload=payload)
