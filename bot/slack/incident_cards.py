"""Shows incidents in Slack: one card each that is edited, a reply for each level it climbs to, and one for its end.

Where each message is follows from the incident and the effect, so that showing it again, after a crash, edits what is
there. The card itself is the beginning of the incident's thread, or a reply in the thread it was opened in.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from bot.audit.entry import Entry
from bot.errors import StoreError
from bot.incidents.attempts import Attempt, attempts
from bot.incidents.doing import NeverShown
from bot.incidents.effects import Card, Notify, PostCard, TellThread
from bot.incidents.incident import Phase
from bot.incidents.kept import Happened, Kept, Shown, Told
from bot.incidents.path import Path
from bot.incidents.sheet import Sheet
from bot.slack.errors import AccessLost, MessageGone, SlackRefused
from bot.slack.message import Message
from bot.slack.poster import Place, Poster
from bot.slack.views.incident import card, moved_on
from bot.slack.views.incident_ends import resolved
from bot.slack.views.incident_lines import REPLIED, call, line
from diagnostics.examine import WallClock

REMEMBERED = timedelta(hours=36)
"""How long a card that is not found is taken for one not posted yet. What became of a letter is known for two days
(OUTBOX in bot/keys.py); afterwards a card that cannot be found would be posted a second time."""

DELETED_AT_MOST = 1_000
"""Threads that are known to be deleted, the latest: more incidents than that are never open."""

Puts = Callable[[Place, Message], Awaitable[Place]]
_CALLED = frozenset({Phase.WAITING, Phase.UNANSWERED})

_log = structlog.get_logger()


class Reads(Protocol):
    """What a card tells beside the incident. Each method may raise StoreError."""

    async def story(self, incident_id: str) -> tuple[Happened, ...]:
        """What happened to it."""
        ...

    async def deeds(self, environment: str, since: datetime) -> tuple[Entry, ...]:
        """What was audited about an environment, the oldest first."""
        ...


class Sheets:
    """Puts together what is told of an incident. What cannot be read is missing, and the card says so."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def of(self, kept: Kept, link: str = "") -> Sheet:
        """All that is told of it now."""
        return Sheet(kept, await self._tried(kept), await self._story(kept), link)

    async def _story(self, kept: Kept) -> tuple[Happened, ...] | None:
        try:
            return await self._reads.story(kept.id)
        except StoreError:
            return None

    async def _tried(self, kept: Kept) -> tuple[Attempt, ...] | None:
        try:
            return attempts(await self._reads.deeds(kept.about.environment, kept.about.since))
        except StoreError:
            return None


class IncidentCards:
    """Every incident's messages."""

    def __init__(self, poster: Poster, sheets: Sheets, path: Path, clock: WallClock) -> None:
        self._poster = poster
        self._sheets = sheets
        self._path = path
        self._clock = clock
        self._deleted: dict[str, None] = {}

    def planned(self, channel: str, thread: str = "") -> Shown:
        """Where an incident will be shown."""
        return Shown(channel=channel, card=self._poster.planned(channel).ts, thread=thread)

    async def show(self, kept: Kept) -> str:
        """The card as it is now; gives the ts of its thread's beginning, empty while that is not known."""
        message = card(await self._sheets.of(kept), self._path)
        with_thread = kept.shown.thread
        async with _taken_or_never():
            place = await self._own(kept, message)
            await self._edited(_of_level(kept, kept.incident.level), message)
        return with_thread or (place.ts if place.posted else kept.ts)

    async def tell(self, kept: Kept, effect: Told, *, again: bool) -> None:
        """One thing more in its thread; what is on the card already is not said again."""
        async with _taken_or_never():
            match effect:
                case PostCard(card=Card.RESOLVED):
                    await self._reply(kept, effect, resolved(await self._sheets.of(kept), self._path), again=again)
                case PostCard():
                    await self._handed_over(kept, effect)
                case TellThread() if effect.tiding in REPLIED:
                    await self._reply(kept, effect, line(effect), again=again)
                case Notify() if kept.incident.phase in _CALLED and kept.incident.level == effect.level:
                    if said := call(effect, self._path, kept.incident.due):
                        await self._reply(kept, effect, said, again=again)

    async def _own(self, kept: Kept, message: Message) -> Place:
        """The incident's card, edited where it is; where that is, when it is known."""
        if kept.ts and not kept.shown.thread:
            place = Place(kept.shown.channel, kept.ts)
            await self._edited(place, message)
            return place
        place = Place(kept.shown.channel, kept.shown.card, kept.shown.thread)
        if self._old(kept):
            await self._edited(place, message)
            return place
        return await self._poster.ensure(place, message, broadcast=bool(kept.shown.thread))

    async def _handed_over(self, kept: Kept, effect: PostCard) -> None:
        """A card of its own for a level it climbed to, which the channel sees, too; earlier levels' lose their buttons.

        None for the level it opened at, nor for whoever it is handed to: the incident's own card says it. None for a
        level that it has left by now: after an absence nobody is flooded.
        """
        incident = kept.incident
        if _opens(effect) or incident.asked or effect.level != incident.level:
            return
        sheet = await self._sheets.of(kept)
        await self._posted(_of_level(kept, effect.level), card(sheet, self._path), broadcast=True)
        for below in range(1, effect.level):
            await self._edited(_of_level(kept, below), moved_on(sheet, self._path, below))

    async def _reply(self, kept: Kept, effect: Told, message: Message, *, again: bool) -> None:
        place = Place(kept.shown.channel, f"I{effect.id}", _thread(kept))
        if again:
            await self._posted(place, message)
        else:
            await self._in_thread(self._poster.post_at, place, message)

    async def _posted(self, place: Place, message: Message, *, broadcast: bool = False) -> None:
        """A message in the thread, once."""
        await self._in_thread(partial(self._poster.ensure, broadcast=broadcast), place, message)

    async def _in_thread(self, put: Puts, place: Place, message: Message) -> None:
        """Put a message into the thread; where somebody deleted that, into the channel: a call must reach people."""
        outside = Place(place.channel, place.ts)
        if place.thread in self._deleted:
            await put(outside, message)
            return
        try:
            await put(place, message)
        except MessageGone as error:
            _log.warning("an incident's thread was deleted; the channel is told", reason=str(error))
            self._deleted[place.thread] = None
            while len(self._deleted) > DELETED_AT_MOST:
                del self._deleted[next(iter(self._deleted))]
            await put(outside, message)

    async def _edited(self, place: Place, message: Message) -> None:
        """The message as it is now, where it is at all."""
        try:
            await self._poster.update(place, message, patient=False)
        except MessageGone as error:
            if place.posted:
                _log.warning("an incident's card was deleted", reason=str(error))

    def _old(self, kept: Kept) -> bool:
        opened = kept.incident.opened_at
        return opened is not None and self._clock.now() - opened > REMEMBERED


def _thread(kept: Kept) -> str:
    """The beginning of its thread, by its ts as soon as that is known."""
    return kept.shown.thread or kept.ts or kept.shown.card


def _of_level(kept: Kept, level: int) -> Place:
    """Where the card of a level is, in the present round."""
    return Place(kept.shown.channel, f"C{kept.id}.{kept.incident.round}.{level}", _thread(kept))


def _opens(effect: PostCard) -> bool:
    """Whether an effect belongs to the incident's first step: `<incident>.<step>.<number>`."""
    return effect.id.split(".")[-2:-1] == ["1"]


@asynccontextmanager
async def _taken_or_never() -> AsyncIterator[None]:
    """What Slack refuses for good is never shown; a token that it does not take is mended by a person some day.

    Raises:
        NeverShown: as it says.
    """
    try:
        yield
    except AccessLost:
        raise
    except SlackRefused as error:
        raise NeverShown(str(error)) from error
