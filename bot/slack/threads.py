"""Remembers the addresses of incidents' threads, which never change, so that a board can link to them at once."""

from collections.abc import Iterable

from bot.incidents.kept import Kept
from bot.slack.poster import Place
from bot.slack.surfaces import Surfaces, address_of

REMEMBERED = 500
"""Addresses that are remembered, the latest: more than are ever shown; about 0.1 MB."""


class Threads:
    """The addresses that are known."""

    def __init__(self) -> None:
        self._known: dict[Place, str] = {}

    def known(self, kept: Kept) -> str:
        """The address of an incident's thread; empty while it is not known. It asks nobody."""
        place = _place(kept)
        return self._known.get(place, "") if place else ""

    async def address(self, surfaces: Surfaces, kept: Kept) -> str:
        """The address of an incident's thread, asked of Slack where it is not known; empty where there is none."""
        await self.learn(surfaces, (kept,))
        return self.known(kept)

    async def learn(self, surfaces: Surfaces, several: Iterable[Kept]) -> bool:
        """Ask Slack for the addresses that are missing, one after the other; whether one more is known now."""
        more = False
        for kept in several:
            place = _place(kept)
            if place is not None and place not in self._known and (address := await address_of(surfaces, place)):
                self._known[place] = address
                more = True
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return more


def _place(kept: Kept) -> Place | None:
    """The beginning of its thread; None while Slack has not named it."""
    root = kept.shown.thread or kept.ts
    return Place(kept.shown.channel, root) if root else None
