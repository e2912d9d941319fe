"""What the audit tells of what was tried: every end a plan can have."""

import pytest

from bot.audit.entry import Deed
from bot.incidents.attempts import attempts
from tests.bot.incidents.tales import RESTARTED, WAITING, deed
from tests.bot.incidents.things import after


def test_a_plan_and_its_end() -> None:
    """It tells who confirmed it and how it ended; one that waits is open."""
    over, waits = attempts((*RESTARTED, *WAITING))
    assert (over.at, over.person, over.stands, over.open) == (after(3), "U0ONCALL0", "is done", False)
    assert over.outcome == "Looked at again: the area keycloak is still down."
    assert over.what == "restart of deployment volaticloud/volaticloud-backend"
    assert (waits.stands, waits.person, waits.outcome, waits.open) == ("waits for a yes", "", "", True)


@pytest.mark.parametrize(
    ("last", "stands", "open_"),
    [
        (Deed.DECLINED, "was called off", False),
        (Deed.EXPIRED, "expired", False),
        (Deed.STALE, "was not done: the platform had changed", False),
        (Deed.FAILED, "did not work", False),
        (Deed.TRIPPED, "is under way", True),
        (Deed.BROKE_GLASS, "is under way", True),
    ],
)
def test_every_end(last: Deed, stands: str, open_: bool) -> None:  # noqa: FBT001 pytest's
    """It has words for each way a plan can stand."""
    (found,) = attempts((deed(Deed.PROPOSED, 1), deed(last, 2, detail="why")))
    assert (found.stands, found.open) == (stands, open_)


def test_what_is_no_plan() -> None:
    """It tells nothing of refusals and of incidents, which stand in the audit too."""
    assert attempts((deed(Deed.REFUSED, 1, plan=""), deed(Deed.OPENED, 2, plan="a1b2c3d4"))) == ()
    (found,) = attempts((deed(Deed.PROPOSED, 1), deed(Deed.REFUSED, 2)))
    assert found.stands == "waits for a yes"
