"""Tests of what covers the runbook: every step by something that exists, and the page as it stands in docs/."""

from pathlib import Path

import pytest

from bot.catalogue import load_catalogue
from bot.coverage.model import COMING, Cover, checks, left_out
from bot.coverage.page import STEPS, page
from diagnostics.areas import AREAS
from diagnostics.runbook import Section

DOCUMENT = Path(__file__).parents[3] / "docs" / "runbook-coverage.md"
COVERS = sorted({(cover.kind, cover.id) for step in STEPS for cover in step.covers})
#: The sections that must be told whole.
TOLD = ("GraphQL Errors", "Database Issues", "Performance Issues")


def test_the_page() -> None:
    """Has the page in docs/ as the tables say it; `make docs` makes it anew."""
    assert DOCUMENT.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("heading", TOLD)
def test_every_heading(heading: str) -> None:
    """Tells a step at least of every heading of a section."""
    headings = {section for section in Section if section.value.partition(": ")[0] == heading}
    assert headings <= {step.section for step in STEPS}


@pytest.mark.parametrize(("kind", "id"), [one for one in COVERS if one[0] != "known error"])
def test_it_exists(kind: str, id: str) -> None:
    """Names only what exists, or says which step of the work brings it."""
    cover = Cover(kind, id)  # type: ignore[arg-type]  # a kind of the tables
    assert cover.there or cover.comes_with
    assert cover.there or id.partition(".")[0] not in {area.name for area in AREAS}, "its area is there, and it is not"


def test_known_errors_exist() -> None:
    """Names only known errors that the packaged catalogue has."""
    known = {entry.id for entry in load_catalogue().signatures}
    assert {id for kind, id in COVERS if kind == "known error"} <= known


def test_every_check_is_told() -> None:
    """Tells every check of these areas that people may meet: none that is a fault stands outside of the page."""
    told = {id for kind, id in COVERS if kind == "check"}
    missing = {check.id for area in AREAS if area.name == "performance" for check in area.checks} - told
    assert missing <= {"performance.node-pressure"}


def test_words() -> None:
    """Says of each kind what it is, of what is open what brings it, and of what is left out why."""
    (there,) = checks("performance.cpu-at-limit")
    assert there.words == "check `performance.cpu-at-limit` (Containers are held at their processor limit)"
    (lost,) = checks("docker.nothing")
    assert lost.words == f"**open**: check `docker.nothing` comes with {COMING['docker']}"
    (person,) = left_out("it is a person's")
    assert person.words == "not done by Volati: it is a person's"
    assert Cover("command", "why").words == "command `/volati why`"
    assert Cover("check", "moon.dark").comes_with == ""


def test_steps_are_sentences() -> None:
    """Tells each step once, in a line, and covers it by something."""
    assert len({(step.section, step.step) for step in STEPS}) == len(STEPS)
    assert all(step.covers for step in STEPS)
    assert not any("|" in step.step for step in STEPS)
