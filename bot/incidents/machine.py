"""The incident machine: which event leads from where to where, and what is to be done then. Pure: no clock, no network.

Time passing is an event like any other. What may not happen is refused in words, and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from msgspec.structs import replace

from bot.incidents import events as e
from bot.incidents.effects import (
    AnyEffect,
    Card,
    Notify,
    PageAcknowledge,
    PageEffect,
    PageResolve,
    PageTrigger,
    PostCard,
    TellThread,
    Tiding,
    not_gone_out,
)
from bot.incidents.incident import Incident, Page, Phase
from bot.incidents.path import LONGEST_SNOOZE, Path

P = TypeVar("P", bound=PageEffect)


@dataclass(frozen=True, slots=True)
class Step:
    """What an event leads to: the incident from now on, and what is to be done, in this order."""

    to: Incident
    effects: tuple[AnyEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The event changes nothing, and why, in words for whoever caused it."""

    why: str


Rule = Callable[[Incident, Any, Path], Step | Refused]


@dataclass(frozen=True, slots=True)
class Move:
    """A pair of state and event that is allowed: where it may lead, and the rule that says where and with what."""

    to: tuple[Phase, ...]
    rule: Rule = field(repr=False)


def advance(incident: Incident, event: e.Event, path: Path, outstanding: Iterable[AnyEffect] = ()) -> Step | Refused:
    """What an event leads to. Every effect gets an id of its own, the same whenever this is asked again.

    `outstanding` is what earlier steps left to do: a page among it has not gone out, as far as is known.
    """
    entry = TRANSITIONS[incident.phase][type(event)]
    if isinstance(entry, Refused):
        return entry
    if _of_another_round(incident, event):
        return Refused("That page is of an earlier round of this incident.")
    made = entry.rule(incident, event, path)
    if isinstance(made, Refused):
        return made
    sequence = incident.sequence + 1
    ids = (f"{incident.id}.{sequence}.{number}" for number in range(len(made.effects)))
    effects = tuple(replace(effect, id=id) for effect, id in zip(made.effects, ids, strict=True))
    return Step(replace(made.to, sequence=sequence, pages=_voided(made, event, outstanding)), effects)


def _voided(made: Step, event: e.Event, outstanding: Iterable[AnyEffect]) -> tuple[Page, ...]:
    """The pages, where those that somebody was quicker than call nobody: what acknowledges them takes their place.

    One that PagerDuty speaks of has arrived all the same, and calls its people.
    """
    acknowledged = {effect.dedup_key for effect in made.effects if isinstance(effect, PageAcknowledge)}
    quicker, arrived = acknowledged & not_gone_out(outstanding), e.key_of(event)
    return tuple(
        replace(page, void=(page.void or page.key in quicker) and page.key != arrived) for page in made.to.pages
    )


def woken(incident: Incident, at: datetime) -> e.TimeUp | e.SnoozeOver | None:
    """What a look at the clock means for an incident: the event whose time has come, or None."""
    if incident.due is None or at < incident.due:
        return None
    return e.SnoozeOver(at=at) if incident.phase is Phase.SNOOZED else e.TimeUp(at=at, level=incident.level)


def _of_another_round(incident: Incident, event: e.Event) -> bool:
    """Whether PagerDuty speaks of a page that is none of this round's: an echo that took its time."""
    told = isinstance(event, e.Acknowledged | e.Unacknowledged | e.Resolved) and e.key_of(event)
    return bool(told) and all(page.key != told for page in incident.pages)


# How it climbs.


def _at_level(incident: Incident, level: int, at: datetime, path: Path, *, anyway: bool = False) -> Step:
    """The incident at another level: those of it get a card, are paged once in a round, and called.

    `anyway`: a person wants it, who knows what time it is.
    """
    to, pages = _calling(replace(incident, level=level), at, path, anyway=anyway)
    card = PostCard(card=Card.HAND_OVER, level=level)
    return Step(to, (*_passed(incident, level, path), card, *pages, _notice(to, at, path, anyway=anyway)))


def _calling(
    incident: Incident, at: datetime, path: Path, *, anyway: bool = False
) -> tuple[Incident, tuple[PageTrigger, ...]]:
    """The incident while its level's clock runs, and the pages that are due with it. Quiet hours hold them back."""
    to = _waiting(incident, at, path)
    levels = unpaged(incident, path)
    if levels and path.quiet_at(incident.severity, at) and not anyway:
        return replace(to, due=path.morning(incident.severity, at)), ()
    pages = tuple(Page(level, incident.key(level), route=path.level(level).page, wanted=anyway) for level in levels)
    triggers = tuple(_about(page, PageTrigger) for page in pages)
    return replace(to, pages=(*incident.pages, *pages)), triggers


def unpaged(incident: Incident, path: Path) -> tuple[int, ...]:
    """The levels still to be paged, each once in a round: its own, and those whose page is void."""
    levels = sorted({incident.level, *(page.level for page in incident.pages if page.void)})
    return tuple(one for one in levels if one <= len(path.levels) and path.level(one).page and not incident.paged(one))


def _passed(incident: Incident, level: int, path: Path) -> tuple[TellThread, ...]:
    """That the levels below this one reach nobody, where some do not: they were not called, as one may believe."""
    titles = ", ".join(path.level(one).title for one in path.passed_over(incident.level, level))
    return (TellThread(tiding=Tiding.PASSED_OVER, words=titles),) if titles else ()


def _waiting(incident: Incident, at: datetime, path: Path) -> Incident:
    due = path.due(incident.severity, incident.level, at)
    return replace(incident, phase=Phase.WAITING, notices=1, due=due, asked=None)


def _again(incident: Incident, at: datetime, path: Path) -> Step:
    """The clock of the same level begins anew, and those of it are called anew; who was paged is not paged again."""
    to, pages = _calling(incident, at, path)
    return Step(to, (*pages, _notice(to, at, path)))


def _notice(incident: Incident, at: datetime, path: Path, *, anyway: bool = False) -> Notify:
    quietly = path.quiet_at(incident.severity, at) and not anyway
    return Notify(level=incident.level, number=incident.notices, quietly=quietly, person=incident.asked)


def _with(step: Step, *first: AnyEffect) -> Step:
    return Step(step.to, (*first, *step.effects))


def _told(incident: Incident, line: TellThread, *more: AnyEffect) -> Step:
    return Step(incident, (line, *more))


def _acknowledging(incident: Incident, key: str) -> tuple[PageAcknowledge, ...]:
    """What PagerDuty must hear: every page but the one that it came by."""
    return tuple(_about(one, PageAcknowledge) for one in incident.pages if one.key != key)


def _about(page: Page, what: type[P]) -> P:
    return what(level=page.level, dedup_key=page.key, route=page.route)


# The rules.


def _open(incident: Incident, event: e.Opened, path: Path) -> Step:
    first = path.first(event.severity)
    opened = replace(incident, severity=event.severity, opened_at=event.at, round=1, level=first - 1)
    return _at_level(opened, first, event.at, path)


def _acknowledge(incident: Incident, event: e.Acknowledged, _: Path) -> Step:
    to = replace(incident, phase=Phase.ACKNOWLEDGED, holder=event.by, asked=None, due=None)
    return _told(to, TellThread(tiding=Tiding.ACKNOWLEDGED, by=event.by), *_acknowledging(incident, event.key))


def _take_over(incident: Incident, event: e.Acknowledged, _: Path) -> Step | Refused:
    if event.by.same(incident.holder):
        return Refused("You have it already." if not event.key else "They have it already.")
    return _told(replace(incident, holder=event.by), TellThread(tiding=Tiding.TAKEN_OVER, by=event.by))


def _give_back(incident: Incident, event: e.Unacknowledged, path: Path) -> Step:
    step = _again(replace(incident, holder=None), event.at, path)
    return _with(step, TellThread(tiding=Tiding.UNACKNOWLEDGED, by=event.by or incident.holder))


def _snooze(incident: Incident, event: e.Snoozed, _: Path) -> Step | Refused:
    if event.until <= event.at:
        return Refused("A snooze must end in the future, such as `snooze 10m`.")
    if event.until - event.at > LONGEST_SNOOZE:
        hours = round(LONGEST_SNOOZE.total_seconds() / 3600)
        return Refused(f"A snooze lasts {hours} hours at most. Resolve it, or hand it over.")
    to = replace(incident, phase=Phase.SNOOZED, holder=event.by, asked=None, due=event.until)
    words = event.until.isoformat()
    return _told(to, TellThread(tiding=Tiding.SNOOZED, by=event.by, words=words), *_acknowledging(incident, ""))


def _wake(incident: Incident, event: e.Event, path: Path) -> Step | Refused:
    if incident.due is not None and event.at < incident.due:
        return Refused("The snooze is not over yet.")
    return _with(_again(incident, event.at, path), TellThread(tiding=Tiding.SNOOZE_OVER, by=incident.holder))


def _hand_over(incident: Incident, event: e.HandedOver, path: Path) -> Step | Refused:
    """The other is asked, and the clock runs: a sleeper who was handed something must not stop it."""
    if event.to.same(incident.holder):
        return Refused("They have it already.")
    to = replace(_waiting(incident, event.at, path), holder=None, asked=event.to)
    line = TellThread(tiding=Tiding.HANDED_OVER, by=event.by, to=(event.to,))
    return Step(to, (line, PostCard(card=Card.HAND_OVER, level=to.level), _notice(to, event.at, path)))


def _ask_another(incident: Incident, event: e.HandedOver, path: Path) -> Step:
    """Nobody had it yet, so that the clock goes on as it was: handing on is no way to hold it."""
    to = replace(incident, asked=event.to)
    line = TellThread(tiding=Tiding.HANDED_OVER, by=event.by, to=(event.to,))
    return _told(to, line, _notice(to, event.at, path))


def _escalate(incident: Incident, event: e.EscalatedNow, path: Path) -> Step | Refused:
    above = path.above(max(incident.level, event.level - 1))
    if path.above(incident.level) is None:
        return Refused(nobody_above(incident.level))
    if event.level and not incident.level < event.level <= len(path.levels):
        return Refused(f"It is at level {incident.level} of {len(path.levels)}: name a level above it.")
    if above is None:
        return Refused(nobody_above(event.level - 1))
    line = TellThread(tiding=Tiding.ESCALATED, by=event.by, words=event.reason)
    return _with(_at_level(replace(incident, holder=None), above, event.at, path, anyway=True), line)


def nobody_above(level: int) -> str:
    """Why an incident can climb no further than this level."""
    return f"There is nobody above level {level} to call."


def _time_up(incident: Incident, event: e.TimeUp, path: Path) -> Step | Refused:
    """One step for each time that ran out, however long ago that was: after an absence nobody is flooded."""
    if stale := _not_due(incident, event):
        return stale
    if unpaged(incident, path):
        return _again(incident, event.at, path)
    if incident.notices <= path.level(incident.level).repeats:
        due = path.due(incident.severity, incident.level, event.at)
        to = replace(incident, notices=incident.notices + 1, due=due)
        return Step(to, (_notice(to, event.at, path),))
    above = path.next(incident.severity, incident.level)
    if above is None:
        beyond = path.number(path.climbs[incident.severity].until) + 1
        return _with(_unanswered(incident, event.at, path), *_passed(incident, beyond, path))
    step = _at_level(replace(incident, asked=None), above, event.at, path)
    return _with(step, TellThread(tiding=Tiding.TIME_UP, words=path.level(incident.level).title))


def _not_due(incident: Incident, event: e.TimeUp) -> Refused | None:
    if event.level != incident.level:
        return Refused(f"It is at level {incident.level} by now, not at {event.level}.")
    return Refused("Its time is not up yet.") if incident.due is not None and event.at < incident.due else None


def _unanswered(incident: Incident, at: datetime, path: Path) -> Step:
    due = path.reminder(incident.severity, at)
    to = replace(incident, phase=Phase.UNANSWERED, notices=incident.notices + 1, due=due, asked=None)
    return _told(to, TellThread(tiding=Tiding.UNANSWERED), _notice(to, at, path))


def _remind(incident: Incident, event: e.TimeUp, path: Path) -> Step | Refused:
    return _not_due(incident, event) or _unanswered(incident, event.at, path)


def _resolve(incident: Incident, event: e.Resolved, _: Path) -> Step:
    to = replace(
        incident,
        phase=Phase.RESOLVED,
        holder=event.by or incident.holder,
        asked=None,
        due=None,
        resolved_at=event.at,
    )
    closed = (_about(one, PageResolve) for one in incident.pages if one.key != event.key)
    return Step(to, (*closed, PostCard(card=Card.RESOLVED, level=incident.level)))


def _recur(incident: Incident, event: e.Recurred, path: Path) -> Step | Refused:
    if incident.resolved_at is not None and event.at - incident.resolved_at > path.reopens:
        minutes = round(path.reopens.total_seconds() / 60)
        return Refused(f"It ended more than {minutes} minutes ago: this is a new incident.")
    return _new_round(incident, path.first(incident.severity), event, path)


def _reopen(incident: Incident, event: e.Reopened, path: Path) -> Step:
    """Where PagerDuty reopened a page, that page rings again by itself: it is taken over and not triggered anew."""
    page = next((one for one in incident.pages if one.key == event.key), None)
    if page is None:
        return _new_round(incident, path.first(incident.severity), event, path)
    anew = replace(_anew(incident), level=page.level, pages=(replace(page, void=False),))
    return _with(_again(anew, event.at, path), TellThread(tiding=Tiding.REOPENED, by=event.by))


def _new_round(incident: Incident, level: int, event: e.Recurred | e.Reopened, path: Path) -> Step:
    by = event.by if isinstance(event, e.Reopened) else None
    anew = replace(_anew(incident), level=level - 1)
    return _with(_at_level(anew, level, event.at, path), TellThread(tiding=Tiding.REOPENED, by=by))


def _anew(incident: Incident) -> Incident:
    return replace(incident, round=incident.round + 1, resolved_at=None, holder=None, pages=())


def _regrade(incident: Incident, event: e.Regraded, path: Path) -> Step | Refused:
    if event.severity == incident.severity:
        return Refused(f"It is {event.severity} already.")
    line = TellThread(tiding=Tiding.REGRADED, by=event.by, words=f"{incident.severity} to {event.severity}")
    graded = replace(incident, severity=event.severity)
    first = path.first(event.severity)
    if incident.phase is Phase.WAITING and incident.level < first:
        return _with(_at_level(graded, first, event.at, path), line)
    if incident.phase is Phase.WAITING:
        graded, pages = _calling(graded, event.at, path)
        if event.severity < incident.severity and incident.due and graded.due:  # what is graver calls nobody later
            graded = replace(graded, due=min(incident.due, graded.due))
        return _told(replace(graded, notices=incident.notices, asked=incident.asked), line, *pages)
    if incident.phase is Phase.UNANSWERED:
        return _with(_further(graded, event.at, path), line)
    return _told(graded, line)


def _further(graded: Incident, at: datetime, path: Path) -> Step:
    """It goes on where nobody answered, when it turns out to be graver: up, or at least reminding sooner."""
    above = path.next(graded.severity, graded.level)
    if above is not None:
        return _at_level(graded, max(above, path.first(graded.severity)), at, path)
    return Step(replace(graded, due=min(graded.due or at, path.reminder(graded.severity, at))))


def _page_failed(incident: Incident, event: e.PageFailed, path: Path) -> Step:
    """The page goes on being tried, and the next level is not made to wait for it where nobody was called otherwise.

    In quiet hours it has its time all the same, but where a person had called those who cannot be paged.
    """
    line = TellThread(tiding=Tiding.PAGE_FAILED, words=event.why)
    above = path.next(incident.severity, incident.level)
    if event.level != incident.level or above is None or path.level(incident.level).called_in_slack:
        return _told(incident, line)
    wanted = any(page.wanted for page in incident.pages if page.level == event.level)
    if path.quiet_at(incident.severity, event.at) and not wanted:
        return _told(incident, line)
    return _with(_at_level(replace(incident, asked=None), above, event.at, path, anyway=wanted), line)


def _page_failed_anyway(incident: Incident, event: e.PageFailed, _: Path) -> Step:
    return _told(incident, TellThread(tiding=Tiding.PAGE_FAILED, words=event.why))


def _page_taken(incident: Incident, event: e.PageTaken, _: Path) -> Step:
    return _told(incident, TellThread(tiding=Tiding.PAGE_TAKEN, words=event.reference))


def _reassigned(incident: Incident, event: e.Reassigned, _: Path) -> Step:
    return _told(incident, TellThread(tiding=Tiding.REASSIGNED, by=event.by, to=event.to))


def _paged_on(incident: Incident, event: e.PagedOn, _: Path) -> Step:
    return _told(incident, TellThread(tiding=Tiding.PAGED_ON, by=event.by, to=event.to))


def _annotate(incident: Incident, event: e.Annotated, _: Path) -> Step:
    return _told(incident, TellThread(tiding=Tiding.NOTE, by=event.by, words=event.text))


def _seen_again(incident: Incident, _: e.Recurred, __: Path) -> Step:
    """The fault goes on, which is what an open incident says: nobody is told again."""
    return Step(incident)


# The table.

_NOT_OPEN = Refused("It is not open yet.")
_OPEN = Refused("It is open already.")
_NO_SNOOZE = Refused("It is not snoozed.")
_NOBODY_HAS_IT = Refused("Nobody has acknowledged it.")
_CLOCK_STOPPED = Refused("Somebody has it, so that no time runs.")
_OVER = Refused("It is resolved. If the fault is back, it reopens by itself; or open a new one.")
_OVER_FIRST = Refused("It was resolved already, which counts more than a late acknowledgement.")

_WHILE_OPEN: Mapping[type[e.Event], Move | Refused] = {
    e.Opened: _OPEN,
    e.Resolved: Move((Phase.RESOLVED,), _resolve),
    e.Reopened: _OPEN,
}


def _tidings(phase: Phase) -> Mapping[type[e.Event], Move | Refused]:
    """What is told in the thread and changes nothing else."""
    return {
        e.Recurred: Move((phase,), _seen_again),
        e.Reassigned: Move((phase,), _reassigned),
        e.PagedOn: Move((phase,), _paged_on),
        e.Annotated: Move((phase,), _annotate),
        e.Regraded: Move((phase,), _regrade),
        e.PageTaken: Move((phase,), _page_taken),
        e.PageFailed: Move((phase,), _page_failed_anyway),
    }


TRANSITIONS: Mapping[Phase, Mapping[type[e.Event], Move | Refused]] = {
    Phase.UNOPENED: {
        **dict.fromkeys(e.EVENTS, _NOT_OPEN),
        e.Opened: Move((Phase.WAITING,), _open),
    },
    Phase.WAITING: {
        **_WHILE_OPEN,
        **_tidings(Phase.WAITING),
        e.Acknowledged: Move((Phase.ACKNOWLEDGED,), _acknowledge),
        e.Unacknowledged: _NOBODY_HAS_IT,
        e.Snoozed: Move((Phase.SNOOZED,), _snooze),
        e.SnoozeOver: _NO_SNOOZE,
        e.HandedOver: Move((Phase.WAITING,), _ask_another),
        e.EscalatedNow: Move((Phase.WAITING,), _escalate),
        e.TimeUp: Move((Phase.WAITING, Phase.UNANSWERED), _time_up),
        e.PageFailed: Move((Phase.WAITING,), _page_failed),
    },
    Phase.UNANSWERED: {
        **_WHILE_OPEN,
        **_tidings(Phase.UNANSWERED),
        e.Regraded: Move((Phase.WAITING, Phase.UNANSWERED), _regrade),
        e.Acknowledged: Move((Phase.ACKNOWLEDGED,), _acknowledge),
        e.Unacknowledged: _NOBODY_HAS_IT,
        e.Snoozed: Move((Phase.SNOOZED,), _snooze),
        e.SnoozeOver: _NO_SNOOZE,
        e.HandedOver: Move((Phase.WAITING,), _hand_over),
        e.EscalatedNow: Move((Phase.WAITING,), _escalate),
        e.TimeUp: Move((Phase.UNANSWERED,), _remind),
    },
    Phase.ACKNOWLEDGED: {
        **_WHILE_OPEN,
        **_tidings(Phase.ACKNOWLEDGED),
        e.Acknowledged: Move((Phase.ACKNOWLEDGED,), _take_over),
        e.Unacknowledged: Move((Phase.WAITING,), _give_back),
        e.Snoozed: Move((Phase.SNOOZED,), _snooze),
        e.SnoozeOver: _NO_SNOOZE,
        e.HandedOver: Move((Phase.WAITING,), _hand_over),
        e.EscalatedNow: Move((Phase.WAITING,), _escalate),
        e.TimeUp: _CLOCK_STOPPED,
    },
    Phase.SNOOZED: {
        **_WHILE_OPEN,
        **_tidings(Phase.SNOOZED),
        e.Acknowledged: Move((Phase.ACKNOWLEDGED,), _acknowledge),
        # PagerDuty gives a snoozed incident back when its own snooze, or acknowledgement, ends: ours is what counts.
        e.Unacknowledged: Refused("It is snoozed, and its clock runs again when that is over."),
        e.Snoozed: Move((Phase.SNOOZED,), _snooze),
        e.SnoozeOver: Move((Phase.WAITING,), _wake),
        e.HandedOver: Move((Phase.WAITING,), _hand_over),
        e.EscalatedNow: Move((Phase.WAITING,), _escalate),
        e.TimeUp: Refused("It is snoozed, so that no time runs."),
    },
    Phase.RESOLVED: {
        **dict.fromkeys(e.EVENTS, _OVER),
        e.Acknowledged: _OVER_FIRST,
        e.Resolved: Refused("It is resolved already."),
        e.Recurred: Move((Phase.WAITING,), _recur),
        e.Reopened: Move((Phase.WAITING,), _reopen),
        e.Annotated: Move((Phase.RESOLVED,), _annotate),
    },
}
"""Every pair of phase and event: where it may lead, or why it is refused."""
