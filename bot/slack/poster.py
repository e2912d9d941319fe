"""Posts to Slack: the one way out for messages. Redacts each, keeps to deadlines, and repeats what bears repeating."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from bot.slack.errors import SlackBusy, SlackError, SlackUnreachable
from bot.slack.message import Message
from bot.slack.transport import Identity
from diagnostics.observe import Cleaner

PATIENCE_SECONDS = 60.0
"""How long one message is tried for: Slack's "too many" is for up to a minute, as its limits are per minute."""

PAUSES_SECONDS = (0.3, 1.0, 3.0, 10.0)
"""Waits between tries while Slack cannot be reached."""

# Nothing in a message is turned into a mention or a preview: only what the views wrote as a link or a mention is one.
_AS_WRITTEN = {"link_names": False, "parse": "none", "unfurl_links": False, "unfurl_media": False}

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """A message in Slack: its channel's id and its own."""

    channel: str
    ts: str


class Wire(Protocol):
    """What the poster needs of a connection to Slack. Each raises SlackError."""

    async def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What a method answers."""
        ...

    async def answer(self, url: str, body: dict[str, Any]) -> None:
        """Answer at a response_url."""
        ...

    async def identity(self) -> Identity:
        """Who the bot is."""
        ...


class Poster:
    """Sends messages. Every method raises SlackError when the message is not there in the end."""

    def __init__(self, wire: Wire, cleaner: Cleaner, sleep: Sleep = asyncio.sleep) -> None:
        self._wire = wire
        self._cleaner = cleaner
        self._sleep = sleep

    def cleaned(self, message: Message) -> Message:
        """The message as it may leave; also for what leaves another way, in an acknowledgement."""
        return self._cleaner.value(message)

    async def post(self, channel: str, message: Message, thread_ts: str | None = None) -> Place:
        """Post a message, or a reply in the thread of `thread_ts`."""
        arguments = {"channel": channel, **self._body(message), **_AS_WRITTEN}
        if thread_ts:
            arguments["thread_ts"] = thread_ts
        # Slack has no way to say "this one again": what may have arrived is not repeated.
        data = await self._persistently(lambda: self._wire.call("chat.postMessage", arguments), repeatable=False)
        return Place(str(data.get("channel") or channel), str(data.get("ts") or ""))

    async def update(self, place: Place, message: Message) -> None:
        """Edit a message until it is done."""
        await self._persistently(lambda: self._edit(place, message), repeatable=True)

    async def try_update(self, place: Place, message: Message) -> None:
        """Edit a message, once: for what will be edited again soon anyway."""
        await self._edit(place, message)

    async def whisper(self, channel: str, person: str, message: Message, thread_ts: str | None = None) -> None:
        """Show a message to one person of a channel, or of a thread in it."""
        arguments = {"channel": channel, "user": person, **self._body(message), "link_names": False, "parse": "none"}
        if thread_ts:
            arguments["thread_ts"] = thread_ts
        await self._persistently(lambda: self._wire.call("chat.postEphemeral", arguments), repeatable=False)

    async def answer(self, response_url: str, message: Message) -> None:
        """Answer a command privately, at its response_url."""
        body = {**self._body(message), "response_type": "ephemeral", "replace_original": False}
        await self._persistently(lambda: self._wire.answer(response_url, body), repeatable=False)

    async def _edit(self, place: Place, message: Message) -> None:
        await self._wire.call("chat.update", {"channel": place.channel, "ts": place.ts, **self._body(message)})

    def _body(self, message: Message) -> dict[str, Any]:
        return self.cleaned(message).as_json()

    async def _persistently(self, call: Callable[[], Awaitable[Any]], *, repeatable: bool) -> Any:  # noqa: ANN401 JSON
        """What the call gives, tried again while that can help and cannot double anything."""
        left = PATIENCE_SECONDS
        for pause in (*PAUSES_SECONDS, None):
            try:
                return await call()
            except SlackError as error:
                wait = _wait(error, pause, repeatable=repeatable)
                if wait is None or wait > left:
                    raise
            left -= wait
            await self._sleep(wait)
        return None  # pragma: no cover -- the last try returns or raises


def _wait(error: SlackError, pause: float | None, *, repeatable: bool) -> float | None:
    """Seconds until the next try; None where there is none."""
    if pause is None:
        return None
    if isinstance(error, SlackBusy):
        return error.seconds
    if isinstance(error, SlackUnreachable) and (repeatable or not error.sent):
        return pause
    return None
