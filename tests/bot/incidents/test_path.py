"""The path: where an incident begins, whom it reaches next, and when; and the hours in which nobody is woken."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.path import RUNBOOK_CLIMBS, IncidentSeverity, Level, Path, QuietHours
from tests.bot.incidents.things import PATH, START

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22), time(7), BERLIN)
P1, P2, P3 = IncidentSeverity.P1, IncidentSeverity.P2, IncidentSeverity.P3
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 they get a zone


def at(hour: int, minute: int = 0, month: int = 1) -> datetime:
    return datetime(2026, month, 5, hour, minute, tzinfo=BERLIN)


def test_the_runbooks_levels() -> None:
    """It has the runbook's five levels, in its order."""
    assert [level.name for level in Path().levels] == ["runbook", "engineering", "oncall", "infrastructure", "cto"]


def test_next_is_the_next_that_reaches_anybody() -> None:
    """It passes over levels that reach nobody, and ends at the severity's last."""
    bare = Path()
    assert (bare.next(P1, 1), bare.next(P1, 2)) == (2, None)
    assert [PATH.next(P1, number) for number in range(1, 6)] == [2, 3, 4, 5, None]
    assert PATH.next(P3, 2) is None
    assert PATH.above(2) == 3
    assert bare.passed_over(2, 5) == (3, 4)


def test_begins_at_somebody() -> None:
    """It begins at the severity's level, or at the next one that reaches anybody."""
    silent = replace(PATH.level(2), announces=False)
    path = Path((PATH.level(1), silent, *PATH.levels[2:]), PATH.climbs)
    assert (PATH.first(P1), path.first(P1)) == (2, 3)


def test_a_path_that_was_shortened() -> None:
    """It has whoever stands above its end at its last level, with nobody above."""
    assert PATH.level(6) == PATH.level(5)
    assert (PATH.above(6), PATH.next(P1, 6)) == (None, None)


@pytest.mark.parametrize("number", [0, -1])
def test_no_such_level(number: int) -> None:
    """It knows no level before the first."""
    with pytest.raises(IndexError, match="has 5"):
        PATH.level(number)


def test_a_level_without_anybody() -> None:
    """It knows a level that reaches nobody."""
    assert not Level("x", "x", timedelta(minutes=1)).reaches
    assert Level("x", "x", timedelta(minutes=1), page="oncall").reaches


@pytest.mark.parametrize(
    ("hour", "minute", "held"),
    [(21, 59, False), (22, 0, True), (23, 30, True), (3, 0, True), (6, 59, True), (7, 0, False)],
)
def test_quiet_hours_over_midnight(hour: int, minute: int, held: bool) -> None:  # noqa: FBT001 the table's column
    """It is quiet from their beginning until just before their end, on the wall's clock."""
    assert NIGHT.hold(at(hour, minute)) == held


def test_the_end_of_quiet_hours() -> None:
    """It puts what falls into them off to their end: this morning's or tomorrow's."""
    assert NIGHT.after(at(3)) == at(7)
    assert NIGHT.after(at(23)) == at(7) + timedelta(days=1)
    assert NIGHT.after(at(12)) == at(12)
    noon = QuietHours(time(12), time(13), BERLIN)
    assert noon.after(at(12, 30)) == at(13)


@given(MOMENTS, st.times(), st.times(), st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"]))
def test_nothing_is_put_into_the_past(moment: datetime, begin: time, end: time, zone: str) -> None:
    """It never puts anything before its time, nor off by more than a day and the hour of a change of clocks."""
    if begin != end:
        ends = QuietHours(begin, end, ZoneInfo(zone)).after(moment)
        assert moment <= ends <= moment + timedelta(hours=25)


@given(MOMENTS)
def test_the_end_is_not_quiet(moment: datetime) -> None:
    """It ends in a moment that is not quiet any more."""
    assert not NIGHT.hold(NIGHT.after(moment))


def test_when_clocks_are_changed() -> None:
    """It ends quiet hours by the wall's clock in the night in which that jumps, even where the hour does not exist."""
    spring = datetime(2026, 3, 28, 23, tzinfo=BERLIN)  # at 2:00 the clock is put to 3:00
    assert NIGHT.after(spring) == datetime(2026, 3, 29, 5, tzinfo=UTC)
    late = QuietHours(time(22), time(2, 30), BERLIN)
    assert late.after(spring) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    autumn = datetime(2026, 10, 24, 23, tzinfo=BERLIN)  # at 3:00 the clock is put back to 2:00
    second = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)  # 2:15 for the second time
    assert late.after(autumn) == late.after(second) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(MOMENTS, st.sampled_from(IncidentSeverity), st.integers(1, 5))
def test_due_times_lie_ahead_and_keep_their_order(moment: datetime, severity: IncidentSeverity, number: int) -> None:
    """It is due later than now, and what is told later is not due sooner."""
    path = replace(PATH, quiet=NIGHT)
    due = path.due(severity, number, moment)
    assert due > moment
    assert path.due(severity, number, moment + timedelta(minutes=7)) >= due
    assert path.reminder(severity, moment) > moment


def test_quiet_hours_hold_for_low_severities_alone() -> None:
    """It lets a low severity wait for the morning, and a high one not."""
    path = replace(PATH, quiet=NIGHT)
    assert path.due(P2, 2, at(23)) == at(7) + timedelta(days=1)
    assert path.due(P1, 2, at(23)) == at(23, 10)
    assert (path.quiet_at(P2, at(23)), path.quiet_at(P1, at(23)), path.quiet_at(P2, at(12))) == (True, False, False)
    assert not PATH.quiet_at(P2, at(23))


def test_pace() -> None:
    """It multiplies every level's time."""
    faster = replace(PATH, climbs={**RUNBOOK_CLIMBS, P1: replace(RUNBOOK_CLIMBS[P1], pace=0.1)})
    assert faster.due(P1, 2, START) == START + timedelta(minutes=1)
