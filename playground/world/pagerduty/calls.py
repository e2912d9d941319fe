"""What a call of the simulated PagerDuty is, and what it may answer: plain values between HTTP and the pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A request, taken apart."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    status: int
    body: Json
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(status: int, message: str, code: int, *errors: str) -> Said:
    """A refusal of the REST API."""
    return Said(status, {"error": {"message": message, "code": code, **({"errors": list(errors)} if errors else {})}})


def invalid(*errors: str) -> Said:
    """The refusal of what is badly formed."""
    return refusal(400, "Invalid Input Provided", 2001, *errors)
