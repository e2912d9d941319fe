"""Shows plans in Slack: the card that is edited as a plan goes on, and the reply that says how it ended.

Where each is was planned before it was posted, so showing it a second time, after a crash, edits what is there.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import structlog

from bot.actions.act import Act
from bot.actions.journal import State
from bot.actions.kept import Kept
from bot.actions.plan import Shown
from bot.slack.errors import MessageGone, SlackError
from bot.slack.live import ProgressMessage
from bot.slack.message import Message
from bot.slack.poster import Place, Poster
from bot.slack.views.plan import card, ended, glass_broken

_REPLIED = frozenset({State.DONE, State.FAILED, State.STALE})
"""Ends that are worth a reply of their own; for the others the card says enough."""

_log = structlog.get_logger()


class Cards:
    """Every plan's card. `admins` gives who is told of broken glass, by id."""

    def __init__(self, poster: Poster, acts: Mapping[str, Act], admins: Callable[[], tuple[str, ...]]) -> None:
        self._poster = poster
        self._acts = acts
        self._admins = admins

    def planned(self, channel: str, thread: str = "") -> Shown:
        """Where a plan will be shown: in a thread, or as the beginning of one."""
        card, reply, notice = (self._poster.planned(channel).ts for _ in range(3))
        return Shown(channel, card, thread, reply, notice)

    async def post(self, kept: Kept) -> None:
        """Show a new plan. Raises SlackError."""
        await self._poster.post_at(_card(kept), self.drawn(kept))

    async def now(self, kept: Kept) -> None:
        """Show it as it is, at once: after a click nobody should be able to click again."""
        try:
            await self._poster.try_update(_card(kept), self.drawn(kept))
        except SlackError as error:
            _log.info("a plan's message follows later", plan=kept.plan.id, reason=str(error))

    @asynccontextmanager
    async def watching(self, kept: Kept) -> AsyncIterator["Watch"]:
        """Show a plan as it goes on, for as long as this lasts."""
        place = _card(kept)
        async with ProgressMessage(self._poster, place, place.thread or place.ts) as live:
            yield Watch(self, live)

    async def told(self, kept: Kept, live: ProgressMessage) -> None:
        """Show how it ended, for good."""
        plan, journal = kept.plan, kept.journal
        try:
            await live.finish(self.drawn(kept), Message(self.drawn(kept).text))
            if journal.state in _REPLIED:
                await self._ensured(_reply(kept, plan.shown.reply), ended(plan, journal, self._title(plan.action)))
        except SlackError as error:
            _log.error("how a plan ended could not be shown", plan=plan.id, state=journal.state, reason=str(error))

    async def alarmed(self, kept: Kept) -> None:
        """Tell the admins of broken glass."""
        try:
            await self._ensured(
                _reply(kept, kept.plan.shown.notice), glass_broken(kept.plan, kept.journal, self._admins())
            )
        except SlackError as error:
            _log.error("the admins could not be told of broken glass", plan=kept.plan.id, reason=str(error))

    async def _ensured(self, place: Place, message: Message) -> None:
        """The message there, once: edited where it is, posted where it is not."""
        try:
            await self._poster.update(place, message)
        except MessageGone:
            await self._poster.post_at(place, message)

    def drawn(self, kept: Kept) -> Message:
        """Its card."""
        act = self._acts.get(kept.plan.action)
        label = act.label if act else kept.plan.action
        return card(kept.plan, kept.journal, self._title(kept.plan.action), label)

    def _title(self, action: str) -> str:
        act = self._acts.get(action)
        return act.title if act else action


class Watch:
    """One plan that is shown as it goes on. Its failures to be shown are in the log; they stop no plan."""

    def __init__(self, cards: Cards, live: ProgressMessage) -> None:
        self._cards = cards
        self._live = live

    def show(self, kept: Kept) -> None:
        """Show it as it is now, soon."""
        self._live.show(self._cards.drawn(kept))

    async def begun(self, kept: Kept) -> None:
        """It is confirmed: whoever must know of how is told."""
        if kept.journal.consent and kept.journal.consent.broke_glass:
            await self._cards.alarmed(kept)

    async def ended(self, kept: Kept) -> None:
        """Show how it ended."""
        await self._cards.told(kept, self._live)


def _card(kept: Kept) -> Place:
    shown = kept.plan.shown
    return Place(shown.channel, shown.card, shown.thread)


def _reply(kept: Kept, id: str) -> Place:
    shown = kept.plan.shown
    return Place(shown.channel, id, shown.thread or shown.card)
