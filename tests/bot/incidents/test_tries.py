"""When something that PagerDuty did not take is tried again, and when people must not wait for it any longer."""

from datetime import timedelta

import pytest

from bot.errors import (
    PagerBusy,
    PagerError,
    PagerKeyRefused,
    PagerPaced,
    PagerRefused,
    PagerUnreachable,
    PagerUnreadable,
)
from bot.incidents.tries import FAILS_AFTER, HELD_SECONDS, PAUSES_SECONDS, REFUSED_SECONDS, Tried, in_vain, not_accepted
from tests.bot.incidents.things import START

SILENT = PagerUnreachable("PagerDuty gave no answer.")


def test_pauses() -> None:
    """It waits longer after each try that failed, and in the end each time as long."""
    tried, pauses = None, []
    for _ in range(len(PAUSES_SECONDS) + 2):
        tried = in_vain(tried, SILENT, START)
        pauses.append(tried.pause)
    assert tuple(pauses) == (*PAUSES_SECONDS, PAUSES_SECONDS[-1], PAUSES_SECONDS[-1])


def test_three_in_a_row() -> None:
    """It says that a page is not accepted after three tries that failed."""
    tried, found = None, []
    for _ in range(FAILS_AFTER + 1):
        tried = in_vain(tried, SILENT, START)
        found.append(not_accepted(tried, SILENT))
    assert found == [False, False, True, True]


@pytest.mark.parametrize("error", [PagerRefused("no"), PagerKeyRefused("no"), PagerUnreadable("a proxy")])
def test_a_refusal_is_said_at_once(error: PagerError) -> None:
    """It makes nobody wait for a page that is refused."""
    tried = in_vain(None, error, START)
    assert not_accepted(tried, error)
    assert (tried.pause == REFUSED_SECONDS) == isinstance(error, PagerRefused)


def test_a_turn_is_no_failure() -> None:
    """It comes back when it is told to, and counts that as no failure."""
    busy = PagerBusy("later", 17.0)
    tried = in_vain(in_vain(None, SILENT, START), busy, START)
    assert tried == Tried(START, 17.0, fails=1, held=2.0)
    assert not not_accepted(tried, busy)


@pytest.mark.parametrize("wait", [1.0, 25.0, 7.3, 59.9, 60.0, 60.00000000000001, 86_400.0])
def test_held_back_too_long(wait: float) -> None:
    """It says that a page is not accepted once PagerDuty has held it back for a minute, however it was told to wait."""
    busy, tried, passed = PagerBusy("later", wait), None, 0.0
    while not (tried and not_accepted(tried, busy)):
        assert passed < HELD_SECONDS + 0.001
        passed += tried.pause if tried else 0.0
        tried = in_vain(tried, busy, START)
    assert passed == pytest.approx(HELD_SECONDS)
    assert tried.pause == wait  # and then it is tried on as it is told to


def test_our_own_pace() -> None:
    """It never takes a page for not accepted that our own pace holds back, nor counts that as PagerDuty's doing."""
    paced = PagerPaced("its turn comes", 300.0)
    tried = in_vain(in_vain(None, paced, START), paced, START)
    assert tried == Tried(START, 300.0, paced=True)
    assert not not_accepted(tried, paced)
    assert not not_accepted(in_vain(tried, SILENT, START), SILENT)


@pytest.mark.parametrize(("passed", "left"), [(0.0, 8.0), (5.0, 3.0), (8.0, 0.0), (3600.0, 0.0), (-3600.0, 0.0)])
def test_what_is_left_of_a_pause(passed: float, left: float) -> None:
    """It waits for what is left of a pause, and for nothing where the clock was put back since."""
    assert Tried(START, 8.0).left(START + timedelta(seconds=passed)) == left
