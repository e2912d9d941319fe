"""Pages people by PagerDuty: what an incident's effects mean there, at a pace it takes, and who is on call.

While PagerDuty does not answer, one call at a time finds out whether it does again: the others are not made to wait.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from bot.clients.pagerduty.events import Alert, EventSeverity, PagerEvents
from bot.clients.pagerduty.rest import PagerApi
from bot.errors import PagerError, PagerPaced, PagerRefused, PagerUnreachable
from bot.incidents.effects import PageAcknowledge, PageTrigger
from bot.incidents.events import Person
from bot.incidents.kept import NOBODY, Kept, OnDuty, Paged
from bot.incidents.path import IncidentSeverity, Level, Path

EVERY_STATE = ("triggered", "acknowledged", "resolved")

A_MINUTE, BURST = 90.0, 20.0
"""Events to one service: PagerDuty takes about 120 a minute for a key (Events API v2, rate limits); the rest is for
other senders. So many at once first."""

UNUSED_SECONDS = 60.0
"""After so long nobody comes back for a turn: its page was sent by another replica, or is void."""

CLOSED_SECONDS = (2.0, 5.0, 15.0, 30.0)
"""For how long nobody else calls a PagerDuty that gave no answer, the last of them from then on."""

ARRIVED_SECONDS = 3.0
"""How long a page waits for the look whether it arrived before; then it is sent again, which counts more. PagerDuty's
answers take a second at most."""

LOOKUP_SECONDS = 2.0
"""How long whoever acknowledges waits for their id at PagerDuty; without it their name is compared instead."""

REMEMBERED = 500
"""People whose id at PagerDuty is known here; more than any team of ours has."""

_SEVERITIES: Mapping[IncidentSeverity, EventSeverity] = {
    IncidentSeverity.P0: "critical",
    IncidentSeverity.P1: "critical",
    IncidentSeverity.P2: "error",
    IncidentSeverity.P3: "warning",
}
_log = structlog.get_logger()


class Emails(Protocol):
    """Knows the e-mail addresses of people in Slack."""

    async def email(self, person: str) -> str:
        """The address of a person, by Slack's id; empty where it may not be read, or is not known. Raises nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """One way to page: a service's integration key, and whose turn it is there, by id."""

    key: str = field(repr=False)
    policy: str = ""
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The connection to PagerDuty. `api` is None without an API key, `events` where there is no PagerDuty at all."""

    events: PagerEvents | None = None
    api: PagerApi | None = None
    routes: Mapping[str, Route] = field(default_factory=dict)


@dataclass(slots=True)
class Pace:
    """When the next event may go out, by reservation: whoever comes back at the time they were told has their turn."""

    elapsed: Callable[[], float]
    _next: float = 0.0
    _turns: dict[str, float] = field(default_factory=dict)

    def wait(self, name: str) -> float:
        """Seconds until the turn of whatever is named so; at 0 it is taken."""
        now = self.elapsed()
        self._drop(now - UNUSED_SECONDS)
        if name not in self._turns:
            self._next = max(self._next, now - BURST * 60 / A_MINUTE) + 60 / A_MINUTE
            self._turns[name] = self._next
        if self._turns[name] > now:
            return self._turns[name] - now
        del self._turns[name]
        return 0.0

    def _drop(self, before: float) -> None:
        """Forget turns nobody came back for. They were given in the order of their times."""
        while self._turns and next(iter(self._turns.values())) < before:
            del self._turns[next(iter(self._turns))]


@dataclass(slots=True)
class Gate:
    """Whether PagerDuty answers. Closed after a call without an answer; then one is let through at a time."""

    elapsed: Callable[[], float]
    _fails: int = 0
    _open_at: float = 0.0
    _probing: bool = False
    _why: str = ""

    def enter(self) -> None:
        """Go through. Raises PagerUnreachable while it is closed."""
        now = self.elapsed()
        if self._fails and now < self._open_at:
            raise PagerUnreachable(f"{self._why} It is asked again in a few seconds.")
        if self._fails:
            self._probing = True
            self._close(now)

    def left(self) -> None:
        """Whoever had gone through called nobody: the next may try at once."""
        if self._probing:
            self._probing, self._open_at = False, self.elapsed()

    def failed(self, why: str) -> None:
        """No answer, and how that showed; of calls that were under way at once, the first counts."""
        now, self._why = self.elapsed(), why
        if now >= self._open_at or self._probing:
            self._fails += 1
            self._close(now)
        self._probing = False

    def answered(self) -> None:
        """Some answer."""
        self._fails, self._probing = 0, False

    def _close(self, now: float) -> None:
        self._open_at = now + CLOSED_SECONDS[min(self._fails, len(CLOSED_SECONDS)) - 1]


class Pager:
    """Pages by PagerDuty, where there is one."""

    def __init__(
        self, line: Line, path: Path, emails: Emails | None = None, elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._line = line
        self._path = path
        self._emails = emails
        self._elapsed = elapsed
        self._gate = Gate(elapsed)
        self._paces: dict[str, Pace] = {}
        self._known: dict[str, str] = {}

    async def page(self, kept: Kept, effect: Paged, *, again: bool) -> None:
        """Tell PagerDuty one thing; as bot.incidents.doing.Pages says."""
        name = effect.route if effect.route in self._line.routes else self._route(effect.level) or effect.route
        route = self._line.routes.get(name)
        if route is None or self._line.events is None:
            raise PagerRefused(
                f"The page of level {effect.level} goes by {name or 'no route'}, which pagerduty.routes has no more:"
                " put it back there, or do in PagerDuty by hand what is to be done."
            )
        self._gate.enter()
        if wait := self._paces.setdefault(name, Pace(self._elapsed)).wait(effect.id):
            self._gate.left()
            raise PagerPaced(f"PagerDuty takes about {A_MINUTE:.0f} events a minute for {name}.", wait)
        try:
            await self._sent(self._line.events, route, kept, effect, again=again)
        except (PagerUnreachable, asyncio.CancelledError) as error:  # whoever is cut off has waited for an answer, too
            self._gate.failed(str(error) or "PagerDuty gave no answer in time.")
            raise
        except PagerError:  # an answer, too: other routes are not made to wait for this one's key, or its limit
            self._gate.answered()
            raise
        self._gate.answered()

    def _route(self, level: int) -> str:
        """The route of a level, for a page whose own has another name by now; empty for one beyond the path's end."""
        return self._path.level(level).page if level <= len(self._path.levels) else ""

    async def _sent(self, events: PagerEvents, route: Route, kept: Kept, effect: Paged, *, again: bool) -> None:
        if isinstance(effect, PageTrigger):
            if not (again and await self._there(effect.dedup_key)):
                await events.trigger(route.key, self._alert(kept, effect))
        elif isinstance(effect, PageAcknowledge):
            await events.acknowledge(route.key, effect.dedup_key)
        else:
            await events.resolve(route.key, effect.dedup_key)

    async def _there(self, key: str) -> bool:
        """Whether a page arrived before, also one that is over by now: a repeat would open another."""
        if self._line.api is None:
            return False
        try:
            async with asyncio.timeout(ARRIVED_SECONDS):
                return bool(await self._line.api.incidents(key, EVERY_STATE))
        except (PagerError, TimeoutError) as error:  # then paging counts more than the look
            reason = str(error) or "no answer in time"
            _log.warning("whether a page arrived could not be looked up", key=key, reason=reason)
            return False

    def _alert(self, kept: Kept, effect: PageTrigger) -> Alert:
        about, incident = kept.about, kept.incident
        level = self._path.level(effect.level)
        return Alert(
            effect.dedup_key,
            f"{incident.severity} {about.environment}: {about.title}",
            "volati",
            _SEVERITIES[incident.severity],
            component=about.area,
            at=about.since,
            details={
                "incident": kept.id,
                "severity": str(incident.severity),
                "environment": about.environment,
                "since": about.since.isoformat(),
                "level": f"{effect.level} of {len(self._path.levels)}: {level.title}",
                "in Slack": f"channel {kept.shown.channel}, incident {kept.id}",
            },
        )

    async def known(self, person: Person) -> Person:
        """The person with their id at PagerDuty, where that can be known."""
        if not person.slack or person.pager or self._emails is None or self._line.api is None:
            return person
        if person.slack not in self._known:
            email = await self._emails.email(person.slack)
            try:
                async with asyncio.timeout(LOOKUP_SECONDS):
                    found = await self._line.api.person(email) if email else None
            except (PagerError, TimeoutError) as error:
                _log.info("a person could not be looked up at PagerDuty", reason=str(error) or "no answer in time")
                return person
            while len(self._known) >= REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[person.slack] = found.id if found else ""
        return Person(person.name, person.slack, self._known[person.slack])

    async def on_duty(self) -> tuple[OnDuty, ...]:
        """Who is on call at each level of the path."""
        levels = enumerate(self._path.levels, 1)
        return tuple(await asyncio.gather(*(self._duty(number, level) for number, level in levels)))

    async def _duty(self, number: int, level: Level) -> OnDuty:
        blank = OnDuty(number, level.name, level.title)
        route = self._line.routes.get(level.page)
        if not level.page:
            who = tuple(Person(one, slack=one) for one in level.mentions)
            return OnDuty(number, level.name, level.title, who, why_not="" if who else _reached(level))
        if route is None or self._line.api is None:
            return _why(blank, "PagerDuty knows, and I may not ask: set pagerduty.api_key.")
        if not (route.policy or route.schedule):
            return _why(blank, f"Set escalation_policy or schedule in pagerduty.routes.{level.page}.")
        try:
            turns = await self._line.api.on_call(
                (route.policy,) if route.policy else (), (route.schedule,) if not route.policy else ()
            )
        except PagerError as error:
            return _why(blank, str(error))
        first = [one for one in turns if one.level == min(turn.level for turn in turns)]
        people = tuple(dict.fromkeys(Person(one.person.name, pager=one.person.id) for one in first))
        until = min((one.until for one in first if one.until), default=None)
        return OnDuty(number, level.name, level.title, people, until, "" if people else NOBODY)


def _why(duty: OnDuty, why: str) -> OnDuty:
    return OnDuty(duty.level, duty.name, duty.title, why_not=why)


def _reached(level: Level) -> str:
    if level.answers:
        return "The bot's own answer."
    if level.announces:
        return "Whoever reads the channel."
    return f"It reaches nobody yet: set mentions or page in escalation.levels.{level.name}."
