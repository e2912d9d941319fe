"""What the incidents' effects are done by, as Protocols: who shows things to people, and who pages. It does nothing."""

from typing import Protocol

from bot.errors import VolatiError
from bot.incidents.events import Person
from bot.incidents.kept import Kept, OnDuty, Paged, Shown, Told


class NeverShown(VolatiError):  # noqa: N818 as in bot/errors.py
    """What was to be shown is not taken, and will not be: trying again is of no use."""


class Shows(Protocol):
    """Shows incidents to people. The same thing shown twice, after a crash, is seen once: each has its planned place.

    Each method may raise NeverShown; any other VolatiError means that it may work later, and is tried again.
    """

    def planned(self, channel: str, thread: str = "") -> Shown:
        """Where an incident will be shown: in a thread, or as the beginning of one."""
        ...

    async def show(self, kept: Kept) -> str:
        """The incident's own card, as it is now; posted where it is not yet. Gives the ts of its thread's beginning.

        Empty while that waits for Slack.
        """
        ...

    async def tell(self, kept: Kept, effect: Told, *, again: bool) -> None:
        """One thing more in its thread; `again`: it was tried before, so that it may be there already.

        Its place is to be planned from `effect.id`. Returns when it is there, or follows for certain and in order.
        """
        ...


class Pages(Protocol):
    """Pages people."""

    async def page(self, kept: Kept, effect: Paged, *, again: bool) -> None:
        """Tell PagerDuty one thing. A repeat is harmless as long as the page is open: it carries a key.

        `again`: it was tried before, so that it may have arrived, and may be over there already.

        Raises:
            PagerLater: it was not taken, and may be later.
            PagerError: it was not taken, and will not be until somebody changes something.
        """
        ...

    async def on_duty(self) -> tuple[OnDuty, ...]:
        """Who is on call at each level that pages. It raises nothing: what cannot be asked says why."""
        ...

    async def known(self, person: Person) -> Person:
        """The person with their id at PagerDuty, where their e-mail may be read and is known there; else unchanged."""
        ...
