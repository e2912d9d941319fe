"""What open tabs are told: each change a person would see, the newest form only, and the figures as they change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playground.page import drawn
from playground.page.stage import Stage
from playground.slack.feed import Seen
from playground.slack.messages import Message
from playground.slack.shapes import Json

#: Tabs open at once: a browser keeps six connections to one address, and nobody needs more windows than this.
MOST_TABS = 24
#: Seconds between two looks at what changes without the feed telling: the bot's process and the switches.
_LOOK_SECONDS = 0.25
_HISTORY = 500  # messages a fresh tab gets: far more than a session writes, and a bound
_SHOWN = frozenset({"posted", "edited", "ephemeral", "reaction"})

Event = tuple[str, Json]


class Tab:
    """One open tab. Events of one thing replace each other while the tab is slow, so what waits is bounded."""

    def __init__(self, person: str) -> None:
        self.person = person
        self.closed = False
        self._waiting: dict[str, Event] = {}
        self._wake = asyncio.Event()

    def put(self, key: str, event: Event) -> None:
        """Something to tell; it replaces what waits under the same key."""
        self._waiting[key] = event
        self._wake.set()

    def close(self) -> None:
        """Nothing more will come."""
        self.closed = True
        self._wake.set()

    async def take(self) -> list[Event]:
        """What waits, as soon as something does; nothing once the tab is closed."""
        await self._wake.wait()
        self._wake.clear()
        events, self._waiting = list(self._waiting.values()), {}
        return events


class Tabs:
    """All open tabs of one page: `async with Tabs(stage) as tabs`, which keeps them told until the end."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._tabs: set[Tab] = set()

    @property
    def full(self) -> bool:
        """Whether no further tab is let in."""
        return len(self._tabs) >= MOST_TABS

    @asynccontextmanager
    async def telling(self) -> AsyncIterator[None]:
        """Keep the tabs told until the end of the block; then close them."""
        async with asyncio.TaskGroup() as group:
            tellers = [group.create_task(self._tell_seen()), group.create_task(self._tell_figures())]
            # One turn of the loop, in which the feed gets its listener: nothing posted from here on is missed.
            await asyncio.sleep(0)
            try:
                yield
            finally:
                self.close()
                for teller in tellers:
                    teller.cancel()

    def close(self) -> None:
        """Close every tab."""
        for tab in self._tabs:
            tab.close()

    @asynccontextmanager
    async def open(self, person: str) -> AsyncIterator[Tab]:
        """A tab that looks on as this person; first it is told everything there is."""
        tab = Tab(person)
        self._tabs.add(tab)
        tab.put("hello", ("hello", self._everything(person)))
        try:
            yield tab
        finally:
            self._tabs.discard(tab)

    async def _tell_seen(self) -> None:
        async for seen in self._stage.slack.events():
            for tab in self._tabs:
                if seen.message is not None:
                    self._tell_message(tab, seen, seen.message)
                elif seen.person == tab.person:
                    tab.put("views", ("views", self._views(tab.person)))

    def _tell_message(self, tab: Tab, seen: Seen, message: Message) -> None:
        if not self._visible(tab.person, message):
            return
        key = f"{message.channel} {message.ts}"
        if seen.kind == "deleted":
            tab.put(key, ("gone", {"channel": message.channel, "ts": message.ts}))
        elif seen.kind in _SHOWN:
            tab.put(key, ("message", drawn.message(message)))

    def _visible(self, person: str, message: Message) -> bool:
        place = self._stage.slack.workspace.channels.get(message.channel)
        return message.to in (None, person) and place is not None and person in place.members

    async def _tell_figures(self) -> None:
        last: dict[str, Any] = {}
        while True:
            last = await self._changed_figures(last)
            for tab in self._tabs:
                tab.put("figures", ("figures", last))

    async def _changed_figures(self, last: dict[str, Any]) -> dict[str, Any]:
        stage = self._stage
        while stage.figures() == last:
            try:
                await stage.slack.until(lambda: stage.figures() != last, _LOOK_SECONDS)
            except TimeoutError:
                continue  # the feed was quiet: look for ourselves
        return stage.figures()

    def _views(self, person: str) -> Json:
        seat = self._stage.slack.person(person)
        modal, home = seat.modal.view, seat.home
        return {"modal": drawn.view(modal) if modal else None, "home": drawn.view(home) if home else None}

    def _everything(self, person: str) -> Json:
        slack = self._stage.slack
        space, switches = slack.workspace, slack.switches
        seen = [one for one in space.all_messages if not one.deleted and self._visible(person, one)]
        return {
            "me": person,
            "seats": drawn.seats(space),
            "directory": drawn.directory(space),
            "channels": drawn.channels(space, person),
            "app": space.app.bot_user_id,
            "commands": sorted(switches.commands),
            "shortcuts": switches.shortcuts or {},
            "home_tab": switches.home_tab,
            "messages": [drawn.message(one) for one in seen[-_HISTORY:]],
            "views": self._views(person),
            "sections": self._stage.faults.sections(),
            "figures": self._stage.figures(),
        }
