"""Says what happens next to an incident by itself, and when. Pure: it reads no clock and knows no markup."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incidents.incident import Incident, Phase
from bot.incidents.machine import unpaged
from bot.incidents.path import Path


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes next, in words that follow a time where there is one; `at` None: nothing comes by itself."""

    words: str
    at: datetime | None = None


def outlook(incident: Incident, path: Path) -> Outlook:
    """What comes next."""
    if incident.phase is Phase.RESOLVED:
        minutes = round(path.reopens.total_seconds() / 60)
        return Outlook(f"Nothing. If the fault is back within {minutes} minutes, it opens again.")
    if incident.phase is Phase.ACKNOWLEDGED:
        return Outlook("Nobody else is called while somebody has it.")
    if incident.phase is Phase.SNOOZED:
        return Outlook(f"the clock runs again, and {_again(incident, path, _quiet(incident, path))}", incident.due)
    if incident.phase is Phase.UNANSWERED:
        return Outlook(f"the path is at its end; {_told_again(incident, path)}", incident.due)
    return Outlook(f"if nobody acknowledges until then, {_above(incident, path)}", incident.due)


def _above(incident: Incident, path: Path) -> str:
    """What happens when the time of the level is up."""
    a_moment = timedelta(seconds=1)  # quiet hours that hold something back end when it is due
    if unpaged(incident, path) or incident.notices <= path.level(incident.level).repeats:
        return _again(incident, path, _quiet(incident, path, a_moment))
    above = path.next(incident.severity, incident.level)
    if above is None:
        return "it counts as unanswered, and reminders follow"
    return f"level {above}: {path.level(above).title} is {'paged' if path.level(above).page else 'told'}"


def _again(incident: Incident, path: Path, quiet: bool) -> str:  # noqa: FBT001 it is of a moment that the caller knows
    """The same level once more: who was not paged yet is, and who was is told in Slack alone."""
    titles = [path.level(one).title for one in unpaged(incident, path)]
    if not titles:
        return _told_again(incident, path)
    paged = f"{' and '.join(titles)} {'is' if len(titles) == 1 else 'are'} paged"
    return paged + (", which the quiet hours hold back" if quiet else "")


def _told_again(incident: Incident, path: Path) -> str:
    return f"{path.level(incident.level).title} is told again"


def _quiet(incident: Incident, path: Path, before: timedelta = timedelta()) -> bool:
    """Whether quiet hours hold at the time that is waited for, or so long before it."""
    return incident.due is not None and path.quiet_at(incident.severity, incident.due - before)
