"""Remembers who is on call, and asks anew now and then, so that nobody who looks has to wait. It pages nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.incidents.kept import NOBODY, OnDuty

ASK_SECONDS = 120.0
"""Time between two questions: a turn lasts hours, and a swap is seen within two minutes. Each level that pages is one
call, of the 960 a minute that a key has."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rota:
    """Who is on call, as it was known at a time; None where it has not been asked yet."""

    duty: tuple[OnDuty, ...] = ()
    at: datetime | None = None


class Roster:
    """The memory of who is on call. `ask` raises nothing: what cannot be known says why."""

    def __init__(self, ask: Callable[[], Awaitable[tuple[OnDuty, ...]]], now: Callable[[], datetime]) -> None:
        self._ask = ask
        self._now = now
        self._known: dict[int, tuple[OnDuty, datetime]] = {}
        self.rota = Rota()

    async def run(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Ask again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception:  # noqa: BLE001 an edge: without this loop what is shown would stay as it is for good
                _log.exception("who is on call could not be asked")
            await sleep(ASK_SECONDS)

    async def look(self) -> None:
        """Ask now."""
        found = await self._ask()
        now = self._now()
        self.rota = Rota(tuple(self._completed(one, now) for one in found), now)

    def _completed(self, duty: OnDuty, now: datetime) -> OnDuty:
        """The answer; where there was none, with whom the last one named, for as long as their turn lasts."""
        if duty.people or duty.why_not == NOBODY:
            self._known[duty.level] = (duty, now)
            return duty
        last, at = self._known.get(duty.level, (duty, now))
        if not last.people or (last.until is not None and last.until <= now):
            return duty
        return replace(duty, people=last.people, until=last.until, why_not=f"As of {at:%H:%M} UTC. {duty.why_not}")
