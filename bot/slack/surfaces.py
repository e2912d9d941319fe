"""Shows modals and Home tabs, each redacted, and finds the address of a message. It posts no message."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from bot.slack.errors import SlackBusy, SlackError, SlackUnreachable
from bot.slack.poster import Place, Sleep
from bot.slack.view import View
from diagnostics.observe import Cleaner

PAUSES_SECONDS = (0.3, 1.0, 3.0)
"""Waits between tries to change a view: a person is looking at it, and for how long nobody knows."""

BUSY_SECONDS = 10.0
"""Longest wait that Slack may ask for here; views.* take 100 calls a minute (tier 4)."""


class Wire(Protocol):
    """What showing needs of a connection to Slack. It raises SlackError."""

    async def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What a method answers."""
        ...


class Surfaces:
    """Modals and Home tabs. Every method raises SlackError when the person does not see it in the end."""

    def __init__(self, wire: Wire, cleaner: Cleaner, sleep: Sleep = asyncio.sleep) -> None:
        self._wire = wire
        self._cleaner = cleaner
        self._sleep = sleep

    def cleaned(self, view: View) -> View:
        """The view as it may leave; also for what leaves in an acknowledgement."""
        return self._cleaner.value(view)

    async def open(self, trigger_id: str, view: View) -> None:
        """Open a modal for whoever did what `trigger_id` stands for. Once: it is good once, and for three seconds."""
        await self._wire.call("views.open", {"trigger_id": trigger_id, "view": self._body(view)})

    async def update(self, view_id: str, view: View) -> None:
        """Change a modal that is open."""
        await self._persistently(
            lambda: self._wire.call("views.update", {"view_id": view_id, "view": self._body(view)})
        )

    async def publish(self, person: str, view: View) -> None:
        """Show a person's Home tab."""
        await self._persistently(
            lambda: self._wire.call("views.publish", {"user_id": person, "view": self._body(view)})
        )

    async def address(self, place: Place) -> str:
        """The address of a message, to be linked to."""
        arguments = {"channel": place.channel, "message_ts": place.ts}
        return str((await self._wire.call("chat.getPermalink", arguments)).get("permalink") or "")

    def _body(self, view: View) -> dict[str, Any]:
        return self.cleaned(view).as_json()

    async def _persistently(self, call: Callable[[], Awaitable[Any]]) -> None:
        """Make the call, again while that can help: showing the same view twice shows it once."""
        for pause in PAUSES_SECONDS:
            try:
                await call()
            except (SlackUnreachable, SlackBusy) as error:
                wait = error.seconds if isinstance(error, SlackBusy) else pause
                if wait > BUSY_SECONDS:
                    raise
                await self._sleep(wait)
            else:
                return
        await call()


async def address_of(surfaces: Surfaces, place: Place | None) -> str:
    """The address of a message; empty where there is none to be had, for a link is a convenience."""
    if place is None or not place.posted:
        return ""
    try:
        return await surfaces.address(place)
    except SlackError:
        return ""
