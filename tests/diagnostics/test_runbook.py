"""Tests of the runbook's sections: headings and the anchors a rendered page gives them."""

import re

import pytest

from diagnostics.runbook import Section


@pytest.mark.parametrize(
    ("section", "anchor"),
    [
        (Section.QUICK, "quick-diagnostic-commands"),
        (Section.SERVER, "server-wont-start"),
        (Section.RESTART, "complete-system-restart"),
        (Section.KEYCLOAK_REGISTRATION, "1-uma-resource-registration-failures"),
        (Section.PERFORMANCE_USAGE, "1-high-cpumemory-usage"),
        (Section.PERFORMANCE_QUERIES, "3-excessive-graphql-queries-n1-problem"),
        (Section.DOCKER_START, "3-container-wont-start"),
    ],
)
def test_anchors(section: Section, anchor: str) -> None:
    """Makes the anchor as GitHub makes it of the heading."""
    assert section.anchor == anchor


def test_anchors_are_distinct() -> None:
    """Gives every section an anchor of its own, of letters, digits and dashes."""
    anchors = [section.anchor for section in Section]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"[a-z0-9-]+", anchor) for anchor in anchors)


def test_subsections_stand_under_a_section() -> None:
    """Names the section that a subsection stands under, and that section is there too."""
    headings = {section.value for section in Section}
    parents = {heading.partition(": ")[0] for heading in headings if ": " in heading}
    assert parents - headings <= {"Emergency Procedures"}
