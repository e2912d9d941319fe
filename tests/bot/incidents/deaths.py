"""Kills a bot at a chosen moment of its work, before or after what it does there has its effect."""

from dataclasses import dataclass
from typing import Any, cast

from bot.errors import StoreUnreachable
from bot.incidents.doing import Pages, Shows
from bot.incidents.events import Person
from bot.incidents.kept import Kept, OnDuty, Paged, Shown, Told
from bot.store import Store


class Killed(BaseException):
    """The bot is dead."""


@dataclass
class Life:
    """One process's life: it ends at its moment of this number. Each thing it does has two: before, and after."""

    moments: int
    spent: int = 0

    @property
    def over(self) -> bool:
        """Whether it is dead."""
        return self.spent >= self.moments

    def moment(self) -> None:
        """Live one more moment, or die."""
        if self.over:
            raise Killed
        self.spent += 1
        if self.over:
            raise Killed


@dataclass
class Fragile:
    """Whether the store can be reached."""

    away: bool = False

    def reach(self) -> None:
        """Reach it. Raises StoreUnreachable."""
        if self.away:
            raise StoreUnreachable("Redis is away.")


class MortalStore:
    """A store as a bot with such a life uses it."""

    def __init__(self, store: Store, life: Life, fragile: "Fragile") -> None:
        self._store = store
        self._fragile = fragile
        self._life = life

    async def ask(self, *command: Any) -> Any:
        """As the store, while it lives."""
        self._life.moment()
        self._fragile.reach()
        answer = await self._store.ask(*command)
        self._life.moment()
        return answer

    async def script(self, script: str, keys: tuple[str, ...], *arguments: Any) -> Any:
        """As the store, while it lives."""
        self._life.moment()
        self._fragile.reach()
        answer = await self._store.script(script, keys, *arguments)
        self._life.moment()
        return answer


def mortal(store: Store, life: Life, fragile: "Fragile") -> Store:
    """A store for a bot with such a life."""
    return cast(Store, MortalStore(store, life, fragile))


@dataclass
class MortalShows:
    """Shows, while it lives."""

    shows: Shows
    life: Life

    def planned(self, channel: str, thread: str = "") -> Shown:
        """As it does."""
        return self.shows.planned(channel, thread)

    async def show(self, kept: Kept) -> str:
        """As it does."""
        self.life.moment()
        ts = await self.shows.show(kept)
        self.life.moment()
        return ts

    async def tell(self, kept: Kept, effect: Told, *, again: bool) -> None:
        """As it does."""
        self.life.moment()
        await self.shows.tell(kept, effect, again=again)
        self.life.moment()


@dataclass
class MortalPages:
    """Pages, while it lives."""

    pages: Pages
    life: Life

    async def page(self, kept: Kept, effect: Paged, *, again: bool) -> None:
        """As it does."""
        self.life.moment()
        await self.pages.page(kept, effect, again=again)
        self.life.moment()

    async def on_duty(self) -> tuple[OnDuty, ...]:
        """As it does."""
        return await self.pages.on_duty()

    async def known(self, person: Person) -> Person:
        """As it does."""
        return await self.pages.known(person)
