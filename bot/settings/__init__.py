"""The settings: one frozen object from a file and the environment, read once, all errors at once."""

from bot.settings.escalation import PagerSettings
from bot.settings.forms import FILE_AT_MOST, SettingsError
from bot.settings.keycloak import ClientSecret, KeycloakSettings
from bot.settings.kubernetes import KubernetesSettings
from bot.settings.own import LogSettings, ServerSettings
from bot.settings.postgres import PostgresSettings
from bot.settings.slack import AccessSettings, SlackSettings
from bot.settings.surface import BackendSettings
from bot.settings.whole import EnvironmentSettings, FromHere, Settings, load, parse

__all__ = [
    "FILE_AT_MOST",
    "AccessSettings",
    "BackendSettings",
    "ClientSecret",
    "EnvironmentSettings",
    "FromHere",
    "KeycloakSettings",
    "KubernetesSettings",
    "LogSettings",
    "PagerSettings",
    "PostgresSettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "SlackSettings",
    "load",
    "parse",
]
