"""The settings: one frozen object from a file and the environment, read once, all errors at once."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as VariableError

from bot.access import Holders, Role, Rules
from bot.addresses import keycloak_address
from bot.errors import VolatiError
from diagnostics.context import ClusterExpected
from diagnostics.evidence.containers import LOCAL_HOST

#: Bytes of a settings file that are read; the example is below 8 kB.
FILE_AT_MOST = 1_000_000
#: The path Keycloak served realms under before version 17, and that many addresses still end in.
OLD_PATH: Literal["/auth"] = "/auth"
#: Characters of a name that are shown in an error.
_SHOWN = 60
_NAME = re.compile("^[a-z0-9][a-z0-9-]{0,39}$")


class SettingsError(VolatiError):
    """The settings cannot be used; the message lists every error with its place, its reason and the remedy."""


def _http_url(value: str) -> str:
    if not _readable(value):
        raise ValueError("must be an address such as https://keycloak.example.com")
    return value.rstrip("/")


def _readable(url: str) -> bool:
    """Whether an address has a scheme, a host and, if any, a port from 0 to 65535."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return False


def _docker_host(value: str) -> str:
    if not re.match(r"^(unix:///.+|tcp://[^/@\s]+:\d+)$", value):
        raise ValueError("must be an address such as unix:///var/run/docker.sock or tcp://docker.example.com:2376")
    return value


def _slack_id(kind: str, letters: str) -> AfterValidator:
    """Holds an id of Slack's to its form; people give names instead, and are told where the id is found."""
    form = re.compile(f"^[{letters}][A-Z0-9]{{2,}}$")

    def checked(value: str) -> str:
        if not form.match(value):
            raise ValueError(f"must be the id of a {kind}, such as {letters[0]}0123456789, and not its name")
        return value

    return AfterValidator(checked)


def _qualified(value: str) -> str:
    if not re.match(f"^{_KUBERNETES_NAME}/{_KUBERNETES_NAME}$", value):
        raise ValueError("must be a namespace and a name, such as volaticloud/volaticloud-backend")
    return value


def _nameserver(value: str) -> str:
    """An address and a port, or nothing: a name would have to be looked up first."""
    address, _, port = value.rpartition(":")
    try:
        sound = not value or (bool(ip_address(address.strip("[]"))) and 0 < int(port) <= _LAST_PORT)
    except ValueError:
        sound = False
    if not sound:
        raise ValueError("must be an address and a port, such as 1.1.1.1:53 or [2606:4700:4700::1111]:53")
    return value


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; give its name, or remove the setting")
    if value != value.strip():
        raise ValueError("begins or ends with white space; remove it")
    return value


#: RFC 1123, as Kubernetes holds names to it.
_KUBERNETES_NAME = "[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?"
_LAST_PORT = 65_535
KubernetesName = Annotated[str, Field(pattern=f"^{_KUBERNETES_NAME}$")]
QualifiedName = Annotated[str, AfterValidator(_qualified)]
VariableName = Annotated[str, Field(pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]{0,252}$")]
Nameserver = Annotated[str, AfterValidator(_nameserver)]
Url = Annotated[str, AfterValidator(_http_url)]
KeycloakUrl = Annotated[str, AfterValidator(keycloak_address)]
#: A name that is a word at least: an empty one asks for something else, and gives a wrong verdict.
Filled = Annotated[str, AfterValidator(_filled)]
UserId = Annotated[str, _slack_id("person", "UW")]
GroupId = Annotated[str, _slack_id("user group", "S")]
ChannelId = Annotated[str, _slack_id("channel", "CGD")]
TeamId = Annotated[str, _slack_id("workspace", "T")]


class Part(BaseModel):
    """A group of settings: frozen, and a misspelt name in it is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ClientSecret(Part):
    """A client's secret: given here, or better in a file that is read at start."""

    client_id: Filled = "volaticloud-api"
    client_secret: SecretStr | None = None
    client_secret_file: Path | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> "ClientSecret":
        if self.client_secret is not None and self.client_secret_file is not None:
            raise ValueError("client_secret and client_secret_file are both set; keep one")
        return self

    def origin(self) -> str:
        """Where the secret was configured; empty when it was not."""
        if self.client_secret_file is not None:
            return str(self.client_secret_file)
        return "the setting client_secret" if self.client_secret is not None else ""

    def secret(self) -> str:
        """The secret; empty when none is configured. The line break that ends a file is not part of it.

        Raises:
            SettingsError: its file cannot be read.
        """
        if self.client_secret_file is None:
            return self.client_secret.get_secret_value() if self.client_secret else ""
        try:
            return self.client_secret_file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise SettingsError(
                f"client_secret_file {self.client_secret_file} cannot be read: {reason}. "
                "Check the path and its rights, or remove the setting."
            ) from error


class AdminSettings(ClientSecret):
    """A client with the realm-management roles view-users, view-clients and view-authorization; for `why`."""

    client_id: Filled = "volati-admin"


class ContainerSettings(Part):
    """Keycloak's own container, where it runs under Docker."""

    # The names Docker itself allows.
    name: Annotated[str, Field(pattern="^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")] = "volaticloud-keycloak"
    docker_host: Annotated[str, AfterValidator(_docker_host)] = LOCAL_HOST
    cert_path: Path | None = Field(
        None, description="for a daemon that speaks TLS: the folder with ca.pem, and cert.pem and key.pem if it asks"
    )

    @model_validator(mode="after")
    def _tls_over_tcp(self) -> "ContainerSettings":
        if self.cert_path is not None and not self.docker_host.startswith("tcp://"):
            raise ValueError("cert_path is for a docker_host that begins with tcp://; remove one of them")
        return self


class KeycloakSettings(ClientSecret):
    """Keycloak as the platform uses it. The defaults are the runbook's."""

    url: KeycloakUrl
    realm: Filled = "volaticloud"
    base_path: Literal["", "/auth"] | None = Field(
        None, description="the path the platform is configured for; leave it out to have it found"
    )
    issuer: str = Field("", description="the issuer the platform expects; by default the realm's own address")
    algorithm: Filled = "RS256"
    ca_file: Path | None = None
    admin: AdminSettings | None = None
    container: ContainerSettings | None = None
    restart_command: str = Field(
        "", description="how a person restarts it; by default with docker where `container` is set, else with kubectl"
    )
    logs_command: str = Field("", description="how a person reads its log; by default as restart_command")

    @field_validator("issuer")
    @classmethod
    def _issuer(cls, issuer: str) -> str:
        return _filled(issuer) if issuer else issuer

    @model_validator(mode="after")
    def _path_once(self) -> "KeycloakSettings":
        if self.url.endswith(OLD_PATH) and self.base_path == "":
            raise ValueError('url ends in /auth, and base_path is ""; remove one of them, or set base_path: /auth')
        return self

    @property
    def root(self) -> str:
        """The address below which the base path begins: a url that ends in /auth names that path itself."""
        return self.url.removesuffix(OLD_PATH)

    @property
    def path(self) -> Literal["", "/auth"] | None:
        """The base path the platform is configured for; None where that is left open."""
        return OLD_PATH if self.url.endswith(OLD_PATH) else self.base_path


class SecretSettings(Part):
    """A secret that Volati may look at: which keys it has, never what is in them."""

    name: QualifiedName
    keys: tuple[Annotated[str, Field(pattern=r"^[-._a-zA-Z0-9]{1,253}$")], ...] = Field(
        (), description="the keys that must be there"
    )


class KubernetesSettings(Part):
    """The cluster the platform runs in. The defaults are the runbook's."""

    kubeconfig: Path | None = Field(None, description="left out: the service account of the pod that Volati runs in")
    context: Annotated[str, Field(max_length=253)] = Field("", description="by default the file's current one")
    namespaces: Annotated[tuple[KubernetesName, ...], Field(min_length=1, max_length=50)] = (
        "volaticloud",
        "keycloak",
        "ingress-nginx",
    )
    backend: QualifiedName = "volaticloud/volaticloud-backend"
    container: KubernetesName = "volaticloud"
    variables: tuple[VariableName, ...] = Field(
        ClusterExpected().variables, description="the variables the backend cannot start without"
    )
    secrets: tuple[SecretSettings, ...] = (
        SecretSettings(name="volaticloud/volaticloud-db-secret", keys=("host", "database", "username", "password")),
        SecretSettings(name="volaticloud/keycloak-client-secret", keys=("client-secret",)),
    )
    ingress_controller: QualifiedName = "ingress-nginx/ingress-nginx-controller"
    ingress_controller_class: str = "k8s.io/ingress-nginx"
    keycloak_service: QualifiedName = "keycloak/volaticloud-keycloak-service"
    nameserver: Nameserver = Field(
        "", description="who is asked for the public names, host:port; by default this machine's resolver"
    )
    https_port: int = Field(443, ge=1, le=65535, description="where the load balancer speaks TLS")
    ca_file: Path | None = Field(None, description="a private authority of the public certificates, where there is one")

    @model_validator(mode="after")
    def _seen_namespaces(self) -> "KubernetesSettings":
        for name in (self.backend, *(secret.name for secret in self.secrets)):
            namespace = name.partition("/")[0]
            if namespace not in self.namespaces:
                raise ValueError(f"{name} is in namespace {namespace}, which is none of namespaces; add it there")
        return self


class EnvironmentSettings(Part):
    """One environment of the platform, such as production."""

    keycloak: KeycloakSettings | None = None
    kubernetes: KubernetesSettings | None = None


class SlackSettings(Part):
    """The Slack app. `channel` is the id of #engineering (in its details, at the bottom)."""

    mode: Literal["socket", "http"] = Field(
        default="socket", description="socket: the bot connects to Slack; http: Slack posts to /slack/events"
    )
    bot_token: SecretStr
    app_token: SecretStr | None = Field(
        default=None, validate_default=True, description="for mode socket: begins with xapp-"
    )
    signing_secret: SecretStr | None = Field(
        default=None, validate_default=True, description="for mode http: under App Credentials in Basic Information"
    )
    channel: Annotated[str, _slack_id("channel", "CG")]
    # Slack allows ten connections, those of all replicas together.
    sockets: Annotated[int, Field(ge=1, le=10)] = 2
    api_url: Url = "https://slack.com/api"

    @field_validator("app_token", "signing_secret")
    @classmethod
    def _way_in(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        over_http = info.data.get("mode") == "http"
        needed = info.field_name == ("signing_secret" if over_http else "app_token")
        if needed and not (secret and secret.get_secret_value().strip()):
            raise ValueError("it is missing, and mode http needs it" if over_http else "it is missing")
        return secret

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Every secret in here, with what it is called."""
        yield "Slack bot token", self.bot_token.get_secret_value()
        if self.app_token:
            yield "Slack app token", self.app_token.get_secret_value()
        if self.signing_secret:
            yield "Slack signing secret", self.signing_secret.get_secret_value()


class HolderSettings(Part):
    """Who holds a role: members of user groups, and people by id. Ids also count where groups cannot be read."""

    groups: tuple[GroupId, ...] = ()
    users: tuple[UserId, ...] = ()

    def holders(self, *, everyone: bool = False) -> Holders:
        """The same as the rules want it."""
        return Holders(frozenset(self.users), frozenset(self.groups), everyone)


class ViewerSettings(HolderSettings):
    """Who may read."""

    everyone: bool = Field(
        default=False, description="every full member of the workspace; the default when viewer is not set"
    )


class RoleSettings(Part):
    """Who holds which role. A role includes those before it."""

    viewer: ViewerSettings = ViewerSettings(everyone=True)
    operator: HolderSettings = HolderSettings()
    approver: HolderSettings = HolderSettings()
    admin: HolderSettings = HolderSettings()


class AccessSettings(Part):
    """Who may do what, and where. By default every full member may read, and nobody may act."""

    team: TeamId | None = Field(default=None, description="the workspace; by default the one of the bot's token")
    channels: tuple[ChannelId, ...] = Field(
        default=(), description="where Volati listens, beside its own channel; by default everywhere it is"
    )
    roles: RoleSettings = RoleSettings()

    def rules(self, token_team: str, own_channel: str) -> Rules:
        """The rules for the workspace of the bot's token. Its own channel is always listened to: its buttons are there.

        Raises:
            SettingsError: the token is of another workspace than the one that is set.
        """
        if self.team not in {None, token_team}:
            raise SettingsError(
                f"access.team is {self.team}, and slack.bot_token is a token of the workspace {token_team}. "
                "Correct access.team, or give the token that belongs to it."
            )
        roles = self.roles
        holders = {
            Role.VIEWER: roles.viewer.holders(everyone=roles.viewer.everyone),
            Role.OPERATOR: roles.operator.holders(),
            Role.APPROVER: roles.approver.holders(),
            Role.ADMIN: roles.admin.holders(),
        }
        return Rules(token_team, frozenset({*self.channels, own_channel} if self.channels else ()), holders)


class StoreSettings(Part):
    """The bot's own memory. Without an address it keeps an embedded one in `data_dir`."""

    url: SecretStr | None = None


class ServerSettings(Part):
    """Where /healthz, /readyz, /metrics and, in mode http, /slack/events are. Plain HTTP: TLS is the ingress's."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535, description="0: any free one, which the log names")


class LimitSettings(Part):
    """How long looking may take, in seconds."""

    source_seconds: Annotated[float, Field(gt=0, le=60)] = 5.0
    run_seconds: Annotated[float, Field(gt=0, le=300)] = 20.0

    @property
    def request_seconds(self) -> float:
        """How long one request of a source may take: less than the source, so that silence is evidence of its own."""
        return 0.8 * self.source_seconds


class LogSettings(Part):
    """The bot's own log, on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "text"


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
            if not _NAME.match(name):
                raise ValueError(f"environment name {name[:40]!r} must be lower-case letters, digits and dashes")
        if self.default_environment and self.default_environment not in self.environments:
            raise ValueError(f"default_environment {self.default_environment!r} is none of {sorted(self.environments)}")
        return self

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
        raise SettingsError(f"The settings in {name} have {orders[0][:_SHOWN]!r}; there is no such setting.")
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
    lines = [f"  {_place(one['loc'])}: {_reason(one)}" for one in error.errors(include_input=False, include_url=False)]
    count = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
    return "\n".join([f"The settings in {name} have {count}:", *lines, "See volati.example.yaml for every setting."])


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(step)[:_SHOWN] for step in location) or "(top)"


def _reason(one: Mapping[str, Any]) -> str:
    if one["type"] == "extra_forbidden":
        return "there is no such setting; check its spelling"
    if one["type"] in {"model_type", "dict_type"}:
        return "must hold names and values"
    if one["type"] == "missing":
        return "it is missing"
    return str(one["msg"]).removeprefix("Value error, ")
