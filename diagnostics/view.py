"""What a check takes that needs two kinds of evidence: one value, joined from what was seen by a pure function."""

from abc import abstractmethod
from typing import ClassVar, Self

from diagnostics.model import Evidence, Unobserved
from diagnostics.observe import Seen


class View(Evidence, frozen=True):
    """Several kinds of evidence as one. It is joined while judging and never saved, so a replay joins it again.

    Class variable each view must give, beside those of its base:
        JOINS: the kinds it is made of.
    """

    JOINS: ClassVar[tuple[type[Evidence], ...]]

    @classmethod
    @abstractmethod
    def of(cls, seen: Seen) -> Self | Unobserved:
        """The view of what was seen, or why there is none."""
