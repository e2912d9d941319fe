"""What handlers need to tend to incidents: the incidents, where they are shown, what is told of them, and the audit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from bot.audit.entry import Entry, Linked
from bot.audit.ledger import Ledger, Wanted
from bot.incidents.desk import Incidents
from bot.incidents.doing import Shows
from bot.incidents.keeping import Keeps
from bot.incidents.kept import Happened
from bot.incidents.path import IncidentSeverity
from bot.incidents.roster import Roster
from bot.slack.incident_cards import Sheets
from bot.slack.threads import Threads

DEEDS_AT_MOST = 500
"""Entries of the audit that a card looks through for what was tried, the newest: one page, some 250 kB, which the store
gives within milliseconds. A plan has about six entries."""


@dataclass(frozen=True, slots=True)
class Tending:
    """Incidents, for people. `tell` writes into the audit what changes no incident, such as a refusal.

    `roster` knows who is on call, `threads` where incidents are shown, both without asking anybody. `automatic` are the
    severities of which a verdict opens one by itself.
    """

    incidents: Incidents
    shows: Shows
    sheets: Sheets
    tell: Callable[[Entry], Awaitable[None]]
    roster: Roster
    threads: Threads
    automatic: frozenset[IncidentSeverity] = frozenset()


@dataclass(frozen=True, slots=True)
class Archive:
    """What cards are drawn from: the incidents' own stories, and the audit."""

    keeps: Keeps
    ledger: Ledger

    async def story(self, incident_id: str) -> tuple[Happened, ...]:
        """What happened to an incident."""
        return await self.keeps.story(incident_id)

    async def deeds(self, environment: str, since: datetime) -> tuple[Entry, ...]:
        """What was audited about an environment, the oldest first, as far as the newest entries tell."""
        wanted = Wanted(environment=environment, since=since)
        found = await self.ledger.newest(DEEDS_AT_MOST, wanted, lines=DEEDS_AT_MOST)
        return tuple(one.entry for one in reversed(found.entries) if isinstance(one, Linked))
