"""Finds incidents whose ladder should have moved and did not, says so, and has them looked at. It moves none itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from bot.errors import StoreError, VolatiError
from bot.incident_store import LEASE_SECONDS, IncidentStore, Lane, Sight, paged
from bot.incidents.incident import Phase
from bot.incidents.kept import Told

ROUND_SECONDS = 60.0
"""Time between rounds: a stalled ladder is late already, and a look reads every open incident."""

LATE_SECONDS = 120.0
"""How far behind its time a lane may be: its lease of 30 s after a kill, a pass of 25 s, and a busy machine."""

_CLIMBING = frozenset({Phase.WAITING, Phase.UNANSWERED, Phase.SNOOZED})
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stall:
    """A lane that stands still, and why, in words."""

    lane: Lane
    why: str


def stalls(sight: Sight) -> tuple[Stall, ...]:
    """What of an incident stands still. Pure."""
    kept = sight.kept
    wanted = (
        (Lane.CLIMB, sight.climb, kept.incident.phase in _CLIMBING, "its time should be running"),
        (Lane.PAGE, sight.page, bool(paged(kept)), "PagerDuty should be told"),
        (Lane.TELL, sight.tell, any(isinstance(one, Told) for one in kept.outstanding), "its thread should be told"),
    )
    found = []
    for lane, left, needed, what in wanted:
        if needed and left is None:
            found.append(Stall(lane, f"{what}, and nothing is going to"))
        elif left is not None and left < -LATE_SECONDS:
            found.append(Stall(lane, f"{what}, and nothing has for {-left / 60:.0f} minutes"))
    return tuple(found)


def in_hand(sight: Sight) -> Mapping[Lane, object]:
    """The lanes whose time is up, and that somebody has in hand or will within a lease; each with how far it is. Pure.

    A try of a page that came to its end is some way on, also where it was in vain: then it is known, and told.
    """
    kept, pages = sight.kept, paged(sight.kept)
    lanes = (
        (Lane.CLIMB, sight.climb, kept.incident.phase in _CLIMBING, kept.revision),
        (Lane.PAGE, sight.page, bool(pages), (pages, kept.tried)),
    )
    return {
        lane: far
        for lane, left, needed, far in lanes
        if needed and left is not None and -LATE_SECONDS <= left <= LEASE_SECONDS
    }


@dataclass(slots=True)
class Auditor:
    """Looks at every open incident. `say` puts a line into the channel, `count` is told how many are open and stand."""

    store: IncidentStore
    say: Callable[[str], Awaitable[None]]
    count: Callable[[int, int], None] = lambda _, __: None
    _told: set[str] = field(default_factory=set)
    _in_hand: dict[str, Mapping[Lane, object]] = field(default_factory=dict)

    async def run(self, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        """Go on until cancelled."""
        while True:
            await sleep(ROUND_SECONDS)
            try:
                await self.round()
            except StoreError as error:
                _log.warning("incidents could not be audited", reason=str(error))
            except Exception:  # noqa: BLE001 an edge: an auditor that has ended finds nothing, and nobody knows
                _log.exception("auditing incidents failed")

    async def round(self) -> dict[str, tuple[Stall, ...]]:
        """Look once, a while after the last time; gives what stands still, by incident."""
        sights = await self.store.sights()
        found = {one.kept.id: stalled for one in sights if (stalled := (*stalls(one), *self._failing(one)))}
        self._in_hand = {one.kept.id: in_hand(one) for one in sights}
        self.count(len(sights), len(found))
        for id, stalled in found.items():
            for one in stalled:
                await self.store.rush(one.lane, id)
        await self._tell(found)
        self._told &= set(found)
        return found

    def _failing(self, sight: Sight) -> tuple[Stall, ...]:
        """What is in hand and no further than a round ago: each pass fails, and puts off the next by a lease."""
        before = self._in_hand.get(sight.kept.id, {})
        again = (lane for lane, far in in_hand(sight).items() if lane in before and before[lane] == far)
        return tuple(Stall(lane, _FAILING[lane]) for lane in again)

    async def _tell(self, found: dict[str, tuple[Stall, ...]]) -> None:
        """Say what was not said yet, in one line."""
        new = sorted(set(found) - self._told)
        if not new:
            return
        _log.error("incidents stand still", incidents=new)
        shown = "; ".join(f"incident {id}: {found[id][0].why}" for id in new[:_SHOWN])
        more = f"; and {len(new) - _SHOWN} more" if len(new) > _SHOWN else ""
        try:
            await self.say(f"Escalation stood still, and is looked at now: {shown}{more}. The log says more.")
        except VolatiError as error:
            _log.warning("that incidents stand still could not be said", reason=str(error))
            return
        self._told |= set(new)


_SHOWN = 5
_FAILING = {
    Lane.CLIMB: "its time is up, and each try to go on fails",
    Lane.PAGE: "PagerDuty should be told, and no try comes to an end",
}
