"""What can be wrong with the simulated PagerDuty, as one value. It switches nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """How PagerDuty is ill: nothing of it, by default.

    `down`: nobody listens. `status`: everything is answered with it. `throttled`: everything is answered 429, with
    `retry_after` seconds where that is not None. `slow` seconds pass before each answer. `refuses_key`: no key is
    taken. `loses_answers`: what is asked is done, and the connection ends without an answer. `page`: a proxy's page
    answers. `repeats`: every webhook is sent twice. `odd_key`: questions about this dedup key are refused, with 400.
    """

    down: bool = False
    status: int | None = None
    throttled: bool = False
    retry_after: int | None = None
    slow: float = 0.0
    refuses_key: bool = False
    loses_answers: bool = False
    page: bool = False
    repeats: bool = False
    odd_key: str = ""


WELL = Trouble()

TROUBLES: Mapping[str, Trouble] = {
    "pagerduty-down": Trouble(down=True),
    "pagerduty-failing": Trouble(status=500),
    "pagerduty-throttled": Trouble(throttled=True, retry_after=30),
    "pagerduty-slow": Trouble(slow=30.0),
    "pagerduty-refuses-key": Trouble(refuses_key=True),
    "pagerduty-loses-answers": Trouble(loses_answers=True),
    "pagerduty-behind-a-proxy": Trouble(page=True),
    "pagerduty-repeats-webhooks": Trouble(repeats=True),
}
"""Those that have a name, for the playground."""
