"""What a fault is: a name, a sentence, what the bot should find, and how it changes the world. It switches nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Fault(Generic[S]):
    """One thing that can be broken in a simulated system whose state is an `S`.

    `apply` gives the broken state from the sound one and keeps nothing, so that faults combine and
    switching one off is leaving it out. `expect` is the id of the finding that the bot owes us, or None
    when nothing is wrong; `section` is the runbook's heading.
    """

    name: str
    area: str
    section: str
    breaks: str
    expect: str | None
    apply: Callable[[S], S] = field(repr=False, compare=False)


def named(faults: Sequence[Fault[S]], wanted: Fault[S] | str) -> Fault[S]:
    """The fault of that name, or the fault itself. Raises KeyError naming the ones there are."""
    if isinstance(wanted, Fault):
        return wanted
    for one in faults:
        if one.name == wanted:
            return one
    raise KeyError(f"no fault {wanted!r}; there are: {', '.join(one.name for one in faults)}")
