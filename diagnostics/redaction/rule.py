"""A rule of redaction: what it finds, and the pattern without which it finds nothing.

The second is what lets most texts pass at a glance: where no rule's pattern occurs, no rule can apply.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from diagnostics.patterns import Pattern

__all__ = ["Rule", "where"]

F = TypeVar("F", bound=Callable[..., Any])
F_co = TypeVar("F_co", bound=Callable[..., Any], covariant=True)


@dataclass(frozen=True, slots=True)
class Rule(Generic[F_co]):
    """`find` gives spans, none of them unless `trigger` occurs in the text."""

    trigger: Pattern
    find: F_co


def where(trigger: Pattern) -> Callable[[F], Rule[F]]:
    """Make a rule of a function that begins by searching for `trigger`, and ends where that is nowhere."""
    return lambda find: Rule(trigger, find)
