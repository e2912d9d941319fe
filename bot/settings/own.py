"""The settings of the bot itself: its memory, its server, its limits, its log."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    SecretStr,
)

from bot.settings.forms import Part, slack_id


class AuditSettings(Part):
    """Where the audit's head is kept, beside the bot's log, so that a loss shows."""

    channel: Annotated[str, slack_id("channel", "CG")] | None = None


class StoreSettings(Part):
    """The bot's own memory. Without an address it keeps an embedded one in `data_dir`."""

    url: SecretStr | None = None


class ServerSettings(Part):
    """Where /healthz, /readyz, /metrics and /pagerduty/webhook are, and /slack/events in mode http. Without TLS."""

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
