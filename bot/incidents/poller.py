"""Asks PagerDuty what became of our pages, slowly, a few at a time. It pages nobody.

Where PagerDuty calls in, that hears what did not get in.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from bot.clients.pagerduty.rest import PagerIncident
from bot.errors import IncidentError, PagerBusy, PagerError, PagerKeyRefused, PagerUnreachable, StoreError
from bot.incidents import events as e
from bot.incidents.desk import Incidents
from bot.incidents.effects import PageAcknowledge
from bot.incidents.incident import Page
from bot.incidents.keeping import Besides, Looked, Outrun, Spent
from bot.incidents.kept import Kept
from bot.incidents.polled import Look, kept_as, noticed, seen_before

POLL_SECONDS = 30.0
"""Time between rounds: how late an acknowledgement in PagerDuty is heard."""

ASKED_AT_MOST = 40
"""Pages that are asked for in a round, those after them in the next: 80 calls a minute of the 960 that a key may make
(REST API, rate limits). With more pages open, each waits for its turn: 200 are gone through in two and a half minutes.
"""

FAILED_AT_MOST = 5
"""Pages that may fail in a round, each for a reason of its own; what more of them fail by is no page's own."""

OF_ALL = (PagerUnreachable, PagerBusy, PagerKeyRefused)
"""What one page is told, every other would be told, too: no answer, no more calls for now, no such key."""

_log = structlog.get_logger()


class Asks(Protocol):
    """The part of PagerDuty's REST API that is needed. Raises PagerError."""

    async def incidents(self, key: str, statuses: tuple[str, ...]) -> tuple[PagerIncident, ...]:
        """The incidents of a key."""
        ...


class Poller:
    """Asks for our pages, round by round, each in its turn: none that fails keeps others from theirs."""

    def __init__(self, incidents: Incidents, api: Asks) -> None:
        self._incidents = incidents
        self._api = api
        self._after = ""
        self._failing: set[str] = set()

    async def run(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Go on until cancelled."""
        wait = POLL_SECONDS
        while True:
            await sleep(wait)
            wait = POLL_SECONDS
            try:
                await self.round()
            except PagerBusy as error:
                wait = max(POLL_SECONDS, error.wait_seconds)
                _log.warning("PagerDuty takes no more questions for now", reason=str(error), wait_seconds=round(wait))
            except (StoreError, PagerError) as error:
                _log.warning("PagerDuty could not be asked what became of pages", reason=str(error))
            except Exception:  # noqa: BLE001 an edge: without this loop no acknowledgement would be heard
                _log.exception("asking PagerDuty what became of pages failed")

    async def round(self) -> None:
        """Ask for some, from where the last round ended; what is left when something concerns all, in the next.

        Raises:
            PagerError: PagerDuty cannot be asked.
            StoreError: what it says cannot be kept.
        """
        failed: set[str] = set()
        for kept, page in await self._turn():
            await self._tried(kept, page, failed)

    async def _turn(self) -> list[tuple[Kept, Page]]:
        """The pages of a round: those behind the last that was asked for, and then from the front again."""
        pages = [(kept, page) for kept in await self._incidents.open_ones() for page in kept.incident.pages]
        self._failing &= {page.key for _, page in pages}
        pages.sort(key=lambda pair: (pair[1].key <= self._after, pair[1].key))
        return pages[:ASKED_AT_MOST]

    async def _tried(self, kept: Kept, page: Page, failed: set[str]) -> None:
        """Ask for one. Whatever happens, it is not the first in the next round, unless it was not asked for at all."""
        before, self._after = self._after, page.key
        try:
            await self._asked(kept, page)
        except PagerBusy:
            self._after = before
            raise
        except PagerError as error:
            failed.add(page.key)
            if isinstance(error, OF_ALL) or len(failed) == FAILED_AT_MOST:
                raise
            self._complain(page.key, error)
        else:
            self._failing.discard(page.key)

    def _complain(self, key: str, error: PagerError) -> None:
        """Say it once, and not every half minute."""
        if key not in self._failing:
            self._failing.add(key)
            _log.warning("PagerDuty could not say what became of a page", key=key, reason=str(error))

    async def _asked(self, kept: Kept, page: Page) -> None:
        found = await self._api.incidents(page.key, ("triggered", "acknowledged", "resolved"))
        if not found:
            return
        fresh = await self._incidents.find(kept.id)  # much may have happened since the round began
        if fresh is None:
            return
        newest = found[0]
        by = e.Person(newest.by.name, pager=newest.by.id) if newest.by else None
        look = Look(newest.status, newest.changed, by)
        known = await self._incidents.known(kept.id, page.key)
        event = noticed(fresh.incident, page, known, look, fresh.about.since)
        if isinstance(event, e.Unacknowledged) and _acknowledging(fresh, page.key):
            return  # somebody has taken it here since, and PagerDuty is about to hear that
        if not seen_before(look, known):
            await self._heard(kept, event, Looked(page.key, known.asked, kept_as(look, known)))

    async def _heard(self, kept: Kept, event: e.Event | None, looked: Looked) -> None:
        """Let it happen, once, and note the look; also where it changes nothing, so that it changes nothing later."""
        try:
            if event is not None:
                await self._incidents.reported(kept.id, event, Besides(looked=looked))
                return
        except (Spent, Outrun):  # another replica was quicker, or the next round hears it
            return
        except IncidentError as error:
            _log.info("PagerDuty told what changes nothing", reason=str(error))
        await self._incidents.note_look(kept.id, looked)


def _acknowledging(kept: Kept, key: str) -> bool:
    """Whether our own acknowledgement of a page is still to be told."""
    return any(isinstance(one, PageAcknowledge) and one.dedup_key == key for one in kept.outstanding)
