"""Tests of views: a check that needs two kinds of evidence judges their view, and a view is never saved."""

from typing import ClassVar, Self

from diagnostics.judge import Span, judge
from diagnostics.model import Evidence, Reason, Severity, Unobserved, Verdict
from diagnostics.observe import Seen, View
from diagnostics.runs import Run
from tests.diagnostics.toys import CONTEXT, NOW, Door, Lamp, toy_area, toy_check


class House(View, frozen=True):
    """A lamp and a door, seen together."""

    KIND: ClassVar[str] = "toy.house"
    WHAT: ClassVar[str] = "the house"
    SETTING: ClassVar[str] = "toy.house"
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (Lamp,)
    USES: ClassVar[tuple[type[Evidence], ...]] = (Door,)

    inviting: bool

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """Both together."""
        return cls(seen[Lamp].lit and seen[Door].open)


AREA = toy_area(toy_check(House, "toy.inviting", Severity.WARNING), requires=(Lamp,), optional=(Door,))
DARK = Unobserved("the lamp", Reason.TIMEOUT, "why")
Found = dict[type[Evidence], Evidence | Unobserved]


def judged(found: Found) -> Run:
    seen = Seen(found)
    return Run.of("r1", False, CONTEXT, seen, judge(AREA, "here", seen, CONTEXT, Span(NOW, 1)))  # noqa: FBT003 a field


def test_a_check_judges_a_view() -> None:
    """Joins what was seen and hands it to the check."""
    assert [one.id for one in judged({Lamp: Lamp(), Door: Door(open=True)}).diagnosis.findings] == ["toy.inviting"]


def test_a_view_of_what_was_not_seen() -> None:
    """Does not ask the check where the view says that it has nothing to go by, and counts the lack once."""
    diagnosis = judged({Lamp: DARK, Door: Door()}).diagnosis
    assert (diagnosis.findings, diagnosis.verdict) == ((), Verdict.UNKNOWN)
    assert [lack.what for lack in diagnosis.unobserved] == ["the lamp"]


def test_a_view_that_is_broken() -> None:
    """Shows a check as broken when its view cannot be joined, and judges on."""
    diagnosis = judged({Lamp: Lamp()}).diagnosis  # the view takes the door for granted
    assert [lack.reason for lack in diagnosis.unobserved if lack.required] == [Reason.CHECK_BROKEN]


def test_a_view_is_not_saved() -> None:
    """Saves what a view is made of, and not the view."""
    assert set(judged({Lamp: Lamp(), Door: Door(open=True)}).evidence) == {"toy.lamp", "toy.door"}
