"""What is open, which of several is meant, and who is on call: answers to one person. Pure."""

from collections.abc import Sequence

from bot.incidents.kept import OnDuty
from bot.incidents.path import Level, Path
from bot.incidents.sheet import Sheet
from bot.slack.fit import counted, listed
from bot.slack.limits import OUR_SECTION_TEXT
from bot.slack.message import Message, context, lines, section
from bot.slack.text import code, link, moment, said
from bot.slack.view import button, buttons
from bot.slack.views.incident import SIGNS, whats_next, who_has_it
from bot.slack.views.people import mentions, people

CHOSEN = "incident_chosen_"
"""Begins the action id of a button that says which incident is meant; its value is the word, the id, and the rest."""

_NAME = 80
_LINE = 250
_LABEL = 60
_LINK = 300
_BUTTONS = 4
_SHOWN = 12  # incidents in one list; more are counted


def incidents(sheets: Sequence[Sheet], path: Path) -> Message:
    """What is open, the gravest first."""
    if not sheets:
        return Message("No incident is open", (section(":white_check_mark: No incident is open."),))
    heading = how_many(len(sheets))
    told = [_told(one, path) for one in sorted(sheets, key=gravity)]
    shown = listed(told, OUR_SECTION_TEXT - 100, "incident", most=_SHOWN)
    small = "To act on one: its thread, or its id behind the word, as in `/volati ack <id>`."
    return Message(heading, (section(lines([f"*{heading}*", *shown])), context(small)))


def which(word: str, rest: str, sheets: Sequence[Sheet]) -> Message:
    """Asks which one is meant; with more than fit on buttons, by id. `rest` is what else the word needs."""
    heading = f"{how_many(len(sheets))}. Which one do you mean?"
    several = sorted(sheets, key=gravity)
    shown = listed([_short(one) for one in several], OUR_SECTION_TEXT - 100, "incident", most=_SHOWN)
    pressed = [
        button(_label(one), f"{CHOSEN}{place}", f"{word} {one.incident.id} {rest}".rstrip())
        for place, one in enumerate(several[:_BUTTONS])
    ]
    example = code(f"/volati {word}{f' {rest}' if rest else ''} <id>", _LINE)
    anew = "Or write it in the incident's thread; `/volati escalate new <reason>` opens another."
    small = anew if word == "escalate" else f"Or write its id: {example}"
    return Message(heading, (section(lines([f"*{heading}*", *shown])), buttons(*pressed), context(small)))


def on_call(duty: Sequence[OnDuty], path: Path) -> Message:
    """Who is called at each level, and whose turn it is there now."""
    heading = "Who is on call"
    there = {one.level: one for one in duty}
    told = [_duty(number, path.level(number), there.get(number)) for number in range(1, len(path.levels) + 1)]
    pace = "Times are those of a P1; other severities climb faster or slower."
    return Message(heading, (section(lines([f"*{heading}*", *told])), context(pace)))


def how_many(number: int) -> str:
    """How many incidents are open; of one or more."""
    return f"{counted(number, 'incident')} {'is' if number == 1 else 'are'} open"


def gravity(sheet: Sheet) -> tuple[str, str]:
    """Orders incidents: the gravest first, and of those the one that is open longest."""
    opened = sheet.incident.opened_at
    return (str(sheet.incident.severity), opened.isoformat() if opened else "")


def _told(sheet: Sheet, path: Path) -> str:
    incident = sheet.incident
    where = f" {link(sheet.link, 'thread', _LINK)}" if sheet.link else ""
    first = f"{SIGNS[incident.phase]} *{said(sheet.title, _LINE)}*{where}"
    level = f"level {incident.level} of {len(path.levels)}"
    since = f"since {moment(incident.opened_at)}, " if incident.opened_at else ""
    return lines(
        [
            first,
            f"      {code(incident.id, _NAME)} {since}{level}; who has it: {who_has_it(incident)}",
            f"      Next: {whats_next(sheet, path)}",
        ]
    )


def _short(sheet: Sheet) -> str:
    return f"{SIGNS[sheet.incident.phase]} {code(sheet.incident.id, _NAME)} {said(sheet.title, _LINE)}"


def _label(sheet: Sheet) -> str:
    words = sheet.title
    return words if len(words) <= _LABEL else f"{words[: _LABEL - 1]}…"


def _duty(number: int, level: Level, there: OnDuty | None) -> str:
    ways = [
        "the bot's own answer" if level.answers else "",
        "the channel" if level.announces else "",
        f"in Slack {mentions(level.mentions)}" if level.mentions else "",
        f"PagerDuty {code(level.page, _NAME)}" if level.page else "",
    ]
    how = ", ".join(way for way in ways if way) or ":warning: nobody: the settings name no one, so it is passed over"
    minutes = round(level.within.total_seconds() / 60)
    return lines(
        [f"{number}. *{said(level.title, _NAME)}*, {minutes} min: {how}", _turn(there) if there and level.page else ""]
    )


def _turn(there: OnDuty) -> str:
    until = f" until {moment(there.until)}" if there.until else ""
    now = f"      • now {people(there.people)}{until}" if there.people else ""
    return lines([now, f"      :warning: {said(there.why_not, _LINE)}" if there.why_not else ""])
