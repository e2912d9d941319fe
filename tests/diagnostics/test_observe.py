"""Tests of looking: once, all at once, each under its own deadline, and every way of seeing nothing."""

import asyncio
from dataclasses import replace
from typing import Any, ClassVar, Self

import msgspec
import pytest

from diagnostics.model import CouldNotLookError, Evidence, Reason, Unobserved
from diagnostics.observe import Deadlines, Glimpse, Observation, Seen, Source, View
from tests.diagnostics.toys import Cellar, Door, FakeClock, Lamp, lookout

SOON = Deadlines(source=0.05, run=5.0)


def gives(evidence: Evidence) -> Any:
    async def observe(_: Seen) -> Evidence:
        return evidence

    return observe


def fails(error: BaseException) -> Any:
    async def observe(_: Seen) -> Evidence:
        raise error

    return observe


async def hangs(_: Seen) -> Any:
    await asyncio.Event().wait()


async def look(*sources: Source[Any], deadlines: Deadlines = SOON) -> Seen:
    return await Observation(sources, lookout(deadlines=deadlines)).look()


def lack(seen: Seen, kind: type[Evidence]) -> Unobserved:
    found = seen.get(kind)
    assert isinstance(found, Unobserved)
    return found


async def test_each_once() -> None:
    """Asks a source once, however many others need it."""
    asked: list[str] = []

    async def lamp(_: Seen) -> Lamp:
        asked.append("lamp")
        return Lamp()

    async def door(seen: Seen) -> Door:
        return Door(open=seen[Lamp].lit)

    async def cellar(seen: Seen) -> Cellar:
        return Cellar(str(seen[Lamp].lit))

    seen = await look(Source(Cellar, cellar, (Lamp,)), Source(Lamp, lamp), Source(Door, door, (Lamp,)))
    assert asked == ["lamp"]
    assert seen[Door].open
    assert seen[Cellar].note == "True"


async def test_all_at_once() -> None:
    """Looks at all sources at the same time: each of these ends only when the other has begun."""
    here, there = asyncio.Event(), asyncio.Event()

    async def lamp(_: Seen) -> Lamp:
        here.set()
        await there.wait()
        return Lamp()

    async def door(_: Seen) -> Door:
        there.set()
        await here.wait()
        return Door()

    seen = await look(Source(Lamp, lamp), Source(Door, door))
    assert seen[Lamp] == Lamp()
    assert seen[Door] == Door()


async def test_hanging_source() -> None:
    """Turns a source that hangs into a timeout that names the limit and the setting, and keeps the others."""
    seen = await look(Source(Lamp, hangs), Source(Door, gives(Door())))
    assert seen[Door] == Door()
    assert lack(seen, Lamp).reason is Reason.TIMEOUT
    assert "0.05 s" in lack(seen, Lamp).detail
    assert "limits.source_seconds" in lack(seen, Lamp).detail


async def test_glimpses_come_as_they_happen() -> None:
    """Tells of a source as soon as it is seen, while another still hangs."""
    seen_door = asyncio.Event()
    told: list[Glimpse] = []

    async def lamp(_: Seen) -> Lamp:
        await seen_door.wait()  # ends only because the door's glimpse came first
        return Lamp()

    def tell(glimpse: Glimpse) -> None:
        told.append(glimpse)
        if glimpse.kind is Door and glimpse.found:
            seen_door.set()

    sources = (Source(Lamp, lamp), Source(Door, gives(Door())))
    await Observation(sources, replace(lookout(), tell=tell)).look()
    assert [(one.kind, one.found is not None) for one in told] == [
        (Lamp, False),
        (Door, False),
        (Door, True),
        (Lamp, True),
    ]


async def test_glimpse_time() -> None:
    """Says how long each look took, by the clock it was given."""
    told: list[Glimpse] = []
    clock = FakeClock()

    async def lamp(_: Seen) -> Lamp:
        clock.seconds += 1.2345
        return Lamp()

    await Observation([Source(Lamp, lamp)], replace(lookout(told), clock=clock)).look()
    assert [glimpse.took_ms for glimpse in told] == [0, 1234]


async def test_needs_wait_outside_the_deadline() -> None:
    """Does not count the wait for what a source needs against the source's own deadline."""
    seen = await look(Source(Door, gives(Door()), (Lamp,)), Source(Lamp, hangs))
    assert lack(seen, Lamp).reason is Reason.TIMEOUT
    assert lack(seen, Door).reason is Reason.DEPENDS  # its own deadline began first, and would have ended first


async def test_run_deadline() -> None:
    """Ends the whole run at its own deadline, keeps what was seen, and says why the rest was not."""
    cancelled: list[str] = []

    async def lamp(_: Seen) -> Lamp:
        try:
            return await hangs(_)  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            cancelled.append("lamp")
            raise

    sources = (Source(Lamp, lamp), Source(Door, gives(Door())), Source(Cellar, gives(Cellar()), (Lamp,)))
    seen = await look(*sources, deadlines=Deadlines(source=60, run=0.05))
    assert cancelled == ["lamp"]
    assert seen[Door] == Door()
    for kind in (Lamp, Cellar):
        assert lack(seen, kind).reason is Reason.TIMEOUT
        assert "0.05 s" in lack(seen, kind).detail
        assert "limits.run_seconds" in lack(seen, kind).detail


async def test_failing_source() -> None:
    """Shows a source that fails with the error's type and words, and keeps the others."""
    seen = await look(Source(Lamp, fails(ZeroDivisionError("by zero"))), Source(Door, gives(Door())))
    assert lack(seen, Lamp) == Unobserved("the lamp", Reason.FAILED, "ZeroDivisionError: by zero")
    assert seen[Door] == Door()


@pytest.mark.parametrize("reason", list(Reason))
async def test_could_not_look(reason: Reason) -> None:
    """Takes over the reason and the sentence of a source that could not look."""
    seen = await look(Source(Lamp, fails(CouldNotLookError(reason, "It is dark. Bring a candle."))))
    assert lack(seen, Lamp) == Unobserved("the lamp", reason, "It is dark. Bring a candle.")


async def test_not_configured() -> None:
    """Names the setting that would make a kind without a source observable."""
    seen = await look()
    assert lack(seen, Lamp) == Unobserved("the lamp", Reason.NOT_CONFIGURED, "Set toy.lamp to have it looked at.")
    with pytest.raises(LookupError, match=r"toy\.lamp was not observed: Set toy\.lamp"):
        seen[Lamp]


async def test_chain_of_needs() -> None:
    """Carries the first reason through a chain of sources that need one another, and asks none of them."""
    asked: list[str] = []

    async def never(_: Seen) -> Any:
        asked.append("asked")

    sources = (
        Source(Cellar, never, (Door,)),
        Source(Door, never, (Lamp,)),
        Source(Lamp, fails(CouldNotLookError(Reason.FORBIDDEN, "The key is missing."))),
    )
    seen = await look(*sources)
    assert asked == []
    assert lack(seen, Door) == Unobserved("the door", Reason.DEPENDS, "It needs the lamp. The key is missing.")
    assert lack(seen, Cellar).reason is Reason.DEPENDS
    assert lack(seen, Cellar).detail == "It needs the door. It needs the lamp. The key is missing."


async def test_need_without_source() -> None:
    """Says of a source whose need nobody looks at which setting is missing."""
    seen = await look(Source(Door, gives(Door()), (Lamp,)))
    assert lack(seen, Door).detail == "It needs the lamp. Set toy.lamp to have it looked at."


async def test_cancelling_the_run() -> None:
    """Cancels every look under way when the run is cancelled, and passes the cancellation on."""
    looking, cancelled = asyncio.Barrier(3), []

    def noting(name: str) -> Any:
        async def observe(_: Seen) -> Any:
            await looking.wait()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(name)
                raise

        return observe

    sources = (Source(Lamp, noting("lamp")), Source(Door, noting("door")))
    run = asyncio.create_task(look(*sources, deadlines=Deadlines(source=60, run=60)))
    await looking.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert sorted(cancelled) == ["door", "lamp"]


async def test_cleaned_before_it_is_kept() -> None:
    """Passes what was found, and the words of what was not, through the cleaner before anybody sees it."""

    class Masking:
        def value(self, thing: Any) -> Any:
            if isinstance(thing, Unobserved):
                return msgspec.structs.replace(thing, detail=thing.detail.replace("hunter2", "***"))
            return Lamp(label="***")

    told: list[Glimpse] = []
    own = replace(lookout(told), cleaner=Masking())
    sources = (Source(Lamp, gives(Lamp(label="hunter2"))), Source(Door, fails(ValueError("hunter2 is wrong"))))
    seen = await Observation(sources, own).look()
    assert seen[Lamp].label == "***"
    assert lack(seen, Door).detail == "ValueError: *** is wrong"
    assert "hunter2" not in repr(told)


async def test_cleaned_before_others_build_on_it() -> None:
    """Gives a source what it needs in its cleaned form, as it will be judged."""

    class Masking:
        def value(self, thing: Any) -> Any:
            return msgspec.structs.replace(thing, label="***") if isinstance(thing, Lamp) else thing

    async def cellar(seen: Seen) -> Cellar:
        return Cellar(seen[Lamp].label)

    sources = (Source(Lamp, gives(Lamp(label="hunter2"))), Source(Cellar, cellar, (Lamp,)))
    seen = await Observation(sources, replace(lookout(), cleaner=Masking())).look()
    assert seen[Cellar].note == "***"


async def test_failing_cleaner() -> None:
    """Shows nothing of what the cleaner could not clean."""

    class Failing:
        def value(self, thing: Any) -> Any:
            if isinstance(thing, Lamp):
                raise ValueError("no form I know")  # noqa: TRY004 any error will do
            return thing

    seen = await Observation([Source(Lamp, gives(Lamp(label="hunter2")))], replace(lookout(), cleaner=Failing())).look()
    assert lack(seen, Lamp) == Unobserved("the lamp", Reason.FAILED, "ValueError: no form I know")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_program_is_not_swallowed(error: type[BaseException]) -> None:
    """Lets pass what is meant to end the program."""
    with pytest.raises(error):
        asyncio.run(look(Source(Lamp, fails(error())), Source(Door, hangs)))


async def test_own_timeouts_of_a_source() -> None:
    """Counts a timeout that the source itself reports as a timeout."""
    seen = await look(Source(Lamp, fails(TimeoutError())))
    assert lack(seen, Lamp).reason is Reason.TIMEOUT


class Room(View, frozen=True):
    """A room as its lamp and its door make it."""

    KIND: ClassVar[str] = "toy.room"
    WHAT: ClassVar[str] = "the room"
    SETTING: ClassVar[str] = "toy.room"
    NEEDS: ClassVar[tuple[type[Evidence], ...]] = (Lamp,)

    bright: bool
    door_seen: bool

    @classmethod
    def joined(cls, seen: Seen) -> Self:
        """The room: its lamp, and the door where it was seen."""
        return cls(seen[Lamp].lit, not isinstance(seen.get(Door), Unobserved))


def test_a_view_joins_what_was_seen() -> None:
    """Joins a view of the evidence it needs, and does without what it merely uses."""
    assert Seen({Lamp: Lamp(lit=True)}).get(Room) == Room(bright=True, door_seen=False)
    assert Seen({Lamp: Lamp(lit=True), Door: Door()}).get(Room) == Room(bright=True, door_seen=True)


def test_a_view_is_joined_once() -> None:
    """Joins a view once in a run, however many checks ask."""
    seen = Seen({Lamp: Lamp()})
    assert seen.get(Room) is seen.get(Room)


def test_a_view_without_what_it_needs() -> None:
    """Does not join a view whose evidence was not seen, and passes the reason on."""
    dark = Unobserved("the lamp", Reason.FORBIDDEN, "No right to look.")
    assert Seen({Lamp: dark}).get(Room) == Unobserved(
        "the room", Reason.DEPENDS, "It needs the lamp. No right to look."
    )


def test_a_view_is_not_saved() -> None:
    """Is no evidence of its own: what was seen stays what it was."""
    seen = Seen({Lamp: Lamp()})
    seen.get(Room)
    assert [kind for kind, _ in seen.items()] == [Lamp]


@pytest.mark.parametrize("deadlines", [SOON, Deadlines(source=5.0, run=0.05)], ids=["the source's", "the run's"])
async def test_a_look_that_was_cut_off(deadlines: Deadlines) -> None:
    """Takes from a look that a deadline ended what it has to tell all the same, redacted as any other."""
    told = lookout(deadlines=deadlines)
    seen = await Observation([Source(Cellar, hangs, cut_off=lambda: Cellar("left open"))], told).look()
    assert seen[Cellar] == told.cleaner.value(Cellar("left open"))
    nothing = await look(Source(Lamp, hangs, cut_off=lambda: None), deadlines=deadlines)
    assert lack(nothing, Lamp).reason is Reason.TIMEOUT
