"""What changed by an act: fixed, not fixed, new; and nothing is fixed that nobody could look for."""

from datetime import UTC, datetime

import pytest

from bot.actions.afterwards import Difference, difference
from diagnostics.model import Diagnosis, Finding, Reason, Severity, Subject, Unobserved, Verdict
from diagnostics.runbook import Section

AT = datetime(2026, 11, 20, 3, 12, tzinfo=UTC)


def finding(id: str, severity: Severity = Severity.CRITICAL) -> Finding:
    subject = Subject("service", id)
    return Finding(id, "Illness", severity, subject, f"{id} is ill.", (), "look", Section.SERVER, "the bot's pod")


def seen(*findings: Finding, verdict: Verdict = Verdict.DOWN, unseen: tuple[str, ...] = ()) -> Diagnosis:
    lacks = tuple(Unobserved(what, Reason.UNREACHABLE, "It did not answer.", required=True) for what in unseen)
    return Diagnosis("server", "production", verdict, (), findings, lacks, (), (), AT, 5)


def told(found: Difference) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    return found.fixed, found.remaining, found.new


def test_what_is_gone_and_what_is_new() -> None:
    """It tells what is fixed, what is not, and what is new; notes do not count."""
    before = seen(finding("a.one"), finding("a.two"), finding("a.note", Severity.NOTE))
    after = seen(finding("a.two"), finding("a.three"))
    assert told(difference(before, after)) == (("a.one is ill",), ("a.two is ill",), ("a.three is ill",))


@pytest.mark.parametrize("verdict", [Verdict.DOWN, Verdict.DEGRADED, Verdict.UNKNOWN])
def test_what_could_not_be_looked_for(verdict: Verdict) -> None:
    """It calls nothing fixed where a look failed that went well before, whatever else was found and judged."""
    before = seen(finding("a.one"), finding("b.two"))
    after = seen(finding("b.two"), verdict=verdict, unseen=("the pods",))
    blind = "a.one is ill (not seen again: some looks failed)"
    assert told(difference(before, after)) == ((), ("b.two is ill", blind), ())


def test_what_was_never_seen() -> None:
    """It lets a look that failed before, too, say nothing against what is fixed now."""
    before = seen(finding("a.one"), unseen=("the nodes",))
    after = seen(verdict=Verdict.DEGRADED, unseen=("the nodes",))
    assert told(difference(before, after)) == (("a.one is ill",), (), ())
