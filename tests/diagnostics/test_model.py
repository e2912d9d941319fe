"""Tests of the vocabulary: frozen values, worst first, and the exit codes that scripts rely on."""

import msgspec
import pytest

from diagnostics.model import CouldNotLookError, Fact, Reason, Severity, Subject, Verdict
from tests.diagnostics.toys import Lamp


def test_severities_sort_worst_first() -> None:
    """Ranks critical before warning before note."""
    assert sorted(Severity, key=lambda one: one.rank) == [Severity.CRITICAL, Severity.WARNING, Severity.NOTE]


def test_exit_codes() -> None:
    """Ends with 0 for healthy, 1 for a fault, 3 for not knowing; 2 is left to usage errors."""
    codes = {verdict.value: verdict.exit_code for verdict in Verdict}
    assert codes == {"down": 1, "degraded": 1, "unknown": 3, "healthy": 0}


def test_reasons_that_count() -> None:
    """Leaves out of the account only what nobody configured or asked for."""
    quiet = {reason for reason in Reason if not reason.counts}
    assert quiet == {Reason.NOT_CONFIGURED, Reason.NOT_ASKED_FOR}


def test_values_are_frozen() -> None:
    """Refuses to change a value."""
    fact = Fact("label", "value")
    with pytest.raises(AttributeError):
        fact.value = "other"  # type: ignore[misc]


def test_unknown_fields_are_refused() -> None:
    """Refuses a saved value with a field it does not know."""
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"label": "a", "value": "b", "colour": "red"}, Fact)


def test_subject_in_words() -> None:
    """Says a subject as its kind and its name."""
    assert str(Subject("realm", "volaticloud")) == "realm volaticloud"


def test_evidence_without_marks() -> None:
    """Expects nothing to stay the same unless a kind says so."""
    assert Lamp().marks() == ()


def test_could_not_look_reads_as_its_sentence() -> None:
    """Keeps the reason, and reads as the sentence."""
    error = CouldNotLookError(Reason.FORBIDDEN, "The role is missing.")
    assert (error.reason, str(error)) == (Reason.FORBIDDEN, "The role is missing.")
