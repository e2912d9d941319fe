"""One message that is edited while something goes on: newest state only, no faster than Slack likes, and an end."""

import asyncio
from types import TracebackType
from typing import Self

import structlog

from bot.slack.errors import MessageRefused, SlackBusy, SlackError
from bot.slack.letters import Attachment
from bot.slack.limits import EDIT_SECONDS
from bot.slack.message import Message
from bot.slack.poster import Place, Poster, Sleep

_log = structlog.get_logger()


class ProgressMessage:
    """A message already posted, kept up to date: `async with ProgressMessage(poster, place, thread) as live`.

    Edits that fail on the way are logged and forgotten; the next one holds everything they would have shown.
    """

    def __init__(self, poster: Poster, place: Place, thread_ts: str, sleep: Sleep = asyncio.sleep) -> None:
        self._poster = poster
        self._place = place
        self._thread_ts = thread_ts
        self._sleep = sleep
        self._newest: Message | None = None
        self._changed = asyncio.Event()
        self._sending = asyncio.Lock()
        self._editor: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._editor = asyncio.create_task(self._keep_up(), name=f"progress {self._place.ts}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    def show(self, message: Message) -> None:
        """Show this soon, in place of whatever was to be shown and has not been."""
        self._newest = message
        self._changed.set()

    async def finish(self, message: Message, plainly: Message, whole: Attachment | None = None) -> None:
        """Show this for good, right after the edit under way; `plainly` where Slack refuses its form.

        `whole` is what the message leaves out; it goes into the thread, as a file or in pages.

        Raises:
            SlackError: neither an edit nor a reply was possible.
        """
        await self._stop()
        await self._show_for_good(message, plainly)
        if whole is not None:
            await self._attach(whole)

    async def _attach(self, whole: Attachment) -> None:
        try:
            await self._poster.attach(Place(self._place.channel, self._thread_ts), whole)
        except SlackError as error:  # the message itself says how much is missing, and where it is found
            _log.error("a report could not be attached", report=whole.name, reason=str(error))

    async def _show_for_good(self, message: Message, plainly: Message) -> None:
        try:
            await self._poster.update(self._place, message)
        except MessageRefused as error:
            _log.error("Slack refused a message's form", reason=str(error))
            await self._poster.update(self._place, plainly)
        except SlackError as error:
            _log.warning("the last edit failed; posting a reply instead", reason=str(error))
            await self._poster.post(self._place.channel, message, self._thread_ts)

    async def _keep_up(self) -> None:
        pause = EDIT_SECONDS  # the message has just been posted
        while True:
            await self._sleep(pause)
            await self._changed.wait()
            await self._poster.spare_turn()  # all messages under way share Slack's limit, so all slow down alike
            pause = await self._edit()

    async def _edit(self) -> float:
        """Send the newest state; gives the seconds until the next edit."""
        message, self._newest = self._newest, None
        self._changed.clear()
        if message is None:
            return EDIT_SECONDS
        async with self._sending:
            try:
                await self._poster.try_update(self._place, message)
            except SlackError as error:
                _log.info("an edit on the way failed", reason=str(error))
                return max(error.seconds, EDIT_SECONDS) if isinstance(error, SlackBusy) else EDIT_SECONDS
        return EDIT_SECONDS

    async def _stop(self) -> None:
        """End the editing, after the edit under way: cut off, it might arrive after the last one."""
        async with self._sending:
            if self._editor is not None:
                self._editor.cancel()
                await asyncio.wait({self._editor})
                self._editor = None
