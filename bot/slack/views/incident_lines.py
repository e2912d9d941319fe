"""What happened to an incident, one line each, as replies and on its card; and who is called at a level. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.incidents.effects import Notify, TellThread, Tiding
from bot.incidents.path import Path
from bot.slack.limits import OUR_SECTION_TEXT
from bot.slack.message import Message, section
from bot.slack.text import moment, said
from bot.slack.views.people import mentions, people, person

_WORDS = 600  # characters of a reason
_NAME = 80
NOTE = OUR_SECTION_TEXT - 200
"""Characters of a note that a reply of its own holds; webhooks cut a longer one, and say so."""

REPLIED = frozenset(
    {
        Tiding.ACKNOWLEDGED,
        Tiding.TAKEN_OVER,
        Tiding.UNACKNOWLEDGED,
        Tiding.SNOOZED,
        Tiding.HANDED_OVER,
        Tiding.ESCALATED,
        Tiding.PASSED_OVER,
        Tiding.UNANSWERED,
        Tiding.REOPENED,
        Tiding.NOTE,
        Tiding.PAGE_FAILED,
    }
)
"""What is said in a reply: what changes who has to do something. The rest is on the card, which is edited."""


def line(told_of: TellThread) -> Message:
    """One line as a reply."""
    text = told(told_of, NOTE if told_of.tiding is Tiding.NOTE else _WORDS)
    return Message(text, (section(text),))


def told(one: TellThread, most: int = _WORDS) -> str:
    """One line, as markup."""
    return _LINES[one.tiding](one, said(one.words, most))


def call(notify: Notify, path: Path, due: datetime | None) -> Message | None:
    """Calls those of a level, or one person; None where nobody is to be woken, or the card itself was call enough."""
    level = path.level(notify.level)
    named = person(notify.person) if notify.person else mentions(level.mentions)
    again = notify.number > 1
    if notify.quietly or not (named or again):
        return None
    until = f" by {moment(due)}" if due else ""
    called = f"{named}, you are asked to take this over" if notify.person else _called(notify, named, level.title)
    text = f":bell: {called}. Please acknowledge{until}, with the button on its card."
    return Message(said(f"Level {notify.level}, {level.title}, is asked to acknowledge", _WORDS), (section(text),))


def _called(notify: Notify, named: str, title: str) -> str:
    again = f", call {notify.number}" if notify.number > 1 else ""
    return f"{f'{named} ' if named else ''}Level {notify.level}, {said(title, _NAME)}{again}"


Line = Callable[[TellThread, str], str]


def _after(by: str, what: str) -> Line:
    """A line with who did it; `{words}` and `{to}` are filled in."""

    def made(one: TellThread, words: str) -> str:
        return what.format(who=person(one.by, by), words=words, to=people(one.to))

    return made


def _snoozed(one: TellThread, _: str) -> str:
    """The time is a time: each reader has it on their own clock."""
    return f":zzz: {person(one.by, 'Somebody')} snoozed it until {moment(datetime.fromisoformat(one.words))}"


def _reassigned(one: TellThread, _: str) -> str:
    return f":pager: {person(one.by, 'PagerDuty')} gave it to {people(one.to) or 'nobody'} in PagerDuty"


_LINES: Mapping[Tiding, Line] = {
    Tiding.ACKNOWLEDGED: _after("Somebody", ":raised_hand: {who} is on it. Nobody else is called."),
    Tiding.TAKEN_OVER: _after("Somebody", ":raised_hand: {who} took it over"),
    Tiding.UNACKNOWLEDGED: _after("PagerDuty", ":warning: {who} gave it back: nobody has it, and the clock runs again"),
    Tiding.SNOOZED: _snoozed,
    Tiding.SNOOZE_OVER: _after("somebody", ":bell: The snooze is over, and the clock runs again"),
    Tiding.HANDED_OVER: _after("Somebody", ":arrow_up: {who} asks {to} to take it; the clock runs until they do"),
    Tiding.ESCALATED: _after("Somebody", ":arrow_up: {who} escalated it: {words}"),
    Tiding.TIME_UP: _after("", ":arrow_up: Nobody of {words} acknowledged in time"),
    Tiding.PASSED_OVER: _after("", ":warning: Passed over, since the settings name nobody there: {words}"),
    Tiding.UNANSWERED: _after("", ":rotating_light: Nobody answered, and the path is at its end. Reminders follow."),
    Tiding.REOPENED: _after("Volati: the fault is back", ":rotating_light: Opened again by {who}"),
    Tiding.REASSIGNED: _reassigned,
    Tiding.PAGED_ON: _after("PagerDuty", ":pager: {who} went on to {to}"),
    Tiding.NOTE: _after("A note", ":speech_balloon: {who}: {words}"),
    Tiding.REGRADED: _after("Somebody", "{who} changed the severity from {words}"),
    Tiding.PAGE_TAKEN: _after("", ":pager: PagerDuty has the page {words}"),
    Tiding.PAGE_FAILED: _after(
        "", ":warning: The page has not been accepted: {words} It goes on being tried. Call them another way."
    ),
}
"""Every line."""
