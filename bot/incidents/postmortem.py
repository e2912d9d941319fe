"""Drafts what is written after an incident, as Markdown: its timeline from what happened and from the audit. Pure.

What people must say themselves is left as questions. The text is redacted where it leaves.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.incidents import events as e
from bot.incidents.attempts import Attempt
from bot.incidents.history import sentence
from bot.incidents.path import Path
from bot.incidents.sheet import Sheet

_ESCAPED = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_[]<>#|"})


def postmortem(sheet: Sheet, path: Path) -> str:
    """The draft. Times are UTC."""
    return "\n".join(_parts(sheet, path))


def _parts(sheet: Sheet, path: Path) -> Iterator[str]:
    about, incident = sheet.kept.about, sheet.incident
    yield f"# {_plain(about.title)}"
    yield ""
    yield f"Draft by Volati of incident {incident.id}. Times are UTC. What stands in italics is for people to write."
    yield ""
    yield from _facts(sheet, path)
    yield from ("", "## Impact", "", "*Who felt it, how, and for how long?*", "")
    yield from ("## Timeline", "")
    yield from _timeline(sheet, path)
    yield from ("", "## What was tried", "")
    yield from _tried(sheet.attempts)
    yield from ("", "## Cause", "", _cause(sheet), "")
    yield from (
        "## What went well, what did not",
        "",
        "*…*",
        "",
        "## What follows",
        "",
        "- [ ] *What, who, until when?*",
        "",
    )


def _facts(sheet: Sheet, path: Path) -> Iterator[str]:
    about, incident = sheet.kept.about, sheet.incident
    end = incident.resolved_at
    yield "| | |"
    yield "| --- | --- |"
    yield f"| Environment | {_plain(about.environment)} |"
    yield f"| Severity | {incident.severity} |"
    yield f"| First seen | {_stamp(about.since)} |"
    yield f"| Opened | {_stamp(incident.opened_at)} |"
    yield f"| Acknowledged | {_first(sheet, e.Acknowledged)} |"
    yield f"| Resolved | {_stamp(end) if end else 'not yet'} |"
    yield f"| Lasted | {_lasted(about.since, end)} |"
    yield f"| Highest level | {_highest(sheet, path)} |"


def _first(sheet: Sheet, kind: type[e.Event]) -> str:
    """When something happened first, and how long after it was opened."""
    at = next((one.event.at for one in sheet.story or () if isinstance(one.event, kind)), None)
    opened = sheet.incident.opened_at
    if at is None or opened is None:
        return "never"
    return f"{_stamp(at)}, after {_minutes(opened, at)}"


def _highest(sheet: Sheet, path: Path) -> str:
    """The level it is at: within a round it only climbs."""
    level = sheet.incident.level
    return f"{level}, {_plain(path.level(level).title)}" if level else "none"


def _timeline(sheet: Sheet, path: Path) -> Iterator[str]:
    """What happened to the incident and what was done on the platform, in one order."""
    if sheet.story is None:
        yield "*What happened could not be read: Volati's memory did not answer.*"
    happened = [(one.event.at, sentence(one.event, path)) for one in sheet.story or ()]
    done = [(one.at, f"plan {one.plan}: {one.what} was proposed") for one in sheet.attempts or ()]
    for at, text in sorted([(sheet.kept.about.since, "the fault was first seen"), *happened, *done]):
        yield f"- {_stamp(at)} {_plain(text)}"


def _tried(attempts: tuple[Attempt, ...] | None) -> Iterator[str]:
    if attempts is None:
        yield "*Could not be read: Volati's memory did not answer.*"
    elif not attempts:
        yield "Nothing through Volati. *What else?*"
    for one in attempts or ():
        outcome = f": {_plain(one.outcome)}" if one.outcome else ""
        yield f"- {_stamp(one.at)} {_plain(one.what)} {one.stands}{outcome} (plan {one.plan})"


def _cause(sheet: Sheet) -> str:
    run = sheet.kept.about.run
    known = f"Volati found: {_plain(sheet.kept.about.title)} (`volati replay {run}`). " if run else ""
    return f"{known}*Why could it happen, and why was it not noticed before?*"


def _stamp(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else "not known"


def _lasted(begin: datetime, end: datetime | None) -> str:
    return _minutes(begin, end) if end else "it goes on"


def _minutes(begin: datetime, end: datetime) -> str:
    return f"{max(0, round((end - begin).total_seconds() / 60))} min"


def _plain(text: str) -> str:
    """Words of others, on one line and without a meaning in Markdown."""
    return " ".join(text.split()).translate(_ESCAPED)
