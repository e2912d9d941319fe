"""What the terminal shows of the local Slack: each message as it comes, and of each edit only what is new."""

import sys
from collections.abc import AsyncIterator

from bot.slack.message import Message as Shown
from bot.slack.plain import plain
from playground.slack.feed import Seen
from playground.slack.messages import Content, Message


class Screen:
    """Writes to standard output. `names` are what people and channels are called, by their ids."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    async def watch(self, events: AsyncIterator[Seen]) -> None:
        """Show what people see, until cancelled."""
        async for seen in events:
            if seen.message is not None and seen.kind in {"posted", "edited", "ephemeral"}:
                self._show(seen.kind, seen.message)

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
            self._write("\n".join([_heading(kind, message), *(f"{mark}{line}" for line in lines)]))

    def _lines(self, content: Content) -> list[str]:
        text = plain(Shown(content.text, content.blocks))
        for id, name in self.names.items():
            text = text.replace(id, name)
        return [line for line in text.splitlines() if line.strip()]

    def _write(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def _heading(kind: str, message: Message) -> str:
    if kind == "ephemeral":
        return "\nvolati (only visible to you)"
    where = "in the thread" if message.thread_ts and message.thread_ts != message.ts else "in the channel"
    return f"\nvolati {where}{', edited' if kind == 'edited' else ''}"
