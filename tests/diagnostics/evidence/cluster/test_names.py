"""Tests of names and of choosing by labels, as Kubernetes means it."""

import pytest

from diagnostics.evidence.cluster.names import Name, Operator, Requirement, Selector
from diagnostics.model import Subject


def test_a_name() -> None:
    """Writes a name with its namespace, and names its thing as kubectl does."""
    one = Name("volaticloud", "backend")
    assert str(one) == "volaticloud/backend"
    assert one.subject("Deployment") == Subject("deployment", "volaticloud/backend")


@pytest.mark.parametrize(
    ("operator", "values", "labels", "holds"),
    [
        (Operator.IN, ("a", "b"), {"k": "b"}, True),
        (Operator.IN, ("a", "b"), {"k": "c"}, False),
        (Operator.IN, ("a",), {}, False),
        (Operator.NOT_IN, ("a",), {"k": "b"}, True),
        (Operator.NOT_IN, ("a",), {"k": "a"}, False),
        (Operator.NOT_IN, ("a",), {}, True),
        (Operator.EXISTS, (), {"k": ""}, True),
        (Operator.EXISTS, (), {}, False),
        (Operator.ABSENT, (), {}, True),
        (Operator.ABSENT, (), {"k": "a"}, False),
    ],
)
def test_requirements(operator: Operator, values: tuple[str, ...], labels: dict[str, str], *, holds: bool) -> None:
    """Compares a label as the API server does; a label that is missing is in no set."""
    assert Requirement("k", operator, values).holds(labels) is holds


def test_a_selector_needs_all() -> None:
    """Means only what meets every requirement, and everything where there is none."""
    both = Selector.of_labels({"a": "1", "b": "2"})
    assert both.matches({"a": "1", "b": "2", "c": "3"})
    assert not both.matches({"a": "1"})
    assert Selector().matches({})


def test_a_selector_in_words() -> None:
    """Writes a selector as kubectl takes it."""
    requirements = (
        Requirement("app", Operator.IN, ("api",)),
        Requirement("tier", Operator.NOT_IN, ("a", "b")),
        Requirement("x", Operator.EXISTS),
        Requirement("y", Operator.ABSENT),
    )
    assert str(Selector(requirements)) == "app=api,tier notin (a,b),x,!y"
