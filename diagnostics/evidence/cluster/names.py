"""What things of a cluster are called, and how labels choose among them, as Kubernetes means it."""

from collections.abc import Mapping
from enum import StrEnum

from diagnostics.model import Subject, Value


class Name(Value, frozen=True, order=True):
    """A thing's namespace and name. Both are unique together for each kind of thing."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    def subject(self, kind: str) -> Subject:
        """The thing as a finding names it: its kind in lower case, its namespace and its name."""
        return Subject(kind.lower(), str(self))


class Operator(StrEnum):
    """How a requirement compares a label."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    ABSENT = "DoesNotExist"


class Requirement(Value, frozen=True):
    """One condition on a label."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it. A missing label is not in any set, as the API server reads it."""
        match self.operator:
            case Operator.IN:
                return labels.get(self.key) in self.values
            case Operator.NOT_IN:
                return labels.get(self.key) not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.ABSENT:
                return self.key not in labels


class Selector(Value, frozen=True):
    """Which things are meant, by their labels: all requirements must hold. Without any, it means everything."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def of_labels(cls, labels: Mapping[str, str]) -> "Selector":
        """The selector of exact labels."""
        return cls(tuple(Requirement(key, Operator.IN, (value,)) for key, value in sorted(labels.items())))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels are meant."""
        return all(one.holds(labels) for one in self.requirements)

    def __str__(self) -> str:
        """The selector as kubectl takes it with -l."""
        return ",".join(_written(one) for one in self.requirements)


def _written(one: Requirement) -> str:
    match one.operator:
        case Operator.EXISTS:
            return one.key
        case Operator.ABSENT:
            return f"!{one.key}"
        case Operator.IN if len(one.values) == 1:
            return f"{one.key}={one.values[0]}"
        case _:
            return f"{one.key} {one.operator.lower()} ({','.join(one.values)})"
