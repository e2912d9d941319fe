"""Tests of the log: on stderr, in the configured form, and redacted on its way out."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot import log
from bot.settings import LogSettings
from diagnostics.redaction import KnownSecret, Redactor

SECRET = "k7Qz-Wp4v-9Lm2x"
REDACTOR = Redactor([KnownSecret("test secret", SECRET)])


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the logging of the test run as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def set_up(**settings: Any) -> Any:
    log.set_up(LogSettings(**settings), REDACTOR)
    return structlog.get_logger()


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Writes lines for people to stderr, and nothing to stdout."""
    set_up().info("the run ended", area="keycloak", ms=12)
    out, err = capsys.readouterr()
    assert out == ""
    assert "the run ended" in err
    assert "area=keycloak" in err


def test_json_for_collectors(capsys: pytest.CaptureFixture[str]) -> None:
    """Writes one JSON object on each line, with level and time."""
    set_up(format="json").warning("the run ended", area="keycloak")
    entry = json.loads(capsys.readouterr().err)
    assert (entry["event"], entry["level"], entry["area"]) == ("the run ended", "warning", "keycloak")
    assert entry["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_levels(capsys: pytest.CaptureFixture[str], level: str, shown: list[str]) -> None:
    """Writes what is at or above the configured level."""
    logger = set_up(level=level, format="json")
    for name in ("debug", "info", "warning", "error"):
        getattr(logger, name)("x")
    assert [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()] == shown


def test_libraries_speak_when_something_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """Passes on a library's warnings in the same form, and not its chatter, even when debugging."""
    set_up(level="debug", format="json")
    logging.getLogger("httpx").info("HTTP Request: GET https://x?token=%s", SECRET)
    logging.getLogger("httpx").debug("headers %s", SECRET)
    logging.getLogger("aiohttp").warning("closed %s", "early")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "closed early"


class Thing:
    """Something whose repr holds a secret."""

    def __repr__(self) -> str:
        return f"Thing({SECRET})"


def fail() -> None:
    raise RuntimeError(f"no {SECRET}")


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_secret_is_written(capsys: pytest.CaptureFixture[str], form: str) -> None:
    """Redacts every field, nested ones and foreign objects too, and tracebacks, from the bot and from libraries."""
    logger = set_up(format=form)
    event = f"found {SECRET}"
    logger.info(event, a=SECRET, b=[SECRET], c={"k": (SECRET,)}, d=Thing(), e=ValueError(SECRET), f=b"x")
    logger.bind(bound=SECRET).error("bound")
    with structlog.contextvars.bound_contextvars(context=SECRET):
        logger.info("in context")
    try:
        fail()
    except RuntimeError:
        logger.exception("it failed")
        logging.getLogger("library").exception("failed with %s", SECRET)
    logging.getLogger("library").error("%s", Thing(), extra={"more": SECRET})
    out, err = capsys.readouterr()
    assert out == ""
    assert SECRET not in err
    assert err.count("test secret") >= 9
    assert "RuntimeError" in err


def test_what_is_no_secret_stays(capsys: pytest.CaptureFixture[str]) -> None:
    """Leaves numbers, truths and nothing as they are."""
    set_up(format="json").info("x", number=5, truth=True, nothing=None, half=0.5)
    entry = json.loads(capsys.readouterr().err)
    assert (entry["number"], entry["truth"], entry["nothing"], entry["half"]) == (5, True, None, 0.5)
