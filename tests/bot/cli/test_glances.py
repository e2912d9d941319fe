"""Tests of what the command line shows of a glance: the same words as in Slack, and nothing that moves the cursor."""

import msgspec
import pytest

from bot.cli.glances import events_report, exit_code, logs_report, status_report
from bot.runs.board import Board, Row
from bot.words.commands import Logs
from diagnostics.glances.logs import LogLine
from diagnostics.model import Reason, Unobserved
from tests.bot.runs import looks as glances
from tests.bot.slack import samples

BACKEND = Logs("production", "backend")
BOARD = Board((Row("production", "keycloak", samples.diagnosis(), glances.AT), Row("test", "keycloak")), glances.AT)


def test_events() -> None:
    """Tells every kind of event, what was not read and what could not be seen."""
    text = events_report(glances.EVENTS)
    assert text.startswith("35 events in production, of 2 kinds, newest first\nWARNING BackOff, 2 pods of ")
    assert "\n    Scaled up replica set volaticloud-backend-5959c74bb5 from 0 to 2\n" in text
    assert "not seen:\n  ? events in namespace keycloak: forbidden. " in text
    many = events_report(glances.MANY_EVENTS)
    assert many.count("WARNING ") == 40
    assert "There were more than 2,000 events; the oldest were not read." in many


def test_logs() -> None:
    """Shows the lines, marks known errors, and says how to see what is before them."""
    text = logs_report(glances.logs(), BACKEND)
    assert "\n> 2026/11/20 03:28:02 failed opening connection to postgres: <!channel> refused\n" in text
    assert "\n      main.go:31 +0x1d\n" in text
    older = "older: volati logs volaticloud/volaticloud-backend-5959c74bb5-hwptr container volaticloud previous"
    assert f"{older} in production page 2" in text
    assert "older:" not in logs_report(glances.logs(older=False, read=4), BACKEND)


def test_no_log() -> None:
    """Asks back with the names."""
    text = logs_report(glances.instead(glances.SEVERAL), BACKEND)
    assert text.splitlines()[:2] == [
        "“volaticloud” means several things. Say which:",
        "  volaticloud/volaticloud-backend",
    ]


def test_status() -> None:
    """Shows the verdicts, then what runs; where there is no cluster that sentence."""
    text = status_report(BOARD, glances.LOOK)
    assert text.startswith("Keycloak in production: DOWN — Keycloak knows client")
    assert "Keycloak in test: never looked at" in text
    assert "\nnamespace volaticloud\n  ! deployment volaticloud-backend: 1 of 2 ready; CrashLoopBackOff" in text
    assert status_report(BOARD, "No cluster is configured.").endswith("\n\nNo cluster is configured.")
    assert status_report(Board((), glances.AT, "No memory."), glances.LOOK).startswith("No memory.\n\n3 of 4")


def test_nothing_moves_the_cursor() -> None:
    """Lets no text of others forge a line or move the cursor."""
    evil = "a\x1b[2Jb\nWARNING forged\rc"
    log = glances.logs(lines=(LogLine(evil),), thing=evil)
    events = msgspec.structs.replace(glances.EVENTS, groups=(glances.group(message=evil, name=evil),))
    for text in (logs_report(log, BACKEND), events_report(events)):
        assert "\x1b" not in text
        assert "\r" not in text
        assert "\nWARNING forged" not in text


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (glances.logs(), 0),
        (glances.instead(glances.NEAR), 2),
        (glances.logs(lines=(), lacks=(Unobserved("the log", Reason.TIMEOUT, "No answer."),)), 3),
        (glances.EVENTS, 3),
        (glances.NO_EVENTS, 0),
        (glances.LOOK, 0),
    ],
    ids=["log", "no such log", "not read", "a part not seen", "no events", "no metrics server"],
)
def test_exit_codes(found: object, code: int) -> None:
    """Ends with 0 when all was seen, 2 when there is no such log, 3 when a part could not be seen."""
    assert exit_code(found) == code  # type: ignore[arg-type]  # one of the three kinds
