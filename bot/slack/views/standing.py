"""Open incidents and who is on call, for `status` and the Home tab. Pure; it calls nobody, for it mentions nobody."""

from collections.abc import Iterator

from bot.incidents.incident import Phase
from bot.incidents.kept import OnDuty
from bot.incidents.path import Path
from bot.incidents.sheet import Sheet
from bot.incidents.standing import Standing
from bot.slack.fit import listed
from bot.slack.message import Block, lines, section
from bot.slack.text import link, moment, said
from bot.slack.views.incident import SIGNS, whats_next
from bot.slack.views.incident_lists import gravity, how_many
from bot.slack.words import ago

SHOWN = 5
"""Incidents that are shown, the gravest; more are counted. `incidents` shows more of them."""

_ROOM = 2_500  # characters of all incidents: verdicts and the quick look stand in the same message
_DUTY_ROOM = 1_000  # characters of who is on call
_LEVELS = 8  # levels of which that is shown
_NAME = 80
_TITLE = 160
_LINK = 200
_WHY = 200
_PEOPLE = 3  # people named of those whose turn it is


def standing_words(known: Standing | None) -> str:
    """How many incidents are open, for a first line; empty where none is, or that is not told."""
    number = len(known.sheets or ()) if known else 0
    return how_many(number) if number else ""


def standing_blocks(known: Standing | None) -> tuple[Block, ...]:
    """What is open, the gravest first, and who is on call at each level that pages."""
    if known is None:
        return ()
    return (*_open(known), *_on_call(known))


def _open(known: Standing) -> Iterator[Block]:
    if known.trouble:
        yield section(f":warning: {said(known.trouble, _WHY)}")
    elif known.sheets is not None and not known.sheets:
        yield section(":white_check_mark: No incident is open.")
    elif known.sheets:
        told = [_told(one, known.path) for one in sorted(known.sheets, key=gravity)]
        yield section(lines([f"*{standing_words(known)}*", *listed(told, _ROOM, "incident", most=SHOWN)]))


def _told(sheet: Sheet, path: Path) -> str:
    incident = sheet.incident
    where = f" {link(sheet.link, 'thread', _LINK)}" if sheet.link else ""
    since = f"since {moment(incident.opened_at)}, " if incident.opened_at else ""
    level = f"at level {incident.level} of {len(path.levels)}, {said(path.level(incident.level).title, _NAME)}"
    return lines(
        [
            f"{SIGNS[incident.phase]} *{said(sheet.title, _TITLE)}*{where}",
            f"      {since}{level}; {_state(sheet)}",
            f"      Next: {whats_next(sheet, path)}",
        ]
    )


def _state(sheet: Sheet) -> str:
    """How it stands, and who has it by name."""
    incident = sheet.incident
    who = said(incident.holder.name, _NAME) if incident.holder else "somebody"
    if incident.phase is Phase.ACKNOWLEDGED:
        return f"acknowledged by {who}"
    if incident.phase is Phase.SNOOZED:
        return f"snoozed by {who}"
    if incident.asked:
        return f"waits for {said(incident.asked.name, _NAME)}"
    return "nobody has answered" if incident.phase is Phase.UNANSWERED else "waits for somebody"


def _on_call(known: Standing) -> Iterator[Block]:
    """Who is on call, with the age of that; nothing where no level pages."""
    paged = [number for number, level in enumerate(known.path.levels, 1) if level.page]
    if known.rota is None or not paged:
        return
    if known.rota.at is None:
        yield section("*On call*\n:warning: not known yet: PagerDuty is being asked")
        return
    told = [_turn(one, known.path) for one in known.rota.duty if one.level in paged]
    yield section(
        lines([f"*On call*, as of {ago(known.rota.at, known.at)}", *listed(told, _DUTY_ROOM, "level", _LEVELS)])
    )


def _turn(duty: OnDuty, path: Path) -> str:
    until = f" until {moment(duty.until)}" if duty.until else ""
    who = f" {_people(duty)}{until}" if duty.people else " not known"
    why = f"\n      :warning: {said(duty.why_not, _WHY)}" if duty.why_not else ""
    return f"{duty.level}. *{said(path.level(duty.level).title, _NAME)}*:{who}{why}"


def _people(duty: OnDuty) -> str:
    names = [said(one.name, _NAME) for one in duty.people[:_PEOPLE]]
    more = len(duty.people) - len(names)
    return ", ".join([*names, *([f"{more} more"] if more else [])])
