"""An incident's state as one value: everything the machine knows of it, to be saved as a whole. It decides nothing."""

from datetime import datetime
from enum import StrEnum

from bot.incidents.events import Person
from bot.incidents.path import IncidentSeverity
from diagnostics.model import Value


class Phase(StrEnum):
    """Where an incident is. Only one that waits climbs."""

    UNOPENED = "unopened"
    WAITING = "waiting"
    UNANSWERED = "unanswered"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Page(Value, frozen=True):
    """A page that was asked for: its level, the key PagerDuty knows it by, and the route of the settings it went by.

    What ends it goes by that route, also when the path was changed meanwhile; empty where none was kept yet.

    `void`: somebody was on it before it had gone out as far as is known, so that it called nobody. It may have arrived
    all the same, where PagerDuty's answer was lost: what ends the others is told of it, too.

    `wanted`: a person called this level, at whatever hour. A page from before that was kept counts as wanted by nobody.
    """

    level: int
    key: str
    void: bool = False
    route: str = ""
    wanted: bool = False


class Incident(Value, frozen=True, kw_only=True):
    """An incident as it is now.

    `level` is where it is on the path, `notices` how often that level was told, `holder` whoever has it or had it
    last; who was asked to take it over is `asked`. `due` is when time is up, None where nothing is waited for. `round`
    counts how often it was opened: each round pages anew, so that no key is ever opened twice. `pages` are those of
    this round. `sequence` counts the steps it made, and so makes the ids of their effects.
    """

    id: str
    severity: IncidentSeverity = IncidentSeverity.P3
    phase: Phase = Phase.UNOPENED
    level: int = 0
    notices: int = 0
    round: int = 0
    sequence: int = 0
    pages: tuple[Page, ...] = ()
    holder: Person | None = None
    asked: Person | None = None
    due: datetime | None = None
    opened_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.phase not in {Phase.UNOPENED, Phase.RESOLVED}

    def paged(self, level: int) -> bool:
        """Whether a level was paged in this round."""
        return any(page.level == level and not page.void for page in self.pages)

    def key(self, level: int) -> str:
        """The PagerDuty dedup key of a level's next page in this round: one of its own after those that are void."""
        again = f".{self.round}" if self.round > 1 else ""
        before = sum(page.level == level for page in self.pages)
        return f"volati.{self.id}.{level}{again}" + (f"-{before + 1}" if before else "")
