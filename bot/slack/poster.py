"""Posts to Slack: the one way out for messages and reports. Redacts each, and gives it to the outbox, which sends it.

What is posted while Slack is away, or has too much to do, follows later and in order; its Place then names the letter
instead of the message, and serves as well: for replies, for edits, and after a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec.structs import replace

from bot.slack.boxes import Boxes, Keeps
from bot.slack.budget import Budget, LoopTime, SharedTurns, Time
from bot.slack.courier import Courier, Wire
from bot.slack.errors import MessageGone
from bot.slack.files import shortened
from bot.slack.letters import Attachment, Letter, edit_id, is_posted, new_id
from bot.slack.message import Message
from bot.slack.outbox import Outbox
from diagnostics.observe import Cleaner

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Place:
    """A message in Slack: its channel's id and its own, which is its letter's while it is not posted yet.

    `thread` is the root it replies to, where it is a reply.
    """

    channel: str
    ts: str
    thread: str = ""

    @property
    def posted(self) -> bool:
        """Whether this names the message itself."""
        return is_posted(self.ts)


class Poster:
    """Sends messages. Without a store, what cannot be sent at once is kept in memory, as long as the process lives.

    A method that raises SlackRefused has sent nothing and will not. Where it returns, the message is there or follows.
    """

    def __init__(
        self,
        wire: Wire,
        cleaner: Cleaner,
        sleep: Sleep = asyncio.sleep,
        store: Keeps | None = None,
        clock: Time | None = None,
    ) -> None:
        self._cleaner = cleaner
        self._clock = clock or LoopTime(sleep)
        self._budget = Budget(self._clock)
        self._courier = Courier(wire, self._budget)
        self._outbox = Outbox(Boxes(store), self._courier, self._clock)

    def share_limits(self, turns: SharedTurns) -> None:
        """Keep to Slack's limits together with other replicas; before anything is sent."""
        self._budget.share(turns)

    @property
    def away(self) -> bool:
        """Whether Slack cannot be reached just now, so that messages wait."""
        return self._outbox.away

    async def deliver(self) -> None:
        """Send what an earlier process, or a killed replica, left waiting. It runs until it is cancelled."""
        await self._outbox.deliver()

    async def close(self) -> None:
        """Let arrive what is under way; the rest waits for the next start."""
        await self._outbox.close()

    def cleaned(self, message: Message) -> Message:
        """The message as it may leave; also for what leaves another way, in an acknowledgement."""
        return self._cleaner.value(message)

    def planned(self, channel: str, thread_ts: str | None = None) -> Place:
        """Where a message will be: to be noted before it is posted, so that no crash leaves one nobody knows of."""
        return Place(channel, new_id(), thread_ts or "")

    async def post_at(self, place: Place, message: Message, *, broadcast: bool = False, patient: bool = False) -> Place:
        """Post a message where it was planned; gives the Place with its own ts. Raises as `post`.

        With `broadcast` a reply is shown in the channel, too: for what its readers must not miss. Who is `patient`
        waits for its turn, and so learns what Slack says to it.
        """
        letter = replace(self._letter(place.channel, message, place.thread), id=place.ts, broadcast=broadcast)
        ts = await self._outbox.send(letter, patient=patient)
        return Place(place.channel, ts or letter.id, place.thread)

    async def post(self, channel: str, message: Message, thread_ts: str | None = None) -> Place:
        """Post a message, or a reply in the thread of `thread_ts`, which may be that of a Place not posted yet.

        Raises:
            SlackRefused: Slack does not take it.
            SlackUnreachable: Slack is away, and so many messages wait that this one cannot.
        """
        return await self.post_at(self.planned(channel, thread_ts), message)

    async def update(self, place: Place, message: Message, *, patient: bool = True) -> None:
        """Make this the message's content for good. Raises as `post`, and MessageGone for what was never posted.

        Who is not `patient` goes on where there is no turn at once, and the edit follows.
        """
        ts = place.ts if place.posted else await self._outbox.change(place.ts, self.cleaned(message), wait=patient)
        if ts is not None:
            letter = self._letter(place.channel, message, place.thread)
            edit = replace(letter, id=edit_id(place.channel, ts), edits=ts)
            await self._outbox.send(edit, patient=patient)

    async def ensure(self, place: Place, message: Message, *, broadcast: bool = False) -> Place:
        """The message at a planned place, once: edited where it is, posted where it is not. Raises as `post`.

        Gives the Place with its own ts, as far as that is known by now. Where there is no turn at once it follows.
        """
        try:
            ts = await self._outbox.change(place.ts, self.cleaned(message), wait=False)
        except MessageGone:
            return await self.post_at(place, message, broadcast=broadcast, patient=broadcast)
        if ts is None:
            return place
        there = Place(place.channel, ts, place.thread)
        await self.update(there, message, patient=False)
        return there

    async def spare_turn(self) -> None:
        """Return when there is a turn to edit that nothing more important wants."""
        await self._budget.turn("chat.update", urgent=False)

    async def try_update(self, place: Place, message: Message) -> None:
        """Edit a message, once, after `spare_turn`: for what will be edited again soon anyway.

        Raises:
            SlackError: it was not edited.
        """
        ts = place.ts if place.posted else await self._outbox.change(place.ts, self.cleaned(message), wait=False)
        if ts is not None:
            await self._courier.edit(self._letter(place.channel, message), ts)

    async def whisper(self, channel: str, person: str, message: Message, thread_ts: str | None = None) -> None:
        """Show a message to one person of a channel, or of a thread in it. Raises as `post`."""
        letter = self._letter(channel, message, thread_ts)
        await self._outbox.send(replace(letter, person=person), patient=True)

    async def answer(self, response_url: str, message: Message, channel: str = "", person: str = "") -> None:
        """Answer a command privately, at its response_url; where that takes no more, as a whisper to the person.

        Raises:
            AnswerLate: it takes no more, and channel and person are not given.
            SlackError: as `post`.
        """
        letter = self._letter(channel, message)
        await self._outbox.send(replace(letter, person=person, answers=response_url), patient=True)

    async def attach(self, place: Place, attachment: Attachment) -> None:
        """Put a report into the thread of a message: as a file, or in pages where no files may be uploaded.

        Raises as `post`.
        """
        file = shortened(self._cleaner.value(attachment))
        said = file.text if file.picture else f"all of it, {len(file.text):,} characters"
        about = Message(f"{file.title}: {said}")
        letter = self._letter(place.channel, about, place.thread or place.ts)
        await self._outbox.send(replace(letter, file=file), patient=False)

    def _letter(self, channel: str, message: Message, thread: str | None = None) -> Letter:
        letter = Letter(new_id(), channel, thread=thread or "", since=self._clock.wall())
        return letter.saying(self.cleaned(message))
