"""All that is told of an incident at one moment, as a value that every view is drawn from. It decides nothing."""

from dataclasses import dataclass

from bot.incidents import events as e
from bot.incidents.attempts import Attempt
from bot.incidents.incident import Incident
from bot.incidents.kept import Happened, Kept


@dataclass(frozen=True, slots=True)
class Sheet:
    """An incident, what was tried against it, and what happened to it.

    `attempts` are the plans since it began, the oldest first; `story` is what happened, in order. Each is None where it
    could not be read. `link` leads to its thread; empty where that is not known.
    """

    kept: Kept
    attempts: tuple[Attempt, ...] | None = ()
    story: tuple[Happened, ...] | None = ()
    link: str = ""

    @property
    def incident(self) -> Incident:
        """How it stands."""
        return self.kept.incident

    @property
    def title(self) -> str:
        """Which incident, how bad, and what about."""
        return f"{self.incident.severity} in {self.kept.about.environment}: {self.kept.about.title}"

    @property
    def opened_by(self) -> e.Person | None:
        """Who opened it first; None where it opened by itself, or that is not known."""
        opened = (one.event for one in self.story or () if isinstance(one.event, e.Opened))
        return next((one.by for one in opened), None)
