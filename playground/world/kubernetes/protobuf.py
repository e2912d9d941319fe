"""Bodies that `kubectl` sends in protobuf: the few kinds for which it does so, read into what JSON would have said."""

from collections.abc import Iterator, Mapping
from typing import Any

from playground.world.kubernetes.kinds import Thing

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _BYTES = 0, 2

#: Messages by name: the field's number, its name, and the message in it ("" is text, "#" a number).
_MESSAGES: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "Unknown": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "raw")},
    "TypeMeta": {1: ("apiVersion", ""), 2: ("kind", "")},
    "ObjectMeta": {1: ("name", ""), 2: ("generateName", ""), 3: ("namespace", "")},
    "SelfSubjectAccessReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "AccessSpec")},
    "AccessSpec": {1: ("resourceAttributes", "Resource"), 2: ("nonResourceAttributes", "Page")},
    "Resource": {
        1: ("namespace", ""),
        2: ("verb", ""),
        3: ("group", ""),
        4: ("version", ""),
        5: ("resource", ""),
        6: ("subresource", ""),
        7: ("name", ""),
    },
    "Page": {1: ("path", ""), 2: ("verb", "")},
    "SelfSubjectRulesReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "RulesSpec")},
    "RulesSpec": {1: ("namespace", "")},
    "SelfSubjectReview": {1: ("metadata", "ObjectMeta")},
    "Eviction": {1: ("metadata", "ObjectMeta"), 2: ("deleteOptions", "DeleteOptions")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "#"),
        2: ("preconditions", "Preconditions"),
        4: ("propagationPolicy", ""),
    },
    "Preconditions": {1: ("uid", ""), 2: ("resourceVersion", "")},
}


class UnreadableError(Exception):
    """It is no such body, or of a kind that is not read."""


def decoded(body: bytes) -> Thing:
    """The object in a body.

    Raises:
        UnreadableError: there is none that can be read.
    """
    if not body.startswith(_MAGIC):
        raise UnreadableError("the provided data does not appear to be a protobuf message")
    try:
        envelope = _message("Unknown", body[len(_MAGIC) :])
        head = envelope["typeMeta"]
        if head["kind"] not in _MESSAGES:
            advice = "send it as JSON, for example with kubectl apply -f"
            raise UnreadableError(f"the simulated API server reads no {head['kind']} in protobuf: {advice}")
        return {**_message(head["kind"], envelope.get("raw", b"")), **head}
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise UnreadableError(f"a message that is not read here: {error!r}") from None


def _message(name: str, data: bytes) -> Thing:
    fields, told = _MESSAGES[name], {}
    for number, value in _fields(data):
        if number not in fields:
            continue
        field, kind = fields[number]
        told[field] = _value(kind, value)
    return {field: value for field, value in told.items() if value != ""}


def _value(kind: str, value: Any) -> Any:  # noqa: ANN401 a number or bytes
    if kind in {"#", "raw"}:
        return value
    return value.decode() if not kind else _message(kind, value)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7 == _BYTES:
            yield key >> 3, data[at : at + value]
            at += value
        elif key & 7 == _VARINT:
            yield key >> 3, value
        else:
            raise ValueError(f"wire type {key & 7}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 the bit that says that more follows
            return number, at
