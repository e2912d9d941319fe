"""What Slack's refusals mean, in words for a person."""

import pytest

from bot.slack.errors import refusal

WINDOWS = {
    "views.open": ("expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "view_too_large"),
    "views.update": ("not_found", "view_too_large"),
    "views.publish": ("not_enabled", "user_not_found", "view_too_large"),
}


@pytest.mark.parametrize(("method", "code"), [(method, code) for method, codes in WINDOWS.items() for code in codes])
def test_windows(method: str, code: str) -> None:
    """It says of each refusal of a window what happened and what to do, instead of sending people to documentation."""
    said = str(refusal(code, method))
    assert "docs.slack.dev" not in said
    assert f"({method}: {code})" in said


def test_a_code_nobody_knows() -> None:
    """It says honestly that it does not know a code."""
    assert "See docs.slack.dev" in str(refusal("brand_new", "views.open"))
