"""The vocabulary: what a diagnosis is made of.

Everything here is a frozen value that survives a trip through JSON. Nothing here acts, waits or knows Slack.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import msgspec

from diagnostics.runbook import Section


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A frozen value, equal by content. Unknown fields in saved JSON are an error, not a shrug.

    The garbage collector does not follow it: built at once and never changed, it can be in no cycle, and following
    those of a big cluster would hold the loop up for a tenth of a second.
    """


class Severity(StrEnum):
    """How bad a finding is. Only critical and warning move a verdict; a note never does."""

    CRITICAL = "critical"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for the worst: sorts findings worst first."""
        return list(Severity).index(self)


class Verdict(StrEnum):
    """The one word over an area."""

    DOWN = "down"
    DEGRADED = "degraded"
    UNKNOWN = "unknown"
    HEALTHY = "healthy"

    @property
    def exit_code(self) -> int:
        """The command line's exit code: 0 healthy, 1 at fault, 3 could not tell (2 is a usage error)."""
        return {Verdict.HEALTHY: 0, Verdict.UNKNOWN: 3}.get(self, 1)


class Reason(StrEnum):
    """Why something could not be observed."""

    NOT_CONFIGURED = "not configured"
    NOT_ASKED_FOR = "not asked for"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    DEPENDS = "depends on something unobserved"
    FAILED = "failed"
    CHECK_BROKEN = "check broken"

    @property
    def counts(self) -> bool:
        """Whether a missing *optional* piece is worth naming beside a healthy verdict."""
        return self not in {Reason.NOT_CONFIGURED, Reason.NOT_ASKED_FOR}


class Subject(Value, frozen=True):
    """The thing a finding is about: its kind and its name, such as `realm` and `volaticloud`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Fact(Value, frozen=True):
    """One observed detail that a claim rests on, already in words: a label and its value."""

    label: str
    value: str


class Figure(Value, frozen=True):
    """A number that is worth comparing with what it was: its label, which says the unit, and the number."""

    label: str
    value: float


class Past(Value, frozen=True):
    """The figures of an earlier run, and when that was (aware, UTC)."""

    at: datetime
    figures: tuple[Figure, ...] = ()

    def value(self, label: str) -> float | None:
        """The figure of this label; None where that run had none."""
        return next((one.value for one in self.figures if one.label == label), None)


class Evidence(Value, frozen=True):
    """Base of everything that is looked at. One subclass per kind; its fields are plain and free of secrets.

    Class variables each kind must give:
        KIND: stable id, `area.thing`, the key under which it is saved.
        WHAT: what is looked at, in words, as in "the realm page".
        SETTING: the setting that makes it observable.
    """

    KIND: ClassVar[str]
    WHAT: ClassVar[str]
    SETTING: ClassVar[str]

    def marks(self) -> tuple[Fact, ...]:
        """What should stay the same between two runs, such as key ids; a difference is shown as a change."""
        return ()

    def figures(self) -> tuple[Figure, ...]:
        """What later runs compare theirs with: numbers that differ a little from run to run."""
        return ()

    def lacks(self) -> "tuple[Unobserved, ...]":
        """What of it could not be seen, where the rest was: absence is never concluded across these."""
        return ()

    def unanswered(self) -> str:
        """Why nobody answered there, in words: that is judged, and yet nothing was seen. Empty where somebody did."""
        return ""


_ANY_ENVIRONMENT = "environments.<name>"
"""How the kinds of evidence write a setting that each environment has."""


class Unobserved(Value, frozen=True):
    """Something that could not be looked at, and why. Never healthy, never a fault, always shown."""

    what: str
    reason: Reason
    detail: str
    required: bool = False


def in_environment(lack: Unobserved, name: str) -> Unobserved:
    """The same with the environment's own name in the settings that its remedy names."""
    detail = lack.detail.replace(_ANY_ENVIRONMENT, f"environments.{name}")
    return lack if detail == lack.detail else msgspec.structs.replace(lack, detail=detail)


class CouldNotLookError(Exception):
    """Raised while observing: this source can say nothing, for this reason.

    Args:
        reason: which kind of blindness it is.
        detail: one sentence with the thing, the value and the remedy; no secret.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Finding(Value, frozen=True):
    """One fault that a check has seen, with what it rests on.

    `rests_on` names what its subject needs to be well, near and far: a service its workload, a workload its nodes.
    A fault of one of these may be the reason for this finding.
    """

    id: str
    title: str
    severity: Severity
    subject: Subject
    summary: str
    evidence: tuple[Fact, ...]
    command: str
    section: Section
    seen_from: str
    rests_on: tuple[Subject, ...] = ()

    @property
    def symptom(self) -> "Symptom":
        """What tells it from the other findings of a run."""
        return Symptom(self.id, self.subject)


class Symptom(Value, frozen=True):
    """One finding of a run: the same check may find fault with several subjects."""

    id: str
    subject: Subject


class Cause(Value, frozen=True):
    """A finding that is nobody's symptom, and the findings it explains.

    `id` and `subject` are those of the finding it stands on; `title` is that finding's sentence, with its numbers.
    `explains` names the checks, `symptoms` the very findings.
    """

    id: str
    subject: Subject
    title: str
    explains: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()

    @property
    def itself(self) -> Symptom:
        """The finding it stands on."""
        return Symptom(self.id, self.subject)


class SuggestionKind(StrEnum):
    """Whether the bot can do it under guard, or a person has to."""

    ACT = "act"
    ADVICE = "advice"


class Suggestion(Value, frozen=True):
    """What to do next about a cause: a step in words, and the command filled in for this platform.

    An act says in `act` what the bot can do about it under guard, in the words of its own command: `restart backend`.
    """

    kind: SuggestionKind
    cause: str
    subject: Subject
    text: str
    command: str = ""
    act: str = ""


class Change(Value, frozen=True):
    """Something that is not as it was at the previous look."""

    what: str
    before: str
    after: str


class Diagnosis(Value, frozen=True):
    """The answer about one area in one environment."""

    area: str
    environment: str
    verdict: Verdict
    causes: tuple[Cause, ...]
    findings: tuple[Finding, ...]
    unobserved: tuple[Unobserved, ...]
    changes: tuple[Change, ...]
    suggestions: tuple[Suggestion, ...]
    started_at: datetime
    duration_ms: int

    def finding(self, one: Symptom) -> Finding:
        """The finding of this name; a cause's own, or one of its symptoms.

        Raises:
            LookupError: the diagnosis has none.
        """
        for finding in self.findings:
            if finding.symptom == one:
                return finding
        raise LookupError(f"there is no finding {one.id} about {one.subject}")

    def advice_about(self, cause: Cause) -> tuple[Suggestion, ...]:
        """What to do about one of its causes, in order."""
        return tuple(one for one in self.suggestions if (one.cause, one.subject) == (cause.id, cause.subject))
