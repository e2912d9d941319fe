"""What a person is told who opened an incident or let one climb; and the call without a clock. Pure."""

from bot.incidents.kept import Kept
from bot.incidents.path import Path
from bot.slack.message import Message, lines, section
from bot.slack.text import code, said
from bot.slack.views.incident_forms import Origin, open_button
from bot.slack.views.people import mentions

_WHAT = 300
_NAME = 80
_NO_CLOCK = "Volati's memory is away: no incident was opened, no page has gone out, and nothing climbs by itself."
_UNSURE = (
    "Volati's memory gave no answer, so whether this call was written down is not known. If it was, its thread follows "
    "here, and it is paged and climbs; until you see that thread, count on nothing that Volati does by itself."
)


def opened(kept: Kept, where: str, but: str = "") -> Message:
    """It is open, or was already; `where` is a place or a link, as markup, and `but` what was not done."""
    if kept.joined:
        text = f"This is open already, as incident {code(kept.id, _NAME)}: {said(kept.about.title, _WHAT)}."
    else:
        text = f"Opened incident {code(kept.id, _NAME)}, {kept.incident.severity}."
    line = " ".join(part for part in (text, said(but, _WHAT), f"All of it is in {where}.") if part)
    return Message(line, (section(line),))


def climbed(kept: Kept, path: Path, where: str, another: Origin | None) -> Message:
    """It is at another level now; with `another`, a button for what was meant to be a new incident."""
    level = kept.incident.level
    text = (
        f"Incident {code(kept.id, _NAME)} ({said(kept.about.title, _WHAT)}) is at level {level} now, "
        f"{said(path.level(level).title, _NAME)}. All of it is in {where}."
    )
    if another is None:
        return Message(text, (section(text),))
    small = "Was it about something else?"
    return Message(text, (section(lines([text, small])), open_button(another, "Open another…")))


def was_called(channel: str) -> Message:
    """What whoever called without a clock is told; `channel` is where, by its id."""
    line = f"They were called in <#{channel}>. No clock runs: call the next yourself if nobody answers."
    return Message(line, (section(line),))


def by_hand(person: str, reason: str, number: int, path: Path, *, sure: bool = True) -> Message:
    """Calls those of a level, for `person`, where no clock can run, or none may; `sure`: none does."""
    level = path.level(number)
    called = mentions(level.mentions)
    above = path.above(number)
    rest = f" If nobody answers, call level {above}, {said(path.level(above).title, _NAME)}." if above else ""
    who = f"{f'{called} ' if called else ''}<@{person}> calls level {number}, {said(level.title, _NAME)}"
    text = lines(
        [f":rotating_light: {who}: {said(reason, _WHAT)}", f":warning: {_NO_CLOCK if sure else _UNSURE}{rest}"]
    )
    return Message(said(f"Level {number}, {level.title} is called: {reason}", _WHAT), (section(text),))
