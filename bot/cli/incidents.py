"""Does `volati incidents`, `oncall`, `escalate`, `ack` and `resolve`: for the day when Slack is down.

It writes down what happens; the bot that runs pages and tells, within a second. It posts and pages nothing itself.
"""

import os
import pwd
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as Folder

from bot.bootstrap import Services
from bot.cli.opening import COULD_NOT_LOOK, with_the_store
from bot.errors import IncidentRefused, IncidentUnknown, VolatiError
from bot.incident_store import IncidentStore
from bot.incidents import events as e
from bot.incidents import hearsay
from bot.incidents.desk import Around, Incidents
from bot.incidents.fault import about_words
from bot.incidents.history import PLAIN
from bot.incidents.incident import Incident, Phase
from bot.incidents.kept import Kept, OnDuty, Opening, Shown
from bot.incidents.outlook import outlook
from bot.incidents.path import IncidentSeverity, Path
from bot.paging.line import open_line
from bot.paging.pager import Pager
from bot.runs.terminal import printable
from bot.settings import SettingsError
from bot.slack.letters import new_id
from bot.store import Store
from bot.words.incidents import Ack, Escalate, Resolve
from diagnostics.examine import WallClock

RUNS = "The bot that runs pages and tells within a second. Where none runs, nobody is told: call people yourself."
TELLS = "The bot that runs tells it within a second. Where none runs, nobody is told: tell them yourself."


@dataclass(frozen=True, slots=True)
class Hotline:
    """Incidents from the command line: who is at it, by the name of their account, and where the bot shows them."""

    incidents: Incidents
    clock: WallClock
    person: e.Person
    channel: str

    async def escalate(self, command: Escalate, incident: str = "") -> str:
        """Let one climb, or open one where none is open; gives what came of it. Raises IncidentError."""
        if not command.reason:
            raise VolatiError("Say why, as in: volati escalate nobody answers")
        kept = None if command.fresh else await self._meant(incident, command.where)
        if kept is None:
            return await self._open(command)
        return f"{_named(await self._climb(kept.id, command))}. {RUNS}"

    async def ack(self, command: Ack) -> str:
        """Somebody is on it. Raises IncidentError."""
        event = e.Acknowledged(at=self.clock.now(), by=self.person)
        return f"You are on {_named(await self._happened(command.incident, event))}. {TELLS}"

    async def resolve(self, command: Resolve) -> str:
        """It is over. Raises IncidentError."""
        event = e.Resolved(at=self.clock.now(), by=self.person)
        return f"Resolved: {_named(await self._happened(command.incident, event))}. {TELLS}"

    async def _open(self, command: Escalate) -> str:
        about = about_words(command.environment, command.reason, self.clock.now())
        severity = command.severity or IncidentSeverity.P1
        shown = Shown(channel=self.channel, card=new_id())
        kept = await self.incidents.open(Opening(about, severity, self.person, shown))
        begun, not_called = "It is open already" if kept.joined else "Opened", ""
        if command.level > kept.incident.level:
            try:
                kept = await self._climb(kept.id, command)
            except IncidentRefused as refused:
                not_called = f" Level {command.level} was not called. {refused}"
        return f"{begun}: {_named(kept)}.{not_called} {RUNS}"

    async def _climb(self, id: str, command: Escalate) -> Kept:
        event = e.EscalatedNow(at=self.clock.now(), by=self.person, reason=command.reason, level=command.level)
        return await self.incidents.event(id, event, self.person.name)

    async def _happened(self, incident: str, event: e.Event) -> Kept:
        kept = await self._meant(incident)
        if kept is None:
            raise IncidentUnknown("No incident is open. volati escalate opens one.")
        return await self.incidents.event(kept.id, event, self.person.name)

    async def _meant(self, incident: str, where: str = "") -> Kept | None:
        """The incident of this id, or the only open one, of the environment that is named; None where none is."""
        if incident:
            kept = await self.incidents.find(incident)
            if kept is None:
                raise IncidentUnknown(f"There is no incident {incident[:40]!r}. volati incidents lists the open ones.")
            return kept
        several = await self.incidents.open_ones(where)
        if len(several) > 1:
            ids = ", ".join(one.id for one in several[:20])
            raise IncidentUnknown(
                f"{len(several)} incidents are open: {ids}. Name one: volati ack ID, volati resolve ID, "
                f"volati escalate -i ID nobody answers. volati incidents tells of each."
            )
        return several[0] if several else None


async def at_the_hotline(config: Folder, work: Callable[[Services, Hotline], Awaitable[int]]) -> int:
    """What is done about incidents; 3 where the store that has them cannot be had or does not answer."""

    async def there(services: Services, store: Store) -> int:
        async with hotline(services, store) as line:
            return await work(services, line)

    return await with_the_store(
        config,
        there,
        without="Incidents are in the store, which cannot be had, as the log says. Try: volati doctor",
        broken="Nothing was done, as far as is known.",
    )


@asynccontextmanager
async def hotline(services: Services, store: Store) -> AsyncIterator[Hotline]:
    """Incidents, for as long as the block lasts.

    Raises:
        SettingsError: Slack is not configured, so that no bot would show them; or a key's file cannot be used.
    """
    slack = services.settings.slack
    if slack is None:
        raise SettingsError("Slack is not configured, so no bot tends to incidents. Set slack.channel and its tokens.")
    path = services.settings.incident_path
    async with open_line(services.settings.pagerduty) as line:
        keeps = IncidentStore(store, services.redactor)
        incidents = Incidents(keeps, Around(path, Pager(line, path), services.redactor))
        yield Hotline(incidents, services.clock, e.Person(f"{_account()} at the command line"), slack.channel)


@asynccontextmanager
async def duty(services: Services) -> AsyncIterator[tuple[OnDuty, ...]]:
    """Who is on call, which takes no store. Raises SettingsError as `hotline`."""
    path = services.settings.incident_path
    async with open_line(services.settings.pagerduty) as line:
        yield hearsay.on_duty(await Pager(line, path).on_duty(), services.redactor)


def _account() -> str:
    """The name of the account, or its number where it has none, as in a container."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"account {os.getuid()}"


def open_report(several: Sequence[Kept], path: Path) -> str:
    """What is open, the gravest first."""
    if not several:
        return "No incident is open."
    return _text(line for one in sorted(several, key=_gravity) for line in _told(one, path))


def exit_code(found: Sequence[OnDuty], path: Path) -> int:
    """0, or where a level is paged and nobody can say whom, COULD_NOT_LOOK."""
    unseen = any(one.why_not and path.level(one.level).page for one in found)
    return COULD_NOT_LOOK if unseen else 0


def duty_report(found: Sequence[OnDuty], path: Path) -> str:
    """Who is called at each level, and whose turn it is."""
    return _text(line for one in found for line in _level(one, path))


def _gravity(kept: Kept) -> tuple[str, str]:
    opened = kept.incident.opened_at
    return (str(kept.incident.severity), opened.isoformat() if opened else "")


def _named(kept: Kept) -> str:
    incident = kept.incident
    return f"incident {kept.id} ({kept.about.title}), level {incident.level}, {incident.phase}"


def _told(kept: Kept, path: Path) -> Iterator[str]:
    incident, next_up = kept.incident, outlook(kept.incident, path)
    yield f"{kept.id}  {incident.severity} in {kept.about.environment}: {kept.about.title}"
    yield f"    since {_stamp(kept.about.since)}, level {incident.level} of {len(path.levels)}; {_who(incident)}"
    when = f"{_stamp(next_up.at)}: " if next_up.at else ""
    yield f"    next: {when}{next_up.words}"


def _who(incident: Incident) -> str:
    if incident.phase in {Phase.ACKNOWLEDGED, Phase.SNOOZED} and incident.holder:
        return f"{incident.phase} by {incident.holder.name}"
    return f"nobody has it; {incident.asked.name} was asked" if incident.asked else "nobody has it"


def _level(one: OnDuty, path: Path) -> Iterator[str]:
    level = path.level(one.level)
    minutes = round(level.within.total_seconds() / 60)
    people = ", ".join(PLAIN.person(person) for person in one.people)
    until = f" until {_stamp(one.until)}" if one.until else ""
    yield (
        f"{one.level}. {level.title} ({minutes} min): {people}{until}"
        if people
        else (f"{one.level}. {level.title} ({minutes} min)")
    )
    if one.why_not:
        yield f"    {one.why_not}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _text(lines: Iterator[str]) -> str:
    return "\n".join(printable(line) for line in lines)
