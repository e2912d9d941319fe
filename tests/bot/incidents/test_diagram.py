"""The documentation of incidents: its picture and tables are those of the code."""

import re
from pathlib import Path

import pytest

from bot.incidents import diagram
from bot.incidents.path import Path as IncidentPath
from bot.incidents.webhooks import Kind
from tests.generated import assert_generated

DOCUMENT = Path(__file__).parents[3] / "docs" / "incidents.md"
PARTS = {
    "diagram": diagram.state_diagram(),
    "transitions": diagram.transition_table(),
    "levels": diagram.level_table(IncidentPath()),
    "severities": diagram.severity_table(IncidentPath()),
}


@pytest.mark.parametrize("name", PARTS)
def test_is_what_the_code_says(name: str) -> None:
    """It shows what the tables hold."""
    assert_generated(DOCUMENT, name, PARTS[name])


def test_the_diagram_draws_every_move_once() -> None:
    """It draws one arrow for each pair of phases that an event leads between."""
    arrows = re.findall(r"^    (\w+) --> (\w+): ", PARTS["diagram"], re.MULTILINE)
    assert len(arrows) == len(set(arrows))
    assert ("waiting", "acknowledged") in arrows
    assert ("resolved", "waiting") in arrows
    assert not {end for begin, end in arrows if begin == "unopened"} - {"waiting"}


def test_every_kind_of_webhook_is_told() -> None:
    """It says of each kind of PagerDuty's events what the incident hears."""
    _, _, tail = DOCUMENT.read_text(encoding="utf-8").partition("| PagerDuty says |")
    words = {kind.value.removeprefix("incident.").replace("_", " ").split(".")[-1] for kind in Kind}
    assert {word for word in words if word not in tail} == set()
