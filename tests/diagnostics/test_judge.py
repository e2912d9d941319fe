"""Tests of judging: the verdict over every combination, what is shown as not seen, order, and changes."""

from itertools import combinations, product
from typing import Any, ClassVar

import pytest

from diagnostics.check import Area, Check
from diagnostics.judge import Span, changes, judge, marks, together
from diagnostics.model import Change, Diagnosis, Evidence, Fact, Reason, Severity, Unobserved, Verdict
from diagnostics.observe import Seen
from tests.diagnostics.toys import CONTEXT, NOW, Cellar, Door, Lamp, failing_check, toy_area, toy_check

SPAN = Span(NOW, 12)
CRITICAL, WARNING, NOTE = Severity.CRITICAL, Severity.WARNING, Severity.NOTE
SEVERITIES = tuple(frozenset(some) for size in range(4) for some in combinations(Severity, size))

#: The verdict by the severities found and whether something required was not seen. Nothing else moves it.
VERDICTS: dict[tuple[frozenset[Severity], bool], Verdict] = {
    (frozenset(), False): Verdict.HEALTHY,
    (frozenset({NOTE}), False): Verdict.HEALTHY,
    (frozenset({WARNING}), False): Verdict.DEGRADED,
    (frozenset({WARNING, NOTE}), False): Verdict.DEGRADED,
    (frozenset({CRITICAL}), False): Verdict.DOWN,
    (frozenset({CRITICAL, NOTE}), False): Verdict.DOWN,
    (frozenset({CRITICAL, WARNING}), False): Verdict.DOWN,
    (frozenset({CRITICAL, WARNING, NOTE}), False): Verdict.DOWN,
    (frozenset(), True): Verdict.UNKNOWN,
    (frozenset({NOTE}), True): Verdict.UNKNOWN,
    (frozenset({WARNING}), True): Verdict.DEGRADED,
    (frozenset({WARNING, NOTE}), True): Verdict.DEGRADED,
    (frozenset({CRITICAL}), True): Verdict.DOWN,
    (frozenset({CRITICAL, NOTE}), True): Verdict.DOWN,
    (frozenset({CRITICAL, WARNING}), True): Verdict.DOWN,
    (frozenset({CRITICAL, WARNING, NOTE}), True): Verdict.DOWN,
}


def diagnosed(area: Area, found: dict[type[Evidence], Evidence | Unobserved] | None = None) -> Diagnosis:
    return judge(area, "production", Seen({Lamp: Lamp()} if found is None else found), CONTEXT, SPAN)


def unseen(reason: Reason) -> Unobserved:
    return Unobserved("the door", reason, "why")


def finding_checks(severities: frozenset[Severity]) -> tuple[Check[Any], ...]:
    return tuple(toy_check(Lamp, f"toy.{severity}", severity) for severity in severities)


@pytest.mark.parametrize(("severities", "required", "reason"), list(product(SEVERITIES, (True, False), Reason)))
def test_verdict_table(severities: frozenset[Severity], required: bool, reason: Reason) -> None:  # noqa: FBT001
    """Takes the verdict from the severities first, and from what required evidence is missing only then."""
    kinds: Any = {"requires": (Lamp, Door)} if required else {"requires": (Lamp,), "optional": (Door,)}
    area = toy_area(*finding_checks(severities), **kinds)
    diagnosis = diagnosed(area, {Lamp: Lamp(), Door: unseen(reason)})
    assert diagnosis.verdict is VERDICTS[severities, required]
    assert [lack.required for lack in diagnosis.unobserved] == [required]
    assert diagnosis.unobserved[0].reason is reason


@pytest.mark.parametrize("severities", SEVERITIES)
def test_everything_seen(severities: frozenset[Severity]) -> None:
    """Judges by the findings alone when everything was seen."""
    area = toy_area(*finding_checks(severities))
    diagnosis = diagnosed(area)
    assert diagnosis.verdict is VERDICTS[severities, False]
    assert diagnosis.unobserved == ()


def test_every_combination_is_in_the_table() -> None:
    """Has a verdict written down for every combination."""
    assert set(VERDICTS) == set(product(SEVERITIES, (True, False)))


def test_a_check_without_evidence_does_not_run() -> None:
    """Leaves out a check whose evidence was not observed, and says that it was not."""
    area = toy_area(failing_check(Door, "toy.door", ZeroDivisionError()), optional=(Door,))
    diagnosis = diagnosed(area, {Lamp: Lamp(), Door: unseen(Reason.TIMEOUT)})
    assert diagnosis.unobserved == (unseen(Reason.TIMEOUT),)


def test_missing_kinds_are_shown() -> None:
    """Shows what nobody looked at: as not configured, or, where the look writes, as not asked for."""
    area = toy_area(requires=(Lamp,), optional=(Door,), deep=(Cellar,))
    assert [(lack.what, lack.reason, lack.required) for lack in diagnosed(area).unobserved] == [
        ("the door", Reason.NOT_CONFIGURED, False),
        ("the cellar", Reason.NOT_ASKED_FOR, False),
    ]
    assert diagnosed(area).verdict is Verdict.HEALTHY


def test_a_deep_look_that_failed() -> None:
    """Keeps the reason of a deep look that was tried."""
    area = toy_area(requires=(Lamp,), deep=(Cellar,))
    failed = Unobserved("the cellar", Reason.FAILED, "dark")
    assert diagnosed(area, {Lamp: Lamp(), Cellar: failed}).unobserved == (failed,)


def test_a_broken_check() -> None:
    """Shows a check that fails itself as required and not seen, and lets the others speak."""
    broken = failing_check(Lamp, "toy.broken", ZeroDivisionError("by zero"))
    diagnosis = diagnosed(toy_area(broken))
    assert diagnosis.verdict is Verdict.UNKNOWN
    assert diagnosis.unobserved == (
        Unobserved(
            "check toy.broken",
            Reason.CHECK_BROKEN,
            "The check itself failed (ZeroDivisionError: by zero). Please report it with the saved run.",
            required=True,
        ),
    )
    both = diagnosed(toy_area(broken, toy_check(Lamp, "toy.dark", WARNING)))
    assert both.verdict is Verdict.DEGRADED
    assert [finding.id for finding in both.findings] == ["toy.dark"]


def test_findings_worst_first() -> None:
    """Sorts findings worst first, and equal ones in the order their checks are listed."""
    area = toy_area(
        toy_check(Lamp, "toy.note", NOTE),
        toy_check(Lamp, "toy.b", CRITICAL, ("b1", "b2")),
        toy_check(Lamp, "toy.warning", WARNING),
        toy_check(Lamp, "toy.a", CRITICAL),
    )
    ids = [finding.id for finding in diagnosed(area).findings]
    assert ids == ["toy.b", "toy.b", "toy.a", "toy.warning", "toy.note"]


def test_the_rest_of_a_diagnosis() -> None:
    """Says the area, the environment, when and how long."""
    diagnosis = diagnosed(toy_area())
    assert (diagnosis.area, diagnosis.environment) == ("toy", "production")
    assert (diagnosis.started_at, diagnosis.duration_ms) == (NOW, 12)


def test_marks_of_what_was_seen() -> None:
    """Collects the marks of evidence, and none of what was not observed."""
    seen = Seen({Lamp: Lamp(label="bright"), Door: unseen(Reason.TIMEOUT)})
    assert marks(seen) == (Fact("label of the lamp", "bright"),)


def test_changes() -> None:
    """Names what was seen both times and differs, and nothing that was seen once."""
    before = (Fact("keys", "a"), Fact("issuer", "x"), Fact("gone", "1"))
    after = (Fact("keys", "b"), Fact("issuer", "x"), Fact("new", "2"))
    assert changes(before, after) == (Change("keys", "a", "b"),)
    assert changes((), after) == ()


def test_several_areas_as_one() -> None:
    """Joins several diagnoses into one of the same shape: the worst verdict, and its causes first."""
    healthy = diagnosed(toy_area(toy_check(Lamp, "toy.note", NOTE)))
    unknown = diagnosed(toy_area(requires=(Lamp, Door)))
    down = diagnosed(toy_area(toy_check(Lamp, "toy.dark", CRITICAL)))
    whole = together([healthy, unknown, down])
    assert whole.verdict is Verdict.DOWN
    assert whole.area == "toy toy toy"
    assert [cause.id for cause in whole.causes] == ["toy.dark", "toy.note"]
    assert len(whole.findings) == 2
    assert len(whole.unobserved) == 1
    assert whole.duration_ms == 36
    assert together([unknown, healthy]).verdict is Verdict.UNKNOWN
    assert together([down]) == down


class Cupboard(Evidence, frozen=True):
    """A cupboard of which a part may be locked."""

    KIND: ClassVar[str] = "toy.cupboard"
    WHAT: ClassVar[str] = "the cupboard"
    SETTING: ClassVar[str] = "toy.cupboard"

    locked: bool = True

    def lacks(self) -> tuple[Unobserved, ...]:
        """The locked part."""
        return (Unobserved("the locked drawer", Reason.FORBIDDEN, "No key."),) if self.locked else ()


@pytest.mark.parametrize(("locked", "verdict"), [(True, Verdict.UNKNOWN), (False, Verdict.HEALTHY)])
def test_a_part_that_was_not_seen(*, locked: bool, verdict: Verdict) -> None:
    """Names the part of needed evidence that could not be seen, and does not call the rest healthy."""
    seen = Seen({Cupboard: Cupboard(locked=locked)})
    found = judge(toy_area(requires=(Cupboard,)), "here", seen, CONTEXT, Span(NOW, 1))
    assert found.verdict is verdict
    assert [(lack.what, lack.required) for lack in found.unobserved] == [("the locked drawer", True)] * locked


def test_a_part_of_what_only_adds() -> None:
    """Names the part of optional evidence that could not be seen, and leaves the verdict as it is."""
    found = judge(
        toy_area(requires=(), optional=(Cupboard,)), "here", Seen({Cupboard: Cupboard()}), CONTEXT, Span(NOW, 1)
    )
    assert found.verdict is Verdict.HEALTHY
    assert [(lack.what, lack.required) for lack in found.unobserved] == [("the locked drawer", False)]


def test_settings_of_the_environment_that_was_asked_about() -> None:
    """It names, in the setting that would make something visible, the environment that was looked at."""
    area = toy_area()
    lack = Unobserved(Lamp.WHAT, Reason.NOT_CONFIGURED, "Set environments.<name>.toy.lamp to have it looked at.")
    (told,) = judge(area, "staging", Seen({Lamp: lack}), CONTEXT, SPAN).unobserved
    assert told.detail == "Set environments.staging.toy.lamp to have it looked at."
