"""`escalate`: opens an incident or lets one climb; and the button on a verdict that opens one from it.

A call for help may not fail: where the bot's memory is away, people are called in Slack, and told that no clock runs.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import structlog

from bot.errors import IncidentRefused, StoreError, StoreUnreachable
from bot.incidents import events as e
from bot.incidents.fault import about_diagnosis, about_words, severity_of
from bot.incidents.kept import Kept, Opening, Shown
from bot.incidents.machine import nobody_above
from bot.incidents.path import IncidentSeverity
from bot.slack.text import link
from bot.slack.views.incident_forms import CLIMBS, OPENS, Aim, Origin, ask, climb_form, open_form
from bot.slack.views.incident_openings import by_hand, climbed, opened, was_called
from bot.words.incidents import Escalate
from diagnostics.model import Diagnosis
from diagnostics.runs import Run, RunUnreadableError
from handlers.desk import Asked, Desk
from handlers.incident_deeds import person
from handlers.incident_meant import ask_which, named_or_in_thread
from handlers.privately import privately
from handlers.tending import Tending

_LINK = 600  # characters of a link to a message; Slack's addresses have about 80
_log = structlog.get_logger()


async def escalate(desk: Desk, tending: Tending, asked: Asked, command: Escalate) -> str:
    """Let the incident that is meant climb, or open one; by hand where the memory is away."""
    try:
        await _escalate(desk, tending, asked, command)
    except StoreError as error:
        if not command.reason:
            raise
        _log.error("people are called without a clock", reason=str(error))
        await call_by_hand(desk, asked, command, sure=not isinstance(error, _UnsureError))
    return ""


class _UnsureError(StoreError):
    """The memory gave no answer to what was to be written: it may be written."""


@contextmanager
def _writing() -> Iterator[None]:
    """Say of what is written in the block that it may have been, where the memory gives no answer."""
    try:
        yield
    except StoreUnreachable as error:
        raise _UnsureError(str(error)) from error


async def _escalate(desk: Desk, tending: Tending, asked: Asked, command: Escalate) -> None:
    kept = None if command.fresh else await named_or_in_thread(tending, asked, command.incident)
    if kept is not None:
        await _climb(desk, tending, asked, kept, command)
        return
    in_a_thread = bool(asked.mentioned_ts and asked.thread_ts)
    open_ones = () if command.fresh or in_a_thread else await tending.incidents.open_ones(command.where)
    if len(open_ones) == 1:
        await _climb(desk, tending, asked, open_ones[0], command)
    elif open_ones:
        await ask_which(desk, asked, command, open_ones)
    else:
        await _open_by_words(desk, tending, asked, command)


async def _climb(desk: Desk, tending: Tending, asked: Asked, kept: Kept, command: Escalate) -> None:
    """Let it climb, or ask why first."""
    if not command.reason:
        levels = [(number, desk.path.level(number).title) for number in _above(desk, kept)]
        if not levels:
            raise IncidentRefused(nobody_above(kept.incident.level))
        aim = Aim(kept.id, asked.channel)
        if asked.trigger_id:
            await desk.surfaces.open(asked.trigger_id, climb_form(aim, kept.about.title, levels))
        else:
            await privately(desk, asked, ask(CLIMBS, kept.id, kept.about.title))
        return
    with _writing():
        kept = await tending.incidents.event(kept.id, _now(desk, asked, command), asked.person)
    origin = Origin(command.environment, asked.channel)
    await privately(
        desk, asked, climbed(kept, desk.path, await _link(desk, tending, kept), None if asked.view_id else origin)
    )


def _now(desk: Desk, asked: Asked, command: Escalate) -> e.EscalatedNow:
    by = person(desk, asked.person)
    return e.EscalatedNow(at=desk.clock.now(), by=by, reason=command.reason, level=command.level)


def _above(desk: Desk, kept: Kept) -> list[int]:
    """The levels above the incident's that reach anybody."""
    numbers = range(kept.incident.level + 1, len(desk.path.levels) + 1)
    return [number for number in numbers if desk.path.level(number).reaches]


async def _open_by_words(desk: Desk, tending: Tending, asked: Asked, command: Escalate) -> None:
    """Open an incident for what somebody says, or ask what is wrong first."""
    thread = (asked.thread_ts or "") if asked.mentioned_ts else ""
    origin = Origin(command.environment, asked.channel, thread)
    severity = command.severity or IncidentSeverity.P1
    if not command.reason:
        if asked.trigger_id:
            await desk.surfaces.open(asked.trigger_id, open_form(origin, severity))
        else:
            await privately(desk, asked, ask(OPENS, origin.value, ""))
        return
    about = about_words(command.environment, command.reason, desk.clock.now())
    by, shown = person(desk, asked.person), _shown(desk, tending, origin)
    not_called = ""
    with _writing():
        kept = await tending.incidents.open(Opening(about, severity, by, shown))
        if command.level > kept.incident.level:
            try:
                kept = await tending.incidents.event(kept.id, _now(desk, asked, command), asked.person)
            except IncidentRefused as refused:
                not_called = f"Level {command.level} was not called. {refused}"
    await privately(desk, asked, opened(kept, await _link(desk, tending, kept), not_called))


async def ask_to_open(desk: Desk, asked: Asked, origin: Origin) -> None:
    """Open the modal for an incident from a verdict, or for another one."""
    found = await _diagnosed(desk, origin)
    severity, what = (severity_of(found), _what(found, origin)) if found else (IncidentSeverity.P1, "")
    await desk.surfaces.open(asked.trigger_id, open_form(origin, severity, what))


async def open_from_form(
    desk: Desk, tending: Tending, asked: Asked, origin: Origin, typed: tuple[str, IncidentSeverity]
) -> None:
    """Open an incident for what was written into the modal."""
    words, severity = typed
    found = await _diagnosed(desk, origin)
    about = about_diagnosis(found, origin.run) if found else None
    if about is None:
        about = about_words(origin.environment, words, desk.clock.now())
    about = msgspec.structs.replace(about, title=words)
    by, shown = person(desk, asked.person), _shown(desk, tending, origin)
    kept = await tending.incidents.open(Opening(about, severity, by, shown))
    await privately(desk, asked, opened(kept, await _link(desk, tending, kept)))


async def call_by_hand(desk: Desk, asked: Asked, command: Escalate, *, sure: bool = True) -> None:
    """Call people in Slack without a clock: all that is left without a memory. `sure`: nothing was written there."""
    number = command.level if 0 < command.level <= len(desk.path.levels) else _first_with_people(desk)
    message = by_hand(asked.person, command.reason, number, desk.path, sure=sure)
    await desk.poster.post(desk.channel, message)
    await privately(desk, asked, was_called(desk.channel))


def _first_with_people(desk: Desk) -> int:
    """The first level that names anybody in Slack; else the first that the channel is for."""
    numbered = list(enumerate(desk.path.levels, 1))
    named = (number for number, level in numbered if level.mentions)
    channel = (number for number, level in numbered if level.announces)
    return next(named, next(channel, 1))


def _shown(desk: Desk, tending: Tending, origin: Origin) -> Shown:
    """Where it will be: in the thread it was asked for in, where that is in the team's channel."""
    return tending.shows.planned(desk.channel, origin.thread if origin.channel == desk.channel else "")


async def _diagnosed(desk: Desk, origin: Origin) -> Diagnosis | None:
    """The diagnosis that a button stands for; None where that is not kept any more."""
    if not origin.run or desk.memory is None:
        return None
    try:
        document = await desk.memory.run(origin.run)
        return (await asyncio.to_thread(Run.decode, document)).diagnosis if document else None
    except (StoreError, RunUnreadableError) as error:
        _log.warning("an incident's diagnosis cannot be read", run=origin.run, reason=str(error))
        return None


def _what(found: Diagnosis, origin: Origin) -> str:
    about = about_diagnosis(found, origin.run)
    return about.title if about else ""


async def _link(desk: Desk, tending: Tending, kept: Kept) -> str:
    """Where its thread is, as markup."""
    address = await tending.threads.address(desk.surfaces, kept)
    return link(address, "its thread", _LINK) if address else f"a thread in <#{kept.shown.channel}>"
