"""Draws the incident machine and the path from their tables, as Markdown for the documentation. It decides nothing."""

import re
from collections.abc import Iterator

from bot.incidents.events import EVENTS, Event
from bot.incidents.incident import Phase
from bot.incidents.machine import TRANSITIONS, Move
from bot.incidents.path import Level, Path
from bot.markdown import table

#: What ends in the phase it began in and is left out of the picture, not of the table: lines in the thread.
_QUIET = frozenset({"Annotated", "PageFailed", "PageTaken", "PagedOn", "Reassigned", "Recurred", "Regraded"})


def state_diagram() -> str:
    """The machine as a Mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {Phase.UNOPENED}"]
    lines += [f"    {begin} --> {end}: {', '.join(words)}" for (begin, end), words in _arrows().items()]
    return "\n".join([*lines, "```"])


def _arrows() -> dict[tuple[Phase, Phase], list[str]]:
    """From where to where by which events, without those that only say something."""
    arrows: dict[tuple[Phase, Phase], list[str]] = {}
    for begin, row in TRANSITIONS.items():
        for event, entry in row.items():
            for end in entry.to if isinstance(entry, Move) else ():
                if begin is not end or event.__name__ not in _QUIET:
                    arrows.setdefault((begin, end), []).append(named(event))
    return {pair: sorted(words) for pair, words in sorted(arrows.items())}


def transition_table() -> str:
    """Every pair of event and phase: where it leads, or the words of its refusal by number; the words stand below."""
    phases = list(Phase)
    words: dict[str, int] = {}
    rows = []
    for event in EVENTS:
        cells = []
        for phase in phases:
            entry = TRANSITIONS[phase][event]
            if isinstance(entry, Move):
                cells.append(" or ".join(entry.to))
            else:
                cells.append(f"no ({words.setdefault(entry.why, len(words) + 1)})")
        rows.append((f"**{named(event)}**: {_said(event)}", *cells))
    drawn = table(("Event", *(f"in {phase}" for phase in phases)), rows)
    return "\n".join([drawn, "", *(f"{number}. {why}" for why, number in words.items())])


def level_table(path: Path) -> str:
    """The levels of a path."""
    rows = [
        (str(number), level.name, level.title, _minutes(level), str(level.repeats), ", ".join(_ways(level)))
        for number, level in enumerate(path.levels, 1)
    ]
    return table(("Level", "Name", "Who", "Time to acknowledge", "Repeats", "Told by"), rows)


def severity_table(path: Path) -> str:
    """How each severity climbs."""
    rows = [
        (
            str(severity),
            climb.start,
            climb.until,
            f"{climb.pace:g} times as long",
            f"{climb.remind.total_seconds() / 60:g} min",
            "yes" if climb.quiet else "no",
        )
        for severity, climb in path.climbs.items()
    ]
    return table(("Severity", "Starts at", "Goes up to", "Each level", "Reminder", "Quiet hours hold"), rows)


def named(event: type[Event]) -> str:
    """An event's name in words: `EscalatedNow` is "escalated now"."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", event.__name__).lower()


def _said(event: type[Event]) -> str:
    first = (event.__doc__ or "").split("\n\n", maxsplit=1)[0]
    text = " ".join(first.split()).rstrip(".")
    return text[:1].lower() + text[1:] if not text.startswith("PagerDuty") else text


def _minutes(level: Level) -> str:
    return f"{level.within.total_seconds() / 60:g} min"


def _ways(level: Level) -> Iterator[str]:
    if level.answers:
        yield "the bot's own answer"
    if level.announces:
        yield "the channel"
    yield from level.mentions
    if level.page:
        yield f"PagerDuty ({level.page})"
    if not level.reaches:
        yield "nobody yet: `mentions` or a PagerDuty route"
