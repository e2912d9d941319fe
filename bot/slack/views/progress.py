"""How a run under way looks: each source, its state, and the time it took. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.slack.limits import OUR_SECTION_TEXT
from bot.slack.message import Message, context, lines, section
from bot.slack.text import said
from bot.slack.words import duration, title
from diagnostics.model import Evidence, Unobserved
from diagnostics.observe import Glimpse

_SOURCE = 120  # characters of a source's name
_SOURCES = 20  # lines; an area has about a dozen, and all of them together stay inside a section
_SEEN, _LOOKING, _WAITING, _NOT_SEEN = "✓", "▸", "·", "✗"


@dataclass(frozen=True, slots=True)
class Progress:
    """What is known of a run so far: what will be looked at, and the last glimpse of each."""

    area: str
    environment: str
    kinds: tuple[type[Evidence], ...]
    glimpses: Mapping[type[Evidence], Glimpse]

    def after(self, glimpse: Glimpse) -> "Progress":
        """The same run one glimpse later."""
        return Progress(self.area, self.environment, self.kinds, {**self.glimpses, glimpse.kind: glimpse})


def progress(state: Progress) -> Message:
    """Each source with its state and time."""
    done = sum(1 for glimpse in state.glimpses.values() if glimpse.found is not None)
    line = f"Looking at {title(state.area)} in {said(state.environment, _SOURCE)}: {done} of {len(state.kinds)} sources"
    return Message(line, (section(lines([f"*{line}*", *_rows(state, _SOURCES)])), _legend()))


def looked_at(state: Progress) -> str:
    """One small line once it is over: what was looked at, and the times."""
    seen = [glimpse for kind in state.kinds if (glimpse := state.glimpses.get(kind)) and _was_seen(glimpse)]
    parts = [f"{said(glimpse.kind.WHAT, _SOURCE)} {duration(glimpse.took_ms)}" for glimpse in seen[:_SOURCES]]
    more = [f"and {len(seen) - _SOURCES} more"] if len(seen) > _SOURCES else []
    return f"Seen: {', '.join([*parts, *more])}."[:OUR_SECTION_TEXT] if parts else "Nothing was seen."


def _was_seen(glimpse: Glimpse) -> bool:
    return isinstance(glimpse.found, Evidence) and not glimpse.found.unanswered()


def _rows(state: Progress, most: int) -> Sequence[str]:
    rows = [_row(kind, state.glimpses.get(kind)) for kind in state.kinds[:most]]
    more = len(state.kinds) - most
    return [*rows, f"and {more} more"] if more > 0 else rows


def _row(kind: type[Evidence], glimpse: Glimpse | None) -> str:
    what = said(kind.WHAT, _SOURCE)
    if glimpse is None:
        return f"{_WAITING} {what}"
    if glimpse.found is None:
        return f"{_LOOKING} {what}"
    if isinstance(glimpse.found, Unobserved):
        return f"{_NOT_SEEN} {what}: {glimpse.found.reason} ({duration(glimpse.took_ms)})"
    if glimpse.found.unanswered():
        return f"{_NOT_SEEN} {what}: no answer ({duration(glimpse.took_ms)})"
    return f"{_SEEN} {what} ({duration(glimpse.took_ms)})"


def _legend() -> dict[str, object]:
    return context(f"{_SEEN} seen   {_LOOKING} looking   {_WAITING} waiting   {_NOT_SEEN} could not be seen")
