"""An audit to look at: entries as the bot writes them, chained, and a store that holds them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bot.audit.entry import Deed, Entry, Head, Linked, head_of, linked
from bot.keys import AUDIT
from bot.store import Store

AT = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)
DEEDS = (
    ("U0ONCALL0", Deed.PROPOSED, ""),
    ("U0STRANGE", Deed.REFUSED, "“restart” needs the role operator; you have viewer."),
    ("U0ONCALL0", Deed.CONFIRMED, ""),
    ("volati", Deed.BEGUN, "patch the deployment"),
    ("volati", Deed.DONE, "revision 4, version 81234"),
    ("volati", Deed.ENDED, "rolled out in 31 s; 1 fixed, 0 not fixed, 0 new"),
)


def entry(number: int, environment: str = "production") -> Entry:
    """The entry of this number: six of them tell of one plan."""
    plan, step = divmod(number - 1, len(DEEDS))
    who, deed, detail = DEEDS[step]
    return Entry(
        at=AT + timedelta(seconds=10 * number),
        who=who,
        deed=deed,
        action="restart",
        environment=environment,
        target="deployment volaticloud/volaticloud-backend",
        plan=f"plan{plan + 1}",
        channel="C0ENGINE0",
        detail=detail,
    )


def chained(entries: Iterable[Entry]) -> list[Linked]:
    """Entries in their places."""
    found: list[Linked] = []
    for one in entries:
        found.append(linked(one, head_of(found[-1]) if found else Head()))
    return found


def chain(length: int) -> list[Linked]:
    """So many entries in their places."""
    return chained(entry(number) for number in range(1, length + 1))


def lines(some: Iterable[Linked]) -> list[bytes]:
    """As they are stored."""
    return [msgspec.json.encode(one) for one in some]


async def fill(store: Store, some: list[bytes]) -> None:
    """Have the store hold these lines."""
    for first in range(0, len(some), 500):
        await store.ask("RPUSH", AUDIT.of(), *some[first : first + 500])


class Held:
    """A store that holds an audit, and remembers what it was asked."""

    def __init__(self, held: list[bytes]) -> None:
        self.held = held
        self.asked: list[tuple[Any, ...]] = []

    async def ask(self, *command: Any) -> Any:
        """As Redis answers."""
        self.asked.append(command)
        match command:
            case ("LLEN", "volati:_:audit"):
                return len(self.held)
            case ("LRANGE", "volati:_:audit", int(first), int(last)):
                return self.held[first : last + 1]
            case _:
                raise AssertionError(command)
