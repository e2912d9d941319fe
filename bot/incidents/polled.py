"""What the state of a page means that was asked for, beside what PagerDuty tells by itself. Pure: it asks nobody.

Less is known so than by webhooks: who did it and that it is so, not what happened between two looks. But a webhook may
not get in, or late. Each change counts once, by whichever way it is heard first: both tell when it happened, by
PagerDuty's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from bot.incidents import events as e
from bot.incidents.inbound import ITSELF
from bot.incidents.incident import Incident, Page, Phase
from bot.incidents.keeping import Known
from bot.incidents.webhooks import Hook, Kind

_SAME = timedelta(seconds=5)
"""How far two times of the same change may be apart: an event says when it occurred, an incident when it changed."""

_FINE = timedelta(seconds=1)
"""How fine these times are: an incident may be told by the second. Nobody acknowledges a page within one."""

_TOLD_BEFORE = " told"
"""How a look ends whose change PagerDuty had told by itself before: that telling counts, and not the look."""

_STATUS: Mapping[Kind, str] = {
    Kind.TRIGGERED: "triggered",
    Kind.ACKNOWLEDGED: "acknowledged",
    Kind.UNACKNOWLEDGED: "triggered",
    Kind.RESOLVED: "resolved",
    Kind.REOPENED: "triggered",
}
"""The state of a page after an event; of the other kinds it stays what it was."""

_HEARD = frozenset({Kind.ACKNOWLEDGED, Kind.UNACKNOWLEDGED, Kind.RESOLVED})
"""What asking hears, too."""

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

    @classmethod
    def of(cls, hook: Hook) -> Self | None:
        """The same of what PagerDuty told by itself; None for what leaves a page as it was."""
        status = _STATUS.get(hook.kind)
        return cls(status, hook.at.isoformat(), hook.by) if status else None


def seen_before(look: Look, known: Known) -> bool:
    """Whether the look before this one saw the same."""
    return known.asked.removesuffix(_TOLD_BEFORE) == str(look)


def kept_as(look: Look, known: Known) -> str:
    """How a look is kept: marked where PagerDuty had told its change by itself."""
    return f"{look}{_TOLD_BEFORE}" if _told(look, known.told) else str(look)


def heard_by_asking(hook: Hook, known: Known) -> bool:
    """Whether what PagerDuty tells by itself now counted already, when it was asked."""
    look = Look.of(hook) if hook.kind in _HEARD else None
    return look is not None and not known.asked.endswith(_TOLD_BEFORE) and _same(look, known.asked)


def _was_taken(known: Known) -> bool:
    return any(one.startswith("acknowledged ") for one in (known.asked, known.told))


def _told(look: Look, told: str) -> bool:
    """Whether PagerDuty has told of this change, or of a later one."""
    at, changed = _time(told), _time(str(look))
    return _same(look, told) or (at is not None and changed is not None and at > changed + _FINE)


def _same(look: Look, kept: str) -> bool:
    at, changed = _time(kept), _time(str(look))
    if kept.partition(" ")[0] != look.status or at is None or changed is None:
        return False
    return abs(at - changed) <= _SAME


def _time(kept: str) -> datetime | None:
    """When it became so; None where that is no time."""
    try:
        at = datetime.fromisoformat(kept.removesuffix(_TOLD_BEFORE).partition(" ")[2])
    except ValueError:
        return None
    return at if at.tzinfo else None


def noticed(incident: Incident, page: Page, known: Known, look: Look, at: datetime) -> e.Event | None:
    """What a look at one of an incident's pages says that the incident does not know yet; None for nothing.

    Args:
        incident: as it is now.
        page: one of its pages.
        known: what is known of it already.
        look: what PagerDuty says now.
        at: when it was looked at.

    Each change counts in the look that first sees it, whatever becomes of the incident later: what was acknowledged
    there, and then snoozed or handed over here, stops no clock afterwards. An acknowledgement by no person is our own.
    That a page is triggered says nothing, as ours may still be on its way, unless it was acknowledged: then that ran
    out, or somebody gave it back.
    """
    if not incident.open or seen_before(look, known) or _told(look, known.told):
        return None
    if look.status == "resolved":
        return e.Resolved(at=at, by=look.by or ITSELF, key=page.key)
    if look.status == "acknowledged" and look.by is not None and incident.phase in _UNTAKEN:
        return e.Acknowledged(at=at, by=look.by, key=page.key)
    if look.status == "triggered" and _was_taken(known) and incident.phase is Phase.ACKNOWLEDGED:
        return e.Unacknowledged(at=at, by=look.by, key=page.key)
    return None
