"""Whether a request was signed by Slack, just now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.signature import CLOCK_SECONDS, Doubt, Signed

# The example of docs.slack.dev/authentication/verifying-requests-from-slack.
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
TIMESTAMP = "1531420618"
BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"


def test_knows_slacks_own_example() -> None:
    """It takes the request that Slack's documentation signs."""
    signed = Signed(TIMESTAMP, SIGNATURE)
    assert signed.doubt(float(TIMESTAMP)) is None
    assert signed.covers(BODY, SECRET)
    assert not signed.covers(BODY + b"&", SECRET)
    assert not signed.covers(BODY, SECRET + "x")


@pytest.mark.parametrize("away", [0, CLOCK_SECONDS, -CLOCK_SECONDS, CLOCK_SECONDS + 1, -CLOCK_SECONDS - 1])
def test_five_minutes_of_clock(away: int) -> None:
    """It takes a timestamp of up to five minutes ago, or ahead, and no older one."""
    doubt = Signed(TIMESTAMP, SIGNATURE).doubt(float(TIMESTAMP) + away)
    assert (doubt is None) is (abs(away) <= CLOCK_SECONDS)


@pytest.mark.parametrize(
    ("timestamp", "signature"), [(None, SIGNATURE), (TIMESTAMP, None), ("", SIGNATURE), (TIMESTAMP, "")]
)
def test_both_headers_are_needed(timestamp: str | None, signature: str | None) -> None:
    """It doubts a request without both headers."""
    assert Signed(timestamp, signature).doubt(float(TIMESTAMP)) is Doubt.UNSIGNED


@given(st.text(max_size=30), st.text(max_size=100), st.binary(max_size=50))
def test_never_fails_and_never_believes(timestamp: str, signature: str, body: bytes) -> None:
    """It takes nothing that Slack did not sign, and fails at nothing."""
    signed = Signed(timestamp, signature)
    assert signed.doubt(float(TIMESTAMP)) is not None or timestamp.isascii()
    assert not signed.covers(body, SECRET)
