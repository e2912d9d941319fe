"""A redactor that learns while it looks: secrets read from the platform are masked in what is read after them."""

from typing import TypeVar

from diagnostics.redaction.known import KnownSecret
from diagnostics.redaction.redactor import Redactor

T = TypeVar("T")


class LearningRedactor:
    """One run's redactor. What it has learned is gone with it."""

    def __init__(self, redactor: Redactor) -> None:
        self.current = redactor

    def learn(self, *known: KnownSecret) -> None:
        """Mask these from now on, too."""
        self.current = self.current.also(*known)

    def value(self, thing: T) -> T:
        """As `Redactor.value`, by all that was learned."""
        return self.current.value(thing)
