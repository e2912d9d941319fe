"""Remembers what Slack says of people (users.info) and of their user groups; never asked while a click waits.

`who` answers from memory. `look_up` is for the job after the acknowledgement. One task in the background keeps the user
groups fresh, and those people with them whom the settings or the groups give a role.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from bot.people.access import Read, Rules, Standing, Who
from bot.people.usergroups import EVERY_SECONDS, Asks, UserGroups
from bot.slack.errors import SlackBusy, SlackError, SlackRefused
from diagnostics.examine import WallClock
from diagnostics.words import raw_line

FRESH_SECONDS = 3600.0
"""How long what was learnt of a person is good enough for acts: as long as for the groups."""

LOOKUP_SECONDS = 1.5
"""How long a job waits for users.info. A late answer is kept for the next time."""

PEOPLE_AT_MOST = 5_000
"""People remembered; the one looked up longest ago goes first. Some 500 bytes each."""

WARM_AT_MOST = 40
"""People looked up in one round ahead of their first click; users.info takes 100 calls a minute (tier 4)."""

_NOT_SHOWN = frozenset({"user_not_found", "user_not_visible"})
_NAME = 80  # characters of a name, which Slack's own limit is
_SLACKBOT = "USLACKBOT"  # a bot that users.info does not call one

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Person:
    """A person as users.info describes them, with the name they are known by.

    `teams` are the workspaces they belong to; several in an organisation.
    """

    id: str
    teams: frozenset[str]
    guest: bool
    bot: bool
    deactivated: bool
    name: str = ""
    at: float = 0.0  # seconds of the monotonic clock when Slack said so

    def standing(self, team: str) -> Standing:
        """What they are in a workspace; the gravest first."""
        if self.deactivated:
            return Standing.DEACTIVATED
        if self.bot:
            return Standing.BOT
        if team not in self.teams:
            return Standing.ELSEWHERE
        return Standing.GUEST if self.guest else Standing.MEMBER


class People:
    """The people who were seen, and the user groups. Make it with `open_people`, which also keeps it fresh.

    `trouble` says why people cannot be looked up; it is empty while they can.
    """

    def __init__(
        self, slack: Asks, rules: Rules, clock: WallClock, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self.groups = UserGroups(slack, rules.groups, clock)
        self.trouble = ""
        self._slack = slack
        self._rules = rules
        self._clock = clock
        self._sleep = sleep
        self._known: OrderedDict[str, Person] = OrderedDict()
        self._why_not: dict[str, str] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._quiet_until = 0.0  # seconds of the monotonic clock: Slack wants no call before

    def who(self, person: str) -> Who:
        """What is known of a person, from memory alone."""
        known = self._known.get(person)
        return Who(
            id=person,
            standing=known.standing(self._rules.team) if known else None,
            seen=self._seen(person),
            groups=self.groups.of(person),
            groups_read=self.groups.read,
            unseen_because=self._why_not.get(person, ""),
            unread_because=self.groups.trouble,
        )

    def name(self, person: str) -> str:
        """What a person is called, from memory alone; their id where that is not known."""
        known = self._known.get(person)
        return (known.name if known else "") or person

    async def look_up(self, person: str) -> None:
        """Ask Slack for a person, unless that was done lately; `who` knows more, or why not, once this is over."""
        if self._seen(person) is Read.FRESH:
            return
        if self._clock.monotonic() < self._quiet_until:
            self._note(person, "Slack takes no more questions for a while.")
            return
        asking = self._asking.get(person) or self._begin(person)
        done, _ = await asyncio.wait({asking}, timeout=LOOKUP_SECONDS)
        if not done:
            self._note(person, f"Slack did not answer within {LOOKUP_SECONDS:g} s.")

    async def keep_fresh(self) -> None:
        """Read the groups and look their people up, again and again."""
        while True:
            pause = EVERY_SECONDS
            try:
                pause = await self.groups.refresh()
                await self._warm()
            except Exception:  # noqa: BLE001 an edge: without this task roles would grow stale, and nobody would know
                _log.exception("reading roles failed")
            await self._sleep(pause)

    async def close(self) -> None:
        """End every look-up under way."""
        asking = tuple(self._asking.values())
        for task in asking:
            task.cancel()
        if asking:
            await asyncio.wait(asking)

    def _seen(self, person: str) -> Read:
        known = self._known.get(person)
        if known is None:
            return Read.NEVER
        return Read.OLD if self._age(known) > FRESH_SECONDS else Read.FRESH

    def _age(self, known: Person) -> float:
        return self._clock.monotonic() - known.at

    def _begin(self, person: str) -> asyncio.Task[None]:
        """One question for all who want to know the same."""
        task = self._asking[person] = asyncio.create_task(self._ask(person), name=f"look up {person}")
        task.add_done_callback(lambda done: self._end(person, done))
        return task

    def _end(self, person: str, done: asyncio.Task[None]) -> None:
        del self._asking[person]
        if not done.cancelled() and (error := done.exception()):
            _log.error("a person could not be looked up", person=person, exc_info=error)

    async def _ask(self, person: str) -> None:
        """Ask Slack once."""
        try:
            answer = await self._slack.call("users.info", {"user": person})
        except SlackError as error:
            self._refused(person, error)
            return
        found = _person(answer, person, self._clock.monotonic())
        if found is None:
            self._note(person, "Slack's answer was about nobody, or about somebody else.")
        else:
            self._remember(found)

    def _refused(self, person: str, error: SlackError) -> None:
        if isinstance(error, SlackBusy):
            self._quiet_until = self._clock.monotonic() + error.seconds
        if isinstance(error, SlackRefused) and error.code in _NOT_SHOWN:
            self._known.pop(person, None)
            self._note(person, "It does not show you to Volati, as with people of other workspaces.")
            return
        if not self.trouble:
            _log.warning("people cannot be looked up", person=person, reason=str(error))
        self.trouble = str(error)
        self._note(person, self.trouble)

    def _remember(self, found: Person) -> None:
        if self.trouble:
            _log.info("people can be looked up again")
        self.trouble = ""
        self._why_not.pop(found.id, None)
        self._known[found.id] = found
        self._known.move_to_end(found.id)
        if len(self._known) > PEOPLE_AT_MOST:
            self._known.popitem(last=False)

    def _note(self, person: str, why_not: str) -> None:
        """Keep why somebody is not known. These are few; where they are not, the oldest is forgotten."""
        self._why_not.pop(person, None)
        self._why_not[person] = why_not
        if len(self._why_not) > PEOPLE_AT_MOST:
            del self._why_not[next(iter(self._why_not))]

    async def _warm(self) -> None:
        """Look up, one after the other, those who may act and are not known for the time until the next round."""
        if self._clock.monotonic() < self._quiet_until:
            return
        may_act = sorted(self._rules.users | self.groups.everybody())
        for person in [one for one in may_act if self._soon_old(one)][:WARM_AT_MOST]:
            await (self._asking.get(person) or self._begin(person))
            if self.trouble:
                return

    def _soon_old(self, person: str) -> bool:
        known = self._known.get(person)
        return known is None or self._age(known) > FRESH_SECONDS - EVERY_SECONDS


@asynccontextmanager
async def open_people(slack: Asks, rules: Rules, clock: WallClock) -> AsyncIterator[People]:
    """People who are kept fresh by one task, which begins at once and ends with the context."""
    people = People(slack, rules, clock)
    task = asyncio.create_task(people.keep_fresh(), name="keep roles fresh")
    try:
        yield people
    finally:
        task.cancel()
        await asyncio.wait({task})
        await people.close()


def _person(answer: Mapping[str, Any], asked: str, at: float) -> Person | None:
    """The person in an answer of users.info; None when it is not about the one who was asked for."""
    user = answer.get("user")
    if not isinstance(user, Mapping) or user.get("id") != asked:
        return None
    return Person(
        id=asked,
        teams=frozenset() if user.get("is_stranger") else _teams(user),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        bot=asked == _SLACKBOT or any(user.get(sign) for sign in ("is_bot", "is_workflow_bot", "is_connector_bot")),
        deactivated=bool(user.get("deleted")),
        name=_name(user),
        at=at,
    )


def _name(user: Mapping[str, Any]) -> str:
    """The name people see: the one they chose to be shown, or their real one (…/user-objects)."""
    profile = user.get("profile")
    places = (profile if isinstance(profile, Mapping) else {}, user)
    found = (place.get(key) for key in ("display_name", "real_name", "name") for place in places)
    return next((raw_line(one, _NAME) for one in found if isinstance(one, str) and one.strip()), "")


def _teams(user: Mapping[str, Any]) -> frozenset[str]:
    """Their workspaces. In an organisation `team_id` names one of them, or the organisation (…/user-objects)."""
    org = user.get("enterprise_user")
    listed = org.get("teams") if isinstance(org, Mapping) else None
    return frozenset(team for team in (user.get("team_id"), *(listed or ())) if isinstance(team, str) and team)
