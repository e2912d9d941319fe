"""An incident in its thread: the hand-over card of a level, and the card once it has moved on. Pure.

The card is what a newcomer needs to take over: what, since when, who has it, what was tried, what is next and when. It
is edited as things happen; the times on it are each reader's own, so that no clock has to be edited.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from bot.incidents import events as e
from bot.incidents.attempts import Attempt
from bot.incidents.history import Form, sentence
from bot.incidents.incident import Incident, Phase
from bot.incidents.kept import Happened
from bot.incidents.outlook import outlook
from bot.incidents.path import Path
from bot.incidents.sheet import Sheet
from bot.slack.fit import Piece, counted, fitted, listed
from bot.slack.limits import OUR_FALLBACK_TEXT
from bot.slack.message import Block, Message, context, lines, section
from bot.slack.text import code, moment, said
from bot.slack.view import button, buttons, confirmed
from bot.slack.views.people import person
from bot.slack.words import counted_minutes

ACK, SNOOZE, ESCALATE, RESOLVE = "incident_ack", "incident_snooze", "incident_escalate", "incident_resolve"

WHAT = 600  # characters of what it is about
_NAME = 80
_SENTENCE = 300
_PAST = 6  # lines of its history on the card: a phone's screen; earlier ones are counted
_ATTEMPTS = 5
_UNTOLD = (e.TimeUp, e.SnoozeOver)  # the level and the lines around them say it

MARKUP = Form(person, lambda text: said(text, _SENTENCE), moment)
"""Sentences of its history in Slack's markup."""

SIGNS = {
    Phase.UNOPENED: ":rotating_light:",
    Phase.WAITING: ":rotating_light:",
    Phase.UNANSWERED: ":rotating_light:",
    Phase.ACKNOWLEDGED: ":raised_hand:",
    Phase.SNOOZED: ":zzz:",
    Phase.RESOLVED: ":white_check_mark:",
}


def card(sheet: Sheet, path: Path) -> Message:
    """The hand-over card of the level it is at. Its buttons carry the incident's id; who may is asked at the press."""
    head = Piece((section(lines([f"{SIGNS[sheet.incident.phase]} *{said(sheet.title, WHAT)}*", _level(sheet, path)])),))
    return Message(short(sheet.title), fitted(head, _pieces(sheet, path), lambda left_out: _foot(sheet, left_out)))


def moved_on(sheet: Sheet, path: Path, level: int) -> Message:
    """What is left of an earlier level's card once the next one has its own: no buttons, and no second telling."""
    title = said(path.level(level).title, _NAME)
    line = f"Level {level}, {title}, was asked. It is at level {sheet.incident.level} now: see below."
    return Message(line, (context(f"{said(sheet.title, WHAT)}\n{line}"),))


def short(text: str) -> str:
    """A text for a notification: Slack reads it as markup, too."""
    return said(text, OUR_FALLBACK_TEXT)


def who_has_it(incident: Incident) -> str:
    """Who has it, or was asked to."""
    if incident.phase is Phase.ACKNOWLEDGED:
        return person(incident.holder)
    if incident.phase is Phase.SNOOZED:
        return f"{person(incident.holder)}, who snoozed it"
    if incident.phase is Phase.RESOLVED:
        return f"{person(incident.holder)} had it last" if incident.holder else "nobody had it"
    return f"nobody yet; {person(incident.asked)} was asked to take it" if incident.asked else "nobody yet"


def whats_next(sheet: Sheet, path: Path) -> str:
    """What happens next by itself, and when."""
    found = outlook(sheet.incident, path)
    return f"{moment(found.at)}: {said(found.words, _SENTENCE)}" if found.at else said(found.words, _SENTENCE)


def duration(begin: datetime, end: datetime) -> str:
    """How long something took, as people say it."""
    return counted_minutes(round((end - begin).total_seconds() / 60))


def _level(sheet: Sheet, path: Path) -> str:
    number = sheet.incident.level
    return f"Level {number} of {len(path.levels)}: {said(path.level(number).title, _NAME)}"


def _pieces(sheet: Sheet, path: Path) -> Iterator[Piece]:
    incident = sheet.incident
    by = f", opened by {person(sheet.opened_by)}" if sheet.opened_by else ", opened by itself"
    again = f" (opened {incident.round} times)" if incident.round > 1 else ""
    yield Piece(
        (
            section(
                lines(
                    [
                        f"*Since:* {moment(sheet.kept.about.since)}{by}{again}",
                        f"*Who has it:* {who_has_it(incident)}",
                        f"*Next:* {whats_next(sheet, path)}",
                    ]
                )
            ),
        )
    )
    yield from _tried(sheet.attempts)
    yield from _past(sheet.story, path)


def _tried(attempts: tuple[Attempt, ...] | None) -> Iterator[Piece]:
    """What was tried and how it ended, and the plan that waits for somebody."""
    if attempts is None:
        yield Piece((section("*Tried:* could not be read: Volati's memory did not answer"),))
        return
    waiting = [one for one in attempts if one.open]
    over = [one for one in attempts if not one.open]
    if not over:
        yield Piece((section("*Tried:* nothing through Volati yet"),))
    if over:
        yield _attempts("*Tried*", over)
    if waiting:
        yield _attempts("*Open plan*" if len(waiting) == 1 else "*Open plans*", waiting)


def _attempts(heading: str, several: list[Attempt]) -> Piece:
    """The newest of them; earlier ones are counted."""
    newest = [_attempt(one) for one in reversed(several)]
    return Piece(
        (section(lines([heading, *listed(newest, 2_000, "plan", most=_ATTEMPTS)])),), (("plan", len(several)),)
    )


def _attempt(one: Attempt) -> str:
    yes = f", confirmed by <@{one.person}>" if one.person else ""
    end = f": {said(one.outcome, _SENTENCE)}" if one.outcome else ""
    return f"• {moment(one.at)} {said(one.what, _SENTENCE)} {said(one.stands, _NAME)}{yes}{end}"


def _past(story: tuple[Happened, ...] | None, path: Path) -> Iterator[Piece]:
    """The last of what happened."""
    if story is None:
        yield Piece((section("*What happened:* could not be read: Volati's memory did not answer"),))
        return
    told = list(_worth_telling(story))
    shown = [f"{moment(one.event.at)} {sentence(one.event, path, MARKUP)}" for one in told[-_PAST:]]
    before = [f"… {counted(len(told) - len(shown), 'earlier line')}"] if len(told) > len(shown) else []
    if shown:
        yield Piece((section(lines(["*What happened*", *before, *shown])),), (("line", len(shown)),))


def _worth_telling(story: tuple[Happened, ...]) -> Iterator[Happened]:
    """What is not said anyway: that a fault goes on is what an open incident says, unless it had been over."""
    over = False
    for one in story:
        seen_again = isinstance(one.event, e.Recurred)
        if not isinstance(one.event, _UNTOLD) and (over or not seen_again):
            yield one
        over = isinstance(one.event, e.Resolved) or (over and isinstance(one.event, e.Annotated))


def _foot(sheet: Sheet, left_out: Counter[str]) -> Piece:
    missing = [counted(number, thing) for thing, number in sorted(left_out.items()) if number]
    more = (section(f"*And {', '.join(missing)} that did not fit here.*"),) if missing else ()
    run = sheet.kept.about.run
    look = f". The diagnosis, on the command line: {code(f'volati replay {run}', _NAME)}" if run else ""
    return Piece((*more, context(f"Incident {code(sheet.incident.id, _NAME)}{look}"), *_buttons(sheet)))


def _buttons(sheet: Sheet) -> tuple[Block, ...]:
    """Four at most: more are too many to choose from at night."""
    incident = sheet.incident
    if not incident.open:
        return ()
    taken = incident.phase is Phase.ACKNOWLEDGED
    take = button("Take over" if taken else "Acknowledge", ACK, incident.id, style="" if taken else "primary")
    resolve = confirmed(
        button("Resolve", RESOLVE, incident.id),
        "Is it over?",
        "The clock stops for good, and its pages are resolved. If the fault is back soon, it opens again.",
        "Resolve",
    )
    return (
        buttons(
            take,
            button("Snooze…", SNOOZE, incident.id),
            button("Escalate…", ESCALATE, incident.id),
            resolve,
        ),
    )
