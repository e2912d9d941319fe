"""The settings of the platform's database: one of three ways to log in to it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import (
    Field,
    SecretStr,
    model_validator,
)

from bot.settings.forms import Filled, Part, QualifiedName, SettingsError, address_fault
from diagnostics.evidence.database.credentials import Login, of_url


class PostgresSettings(Part):
    """The platform's database: by one of `secret` (in the cluster), `url`, or `host` with what belongs to it."""

    secret: QualifiedName | None = Field(
        None, description="the platform's own: four keys, or one with an address; needs the right to get it"
    )
    url: SecretStr | None = None
    host: Filled | None = None
    port: int = Field(5432, ge=1, le=65535)
    database: Filled = "volaticloud"
    user: Filled = "volaticloud"
    password: SecretStr | None = None
    password_file: Path | None = None
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = Field(
        None, description="by default what the address says, else prefer"
    )
    ca_file: Path | None = Field(None, description="the authority that sslmode verify-ca and verify-full hold it to")
    role: Filled | None = Field(
        None, description="the role the platform logs in as, whose rights are looked at; by default the one used here"
    )
    connections: int = Field(1, ge=1, le=3, description="that Volati may have at a time, over all of its runs")
    statement_timeout: float = Field(2.0, ge=0.1, le=10, description="seconds by which PostgreSQL ends a question")

    @model_validator(mode="after")
    def _one_way(self) -> "PostgresSettings":
        faults = tuple(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        ways = [name for name in ("secret", "url", "host") if getattr(self, name) is not None]
        if len(ways) > 1:
            yield f"{' and '.join(ways)} are set; keep one"
        if not ways:
            yield "set one of secret, url and host"
        if self.password is not None and self.password_file is not None:
            yield "password and password_file are both set; keep one"
        parts = {"port", "database", "user", "password", "password_file"} & self.model_fields_set
        if self.host is None and parts:
            yield f"{', '.join(sorted(parts))} belong to host, which is not set; remove them, or set host"
        if self.url is not None and (fault := address_fault(self.url.get_secret_value())):
            yield f"url {fault}"

    def login(self) -> Login | None:
        """How to log in; None where a secret of the cluster says so.

        Raises:
            SettingsError: the password's file cannot be read.
        """
        if self.secret is not None:
            return None
        if self.url is not None:
            return self.completed(of_url(self.url.get_secret_value(), "the setting postgres.url"))
        login = Login(self.host or "", self.port, self.database, self.user, self._secret_text(), origin=self._origin())
        return self.completed(login)

    def completed(self, login: Login) -> Login:
        """The login with what these settings say of TLS."""
        mode = self.sslmode or login.ssl_mode
        return replace(login, ssl_mode=mode, ca_file=str(self.ca_file or ""))

    def _origin(self) -> str:
        return str(self.password_file) if self.password_file else "the settings under postgres"

    def _secret_text(self) -> str:
        if self.password_file is None:
            return self.password.get_secret_value() if self.password else ""
        try:
            return self.password_file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            raise SettingsError(
                f"password_file {self.password_file} cannot be read: {reason}. Check the path and its rights."
            ) from error
