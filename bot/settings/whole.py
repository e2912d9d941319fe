"""The settings as a whole: one frozen object from a file and the environment, read once, all errors at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import (
    Field,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as VariableError

from bot.incidents import path as incident_path
from bot.settings.escalation import EscalationSettings, PagerSettings
from bot.settings.forms import ENVIRONMENT_NAME, FILE_AT_MOST, SHOWN, Part, SettingsError, Url, held
from bot.settings.keycloak import KeycloakSettings
from bot.settings.kubernetes import KubernetesSettings
from bot.settings.own import AuditSettings, LimitSettings, LogSettings, ServerSettings, StoreSettings
from bot.settings.postgres import PostgresSettings
from bot.settings.slack import AccessSettings, SlackSettings
from bot.settings.surface import BackendSettings


class EnvironmentSettings(Part):
    """One environment of the platform, such as production."""

    keycloak: KeycloakSettings | None = None
    kubernetes: KubernetesSettings | None = None
    backend: BackendSettings | None = None
    postgres: PostgresSettings | None = None

    @model_validator(mode="after")
    def _cluster_with_the_secret(self) -> "EnvironmentSettings":
        if self.postgres and self.postgres.secret and self.kubernetes is None:
            raise ValueError("postgres.secret is in a cluster, and kubernetes is not set; set it, or url or host")
        return self


class Settings(BaseSettings):
    """Everything that can be set. A variable such as VOLATI_SLACK__BOT_TOKEN overrides the file."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        env_prefix="VOLATI_",
        env_nested_delimiter="__",
    )

    slack: SlackSettings | None = None
    access: AccessSettings = AccessSettings()
    environments: Annotated[dict[str, EnvironmentSettings], Field(min_length=1)]
    default_environment: str = ""
    audit: AuditSettings = AuditSettings()
    escalation: EscalationSettings = EscalationSettings()
    pagerduty: PagerSettings | None = None
    store: StoreSettings = StoreSettings()
    server: ServerSettings | None = Field(None, description="left out, no port is opened in mode socket")
    replicas: Annotated[int, Field(ge=1)] = Field(1, description="how many processes like this one are to run")
    data_dir: Path = Path(".volati")
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    catalogue: Path | None = Field(None, description="a folder with the team's own entries for known errors (*.yaml)")
    runbook_url: Url | None = None
    seen_from: str = "from where Volati runs"

    @model_validator(mode="after")
    def _environments(self) -> "Settings":
        for name in self.environments:
            if not ENVIRONMENT_NAME.match(name):
                raise ValueError(f"environment name {name[:40]!r} must be lower-case letters, digits and dashes")
        if self.default_environment and self.default_environment not in self.environments:
            raise ValueError(f"default_environment {self.default_environment!r} is none of {sorted(self.environments)}")
        return self

    @model_validator(mode="after")
    def _pages(self) -> "Settings":
        routes = self.pagerduty.routes if self.pagerduty else {}
        path = self.incident_path
        troubles = [
            f"escalation.levels.{level.name}.page is {level.page[:SHOWN]}, which is none of pagerduty.routes "
            f"({', '.join(routes) or 'there are none'}); name one of these, or add it there"
            for level in path.levels
            if level.page and level.page not in routes
        ]
        paged = {level.page for level in path.levels}
        troubles += [
            f"pagerduty.routes.{name[:SHOWN]} is paged by no level; name it in the page of one, or remove it"
            for name in routes
            if name not in paged
        ]
        return held(self, troubles)

    @model_validator(mode="after")
    def _one_memory(self) -> "Settings":
        if self.replicas > 1 and self.store.url is None:
            raise ValueError(
                f"replicas is {self.replicas}, and store.url is not set: each would remember for itself, and all would "
                "act. Set store.url to a Redis that they share, or run one replica"
            )
        return self

    @property
    def listens(self) -> ServerSettings | None:
        """Where to serve HTTP; None where not."""
        over_http = self.slack is not None and self.slack.mode == "http"
        return self.server or (ServerSettings() if over_http else None)

    @property
    def incident_path(self) -> incident_path.Path:
        """The path an incident climbs."""
        return self.escalation.whole(frozenset(self.pagerduty.routes if self.pagerduty else ()))

    @property
    def environment(self) -> str:
        """The environment meant when none is named: the default, else the first."""
        return self.default_environment or next(iter(self.environments))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 the five are pydantic-settings' own signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the file (given as arguments); nothing else is read."""
        return env_settings, init_settings


class FromHere(BaseSettings):
    """What the pod of a probe is given by its job, from the database's secret. Anything may stand in it."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="VOLATI_FROM_HERE_")

    database_host: str = ""
    database_port: str = ""
    database_name: str = ""
    database_user: str = ""


def load(path: Path) -> Settings:
    """The settings of a YAML file and the environment.

    Raises:
        SettingsError: the file cannot be read, is not YAML, or holds errors; all of them are named.
    """
    return parse(_document(path), str(path))


def parse(document: Mapping[str, Any], name: str) -> Settings:
    """The settings of a document; `name` says in errors where it came from.

    Raises:
        SettingsError: as `load`.
    """
    # pydantic-settings takes names that begin so as orders to itself, such as `_env_file`.
    orders = [key for key in document if key.startswith("_")]
    if orders:
        raise SettingsError(f"The settings in {name} have {orders[0][:SHOWN]!r}; there is no such setting.")
    try:
        return Settings(**document)
    except ValidationError as error:
        raise SettingsError(_all_errors(error, name)) from None  # the cause would show the input, secrets and all
    except VariableError as error:
        reason = str(error).partition(" from source")[0]
        raise SettingsError(f"A VOLATI_ variable cannot be used: {reason}. Give it as JSON, or by parts.") from None


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            text = file.read(FILE_AT_MOST + 1)
        document = _parsed(text, path)
    except OSError as error:
        remedy = "Copy volati.example.yaml to start from, or name another file with --config."
        raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}. {remedy}") from error
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" at line {place.line + 1}, column {place.column + 1}" if place else ""
        raise SettingsError(f"The settings file {path} is not YAML{where}: {_problem(error)}.") from None
    except (ValueError, OverflowError, RecursionError):  # a date with a 13th month, a number of no digits, deep nesting
        raise SettingsError(f"The settings file {path} holds a value that cannot be read; quote it as text.") from None
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise SettingsError(f"The settings file {path} must hold names and values; see volati.example.yaml.")
    return document


def _parsed(text: bytes, path: Path) -> Any:  # noqa: ANN401 YAML can hold anything
    """The document. Aliases are refused: a page of them can stand for more than fits into memory."""
    if len(text) > FILE_AT_MOST:
        raise SettingsError(f"The settings file {path} has more than {FILE_AT_MOST} bytes; is it the right one?")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
        raise SettingsError(f"The settings file {path} has an alias (*name), which is not taken; write it out.")
    return yaml.safe_load(text)


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or "it cannot be parsed")


def _all_errors(error: ValidationError, name: str) -> str:
    lines = [f"  {_place(one['loc'])}: {_reason(one)}{_value(one)}" for one in error.errors(include_url=False)]
    count = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
    return "\n".join([f"The settings in {name} have {count}:", *lines, "See volati.example.yaml for every setting."])


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step)[:SHOWN] for step in location if step != "[key]") or "(top)"


def _value(one: Mapping[str, Any]) -> str:
    """What was given, where no secret can stand: whoever looks for it then finds it."""
    place, given = one["loc"], one["input"]
    shown = place[:1] == ("escalation",) or place == ("pagerduty", "region")
    if not shown or one["type"] in _MISPLACED or not isinstance(given, str | int | float):
        return ""
    return f" (it is {repr(given)[:SHOWN]})"


#: Errors of values that may have been meant for any other setting, and be secrets.
_MISPLACED = frozenset({"extra_forbidden", "model_type", "dict_type"})


def _reason(one: Mapping[str, Any]) -> str:
    if one["type"] in _REASONS:
        return _REASONS[one["type"]]
    words = str(one["msg"]).removeprefix("Value error, ").replace("Input should be", "must be", 1)
    return words.partition(", unable to parse")[0]


_REASONS = {
    "extra_forbidden": "there is no such setting; check its spelling",
    "model_type": "must hold names and values",
    "dict_type": "must hold names and values",
    "missing": "it is missing",
    "tuple_type": "must be a list, such as [one, another]",
    "list_type": "must be a list, such as [one, another]",
    "string_type": "must be text; put it in quotes",
    "too_short": "is empty; give at least one, or remove the setting",
}
"""What is said of errors of pydantic's own, by their type; of others, what it says itself."""
