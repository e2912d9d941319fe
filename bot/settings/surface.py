"""The settings of the backend's HTTP surface."""

from pathlib import Path
from typing import Annotated

from pydantic import (
    Field,
    field_validator,
)

from bot.settings.forms import Part, Url
from diagnostics.context import SurfaceExpected


class BackendSettings(Part):
    """The backend's HTTP surface. The defaults are the runbook's; deployed, it is below /gateway/v1."""

    health_url: Url = SurfaceExpected().health_url
    graphql_url: Url = SurfaceExpected().graphql_url
    schema_file: Path | None = Field(None, description="the schema that the live one should be (SDL, *.graphql)")
    ca_file: Path | None = Field(None, description="a private authority of its certificate, where there is one")
    samples: Annotated[int, Field(ge=1, le=20)] = Field(5, description="requests of each endpoint that are timed")

    @field_validator("schema_file")
    @classmethod
    def _readable_schema(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_file():
            raise ValueError(f"there is no file {path}; write the schema there, or remove the setting")
        return path
