"""Who looks at the Home tab."""

from datetime import UTC, datetime

from bot.errors import StoreUnreachable
from bot.keys import VISITORS_AT_MOST
from bot.people.visitors import RECENT_SECONDS, Visitors
from bot.slack.asker import Asker


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        """What it is set to."""
        return self.seconds

    def now(self) -> datetime:
        """Not looked at."""
        return datetime(2026, 11, 20, tzinfo=UTC)


async def test_forgets_after_a_while() -> None:
    """It keeps up the tab of somebody who came lately, and again when they come again."""
    clock = Clock()
    visitors = Visitors(clock)
    await visitors.came(Asker("U1"))
    clock.seconds = RECENT_SECONDS
    assert [one.person for one in await visitors.recent()] == ["U1"]
    clock.seconds += 1
    assert await visitors.recent() == ()
    await visitors.came(Asker("U1"))
    assert [one.person for one in await visitors.recent()] == ["U1"]


async def test_keeps_to_a_bound() -> None:
    """It keeps up the latest tabs only."""
    visitors = Visitors(Clock())
    for number in range(VISITORS_AT_MOST + 5):
        await visitors.came(Asker(f"U{number}"))
    assert len(await visitors.recent()) == VISITORS_AT_MOST
    assert (await visitors.recent())[0].person == "U5"


class Guestbook:
    """What replicas share; it may be away."""

    def __init__(self) -> None:
        self.kept: dict[bytes, None] = {}
        self.away = False

    async def visit(self, visitor: bytes) -> None:
        """Note who came."""
        self._check()
        self.kept.pop(visitor, None)
        self.kept[visitor] = None

    async def visitors(self) -> tuple[bytes, ...]:
        """Who came."""
        self._check()
        return tuple(self.kept)

    def _check(self) -> None:
        if self.away:
            raise StoreUnreachable("Redis is away.")


async def test_replicas_know_each_others_visitors() -> None:
    """It keeps up the tabs that another replica saw opened, each as its visitor asked for it, and none twice."""
    book = Guestbook()
    one, other = Visitors(Clock(), book), Visitors(Clock(), book)
    await one.came(Asker("U1", teams=frozenset({"T1"})))
    await other.came(Asker("U2"))
    await other.came(Asker("U1", teams=frozenset({"T1"})))
    for replica in (one, other):
        assert set(await replica.recent()) == {Asker("U1", teams=frozenset({"T1"})), Asker("U2")}
        assert len(await replica.recent()) == 2


async def test_the_store_is_away() -> None:
    """It keeps up what it saw itself while the store is away, or holds what it cannot read."""
    book = Guestbook()
    visitors = Visitors(Clock(), book)
    book.away = True
    await visitors.came(Asker("U1"))
    assert await visitors.recent() == (Asker("U1"),)
    book.away = False
    await book.visit(b"of another version")
    assert await visitors.recent() == (Asker("U1"),)
