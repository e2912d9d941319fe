"""What a probe saw, as one line of JSON that the pod prints, and read again by whoever reads its log. Pure.

The line comes from a pod: whoever can write into its log can write anything, so it is read as hostile.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec

from bot.probe.order import Way
from diagnostics.model import Fact, Value
from diagnostics.words import raw_line

FACTS_AT_MOST = 40
"""A route has 15 hops; everything else some ten facts."""
_WORDS = 300  # characters of one text: what a server said of itself is cut at that


class Outcome(StrEnum):
    """What became of a probe."""

    REACHED = "reached"
    LOST = "lost"
    REFUSED = "refused"
    UNSEEN = "unseen"


class Result(Value, frozen=True):
    """What a probe saw: in a sentence, and as the facts it rests on.

    `lost`: the way ended before there was an answer. `refused`: the probe would not go there. `unseen`: it could not
    look, which says nothing of the target.
    """

    way: Way
    target: str
    outcome: Outcome
    text: str
    facts: tuple[Fact, ...] = ()

    @property
    def words(self) -> str:
        """All of it in words: the sentence, then the facts."""
        told = "; ".join(f"{fact.label} {fact.value}" for fact in self.facts)
        return f"{self.text} ({told})" if told else self.text

    def line(self) -> str:
        """The one line that the pod prints."""
        return msgspec.json.encode(self).decode()


def found_in(lines: Iterable[str]) -> Result | None:
    """The result in a log: the last line that is one; None when none is."""
    return next((one for line in reversed(tuple(lines)) if (one := _read(line))), None)


def _read(line: str) -> Result | None:
    try:
        found = msgspec.json.decode(line, type=Result)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return msgspec.structs.replace(
        found,
        target=plain(found.target),
        text=plain(found.text),
        facts=tuple(Fact(plain(one.label), plain(one.value)) for one in found.facts[:FACTS_AT_MOST]),
    )


def plain(text: str) -> str:
    """A text on one line, bounded, without what a terminal or a message would act on."""
    return raw_line(text, _WORDS)
