"""An incident as it is kept: what it is about, where it is shown, how it stands, what is left to do. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.incidents import events as e
from bot.incidents.effects import AnyEffect, Notify, PageAcknowledge, PageResolve, PageTrigger, PostCard, TellThread
from bot.incidents.incident import Incident
from bot.incidents.path import IncidentSeverity
from bot.incidents.tries import Tried
from diagnostics.model import Value

Told = PostCard | TellThread | Notify
"""Effects that people see in Slack."""

Paged = PageTrigger | PageAcknowledge | PageResolve
"""Effects at PagerDuty."""

AnyEvent = (
    e.Opened
    | e.Acknowledged
    | e.Unacknowledged
    | e.Snoozed
    | e.SnoozeOver
    | e.HandedOver
    | e.EscalatedNow
    | e.TimeUp
    | e.Resolved
    | e.Recurred
    | e.Reopened
    | e.Reassigned
    | e.PagedOn
    | e.Annotated
    | e.Regraded
    | e.PageTaken
    | e.PageFailed
)
"""Every event, as msgspec reads one of them."""


class About(Value, frozen=True, kw_only=True):
    """What an incident is about; redacted by whoever made it. It stays as it was when the incident opened.

    `title` is one sentence: the cause with its numbers, or a person's own words. `fingerprints` tell the fault from
    others, the cause's first, then those of what it explains: whatever shares one with an open incident is that
    incident. `since` is when it was first seen. `run` is the diagnosis that led to it, `area` its area; both empty
    where a person opened it.
    """

    environment: str
    title: str
    fingerprints: tuple[str, ...]
    since: datetime
    area: str = ""
    run: str = ""


class Shown(Value, frozen=True, kw_only=True):
    """Where an incident is shown: opaque references of whoever shows it, made before there is anything to be seen.

    `card` is the incident's own card, which is edited as it goes on. `thread` is the thread it is in; empty where the
    card itself is the beginning of one.
    """

    channel: str
    card: str
    thread: str = ""

    @property
    def root(self) -> str:
        """The beginning of its thread: all else is a reply to it."""
        return self.thread or self.card


@dataclass(frozen=True, slots=True)
class Kept:
    """An incident as it is kept. `outstanding`: what is still to be done for it, in order.

    `ts` is Slack's own name of the beginning of its thread, empty until that is known; `seen` the incident's sequence
    as its card shows it. `joined`: whoever opened it found it open already. `tried`: what PagerDuty did not take
    so far, by the effect's id.
    """

    id: str
    about: About
    shown: Shown
    incident: Incident
    outstanding: tuple[AnyEffect, ...] = ()
    revision: int = 0
    ts: str = ""
    seen: int = 0
    joined: bool = False
    tried: Mapping[str, Tried] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """An incident to be opened; `by` is None when the bot opens it itself."""

    about: About
    severity: IncidentSeverity
    by: e.Person | None
    shown: Shown


class Happened(Value, frozen=True):
    """One line of an incident's story: what happened, and who caused it, by their id or as `volati`."""

    who: str
    event: AnyEvent


NOBODY = "Nobody is on call there just now."
"""Why nobody can be named where that was asked and answered."""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who is on call at a level; `why_not` says why nobody can be named, empty where somebody can.

    `until` is when the turn of the first of them ends; None where it never does, or is not known.
    """

    level: int
    name: str
    title: str
    people: tuple[e.Person, ...] = ()
    until: datetime | None = None
    why_not: str = ""
