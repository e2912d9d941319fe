"""The bot's own log: structured, on stderr, every value redacted on its way out. The one module that sets it up."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.settings import LogSettings
from diagnostics.redaction import Redactor


def set_up(settings: LogSettings, redactor: Redactor) -> None:
    """Send this program's log, and that of its libraries, to stderr in the configured form."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    last = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _Redaction(redactor),
    ]
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_drop, last]))
    # Libraries speak at warning and above: httpx and slack_sdk log whole requests below that.
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


class _Redaction:
    """The processor that takes secrets out of every field of a log entry."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, _: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
        return {
            key: value if key.startswith("_") else self._redactor.value(value) if _plain(value) else self._text(value)
            for key, value in entry.items()
        }

    def _text(self, value: object) -> str:
        return self._redactor.text(repr(value))


def _plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool | tuple | list | dict)


def _drop(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401
    return {key: value for key, value in entry.items() if not key.startswith("_")}
