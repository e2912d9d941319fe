"""Reads off a request of Slack's who asks, from where, and what the request alone proves about them. Pure.

Which field names a workspace differs by kind of request, and in channels shared with others the fields name several
(docs.slack.dev/apis/slack-connect; Bolt's own reading of them is in slack_bolt/request/internals.py). So all are taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.people.access import Standing

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks. `channel` is empty where there is none: the Home tab, a modal, a shortcut from anywhere.

    `teams` are all workspaces that the request names; `organisation`: it was made for an installation in a whole
    organisation, which ours is not; `in_organisation`: our workspace belongs to one.
    """

    person: str
    channel: str = ""
    teams: frozenset[str] = frozenset()
    organisation: bool = False
    in_organisation: bool = False
    bot: bool = False

    def proven(self, team: str) -> Standing | None:
        """What the request alone proves, for the workspace `team`; None where Slack must be asked."""
        if self.bot:
            return Standing.BOT
        foreign = team not in self.teams or (self.teams != {team} and not self.in_organisation)
        return Standing.ELSEWHERE if self.organisation or foreign or not self.person else None

    def doubtful(self, team: str) -> bool:
        """Whether another workspace, perhaps of the same organisation, is named beside ours."""
        return self.teams != {team}


def asker(body: Json) -> Asker:
    """Who asks by a request, of whatever kind: command, mention, button, modal, shortcut, Home tab."""
    event = _part(body, "event")
    return Asker(
        person=_first(body.get("user_id"), _id(body.get("user")), _id(event.get("user"))),
        channel=_channel(body, event),
        teams=frozenset(team for team in _teams(body, event) if team),
        organisation=any(_yes(place.get("is_enterprise_install")) for place in (body, *_authorizations(body))),
        in_organisation=_in_organisation(body),
        bot=bool(event.get("bot_id") or event.get("bot_profile") or event.get("subtype") == "bot_message"),
    )


def _channel(body: Json, event: Json) -> str:
    """The channel; not that of the Home tab, which is a conversation nobody writes in."""
    if event.get("type") == "app_home_opened":
        return ""
    container = _part(body, "container").get("channel_id")
    return _first(body.get("channel_id"), _id(body.get("channel")), container, event.get("channel"))


def _teams(body: Json, event: Json) -> Iterator[str]:
    yield from (_id(body.get(name)) for name in ("team_id", "team"))
    yield _text(_part(body, "user").get("team_id"))
    yield from (_id(event.get(name)) for name in ("team", "user_team", "source_team"))
    yield from (_text(one.get("team_id")) for one in _authorizations(body))
    yield from (_text(_part(body, "view").get(name)) for name in ("team_id", "app_installed_team_id"))


def _in_organisation(body: Json) -> bool:
    own = (_id(body.get("enterprise")), _text(body.get("enterprise_id")))
    return any(own) or any(one.get("enterprise_id") for one in _authorizations(body))


def _authorizations(body: Json) -> list[Json]:
    found = body.get("authorizations")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _part(body: Json, name: str) -> Json:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _id(value: object) -> str:
    """An id that stands by itself or in an object."""
    return _text(value.get("id")) if isinstance(value, Mapping) else _text(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _first(*values: object) -> str:
    return next((value for value in values if isinstance(value, str) and value), "")


def _yes(value: object) -> bool:
    """Slack writes it as a boolean in JSON and as a word in forms."""
    return value is True or value == "true"
