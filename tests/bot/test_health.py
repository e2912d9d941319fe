"""What is well and what is ill, from what others report."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bot.health import RESPONSIVE_SECONDS, Health, State


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
        self.seconds = 100.0

    def now(self) -> datetime:
        """The time of day."""
        return self.at

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self.seconds

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    """A night in November."""
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    """A bot that needs Slack and a store."""
    return Health(clock, ("slack", "store"), clock.monotonic)


def test_is_not_ready_before_all_have_reported(health: Health) -> None:
    """It is ready only when each part it expects has said that it is well."""
    health.report("slack", State.WELL, "2 connections")
    assert not health.ready
    health.report("store", State.WELL, "answers")
    assert health.ready


def test_is_ready_without_what_it_can_do_without(health: Health) -> None:
    """It is ready while a part is away by rule, and not while one is ill."""
    health.report("slack", State.WELL, "2 connections")
    health.report("store", State.AWAY, "no answer", "Look at it.")
    assert health.ready
    health.report("slack", State.ILL, "none")
    assert not health.ready


def test_says_since_when(health: Health, clock: Clock) -> None:
    """It remembers when a part's state changed, and not when it was told the same again."""
    health.report("slack", State.WELL, "2 connections")
    clock.pass_(60)
    health.report("slack", State.WELL, "1 connection")
    health.report("store", State.AWAY, "no answer", "Look at it.")
    assert health.readiness() == {
        "ready": True,
        "stopping": False,
        "parts": {
            "slack": {"state": "well", "since": "2026-11-20T03:00:00+00:00", "said": "1 connection"},
            "store": {
                "state": "away",
                "since": "2026-11-20T03:01:00+00:00",
                "said": "no answer",
                "remedy": "Look at it.",
            },
        },
    }


def test_logs_changes_only(health: Health) -> None:
    """It logs one line for each change of a state, a warning unless things got well."""
    with capture_logs() as logs:
        for state in (State.WELL, State.WELL, State.ILL, State.ILL, State.ILL, State.WELL):
            health.report("slack", state, "as it is")
    assert [(entry["state"], entry["log_level"]) for entry in logs] == [
        ("well", "info"),
        ("ill", "warning"),
        ("well", "info"),
    ]


def test_is_not_ready_while_stopping(health: Health) -> None:
    """It takes no more work once it is told to stop, however well it is."""
    health.report("slack", State.WELL, "")
    health.report("store", State.WELL, "")
    health.stop()
    assert not health.ready
    assert health.readiness()["stopping"] is True


def test_lives_while_the_loop_comes_round(health: Health, clock: Clock) -> None:
    """It lives as long as the loop beats about in time, whatever its parts do."""
    for _ in range(10):
        clock.pass_(1.2)
        health.beat(1.0)
    assert health.alive
    assert health.liveness() == {"alive": True, "since": "2026-11-20T03:00:00+00:00", "loop_lag_ms": 200.0}


@pytest.mark.parametrize("beats", [True, False])
def test_does_not_live_while_the_loop_stands_still(health: Health, clock: Clock, *, beats: bool) -> None:
    """It says that it is stuck when a beat is late, or has not come at all; and recovers with the next."""
    clock.pass_(RESPONSIVE_SECONDS + 1.1)
    if beats:
        health.beat(1.0)
    assert not health.alive
    health.beat(1.0)
    clock.pass_(1.0)
    health.beat(1.0)
    assert health.alive


def test_knows_single_parts(health: Health) -> None:
    """It gives one part by its name, and none for a name nobody reported."""
    part = health.of("slack")
    assert part is not None
    assert (part.state, part.said) == (State.ILL, "not known yet")
    assert health.of("moon") is None
