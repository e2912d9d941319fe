"""Bodies in protobuf, as kubectl sends them for reviews."""

import pytest

from playground.world.kubernetes.protobuf import UnreadableError, decoded


def field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


def body(kind: bytes, raw: bytes) -> bytes:
    head = field(1, b"authorization.k8s.io/v1") + field(2, kind)
    return b"k8s\0" + field(1, head) + field(2, raw)


def test_a_review_is_read() -> None:
    """Reads a review with its attributes, and leaves out what is empty."""
    attributes = field(1, b"volaticloud") + field(2, b"list") + field(3, b"") + field(5, b"pods")
    told = decoded(body(b"SelfSubjectAccessReview", field(2, field(1, attributes))))
    assert told["kind"] == "SelfSubjectAccessReview"
    assert told["spec"] == {"resourceAttributes": {"namespace": "volaticloud", "verb": "list", "resource": "pods"}}


def test_numbers_are_read() -> None:
    """Reads numbers that take more than one byte, and skips fields it does not know."""
    options = field(2, bytes([1 << 3, 0xAC, 0x02]) + bytes([9 << 3, 1]))
    assert decoded(body(b"Eviction", options))["deleteOptions"] == {"gracePeriodSeconds": 300}


@pytest.mark.parametrize("odd", [b"{}", b"k8s\0", body(b"Deployment", b""), body(b"Eviction", b"\x13\x01")])
def test_what_is_not_read(odd: bytes) -> None:
    """Refuses what is no such message, and kinds that it does not read."""
    with pytest.raises(UnreadableError):
        decoded(odd)


def test_another_kind_is_named() -> None:
    """Names the kind that it does not read, and the way to send it."""
    with pytest.raises(UnreadableError, match="reads no Job in protobuf: send it as JSON"):
        decoded(body(b"Job", b""))
