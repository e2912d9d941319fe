"""The documentation of acts: its tables and its picture are those of the code."""

from pathlib import Path

import pytest

from bot.actions import tables
from bot.actions.table import ACTIONS
from tests.generated import assert_generated

DOCUMENT = Path(__file__).parents[3] / "docs" / "acts.md"
PARTS = {
    "acts": tables.act_table(ACTIONS),
    "consent": tables.consent_table(),
    "roles": tables.role_table(),
    "way": tables.way_diagram(),
    "rights": tables.right_table(ACTIONS),
}


@pytest.mark.parametrize("name", PARTS)
def test_is_what_the_code_says(name: str) -> None:
    """It shows what the tables hold."""
    assert_generated(DOCUMENT, name, PARTS[name])


def test_every_act_and_role_is_in_it() -> None:
    """It names each act and each role."""
    text = DOCUMENT.read_text(encoding="utf-8")
    for act in ACTIONS:
        assert f"/volati {act}" in text
