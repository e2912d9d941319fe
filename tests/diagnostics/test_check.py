"""Tests of making checks and areas."""

from collections.abc import Iterator

import pytest

from diagnostics.check import Sign, check
from diagnostics.context import Context
from diagnostics.model import Evidence, Finding, Severity, Subject
from diagnostics.runbook import Section
from tests.diagnostics.toys import CONTEXT, Cellar, Door, Lamp, sign, toy_area, toy_check


def test_a_finding_is_whole() -> None:
    """Adds to a sign the check's own id, title, severity and section, and from where it was seen."""
    made = toy_check(Lamp, "toy.dark", Severity.WARNING, ("it is dark",))
    assert made.findings(Lamp(), CONTEXT) == (
        Finding(
            id="toy.dark",
            title="Title of toy.dark",
            severity=Severity.WARNING,
            subject=Subject("toy", "house"),
            summary="it is dark",
            evidence=sign("it is dark").evidence,
            command="ls",
            section=Section.QUICK,
            seen_from="from the test",
        ),
    )


def test_several_signs() -> None:
    """Makes a finding of each sign, in their order."""
    made = toy_check(Lamp, "toy.dark", Severity.NOTE, ("one", "two"))
    assert [finding.summary for finding in made.findings(Lamp(), CONTEXT)] == ["one", "two"]


def test_no_sign_means_fine() -> None:
    """Finds nothing when the check gives no sign."""
    assert toy_check(Lamp, "toy.dark", Severity.NOTE, ()).findings(Lamp(), CONTEXT) == ()


def test_the_reason_is_the_docstring() -> None:
    """Reads the docstring as one line, as people will read it."""

    def judge(_seen: Evidence, _context: Context) -> Iterator[Sign]:
        """The lamp is out.

        So nobody sees the stairs.
        """
        yield sign("dark")

    made = check(Lamp, "toy.dark", "Dark", Severity.NOTE, Section.QUICK)(judge)
    assert made.reason == "The lamp is out. So nobody sees the stairs."
    assert made.area == "toy"


def test_a_check_without_a_reason_is_refused() -> None:
    """Refuses a check that does not say why it matters, and says where to write it."""

    def judge(_seen: Evidence, _context: Context) -> Iterator[Sign]:
        yield sign("dark")

    with pytest.raises(ValueError, match=r"check toy\.dark has no docstring"):
        check(Lamp, "toy.dark", "Dark", Severity.NOTE, Section.QUICK)(judge)


def test_kinds_of_an_area() -> None:
    """Looks at what is required, then what is optional, then what is deep."""
    area = toy_area(requires=(Lamp,), optional=(Door,), deep=(Cellar,))
    assert area.kinds == (Lamp, Door, Cellar)
