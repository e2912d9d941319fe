"""When something that PagerDuty did not take is tried again, and when people must not wait for it any longer."""

from datetime import timedelta

import pytest

from bot.errors import PagerBusy, PagerError, PagerKeyRefused, PagerRefused, PagerUnreachable, PagerUnreadable
from bot.incidents.tries import FAILS_AFTER, PAUSES_SECONDS, REFUSED_SECONDS, Tried, in_vain, not_accepted
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
    assert tried == Tried(START, 17.0, fails=1)
    assert not not_accepted(tried, busy)


@pytest.mark.parametrize(("passed", "left"), [(0.0, 8.0), (5.0, 3.0), (8.0, 0.0), (3600.0, 0.0), (-3600.0, 0.0)])
def test_what_is_left_of_a_pause(passed: float, left: float) -> None:
    """It waits for what is left of a pause, and for nothing where the clock was put back since."""
    assert Tried(START, 8.0).left(START + timedelta(seconds=passed)) == left
