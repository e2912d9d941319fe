"""Selectors as a query has them: of labels and of fields; parsed once, then asked of each object."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from playground.world.kubernetes import status
from playground.world.kubernetes.kinds import Kind, Thing

Selector = Callable[[Thing], bool]

_TOKEN = re.compile(r"\s*(?:(==|=|!=|!|\(|\)|,|>|<)|([^\s=!(),<>]+))")
#: The fields that each kind can be selected by, besides its name and namespace (the server's own tables).
FIELDS: Mapping[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.podIPs",
        "status.nominatedNodeName",
    ),
    "Event": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "Namespace": ("status.phase",),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "ReplicaSet": ("status.replicas",),
    "Job": ("status.successful",),
    "Service": ("spec.clusterIP", "spec.type"),
}
_OF_EVENTS = {"regarding": "involvedObject", "reportingController": "reportingComponent"}  # events.k8s.io's names


@dataclass(frozen=True, slots=True)
class _Requirement:
    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        if self.operator == "exists":
            return value is not None
        if self.operator == "absent":
            return value is None
        if self.operator == "in":
            return value in self.values
        if self.operator == "notin":
            return value not in self.values
        return value is not None and _compared(self.operator, value, self.values[0])


def label_selector(text: str) -> Selector:
    """Of labels: `app=x`, `app!=x`, `app in (x,y)`, `app notin (x)`, `app`, `!app`, `n>1`; all of them hold.

    Raises:
        RefusalError: it cannot be parsed; worded as the server words it.
    """
    requirements = list(_Parser(text).requirements()) if text.strip() else []

    def chosen(thing: Thing) -> bool:
        labels = thing["metadata"].get("labels") or {}
        return all(one.holds(labels) for one in requirements)

    return chosen


def field_selector(kind: Kind, text: str) -> Selector:
    """Of fields: `status.phase=Failed`, `metadata.name!=x`; all of them hold.

    Raises:
        RefusalError: it cannot be parsed, or the kind cannot be selected by that field.
    """
    terms = [_term(kind, word) for word in text.split(",") if word]

    def chosen(thing: Thing) -> bool:
        return all((_field(thing, path) == value) is wanted for path, value, wanted in terms)

    return chosen


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether labels match a selector of an object (matchLabels, matchExpressions); None matches nothing."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    told = selector.get("matchExpressions") or []
    words = {"Exists": "exists", "DoesNotExist": "absent", "In": "in", "NotIn": "notin"}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _Requirement(one["key"], words[one["operator"]], tuple(one.get("values") or ())).holds(labels) for one in told
    )


def _compared(operator: str, value: str, limit: str) -> bool:
    try:
        return int(value) > int(limit) if operator == ">" else int(value) < int(limit)
    except ValueError:
        return False


class _Parser:
    """A selector of labels, word by word."""

    def __init__(self, text: str) -> None:
        self._tokens = [symbol or word for symbol, word in _TOKEN.findall(text)]
        self._at = 0

    def requirements(self) -> Iterator[_Requirement]:
        """Each requirement in turn."""
        yield self._requirement()
        while self._peek():
            self._expect({","})
            yield self._requirement()

    def _requirement(self) -> _Requirement:
        if self._peek() == "!":
            self._at += 1
            return _Requirement(self._identifier(), "absent")
        key = self._identifier()
        word = self._peek()
        if word in {"", ","}:
            return _Requirement(key, "exists")
        self._expect({"=", "==", "!=", "in", "notin", ">", "<"})
        if word in {"in", "notin"}:
            return _Requirement(key, word, self._several())
        value = "" if self._peek() in {"", ","} else self._identifier()
        return _Requirement(key, {"=": "in", "==": "in", "!=": "notin"}.get(word, word), (value,))

    def _several(self) -> tuple[str, ...]:
        self._expect({"("})
        values = [self._identifier()]
        while self._peek() == ",":
            self._at += 1
            values.append(self._identifier())
        self._expect({")"})
        return tuple(values)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _identifier(self) -> str:
        word = self._peek()
        if not word or not _TOKEN.fullmatch(word) or word in {"=", "==", "!=", "!", "(", ")", ",", ">", "<"}:
            raise status.bad_request(f"unable to parse requirement: found '{word}', expected: identifier")
        self._at += 1
        return word

    def _expect(self, wanted: set[str]) -> None:
        word = self._peek()
        if word not in wanted:
            told = ", ".join(sorted(wanted))
            raise status.bad_request(f"unable to parse requirement: found '{word}', expected: {told}")
        self._at += 1


def _term(kind: Kind, word: str) -> tuple[str, str, bool]:
    found = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", word)
    if found is None:
        raise status.bad_request(f"invalid selector: '{word}'; can't understand '{word}'")
    path = found[1]
    root, _, rest = path.partition(".")
    known = f"{_OF_EVENTS[root]}.{rest}".rstrip(".") if root in _OF_EVENTS and kind.kind == "Event" else path
    if known not in {"metadata.name", "metadata.namespace", *FIELDS.get(kind.kind, ())}:
        raise status.bad_request(f"field label not supported: {path}")
    return known, found[3], found[2] != "!="


def _field(thing: Thing, path: str) -> str:
    if path == "source":
        return str((thing.get("source") or {}).get("component") or thing.get("reportingComponent") or "")
    value: Any = thing
    for word in path.split("."):
        value = value.get(word) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return _zero(path) if value is None else str(value)


def _zero(path: str) -> str:
    """What an absent field counts as."""
    return {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.replicas": "0"}.get(path, "")
