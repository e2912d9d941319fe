"""The forms that values of settings take: names, addresses, ids; and the base of every group of them."""

import re
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

from bot.errors import VolatiError
from bot.platform.addresses import keycloak_address
from bot.probe.places import why_not
from diagnostics.evidence.database.credentials import of_url

#: Bytes of a settings file that are read; the example has some 11 kB.
FILE_AT_MOST = 1_000_000
#: The path Keycloak served realms under before version 17, and that many addresses still end in.
OLD_PATH: Literal["/auth"] = "/auth"
#: Characters of a name that are shown in an error.
SHOWN = 60
ENVIRONMENT_NAME = re.compile("^[a-z0-9][a-z0-9-]{0,39}$")
#: The settings that name a file which is read at start: one with a secret in it, or a private authority.
FILES = frozenset(
    {"client_secret_file", "password_file", "routing_key_file", "api_key_file", "webhook_secrets_file", "ca_file"}
)


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


def docker_daemon(value: str) -> str:
    """The address of a Docker daemon, on a socket or over TCP. Raises ValueError."""
    if not re.match(r"^(unix:///.+|tcp://[^/@\s]+:\d+)$", value):
        raise ValueError("must be an address such as unix:///var/run/docker.sock or tcp://docker.example.com:2376")
    return value


def slack_id(kind: str, letters: str) -> AfterValidator:
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


def _host_and_port(value: str) -> str:
    """A host and a port, as in db.example.com:5432; where probes may go is checked again before they do."""
    host, _, port = value.rpartition(":")
    if not re.match(_HOST_FORM, host) or not port.isdecimal() or not 0 < int(port) <= _LAST_PORT:
        raise ValueError("must be a host and a port, such as db.example.com:5432 or [2001:db8::1]:5432")
    if why := why_not(host.strip("[]")):
        raise ValueError(f"names what no probe goes to: {host.strip('[]')} {why}")
    return value


def _environment_name(value: str) -> str:
    if not ENVIRONMENT_NAME.match(value):
        raise ValueError("is no name of an environment: it must be lower-case letters, digits and dashes, up to 40")
    return value


def address_fault(url: str) -> str:
    """Why this is no address of PostgreSQL; empty where it is one. The address is no part of it."""
    try:
        of_url(url, "")
    except ValueError as error:
        return str(error)
    return ""


def filled(value: str) -> str:
    """A text that says something, with no blanks around it. Raises ValueError."""
    if not value.strip():
        raise ValueError("is empty; give its name, or remove the setting")
    if value != value.strip():
        raise ValueError("begins or ends with white space; remove it")
    return value


def secret_file(setting: str, path: Path) -> str:
    """The secret in a file, without the line break that ends it. Raises SettingsError where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise SettingsError(
            f"{setting} {path} cannot be read: {reason}. Check the path and its rights, or remove the setting."
        ) from error


#: RFC 1123, as Kubernetes holds names to it.
_KUBERNETES_NAME = "[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?"
_LAST_PORT = 65_535
_HOST_FORM = r"^([a-z0-9]([-a-z0-9_.]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])$"
KubernetesName = Annotated[str, Field(pattern=f"^{_KUBERNETES_NAME}$")]
QualifiedName = Annotated[str, AfterValidator(_qualified)]
VariableName = Annotated[str, Field(pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]{0,252}$")]
Nameserver = Annotated[str, AfterValidator(_nameserver)]
Place = Annotated[str, AfterValidator(_host_and_port)]
EnvironmentName = Annotated[str, AfterValidator(_environment_name)]
Url = Annotated[str, AfterValidator(_http_url)]
KeycloakUrl = Annotated[str, AfterValidator(keycloak_address)]
#: A name that is a word at least: an empty one asks for something else, and gives a wrong verdict.
Filled = Annotated[str, AfterValidator(filled)]
UserId = Annotated[str, slack_id("person", "UW")]
GroupId = Annotated[str, slack_id("user group", "S")]
ChannelId = Annotated[str, slack_id("channel", "CGD")]
TeamId = Annotated[str, slack_id("workspace", "T")]


def email_address(value: str) -> str:
    """An e-mail address, or nothing. Raises ValueError."""
    if value and not re.match("^[!-~]+@[!-~]+$", value):
        raise ValueError("must be an e-mail address such as volati@example.com")
    return value


def _mention(value: str) -> str:
    if value != "here" and not re.match("^[UWS][A-Z0-9]{2,}$", value):
        raise ValueError("must be the id of a person or a user group, such as U0123456789 or S0123456789, or here")
    return value


def time_zone(value: str) -> str:
    """A time zone that this machine knows. Raises ValueError."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone such as Europe/Berlin, and known on this machine") from None
    return value


def _clock_time(value: object) -> object:
    """A time by a clock on the wall. YAML reads 22:00 without quotes as the number 1320, which is a time of its own."""
    if isinstance(value, int | float):
        raise ValueError('must be a time in quotes, such as "22:00": without them YAML makes a number of it')  # noqa: TRY004 as a form's fault
    if not isinstance(value, str) or not re.match("^([01][0-9]|2[0-3]):[0-5][0-9]$", value):
        raise ValueError('must be a time such as "22:00"; zone says whose')
    return value


def _pager_id(value: str) -> str:
    if value and not re.match("^[A-Z0-9]{6,20}$", value):
        raise ValueError(
            "must be its id at PagerDuty, such as PABC123, and not its name: its page's address ends in it"
        )
    return value


def _level_name(value: str) -> str:
    if not re.match("^[a-z][a-z0-9-]{0,29}$", value):
        raise ValueError(
            "must be a name of up to 30 lower-case letters, digits and dashes, such as night-watch; title is for people"
        )
    return value


def routing_key_fault(key: str) -> str:
    """What is wrong with an integration key, without the key; empty where nothing is."""
    if len(key) != ROUTING_KEY_LENGTH:
        return f"{len(key)} characters instead of {ROUTING_KEY_LENGTH}"
    return "" if key.isascii() and key.isalnum() else "characters other than letters and digits"


def token_fault(key: str) -> str:
    """Why a text cannot be a key that is sent in a header, without the text; empty where it can."""
    if not key:
        return "is empty"
    return "" if key.isascii() and key.isprintable() and " " not in key else "has blanks or odd characters in it"


PagerId = Annotated[str, AfterValidator(_pager_id)]
Mention = Annotated[str, AfterValidator(_mention)]
LevelName = Annotated[str, AfterValidator(_level_name)]
ClockTime = Annotated[time, BeforeValidator(_clock_time)]
#: Characters of an integration key (developer.pagerduty.com, Events API v2).
ROUTING_KEY_LENGTH = 32
#: What stands in PagerDuty's addresses for a region (support.pagerduty.com/docs/service-regions).
REGIONS = {"us": "", "eu": ".eu"}


class Part(BaseModel):
    """A group of settings: frozen, and a misspelt name in it is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


P = TypeVar("P", bound=BaseModel | None)


def held(part: P, troubles: list[str]) -> P:
    """The part, where there is no trouble with it; else all of them at once."""
    if troubles:
        raise ValueError("; ".join(troubles))
    return part
