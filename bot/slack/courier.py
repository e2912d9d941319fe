"""Brings one letter to Slack, by the call that is right for it, in its turn and once. It never tries again."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from bot.slack.budget import Budget
from bot.slack.errors import AnswerLate, SlackBusy, SlackRefused
from bot.slack.files import upload
from bot.slack.letters import EVENT, Letter
from bot.slack.transport import Identity

# Nothing in a message is turned into a mention or a preview: only what the views wrote as a link or a mention is one.
_AS_WRITTEN = {"link_names": False, "parse": "none", "unfurl_links": False, "unfurl_media": False}
_PRIVATE = {"link_names": False, "parse": "none"}
_LOOKED_AT = 200  # messages looked through for one of ours; a thread has about a dozen
_EARLIER = 60.0  # seconds before a letter was written, for clocks that differ


class Wire(Protocol):
    """What is needed of a connection to Slack. Each method raises SlackError."""

    async def call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What a method answers."""
        ...

    async def answer(self, url: str, body: dict[str, Any]) -> None:
        """Answer at a response_url."""
        ...

    async def upload(self, url: str, content: bytes) -> None:
        """Bring the bytes of a file."""
        ...

    async def identity(self) -> Identity:
        """Who the bot is."""
        ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """A letter with the messages it names: the ts of its thread, and of the message it edits or already is.

    `doubtful`: it may be there already, sent by an attempt whose answer nobody heard.
    """

    letter: Letter
    thread: str = ""
    target: str = ""
    doubtful: bool = False


class Courier:
    """Knows the calls. A 429 closes the method's budget before it is raised."""

    def __init__(self, wire: Wire, budget: Budget) -> None:
        self._wire = wire
        self._budget = budget
        self._may_look = True

    async def turn(self, letter: Letter, *, edit: bool) -> None:
        """Return when the letter may be sent."""
        for method in _methods(letter, edit=edit):
            await self._budget.turn(method, letter.channel)

    async def wait(self, letter: Letter, *, edit: bool) -> float:
        """Seconds until it may be."""
        methods = _methods(letter, edit=edit)
        return max([await self._budget.ahead(method, letter.channel) for method in methods], default=0.0)

    async def send(self, parcel: Parcel) -> str:
        """Send a letter whose turn it is; gives the ts of its message, where Slack tells it.

        Raises:
            SlackError: it was not sent, or for SlackUnreachable perhaps not.
        """
        letter = parcel.letter
        if letter.answers:
            return await self._answer(letter)
        if letter.file is not None:
            await upload(self._call, self._wire, letter, parcel.thread, repeat=parcel.doubtful)
            return ""
        if letter.person:
            return await self._whisper(letter, parcel.thread)
        if parcel.target:
            return await self.edit(letter, parcel.target)
        return await self._post(parcel)

    async def edit(self, letter: Letter, ts: str, more: Mapping[str, Any] = MappingProxyType({})) -> str:
        """Make the letter the content of a message. Raises SlackError."""
        await self._call("chat.update", {"channel": letter.channel, "ts": ts, **letter.body, **more})
        return ts

    async def _post(self, parcel: Parcel) -> str:
        letter = parcel.letter
        named = {"metadata": {"event_type": EVENT, "event_payload": {"id": letter.id}}}
        if parcel.doubtful:
            if found := await self._found(parcel):
                await self._budget.turn("chat.update")
                return await self.edit(letter, found, named)
            letter = letter.marked()
        shown = {"reply_broadcast": True} if letter.broadcast and parcel.thread else {}
        arguments = {"channel": letter.channel, **letter.body, **_AS_WRITTEN, **named, **shown}
        data = await self._call("chat.postMessage", _in_thread(arguments, parcel.thread))
        return str(data.get("ts") or "")

    async def _whisper(self, letter: Letter, thread: str) -> str:
        arguments = {"channel": letter.channel, "user": letter.person, **letter.body, **_PRIVATE}
        data = await self._call("chat.postEphemeral", _in_thread(arguments, thread))
        return str(data.get("message_ts") or "")

    async def _answer(self, letter: Letter) -> str:
        """Answer a command; where its address takes no more, show it to the person in the channel."""
        try:
            await self._wire.answer(
                letter.answers, {**letter.body, "response_type": "ephemeral", "replace_original": False}
            )
        except AnswerLate:
            if not letter.person:
                raise
            await self._budget.turn("chat.postEphemeral", letter.channel)
            return await self._whisper(letter, "")
        return ""

    async def _found(self, parcel: Parcel) -> str:
        """The ts of the message that the letter already is; empty when it is not there, or we may not look.

        Slack has no way to say "this one again" (a message's client_msg_id is for its own clients, says
        slackapi/java-slack-sdk #852). So each carries the letter's id, and who may read the channel finds it.
        """
        letter, about = parcel.letter, {"include_all_metadata": True, "limit": _LOOKED_AT}
        method = "conversations.replies" if parcel.thread else "conversations.history"
        where = {"channel": letter.channel, "oldest": f"{letter.since - _EARLIER:.6f}"}
        if not self._may_look:
            return ""
        try:
            data = await self._call(method, where | about | ({"ts": parcel.thread} if parcel.thread else {}))
        except SlackRefused:
            self._may_look = False
            return ""
        except SlackBusy:
            return ""
        ours = [one for one in data.get("messages") or () if _carries(one, letter.id)]
        return str(ours[0].get("ts") or "") if ours else ""

    async def _call(self, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._wire.call(method, arguments)
        except SlackBusy as busy:
            await self._budget.refused(method, str(arguments.get("channel") or ""), busy.seconds)
            raise


def _methods(letter: Letter, *, edit: bool) -> tuple[str, ...]:
    """The methods that a letter waits for; none for an answer to a command, which Slack counts by itself."""
    if letter.answers:
        return ()
    if letter.file is not None:
        return ("files.getUploadURLExternal", "files.completeUploadExternal")
    if letter.person:
        return ("chat.postEphemeral",)
    return ("chat.update",) if edit else ("chat.postMessage",)


def _in_thread(arguments: dict[str, Any], thread: str) -> dict[str, Any]:
    return arguments | ({"thread_ts": thread} if thread else {})


def _carries(message: dict[str, Any], letter: str) -> bool:
    metadata = message.get("metadata") or {}
    return metadata.get("event_type") == EVENT and (metadata.get("event_payload") or {}).get("id") == letter
