"""What the terminal shows of the local Slack: each message as it comes, and of each edit only what is new."""

import asyncio
import sys
from collections.abc import AsyncIterator

from bot.slack.message import Message as Shown
from bot.slack.plain import plain
from playground.slack.feed import Seen
from playground.slack.messages import Content, Message

#: What reading a message of another shape than Slack documents ends in. Whoever typed it must not end the showing.
_OF_ANOTHER_SHAPE = (LookupError, TypeError, AttributeError, ValueError)
_UNREADABLE = "This message cannot be shown in a terminal; the page in the browser shows it."


class Screen:
    """Writes to standard output. `names` are what people and channels are called, by their ids."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    async def watch(self, events: AsyncIterator[Seen]) -> None:
        """Show what people see, until cancelled; of a message that cannot be shown, that it is there."""
        async for seen in events:
            if seen.message is not None and seen.kind in {"posted", "edited", "ephemeral"}:
                try:
                    self._show(seen.kind, seen.message)
                except _OF_ANOTHER_SHAPE as error:
                    self._write(f"{self._heading(seen.kind, seen.message)}\n{_UNREADABLE} ({type(error).__name__})")

    def ended(self, watcher: "asyncio.Task[None]") -> None:
        """Say that the terminal shows nothing any more, where the watcher has ended by itself."""
        if not watcher.cancelled() and (error := watcher.exception()):
            self._write(
                f"The terminal shows no more messages: {type(error).__name__}: {error}. The bot and the page in the "
                "browser go on; start the playground again to have them here."
            )

    def say(self, text: str) -> None:
        """The playground's own words."""
        self._write(text)

    def typed(self, person: str, channel: str, line: str) -> None:
        """What a person types."""
        self._write(f"\n{channel}  {person} > {line}")

    def _show(self, kind: str, message: Message) -> None:
        lines = self._lines(message.content)
        if kind == "edited":
            before = set(self._lines(message.versions[-2].content))
            lines = [line for line in lines if line not in before]
        if lines:
            mark = "│ " if message.thread_ts and message.thread_ts != message.ts else ""
            self._write("\n".join([self._heading(kind, message), *(f"{mark}{line}" for line in lines)]))

    def _lines(self, content: Content) -> list[str]:
        text = plain(Shown(content.text, content.blocks))
        for id, name in self.names.items():
            text = text.replace(id, name)
        return [line for line in text.splitlines() if line.strip()]

    def _heading(self, kind: str, message: Message) -> str:
        who = "volati" if message.by_app else self.names.get(message.author, message.author)
        if kind == "ephemeral":
            return f"\n{who} (only visible to you)"
        where = "in the thread" if message.thread_ts and message.thread_ts != message.ts else "in the channel"
        return f"\n{who} {where}{', edited' if kind == 'edited' else ''}"

    def _write(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
