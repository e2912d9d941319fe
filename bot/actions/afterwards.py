"""Compares what the checks found before an act with what they find after it. Pure."""

from dataclasses import dataclass

from diagnostics.model import Diagnosis, Finding, Severity, Verdict


@dataclass(frozen=True, slots=True)
class Difference:
    """Findings in one sentence each: gone, still there, and new; and the verdict now, in words."""

    fixed: tuple[str, ...]
    remaining: tuple[str, ...]
    new: tuple[str, ...]
    verdict: str


def difference(before: Diagnosis | None, after: Diagnosis) -> Difference:
    """What changed, by check and subject. Notes do not count: they move no verdict.

    Nothing is called fixed where looks failed that went well before: a fault that could not be looked for is still
    there, and says so.
    """
    was, now = _by_symptom(before), _by_symptom(after)
    gone = tuple(_sentence(one) for symptom, one in was.items() if symptom not in now)
    blind = after.verdict is Verdict.UNKNOWN or bool(_unseen(after) - _unseen(before))
    unseen = tuple(f"{one} (not seen again: some looks failed)" for one in gone) if blind else ()
    return Difference(
        fixed=() if blind else gone,
        remaining=(*(_sentence(one) for symptom, one in now.items() if symptom in was), *unseen),
        new=tuple(_sentence(one) for symptom, one in now.items() if symptom not in was) if before else (),
        verdict=f"Looked at again: the area {after.area} is {_WORDS[after.verdict]}.",
    )


_WORDS = {
    Verdict.DOWN: "down",
    Verdict.DEGRADED: "degraded",
    Verdict.UNKNOWN: "not to be judged: some looks failed",
    Verdict.HEALTHY: "healthy",
}


def _by_symptom(diagnosis: Diagnosis | None) -> dict[object, Finding]:
    findings = diagnosis.findings if diagnosis else ()
    return {one.symptom: one for one in findings if one.severity is not Severity.NOTE}


def _unseen(diagnosis: Diagnosis | None) -> set[str]:
    return {one.what for one in diagnosis.unobserved} if diagnosis else set()


def _sentence(finding: Finding) -> str:
    return finding.summary.rstrip(".")
