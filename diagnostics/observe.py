"""Looking: every source once, all at the same time, each under its own deadline. Never judges."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, Protocol, Self, TypeVar, cast

from diagnostics.model import CouldNotLookError, Evidence, Reason, Unobserved

E = TypeVar("E", bound=Evidence)
Found_co = TypeVar("Found_co", bound=Evidence, covariant=True)
T = TypeVar("T")


class View(Evidence, frozen=True):
    """Evidence that is not looked at but joined, purely, from what was. It is not saved: a replay joins it again.

    Class variables each view must give, beside those of Evidence:
        NEEDS: the evidence without which it cannot be joined.
        USES: what else it is joined of, and may do without.
    """

    NEEDS: ClassVar[tuple[type[Evidence], ...]]
    USES: ClassVar[tuple[type[Evidence], ...]] = ()

    @classmethod
    def joined(cls, seen: "Seen") -> Self:
        """The view of what was seen; everything in NEEDS is there."""
        raise NotImplementedError


class Seen:
    """What one run has seen: for each kind of evidence, the evidence or why there is none."""

    def __init__(self, found: Mapping[type[Evidence], Evidence | Unobserved]) -> None:
        self._found = dict(found)
        self._views: dict[type[View], View | Unobserved] = {}

    def get(self, kind: type[E]) -> E | Unobserved:
        """The evidence of this kind, or why it was not observed. Holds the one cast of the engine."""
        if issubclass(kind, View):
            return cast("E | Unobserved", self._view(kind))
        missing = Unobserved(kind.WHAT, Reason.NOT_CONFIGURED, f"Set {kind.SETTING} to have it looked at.")
        return cast("E | Unobserved", self._found.get(kind, missing))

    def _view(self, kind: type[View]) -> View | Unobserved:
        if kind not in self._views:
            self._views[kind] = self._lack(kind) or kind.joined(self)
        return self._views[kind]

    def _lack(self, kind: type[View]) -> Unobserved | None:
        for need in kind.NEEDS:
            lack = self.get(need)
            if isinstance(lack, Unobserved):
                return Unobserved(kind.WHAT, Reason.DEPENDS, f"It needs {lack.what}. {lack.detail}")
        return None

    def __getitem__(self, kind: type[E]) -> E:
        """The evidence of a kind that is known to have been observed.

        Raises:
            LookupError: it was not.
        """
        found = self.get(kind)
        if isinstance(found, Unobserved):
            raise LookupError(  # noqa: TRY004 it is missing, not of a wrong type
                f"{kind.KIND} was not observed: {found.detail}"
            )
        return found

    def given(self, kind: type[E]) -> E | None:
        """The evidence where there is some: for what is used where it is there, and done without where it is not."""
        found = self.get(kind)
        return None if isinstance(found, Unobserved) else found

    def items(self) -> Iterable[tuple[type[Evidence], Evidence | Unobserved]]:
        """Every kind with what became of it."""
        return self._found.items()


@dataclass(frozen=True, slots=True)
class Source(Generic[Found_co]):
    """One way to look: what it yields, how, which evidence it needs to have first, and which it only waits for.

    `cut_off` is asked when a deadline ended the look: what has to be told all the same, mostly nothing.
    """

    kind: type[Found_co]
    observe: Callable[[Seen], Awaitable[Found_co]]
    needs: tuple[type[Evidence], ...] = ()
    cut_off: Callable[[], Found_co | None] = lambda: None
    after: tuple[type[Evidence], ...] = ()


@dataclass(frozen=True, slots=True)
class Glimpse:
    """The state of one source during a run, for progress: None while it is being looked at."""

    kind: type[Evidence]
    found: Evidence | Unobserved | None
    took_ms: int


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that one source, and a whole run, may take.

    5 s is far above a healthy answer and below the patience of someone on call; 20 s bounds a chain of four.
    """

    source: float = 5.0
    run: float = 20.0


class Clock(Protocol):
    """Seconds that only go forward, for durations."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        ...


class Cleaner(Protocol):
    """Takes the secrets out of text, before anything is judged or kept."""

    def value(self, thing: T) -> T:
        """The same value with every string in it redacted."""
        ...


@dataclass(frozen=True, slots=True)
class Lookout:
    """How to look: deadlines, the clock, the cleaner, and whom to tell of each glimpse."""

    clock: Clock
    cleaner: Cleaner
    deadlines: Deadlines = Deadlines()
    tell: Callable[[Glimpse], None] = lambda _: None


class Observation:
    """One run's look at its sources. Used once: `seen = await Observation(sources, lookout).look()`."""

    def __init__(self, sources: Iterable[Source[Evidence]], lookout: Lookout) -> None:
        self._sources = {source.kind: source for source in sources}
        self._lookout = lookout
        self._found: dict[type[Evidence], Evidence | Unobserved] = {}
        self._tasks: dict[type[Evidence], asyncio.Task[None]] = {}

    async def look(self) -> Seen:
        """Look at every source and give what was seen; cancelling it cancels every look under way."""
        seconds = self._lookout.deadlines.run
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
                for kind, source in self._sources.items():
                    self._tasks[kind] = group.create_task(self._one(source), name=f"observe {kind.KIND}")
        except TimeoutError:
            self._give_up(seconds)
        return Seen(self._found)

    def _give_up(self, seconds: float) -> None:
        detail = f"The run's {seconds:g} s were over before it was seen. Run it again, or raise limits.run_seconds."
        for kind, source in self._sources.items():
            if kind not in self._found:
                self._found[kind] = self._cut_off(source, detail)

    async def _one(self, source: Source[Evidence]) -> None:
        for need in (*source.needs, *source.after):
            if need in self._tasks:
                await self._tasks[need]
        began = self._lookout.clock.monotonic()
        self._lookout.tell(Glimpse(source.kind, None, 0))
        found = self._lacking(source) or await self._observed(source)
        self._found[source.kind] = found
        took = round((self._lookout.clock.monotonic() - began) * 1000)
        self._lookout.tell(Glimpse(source.kind, found, took))

    def _lacking(self, source: Source[Evidence]) -> Unobserved | None:
        seen = Seen(self._found)
        for need in source.needs:
            lack = seen.get(need)
            if isinstance(lack, Unobserved):
                return Unobserved(source.kind.WHAT, Reason.DEPENDS, f"It needs {lack.what}. {lack.detail}")
        return None

    async def _observed(self, source: Source[Evidence]) -> Evidence | Unobserved:
        seconds = self._lookout.deadlines.source
        try:
            async with asyncio.timeout(seconds):
                found = await source.observe(Seen(self._found))
                # A big cluster has a hundred thousand texts: they are gone through beside the loop, not on it.
                return await asyncio.to_thread(self._lookout.cleaner.value, found)
        except TimeoutError:
            detail = f"No answer within {seconds:g} s. Raise limits.source_seconds if it is known to be this slow."
            return self._cut_off(source, detail)
        except CouldNotLookError as error:
            return self._unobserved(source, error.reason, error.detail)
        except Exception as error:  # noqa: BLE001 one source's failure must not take the others' results along
            return self._unobserved(source, Reason.FAILED, f"{type(error).__name__}: {error}")

    def _cut_off(self, source: Source[Evidence], detail: str) -> Evidence | Unobserved:
        found = source.cut_off()
        return self._unobserved(source, Reason.TIMEOUT, detail) if found is None else self._lookout.cleaner.value(found)

    def _unobserved(self, source: Source[Evidence], reason: Reason, detail: str) -> Unobserved:
        return self._lookout.cleaner.value(Unobserved(source.kind.WHAT, reason, detail))
