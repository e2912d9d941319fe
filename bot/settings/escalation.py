"""The settings of the escalation path and of PagerDuty."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    model_validator,
)

from bot.incidents import path as incident_path
from bot.incidents.path import Climb, IncidentSeverity, Level, QuietHours
from bot.settings.forms import (
    REGIONS,
    SHOWN,
    ClockTime,
    Filled,
    LevelName,
    Mention,
    PagerId,
    Part,
    SettingsError,
    Url,
    email_address,
    held,
    routing_key_fault,
    secret_file,
    time_zone,
    token_fault,
)


class RouteSettings(Part):
    """One way to page: the integration key of an Events API v2 service, and whose turn it is there."""

    routing_key: SecretStr | None = None
    routing_key_file: Path | None = None
    escalation_policy: PagerId = Field(default="", description="its id, for `oncall`")
    schedule: PagerId = Field(default="", description="its id, for `oncall`, where there is no policy")

    @model_validator(mode="after")
    def _one_key(self) -> "RouteSettings":
        if (self.routing_key is None) == (self.routing_key_file is None):
            raise ValueError("give one of routing_key and routing_key_file")
        if self.routing_key and (fault := routing_key_fault(self.routing_key.get_secret_value())):
            raise ValueError(
                f"routing_key has {fault}. It is the Integration Key of a service's Events API v2 integration"
            )
        return self

    def key(self) -> str:
        """The integration key.

        Raises:
            SettingsError: its file cannot be read, or holds something else.
        """
        if self.routing_key_file is None:
            return self.routing_key.get_secret_value() if self.routing_key else ""
        key = secret_file("routing_key_file", self.routing_key_file).strip()
        if fault := routing_key_fault(key):
            what = f"routing_key_file {self.routing_key_file} holds {fault}"
            raise SettingsError(f"{what}. Put the service's Integration Key into it, and nothing else.")
        return key


class PagerSettings(Part):
    """PagerDuty. `routes` are named by the levels that page them; the API key is for on-calls, notes and people."""

    region: Literal["us", "eu"] = "us"
    routes: Annotated[dict[str, RouteSettings], Field(min_length=1)]
    api_key: SecretStr | None = None
    api_key_file: Path | None = None
    from_email: Annotated[str, AfterValidator(email_address)] = Field(
        default="", description="a person at PagerDuty, in whose name the bot writes; needed with an API key"
    )
    webhook_secrets: tuple[SecretStr, ...] = Field(
        default=(), description="of the webhook subscription; two while one changes"
    )
    webhook_secrets_file: Path | None = Field(default=None, description="the same, one on each line")
    api_url: Url | None = None
    events_url: Url | None = None

    @model_validator(mode="after")
    def _sound(self) -> "PagerSettings":
        troubles = []
        if self.api_key is not None and self.api_key_file is not None:
            troubles.append("api_key and api_key_file are both set; keep one")
        if self.api_key is not None and (fault := token_fault(self.api_key.get_secret_value())):
            troubles.append(f"api_key {fault}; give a key of PagerDuty's REST API, or remove it")
        if not all(one.get_secret_value().strip() for one in self.webhook_secrets):
            troubles.append("webhook_secrets holds an empty one; give the secret of the subscription, or remove it")
        if self.webhook_secrets and self.webhook_secrets_file is not None:
            troubles.append("webhook_secrets and webhook_secrets_file are both set; keep one")
        if self.has_api and not self.from_email:
            troubles.append("from_email is missing: PagerDuty takes no change without the e-mail of a person there")
        return held(self, troubles)

    @property
    def has_api(self) -> bool:
        """Whether the REST API may be used."""
        return self.api_key is not None or self.api_key_file is not None

    @property
    def rest(self) -> str:
        """The address of the REST API."""
        return self.api_url or f"https://api{REGIONS[self.region]}.pagerduty.com"

    @property
    def events(self) -> str:
        """The address of the Events API v2."""
        return self.events_url or f"https://events{REGIONS[self.region]}.pagerduty.com/v2"

    def key(self) -> str:
        """The API key; empty when none is configured. Raises SettingsError as RouteSettings.key."""
        if self.api_key_file is not None:
            key = secret_file("api_key_file", self.api_key_file)
            if fault := token_fault(key):
                raise SettingsError(f"api_key_file {self.api_key_file} {fault}. Put the key into it, and nothing else.")
            return key
        return self.api_key.get_secret_value() if self.api_key else ""

    def hook_secrets(self) -> tuple[str, ...]:
        """What webhooks may be signed with; none: they are not taken. Raises SettingsError as RouteSettings.key."""
        if self.webhook_secrets_file is None:
            given = [one.get_secret_value() for one in self.webhook_secrets]
        else:
            given = secret_file("webhook_secrets_file", self.webhook_secrets_file).splitlines()
        return tuple(one.strip() for one in given if one.strip())

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Every secret in here, with what it is called. Raises SettingsError as RouteSettings.key."""
        yield from ((f"PagerDuty integration key {name}", route.key()) for name, route in self.routes.items())
        yield from (("PagerDuty webhook secret", one) for one in self.hook_secrets())
        if key := self.key():
            yield "PagerDuty API key", key


class LevelSettings(Part):
    """One level of the escalation path. What is left out is as the runbook's level of that name has it."""

    title: Filled | None = None
    within_minutes: Annotated[float, Field(gt=0, le=1440)] | None = Field(
        default=None, description="time to acknowledge"
    )
    repeats: Annotated[int, Field(ge=0, le=10)] | None = Field(
        default=None, description="told again so often, before it goes on"
    )
    mentions: tuple[Mention, ...] | None = Field(default=None, description="ids of people and user groups, or here")
    page: str | None = Field(default=None, description="the PagerDuty route; by default the one of the level's name")
    announces: bool | None = Field(default=None, description="whether the whole channel sees it")

    def level(self, name: str, base: Level | None, routes: frozenset[str]) -> Level:
        """The level; `base` is the runbook's of that name, if there is one."""
        given: dict[str, Any] = {
            "title": self.title,
            "within": timedelta(minutes=self.within_minutes) if self.within_minutes is not None else None,
            "repeats": self.repeats,
            "mentions": self.mentions,
            "announces": self.announces,
            "page": self.page if self.page is not None else (name if name in routes else None),
        }
        # A level of the team's own has fifteen minutes, as PagerDuty's own policies have about.
        plain = base or Level(name, name, timedelta(minutes=15))
        return replace(plain, **{field: value for field, value in given.items() if value is not None})


class ClimbSettings(Part):
    """How an incident of one severity climbs. What is left out is the runbook's."""

    start: str | None = None
    until: str | None = None
    pace: Annotated[float, Field(ge=0.05, le=20)] | None = Field(
        default=None, description="multiplies every level's time"
    )
    quiet: bool | None = Field(default=None, description="whether quiet hours hold for it")
    remind_minutes: Annotated[float, Field(ge=1, le=10_080)] | None = Field(
        default=None, description="how often an incident nobody took is told again at the end of the path"
    )

    def climb(self, base: Climb) -> Climb:
        """The climb."""
        remind = timedelta(minutes=self.remind_minutes) if self.remind_minutes is not None else None
        given: dict[str, Any] = {
            "start": self.start,
            "until": self.until,
            "pace": self.pace,
            "quiet": self.quiet,
            "remind": remind,
        }
        return replace(base, **{field: value for field, value in given.items() if value is not None})


class QuietSettings(Part):
    """The hours in which low severities wake nobody, such as from 22:00 to 07:00 in Europe/Berlin."""

    begin: Annotated[ClockTime, Field(alias="from")]
    end: Annotated[ClockTime, Field(alias="to")]
    zone: Annotated[str, AfterValidator(time_zone)] = "UTC"

    @model_validator(mode="after")
    def _some(self) -> "QuietSettings":
        if self.begin == self.end:
            raise ValueError("from and to are the same; leave quiet out where there are no quiet hours")
        return self

    def hours(self) -> QuietHours:
        """The same as the path wants it."""
        return QuietHours(self.begin, self.end, ZoneInfo(self.zone))


class EscalationSettings(Part):
    """The path an incident climbs. By default the runbook's; levels that reach nobody are passed over."""

    path: Annotated[tuple[LevelName, ...], Field(min_length=1, max_length=20)] = tuple(
        level.name for level in incident_path.RUNBOOK_LEVELS
    )
    levels: dict[str, LevelSettings] = Field(default_factory=dict)
    severities: dict[IncidentSeverity, ClimbSettings] = Field(default_factory=dict)
    quiet: QuietSettings | None = None
    automatic: tuple[IncidentSeverity, ...] = Field(
        default=(), description="severities that open without being asked for"
    )
    reopen_minutes: Annotated[float, Field(ge=0, le=1440)] = Field(
        default=30, description="a fault that returns so soon reopens"
    )

    @model_validator(mode="after")
    def _sound(self) -> "EscalationSettings":
        troubles = [f"path names {name} twice" for name in sorted(set(self.path)) if self.path.count(name) > 1]
        troubles += [
            f"levels.{name[:SHOWN]} is none of path ({', '.join(self.path)}); correct its name, or add it to path"
            for name in self.levels
            if name not in self.path
        ]
        for severity, climb in self._climbs().items():
            ends = (("start", climb.start), ("until", climb.until))
            unknown = [(end, name) for end, name in ends if name not in self.path]
            troubles += [
                f"severities.{severity}.{end} is {name[:SHOWN]}, which is none of path ({', '.join(self.path)}); "
                "name one of these"
                for end, name in unknown
            ]
            if not unknown and self.path.index(climb.start) > self.path.index(climb.until):
                troubles.append(
                    f"severities.{severity} starts at {climb.start}, which is above {climb.until}, its until; give both"
                )
        return held(self, troubles)

    def _climbs(self) -> dict[IncidentSeverity, Climb]:
        given = {severity: self.severities.get(severity, ClimbSettings()) for severity in IncidentSeverity}
        return {severity: one.climb(incident_path.RUNBOOK_CLIMBS[severity]) for severity, one in given.items()}

    def whole(self, routes: frozenset[str] = frozenset()) -> incident_path.Path:
        """The path as the incident machine wants it; `routes` are the names of PagerDuty's."""
        bases = {level.name: level for level in incident_path.RUNBOOK_LEVELS}
        levels = tuple(
            self.levels.get(name, LevelSettings()).level(name, bases.get(name), routes) for name in self.path
        )
        quiet = self.quiet.hours() if self.quiet else None
        return incident_path.Path(levels, self._climbs(), quiet, timedelta(minutes=self.reopen_minutes))
