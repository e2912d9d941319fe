"""The escalation path: its levels, how fast each severity climbs them, and quiet hours. Pure; it reads no settings.

The default is the runbook's path: its own answer, #engineering, the on-call engineer, DevOps/Infrastructure, the CTO.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

LONGEST_SNOOZE = timedelta(hours=24)
"""A snooze is for a night at most: what is put off longer than a day should be resolved or handed over."""


class IncidentSeverity(StrEnum):
    """How bad it is. P0: the platform is down for its users. P1: an area is. P2: degraded. P3: worth knowing."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the path, and how those on it are told.

    `within` is the time they have to acknowledge before it goes on; `repeats`, how often they are told again before
    that, after the same time each. `mentions` are ids of people and user groups, or `here`. `page` names the PagerDuty
    route that is triggered. `answers`: the bot's own answer is all there is. `announces`: the channel sees it, too.
    """

    name: str
    title: str
    within: timedelta
    repeats: int = 0
    mentions: tuple[str, ...] = ()
    page: str = ""
    answers: bool = False
    announces: bool = False

    @property
    def reaches(self) -> bool:
        """Whether anybody is told at all; a level that reaches nobody is passed over."""
        return bool(self.answers or self.announces or self.mentions or self.page)

    @property
    def called_in_slack(self) -> bool:
        """Whether people are called in Slack, too, so that a page which does not come through is not all there is."""
        return bool(self.announces or self.mentions)


@dataclass(frozen=True, slots=True)
class Climb:
    """How an incident of one severity goes up the path.

    It begins at the level `start` and goes no further than `until` by itself. `pace` multiplies every level's time: 0.5
    is twice as fast. `quiet`: nothing falls due, and nobody is paged, in quiet hours. `remind` is how often an incident
    that nobody took is told again at the end of the path.
    """

    start: str
    until: str
    pace: float
    remind: timedelta
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours in which low severities wake nobody, by a clock on the wall; they may cross midnight."""

    begin: time
    end: time
    zone: tzinfo = UTC

    def hold(self, at: datetime) -> bool:
        """Whether a moment lies in them. Their end does not."""
        clock = at.astimezone(self.zone).time()
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end

    def after(self, at: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours it lies in, in UTC."""
        if not self.hold(at):
            return at
        local = at.astimezone(self.zone)
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        # Where clocks are put back over their end, that comes twice, and the later one counts; where they are put
        # forward over it, it does not exist, and one of the two readings lies before.
        return max(datetime.combine(day, self.end.replace(fold=fold), self.zone).astimezone(UTC) for fold in (0, 1))


def _minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


RUNBOOK_LEVELS = (
    # Five minutes: to read the answer and try its first step.
    Level("runbook", "the runbook", _minutes(5), answers=True),
    # Ten: whoever is at a desk looks into the channel that often.
    Level("engineering", "#engineering", _minutes(10), announces=True),
    # Fifteen: PagerDuty's own policies give one person about that long to wake up and reach a keyboard.
    Level("oncall", "the on-call engineer", _minutes(15)),
    Level("infrastructure", "DevOps/Infrastructure", _minutes(15)),
    # The last one: told twice more before all that is left are reminders.
    Level("cto", "the CTO", _minutes(15), repeats=2),
)
"""The runbook's path. Whom the last three reach is for the settings to say: until then they are passed over."""

RUNBOOK_CLIMBS: Mapping[IncidentSeverity, Climb] = {
    # Users feel it: the runbook's own answer is tried beside, not before, and everything goes twice as fast.
    IncidentSeverity.P0: Climb("engineering", "cto", 0.5, _minutes(15)),
    IncidentSeverity.P1: Climb("engineering", "cto", 1.0, _minutes(30)),
    # Nobody is down: the bot's answer first, more time, no CTO, and the night is left alone.
    IncidentSeverity.P2: Climb("runbook", "infrastructure", 2.0, _minutes(240), quiet=True),
    IncidentSeverity.P3: Climb("runbook", "engineering", 4.0, _minutes(1440), quiet=True),
}


@dataclass(frozen=True, slots=True)
class Path:
    """The whole path. Levels are numbered from 1, in order; every severity has its climb.

    `reopens` is how long after its end a fault that comes back reopens its incident instead of opening another.
    """

    levels: tuple[Level, ...] = RUNBOOK_LEVELS
    climbs: Mapping[IncidentSeverity, Climb] = field(default_factory=lambda: RUNBOOK_CLIMBS)
    quiet: QuietHours | None = None
    reopens: timedelta = timedelta(minutes=30)

    def level(self, number: int) -> Level:
        """The level of this number; of one above the end, the last: an incident outlives a path that is shortened.

        Raises:
            IndexError: there is none.
        """
        if number < 1:
            raise IndexError(f"there is no level {number}; the path has {len(self.levels)}")
        return self.levels[min(number, len(self.levels)) - 1]

    def number(self, name: str) -> int:
        """The number of the level of this name.

        Raises:
            KeyError: there is none.
        """
        for number, level in enumerate(self.levels, 1):
            if level.name == name:
                return number
        raise KeyError(name)

    def first(self, severity: IncidentSeverity) -> int:
        """Where an incident begins: its severity's start, or the next level that reaches anybody."""
        start = self.number(self.climbs[severity].start)
        return self.above(start - 1) or start

    def next(self, severity: IncidentSeverity, number: int) -> int | None:
        """Where it goes by itself from a level; None where that was the last."""
        found = self.above(number)
        return found if found is not None and found <= self.number(self.climbs[severity].until) else None

    def above(self, number: int) -> int | None:
        """The next level that reaches anybody, however bad the incident; None where there is none."""
        return next((one for one in range(number + 1, len(self.levels) + 1) if self.level(one).reaches), None)

    def passed_over(self, below: int, number: int) -> tuple[int, ...]:
        """The levels between two that reach nobody."""
        return tuple(one for one in range(below + 1, number) if not self.level(one).reaches)

    def due(self, severity: IncidentSeverity, number: int, at: datetime) -> datetime:
        """When a level that is told now must have acknowledged."""
        return self.morning(severity, at + self.level(number).within * self.climbs[severity].pace)

    def reminder(self, severity: IncidentSeverity, at: datetime) -> datetime:
        """When an incident at the end of the path is told again."""
        return self.morning(severity, at + self.climbs[severity].remind)

    def quiet_at(self, severity: IncidentSeverity, at: datetime) -> bool:
        """Whether nobody is to be woken for it now."""
        return self.quiet is not None and self.climbs[severity].quiet and self.quiet.hold(at)

    def morning(self, severity: IncidentSeverity, at: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours that hold for the severity then."""
        return self.quiet.after(at) if self.quiet is not None and self.climbs[severity].quiet else at
