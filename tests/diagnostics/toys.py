"""A toy area with toy evidence, a clock that stands still and a cleaner that remembers: for tests of the engine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from diagnostics.check import Area, Check, Sign, check
from diagnostics.context import Context
from diagnostics.evidence.cluster.reading import Marks
from diagnostics.model import Evidence, Fact, Severity, Subject
from diagnostics.observe import Deadlines, Glimpse, Lookout
from diagnostics.redaction import LearningRedactor, Redactor
from diagnostics.runbook import Section
from diagnostics.signatures import Catalogue

T = TypeVar("T")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTEXT = Context(at=NOW, seen_from="from the test")


class Lamp(Evidence, frozen=True):
    """Whether a lamp is lit."""

    KIND: ClassVar[str] = "toy.lamp"
    WHAT: ClassVar[str] = "the lamp"
    SETTING: ClassVar[str] = "toy.lamp"

    lit: bool = True
    label: str = ""

    def marks(self) -> tuple[Fact, ...]:
        """The label."""
        return (Fact("label of the lamp", self.label),) if self.label else ()


class Door(Evidence, frozen=True):
    """Whether a door is open."""

    KIND: ClassVar[str] = "toy.door"
    WHAT: ClassVar[str] = "the door"
    SETTING: ClassVar[str] = "toy.door"

    open: bool = False


class Cellar(Evidence, frozen=True):
    """What is in the cellar."""

    KIND: ClassVar[str] = "toy.cellar"
    WHAT: ClassVar[str] = "the cellar"
    SETTING: ClassVar[str] = "toy.cellar"

    note: str = ""


def marks() -> Marks:
    """What marks logs where nothing is known and nothing is secret."""
    return Marks(lambda: Catalogue([]), LearningRedactor(Redactor()))


def sign(words: str) -> Sign:
    """A sign that says these words."""
    return Sign(Subject("toy", "house"), words, (Fact("seen", words),), "ls")


def toy_check(kind: type[Evidence], id: str, severity: Severity, words: tuple[str, ...] = ("broken",)) -> Check[Any]:
    """A check that always finds, once for each of the words."""

    def judge(_seen: Evidence, _context: Context) -> Iterator[Sign]:
        """It always finds."""
        yield from (sign(word) for word in words)

    return check(kind, id, f"Title of {id}", severity, Section.QUICK)(judge)


def failing_check(kind: type[Evidence], id: str, error: Exception) -> Check[Any]:
    """A check that is itself broken."""

    def judge(_seen: Evidence, _context: Context) -> Iterator[Sign]:
        """It never gets there."""
        yield from _raises(error)

    return check(kind, id, f"Title of {id}", Severity.CRITICAL, Section.QUICK)(judge)


Kinds = tuple[type[Evidence], ...]


def toy_area(*checks: Check[Any], requires: Kinds = (Lamp,), optional: Kinds = (), deep: Kinds = ()) -> Area:
    """An area of these checks; the lamp is required unless said otherwise."""
    return Area("toy", "Toy", Section.QUICK, checks, requires, optional, deep)


def _raises(error: Exception) -> tuple[Sign, ...]:
    raise error


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.seconds

    def now(self) -> datetime:
        """The time of day."""
        return NOW + timedelta(seconds=self.seconds - 100)


class Cleaner:
    """Leaves everything as it is and remembers what passed."""

    def __init__(self) -> None:
        self.passed: list[object] = []

    def value(self, thing: T) -> T:
        """The same value."""
        self.passed.append(thing)
        return thing


def lookout(glimpses: list[Glimpse] | None = None, deadlines: Deadlines | None = None) -> Lookout:
    """A lookout with a fake clock; glimpses are put into the list."""
    told = [] if glimpses is None else glimpses
    return Lookout(FakeClock(), Cleaner(), deadlines or Deadlines(), told.append)
