"""What is needed to do the incidents' effects, as one value. It does nothing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.incident_store import IncidentStore
from bot.incidents.desk import Incidents
from bot.incidents.doing import Pages, Shows


class Counts(Protocol):
    """Who counts."""

    def page(self, action: str, outcome: str) -> None:
        """An event for PagerDuty: `trigger`, `acknowledge` or `resolve`; `accepted`, `later` or `refused`."""
        ...


@dataclass(frozen=True, slots=True)
class Shop:
    """What the runner works with. `owner` is unlike any other process's. `say` puts a line into the channel."""

    incidents: Incidents
    store: IncidentStore
    shows: Shows
    pages: Pages
    counts: Counts
    owner: str
    say: Callable[[str], Awaitable[None]]
