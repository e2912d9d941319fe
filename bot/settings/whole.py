"""The settings as a whole: one frozen object from a file and the environment, read once, all errors at once."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as VariableError

from bot.incidents import path as incident_path
from bot.settings.document import document_of
from bot.settings.escalation import EscalationSettings, PagerSettings
from bot.settings.forms import FILES, SHOWN, EnvironmentName, Part, SettingsError, Url, held, secret_file
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
    environments: Annotated[dict[EnvironmentName, EnvironmentSettings], Field(min_length=1)]
    default_environment: str = ""
    audit: AuditSettings = AuditSettings()
    escalation: EscalationSettings = EscalationSettings()
    pagerduty: Annotated[PagerSettings | None, Field(validate_default=True)] = None
    store: StoreSettings = StoreSettings()
    server: ServerSettings | None = Field(None, description="left out, no port is opened in mode socket")
    replicas: Annotated[int, Field(ge=1)] = Field(1, description="how many processes like this one are to run")
    data_dir: Path = Path(".volati")
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    catalogue: Path | None = Field(None, description="a folder with the team's own entries for known errors (*.yaml)")
    runbook_url: Url | None = None
    seen_from: str = "from where Volati runs"

    @model_validator(mode="wrap")
    @classmethod
    def _default_is_one(cls, given: Any, handler: ModelWrapValidatorHandler["Settings"]) -> "Settings":  # noqa: ANN401 anything may be given
        """Wraps the rest, so that a default that is no environment is told with whatever else is wrong."""
        fault = _default_fault(given)
        try:
            settings = handler(given)
        except ValidationError as error:
            told = [*map(_once_more, error.errors()), *fault]
            raise ValidationError.from_exception_data(error.title, told, hide_input=True) from None
        if fault:
            raise ValidationError.from_exception_data(cls.__name__, fault, hide_input=True)
        return settings

    @field_validator("pagerduty")
    @classmethod
    def _pages(cls, pagerduty: PagerSettings | None, info: ValidationInfo) -> PagerSettings | None:
        escalation = info.data.get("escalation")
        routes = pagerduty.routes if pagerduty else {}
        levels = escalation.whole(frozenset(routes)).levels if escalation else ()
        troubles = [
            f"escalation.levels.{level.name}.page is {level.page[:SHOWN]}, which is none of pagerduty.routes "
            f"({', '.join(routes) or 'there are none'}); name one of these, or add it there"
            for level in levels
            if level.page and level.page not in routes
        ]
        paged = {level.page for level in levels}
        troubles += [
            f"pagerduty.routes.{name[:SHOWN]} is paged by no level; name it in the page of one, or remove it"
            for name in routes
            if escalation and name not in paged
        ]
        return held(pagerduty, troubles)

    @field_validator("replicas")
    @classmethod
    def _one_memory(cls, replicas: int, info: ValidationInfo) -> int:
        store = info.data.get("store")
        if replicas > 1 and store is not None and store.url is None:
            raise ValueError(
                f"replicas is {replicas}, and store.url is not set: each would remember for itself, and all would "
                "act. Set store.url to a Redis that they share, or run one replica"
            )
        return replicas

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


def load(path: Path, *, files: bool = True) -> Settings:
    """The settings of a YAML file and the environment; without `files`, those it names may be elsewhere.

    Raises:
        SettingsError: the file cannot be read, is not YAML, or holds errors; all of them are named.
    """
    document = document_of(path)
    return parse(document.values, str(path), document.faults, files=files)


def parse(document: Mapping[str, Any], name: str, faults: Sequence[str] = (), *, files: bool = False) -> Settings:
    """The settings of a document; `name` says in errors where it came from, `faults` are told with its errors.

    With `files`, those with secrets and authorities that it names must be there.

    Raises:
        SettingsError: as `load`.
    """
    # pydantic-settings takes names that begin so as orders to itself, such as `_env_file`.
    orders = [key for key in document if key.startswith("_")]
    if orders:
        raise SettingsError(f"The settings in {name} have {orders[0][:SHOWN]!r}; there is no such setting.")
    try:
        settings = Settings(**document)
    except ValidationError as error:
        told = (*faults, *_errors(error), *(_unread(document) if files else ()))
        raise SettingsError(_all_errors(told, name)) from None  # the cause would show the input, secrets and all
    except VariableError as error:
        reason = str(error).partition(" from source")[0]
        raise SettingsError(f"A VOLATI_ variable cannot be used: {reason}. Give it as JSON, or by parts.") from None
    if told := (*faults, *(_unread(settings) if files else ())):
        raise SettingsError(_all_errors(told, name))
    return settings


def _once_more(one: ErrorDetails) -> InitErrorDetails:
    """An error as one that may be raised. Not every type of pydantic's own can be, but each as a custom one."""
    return InitErrorDetails(type=PydanticCustomError(one["type"], one["msg"]), loc=one["loc"], input=one["input"])


def _default_fault(given: Any) -> list[InitErrorDetails]:  # noqa: ANN401 anything may be given
    """What is wrong with the environment that is to be the default: it is none of those that are named."""
    places = given.get("environments") if isinstance(given, dict) else None
    default = given.get("default_environment") if isinstance(given, dict) else None
    if not isinstance(places, dict) or not isinstance(default, str) or not default or default in places:
        return []
    error = ValueError(f"{default[:SHOWN]!r} is none of {sorted(str(name)[:SHOWN] for name in places)}")
    return [InitErrorDetails(type="value_error", loc=("default_environment",), input=None, ctx={"error": error})]


def _unread(part: object, place: str = "") -> Iterator[str]:
    """Every file named that cannot be read, in settings or in a document that is none yet."""
    fields = part.items() if isinstance(part, Mapping) else part if isinstance(part, BaseModel) else ()
    for name, value in fields:
        here = f"{place}.{str(name)[:SHOWN]}".lstrip(".")
        if name not in FILES:
            yield from _unread(value, here)
        elif isinstance(value, str | Path):
            try:
                secret_file(here, Path(value))
            except SettingsError as error:
                yield f"{here}: {str(error).removeprefix(f'{here} ')}"


def _all_errors(told: Sequence[str], name: str) -> str:
    count = "1 error" if len(told) == 1 else f"{len(told)} errors"
    lines = (f"  {one}" for one in told)
    return "\n".join([f"The settings in {name} have {count}:", *lines, "See volati.example.yaml for every setting."])


def _errors(error: ValidationError) -> list[str]:
    return [f"{_place(one['loc'])}: {_reason(one)}{_value(one)}" for one in error.errors(include_url=False)]


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
