"""What the state of a page means that was asked for, where PagerDuty cannot call in. Pure: it asks nobody.

Less is known so than by webhooks: who did it and that it is so, not what happened between two looks.
"""

from datetime import datetime

from bot.incidents import events as e
from bot.incidents.inbound import ITSELF
from bot.incidents.incident import Incident, Page, Phase

_UNTAKEN = frozenset({Phase.WAITING, Phase.UNANSWERED})


def noticed(incident: Incident, page: Page, status: str, by: e.Person | None, at: datetime) -> e.Event | None:
    """What a look at one of an incident's pages says that the incident does not know yet; None for nothing.

    Args:
        incident: as it is now.
        page: one of its pages.
        status: what PagerDuty says of it: triggered, acknowledged or resolved.
        by: the person who made it so; None where no person did.
        at: when it was looked at.

    An acknowledgement by no person is our own. That a page is triggered says nothing: ours may still be on its way.
    """
    if not incident.open:
        return None
    if status == "resolved":
        return e.Resolved(at=at, by=by or ITSELF, key=page.key)
    if status == "acknowledged" and by is not None and incident.phase in _UNTAKEN:
        return e.Acknowledged(at=at, by=by, key=page.key)
    return None
