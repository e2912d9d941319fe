"""What a check and an area are. Checks are listed in tables one can read; nothing registers itself."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from diagnostics.context import Context
from diagnostics.model import Evidence, Fact, Finding, Severity, Subject, Value, Verdict
from diagnostics.runbook import Section

E = TypeVar("E", bound=Evidence)


class Sign(Value, frozen=True):
    """What a check saw: the subject, one sentence with its numbers, what it rests on, how to see the same.

    The check's own id, title, severity and section are added to make it a Finding. `severity` is given where this
    sign is milder than the check's worst, as when others still do the work. `rests_on` is as in Finding.
    """

    subject: Subject
    summary: str
    evidence: tuple[Fact, ...]
    command: str
    severity: Severity | None = None
    rests_on: tuple[Subject, ...] = ()


Judge = Callable[[E, Context], Iterator[Sign]]


@dataclass(frozen=True, slots=True)
class Check(Generic[E]):
    """A pure question to one kind of evidence. No sign means fine."""

    evidence: type[E]
    id: str
    title: str
    severity: Severity
    section: Section
    reason: str
    judge: Judge[E]

    @property
    def area(self) -> str:
        """The area the id begins with."""
        return self.id.partition(".")[0]

    def findings(self, seen: E, context: Context) -> tuple[Finding, ...]:
        """Every finding this check makes of the evidence."""
        return tuple(self._finding(sign, context) for sign in self.judge(seen, context))

    def _finding(self, sign: Sign, context: Context) -> Finding:
        return Finding(
            id=self.id,
            title=self.title,
            severity=sign.severity or self.severity,
            section=self.section,
            seen_from=context.seen_from,
            subject=sign.subject,
            summary=sign.summary,
            evidence=sign.evidence,
            command=sign.command,
            rests_on=sign.rests_on,
        )


def check(
    evidence: type[E],
    id: str,
    title: str,
    severity: Severity,
    section: Section,
) -> Callable[[Judge[E]], Check[E]]:
    """Make a Check of a function from (evidence, context) to signs; its docstring is the reason people read.

    Raises:
        ValueError: the function has no docstring.
    """

    def make(judge: Judge[E]) -> Check[E]:
        reason = inspect.getdoc(judge)
        if not reason:
            raise ValueError(f"check {id} has no docstring; write there why its finding matters")
        return Check(evidence, id, title, severity, section, " ".join(reason.split()), judge)

    return make


@dataclass(frozen=True, slots=True)
class Area:
    """One section of the runbook as something that can be diagnosed.

    `requires` names the evidence without which nothing can be said; `optional` the evidence that only adds;
    `deep` the evidence that is gathered on request, because gathering it writes. `words` are what its verdicts are
    called where it is no matter of being up or down.
    """

    name: str
    title: str
    section: Section
    checks: tuple[Check[Any], ...]
    requires: tuple[type[Evidence], ...]
    optional: tuple[type[Evidence], ...] = ()
    deep: tuple[type[Evidence], ...] = ()
    words: Mapping[Verdict, str] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[type[Evidence], ...]:
        """Every kind of evidence this area looks at."""
        return (*self.requires, *self.optional, *self.deep)
