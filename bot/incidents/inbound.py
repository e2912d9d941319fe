"""What PagerDuty's events mean for an incident, as the machine's events. Pure: it knows neither signature nor store."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.incidents import events as e
from bot.incidents.webhooks import Hook, Kind

ITSELF = e.Person("PagerDuty itself")
"""Who resolved what no person did: a timeout of the service, or a rule."""

#: Gives the event, at the time it was heard: PagerDuty's clock is not ours, and a repeat may come two days late.
Meaning = Callable[[Hook, datetime], e.Event | None]


def meant(hook: Hook, heard_at: datetime) -> e.Event | None:
    """The machine's event; None for what means nothing to it.

    Acknowledged by no person is the echo of our own acknowledgement, and stops no clock.
    """
    return MEANINGS[hook.kind](hook, heard_at)


def _note(text: str) -> Meaning:
    """A line for the thread; `{}` is what PagerDuty says."""
    return lambda hook, at: e.Annotated(at=at, text=text.format(hook.text), by=hook.by)


MEANINGS: Mapping[Kind, Meaning] = {
    Kind.TRIGGERED: lambda hook, at: e.PageTaken(at=at, key=hook.key, reference=hook.reference),
    Kind.ACKNOWLEDGED: lambda hook, at: e.Acknowledged(at=at, by=hook.by, key=hook.key) if hook.by else None,
    Kind.UNACKNOWLEDGED: lambda hook, at: e.Unacknowledged(at=at, by=hook.by, key=hook.key),
    Kind.RESOLVED: lambda hook, at: e.Resolved(at=at, by=hook.by or ITSELF, key=hook.key),
    Kind.REOPENED: lambda hook, at: e.Reopened(at=at, by=hook.by, key=hook.key),
    Kind.REASSIGNED: lambda hook, at: e.Reassigned(at=at, to=hook.to, by=hook.by),
    Kind.DELEGATED: lambda hook, at: e.Reassigned(at=at, to=hook.to, by=hook.by),
    Kind.ESCALATED: lambda hook, at: e.PagedOn(at=at, to=hook.to, by=hook.by),
    Kind.ANNOTATED: _note("{}"),
    Kind.PRIORITY_UPDATED: _note("PagerDuty's priority is now {}"),
    Kind.RESPONDER_ADDED: _note("asked for help: {}"),
    Kind.RESPONDER_REPLIED: _note("answered a request for help: {}"),
    Kind.STATUS_UPDATE: _note("status update: {}"),
}
"""Every kind, and what it means."""
