"""Judging: from what was seen to a diagnosis. Pure, so a replay of the same evidence gives the same answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from diagnostics.causes import explain, explain_across
from diagnostics.check import Area, Check
from diagnostics.context import Context
from diagnostics.model import (
    Change,
    Diagnosis,
    Evidence,
    Fact,
    Figure,
    Finding,
    Reason,
    Severity,
    Symptom,
    Unobserved,
    Verdict,
    in_environment,
)
from diagnostics.observe import Seen
from diagnostics.remedies import suggest


@dataclass(frozen=True, slots=True)
class Span:
    """When a run began (aware, UTC) and how long it took, in ms."""

    started_at: datetime
    duration_ms: int


def judge(area: Area, environment: str, seen: Seen, context: Context, span: Span) -> Diagnosis:
    """The diagnosis of an area from what was seen of it."""
    findings, broken = _findings(area, seen, context)
    unobserved = (*(in_environment(one, environment) for one in _unobserved(area, seen)), *broken)
    causes = explain(findings, tuple(check.id for check in area.checks))
    return Diagnosis(
        area=area.name,
        environment=environment,
        verdict=_verdict(findings, unobserved),
        causes=causes,
        findings=findings,
        unobserved=unobserved,
        changes=changes(context.previous, marks(seen)),
        suggestions=suggest(causes, context, findings),
        started_at=span.started_at,
        duration_ms=span.duration_ms,
    )


def together(diagnoses: Sequence[Diagnosis]) -> Diagnosis:
    """Several areas as one answer of the same shape: the worst verdict over all, causes explained across them."""
    if len(diagnoses) == 1:
        return diagnoses[0]
    worst_first = sorted(diagnoses, key=lambda one: list(Verdict).index(one.verdict))
    findings = tuple(finding for one in worst_first for finding in one.findings)
    causes = explain_across(findings, tuple(dict.fromkeys(finding.id for finding in findings)))
    left = {cause.itself for cause in causes}
    return Diagnosis(
        area=" ".join(one.area for one in diagnoses),
        environment=diagnoses[0].environment,
        verdict=worst_first[0].verdict,
        causes=causes,
        findings=findings,
        unobserved=tuple(lack for one in worst_first for lack in one.unobserved),
        changes=tuple(change for one in worst_first for change in one.changes),
        suggestions=tuple(
            suggestion
            for one in worst_first
            for suggestion in one.suggestions
            if Symptom(suggestion.cause, suggestion.subject) in left
        ),
        started_at=min(one.started_at for one in diagnoses),
        duration_ms=sum(one.duration_ms for one in diagnoses),
    )


def marks(seen: Seen) -> tuple[Fact, ...]:
    """What the evidence of a run says should stay the same until the next."""
    return tuple(mark for _, found in seen.items() if isinstance(found, Evidence) for mark in found.marks())


def figures(seen: Seen) -> tuple[Figure, ...]:
    """The numbers of a run that later ones compare theirs with."""
    return tuple(one for _, found in seen.items() if isinstance(found, Evidence) for one in found.figures())


def changes(before: Iterable[Fact], after: Iterable[Fact]) -> tuple[Change, ...]:
    """The marks that were seen both times and differ; what was not seen both times says nothing."""
    old = {mark.label: mark.value for mark in before}
    return tuple(
        Change(mark.label, old[mark.label], mark.value)
        for mark in after
        if mark.label in old and old[mark.label] != mark.value
    )


def _findings(area: Area, seen: Seen, context: Context) -> tuple[tuple[Finding, ...], tuple[Unobserved, ...]]:
    findings: list[Finding] = []
    broken: list[Unobserved] = []
    for check in area.checks:
        outcome = _asked(check, seen, context)
        if isinstance(outcome, Unobserved):
            broken.append(outcome)
        else:
            findings.extend(outcome)
    return tuple(sorted(findings, key=lambda finding: finding.severity.rank)), tuple(broken)


def _asked(check: Check[Any], seen: Seen, context: Context) -> tuple[Finding, ...] | Unobserved:
    """What a check finds, which is nothing where its evidence was not observed; or that the check is broken."""
    kind = check.evidence
    try:
        found = seen.get(kind)
        return () if isinstance(found, Unobserved) else check.findings(found, context)
    except Exception as error:  # noqa: BLE001 a broken check is shown as such and must not hide the others
        detail = f"The check itself failed ({type(error).__name__}: {error}). Please report it with the saved run."
        return Unobserved(f"check {check.id}", Reason.CHECK_BROKEN, detail, required=True)


def _unobserved(area: Area, seen: Seen) -> tuple[Unobserved, ...]:
    lacks: list[Unobserved] = []
    for kind in area.kinds:
        found = seen.get(kind)
        parts = (found,) if isinstance(found, Unobserved) else found.lacks()
        lacks.extend(_lack(area, kind, one) for one in parts)
    return tuple(lacks)


def _lack(area: Area, kind: type[Evidence], found: Unobserved) -> Unobserved:
    if kind in area.deep and found.reason is Reason.NOT_CONFIGURED:
        return Unobserved(found.what, Reason.NOT_ASKED_FOR, "It writes, so it is looked at only in a deep run.")
    return msgspec.structs.replace(found, required=kind in area.requires)


def _verdict(findings: Iterable[Finding], unobserved: Iterable[Unobserved]) -> Verdict:
    severities = {finding.severity for finding in findings}
    if Severity.CRITICAL in severities:
        return Verdict.DOWN
    if Severity.WARNING in severities:
        return Verdict.DEGRADED
    if any(lack.required for lack in unobserved):
        return Verdict.UNKNOWN
    return Verdict.HEALTHY
