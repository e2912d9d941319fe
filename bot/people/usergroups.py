"""Knows who is in the user groups that the settings name: read all at once, the last answer kept when a reading fails.

One call of usergroups.list answers for every group at the same moment, where usergroups.users.list would take one call
for each; both are tier 2, some 20 a minute (docs.slack.dev/reference/methods/usergroups.list).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from bot.errors import VolatiError
from bot.people.access import Read
from bot.slack.errors import SlackBusy, SlackError, SlackRefused
from diagnostics.examine import WallClock

EVERY_SECONDS = 300.0
"""Time between readings: who was just added to a group waits this long at most, for a call in five minutes."""

AGAIN_SECONDS = 30.0
"""Time until the next try when Slack did not answer; with every try failing, 2 calls a minute of the 20."""

STALE_SECONDS = 3600.0
"""Age at which an answer is no longer good enough for acts: who left a group may act no longer than this."""

_log = structlog.get_logger()


class Asks(Protocol):
    """What is needed of a connection to Slack: `bot.slack.transport.Transport`. Each call is bounded in time there."""

    async def call(self, method: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a method answers. Raises SlackError."""
        ...


class AnswerUnclear(VolatiError):  # noqa: N818 it reads as what happened, like the errors of bot/errors.py
    """Slack answered, and not what was asked for."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The groups of one reading. `missing` are those that the settings name and that are gone or disabled."""

    members: Mapping[str, frozenset[str]]
    handles: Mapping[str, str]
    missing: tuple[str, ...]
    on: datetime


class UserGroups:
    """The user groups `wanted`, by id. With none wanted nothing is ever asked, and nothing is ever unknown."""

    def __init__(self, slack: Asks, wanted: frozenset[str], clock: WallClock) -> None:
        self.trouble = ""
        self.snapshot: Snapshot | None = None
        self._slack = slack
        self._wanted = wanted
        self._clock = clock
        self._read_at = 0.0  # seconds of the monotonic clock

    @property
    def read(self) -> Read:
        """How lately they were read."""
        if not self._wanted:
            return Read.FRESH
        if self.snapshot is None:
            return Read.NEVER
        return Read.OLD if self._clock.monotonic() - self._read_at > STALE_SECONDS else Read.FRESH

    def of(self, person: str) -> frozenset[str]:
        """The groups a person is in."""
        members = self.snapshot.members if self.snapshot else {}
        return frozenset(group for group, people in members.items() if person in people)

    def everybody(self) -> frozenset[str]:
        """Whoever is in any of them."""
        return frozenset().union(*(self.snapshot.members.values() if self.snapshot else ()))

    async def refresh(self) -> float:
        """Read them once; gives the seconds until it is time again. What Slack refuses is kept in `trouble`."""
        if not self._wanted:
            return EVERY_SECONDS
        try:
            answer = await self._slack.call("usergroups.list", {"include_users": True, "include_disabled": True})
            self._take(_snapshot(answer, self._wanted, self._clock.now()))
        except (SlackError, AnswerUnclear) as error:
            self._say(_reason(error))
            return _pause(error)
        return EVERY_SECONDS

    def _take(self, snapshot: Snapshot) -> None:
        self.snapshot, self._read_at = snapshot, self._clock.monotonic()
        gone = ", ".join(snapshot.missing)
        self._say(
            f"The settings name user groups that are gone or disabled: {gone}. Correct access.roles." if gone else ""
        )

    def _say(self, trouble: str) -> None:
        """Log what is wrong when it begins, and that it is over; not every few minutes in between."""
        if trouble and trouble != self.trouble:
            _log.warning("roles cannot be read as configured", reason=trouble, read=str(self.read))
        if self.trouble and not trouble:
            _log.info("roles can be read again")
        self.trouble = trouble


def _snapshot(answer: Mapping[str, Any], wanted: frozenset[str], now: datetime) -> Snapshot:
    """The wanted ones of an answer. Raises AnswerUnclear."""
    found = answer.get("usergroups")
    if not isinstance(found, list):
        raise AnswerUnclear("Slack's list of user groups has none in it (usergroups.list). It is asked again.")
    shown = [
        one for one in found if isinstance(one, Mapping) and one.get("id") in wanted and not one.get("date_delete")
    ]
    members = {str(one["id"]): _members(one) for one in shown}
    handles = {str(one["id"]): str(one.get("handle") or one["id"]) for one in shown}
    return Snapshot(members, handles, tuple(sorted(wanted - members.keys())), now)


def _members(group: Mapping[str, Any]) -> frozenset[str]:
    """Who is in a group. Nobody at all and not being told are two things: Slack says neither by leaving it out."""
    users = group.get("users")
    if not isinstance(users, list):
        raise AnswerUnclear(f"Slack did not say who is in the user group {group['id']} (usergroups.list).")
    return frozenset(str(user) for user in users)


def _reason(error: VolatiError) -> str:
    if isinstance(error, SlackRefused) and error.code == "plan_upgrade_required":
        return "This Slack plan has no user groups. Name people by their ids in access.roles instead."
    return str(error)


def _pause(error: VolatiError) -> float:
    """Seconds until the next try. A refusal lasts until somebody changes something, so there is no hurry."""
    if isinstance(error, SlackBusy):
        return max(error.seconds, AGAIN_SECONDS)
    return EVERY_SECONDS if isinstance(error, SlackRefused) else AGAIN_SECONDS
