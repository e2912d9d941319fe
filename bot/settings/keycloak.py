"""The settings of Keycloak: where it is, the client, its secret, its container."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from bot.settings.forms import OLD_PATH, Filled, KeycloakUrl, Part, docker_daemon, filled, secret_file
from diagnostics.evidence.containers import LOCAL_HOST


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
        return secret_file("client_secret_file", self.client_secret_file)


class AdminSettings(ClientSecret):
    """A client with the realm-management roles view-users, view-clients and view-authorization; for `why`."""

    client_id: Filled = "volati-admin"


class ContainerSettings(Part):
    """Keycloak's own container, where it runs under Docker."""

    # The names Docker itself allows.
    name: Annotated[str, Field(pattern="^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")] = "volaticloud-keycloak"
    docker_host: Annotated[str, AfterValidator(docker_daemon)] = LOCAL_HOST
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
        return filled(issuer) if issuer else issuer

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
