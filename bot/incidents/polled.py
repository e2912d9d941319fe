"""What the state of a page means that was asked for, where PagerDuty cannot call in. Pure: it asks nobody.

Less is known so than by webhooks: who did it and that it is so, not what happened between two looks.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.incidents import events as e
from bot.incidents.inbound import ITSELF
from bot.incidents.incident import Incident, Page, Phase

_UNTAKEN = frozenset({Phase.WAITING, Phase.UNANSWERED})


@dataclass(frozen=True, slots=True)
class Look:
    """What PagerDuty says of a page: triggered, acknowledged or resolved, and the person who made it so, if one did.

    `changed` is when it became so, as PagerDuty writes it: its clock is not ours.
    """

    status: str
    changed: str
    by: e.Person | None = None

    def __str__(self) -> str:
        """As it is kept, to be compared with the next."""
        return f"{self.status} {self.changed}"


def noticed(incident: Incident, page: Page, before: str, look: Look, at: datetime) -> e.Event | None:
    """What a look at one of an incident's pages says that the incident does not know yet; None for nothing.

    Args:
        incident: as it is now.
        page: one of its pages.
        before: the look before this one, as it is kept; empty for none.
        look: what PagerDuty says now.
        at: when it was looked at.

    Each change counts in the look that first sees it, whatever becomes of the incident later: what was acknowledged
    there, and then snoozed or handed over here, stops no clock afterwards. An acknowledgement by no person is our own.
    That a page is triggered says nothing, as ours may still be on its way, unless it was acknowledged: then that ran
    out, or somebody gave it back.
    """
    if not incident.open or str(look) == before:
        return None
    if look.status == "resolved":
        return e.Resolved(at=at, by=look.by or ITSELF, key=page.key)
    if look.status == "acknowledged" and look.by is not None and incident.phase in _UNTAKEN:
        return e.Acknowledged(at=at, by=look.by, key=page.key)
    if look.status == "triggered" and before.startswith("acknowledged ") and incident.phase is Phase.ACKNOWLEDGED:
        return e.Unacknowledged(at=at, by=look.by, key=page.key)
    return None
