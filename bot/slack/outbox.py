"""Sends letters in order, one lane at a time, and keeps them while Slack is away: none lost, none twice unmarked.

A letter is kept before it is sent, and forgotten after it was. What is between the two when the process is killed is
doubtful: another looks for it among Slack's messages and, where it may not look, marks the repeat as one.
"""

import asyncio
import secrets
from functools import partial

import msgspec
import structlog

from bot.queued import Queued
from bot.slack.boxes import Boxes
from bot.slack.budget import Time
from bot.slack.callers import Callers
from bot.slack.courier import Courier, Parcel
from bot.slack.errors import (
    AccessLost,
    MessageGone,
    MessageRefused,
    SlackBusy,
    SlackError,
    SlackRefused,
    SlackUnreachable,
)
from bot.slack.files import paged, pages
from bot.slack.holding import LaneLostError, holding
from bot.slack.letters import Letter, is_posted, new_id
from bot.slack.message import Message

PAUSES_SECONDS = (0.3, 1.0, 3.0, 10.0, 15.0)
"""Waits between tries while Slack cannot be reached; the last of them from then on."""

AWAY_AFTER = 2
"""Failures in a row after which Slack counts as away: one alone is a cut connection."""

PATIENCE_SECONDS = 3.0
"""How long a turn a caller waits for before it goes on, and the letter follows by itself."""

OTHERS_SECONDS = 0.25
"""Time between looks at a lane that another replica is sending."""

OTHERS_LOOKS = 20
"""Looks after which callers go on without: five seconds."""

ACCESS_SECONDS = 60.0
"""Time between tries while Slack does not take the token: a person has to act first."""

SWEEP_SECONDS = 10.0
"""Time between looks for letters that nobody here has in hand, such as those of a killed replica."""

CLOSE_SECONDS = 3.0
"""How long letters under way may take at the end; what is left waits in the store for the next start."""

_log = structlog.get_logger()


class Outbox:
    """The letters of this process, and of others that share the store."""

    def __init__(self, boxes: Boxes, courier: Courier, clock: Time) -> None:
        self._boxes = boxes
        self._courier = courier
        self._clock = clock
        self._owner = secrets.token_hex(8)
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._woken: set[str] = set()
        self._callers = Callers()
        self._arriving: set[str] = set()
        self._resting: set[str] = set()
        self._failures = 0
        self._closed = False

    @property
    def away(self) -> bool:
        """Whether Slack cannot be reached just now."""
        return self._failures >= AWAY_AFTER

    @property
    def in_memory(self) -> int:
        """How many letters would be lost if the process ended now: private ones, and all where there is no store."""
        return self._boxes.in_memory

    async def send(self, letter: Letter, *, patient: bool) -> str | None:
        """Send a letter; gives its ts, or None when it will follow: Slack is away or has too much to do.

        `patient` callers wait while others are sent before; the rest go on where there is no turn at once.

        Raises:
            SlackRefused: Slack does not take it, and it is forgotten.
            SlackUnreachable: too many letters wait already, so that it cannot be kept.
        """
        outcome = self._registered(letter, patient=patient)
        if not await self._queued(letter):
            self._callers.tell(letter.lane, letter.id, None)
            raise SlackUnreachable("Too many messages wait for Slack. Look at status.slack.com.", sent=False)
        self._wake(letter.lane)
        return None if outcome is None else await asyncio.shield(outcome)  # another may wait for the same letter

    async def change(self, id: str, message: Message, *, wait: bool) -> str | None:
        """Let a letter say something else; gives its ts when it is posted already, unchanged, or None when it waits.

        With `wait` it is given time to be sent; then None may also mean that it was, changed.

        Raises:
            MessageGone: there is no such letter any more.
            SlackRefused: Slack does not take what it says now.
        """
        document = await self._boxes.read(id)
        if document is not None:
            letter = Letter.read(document).saying(message)
            outcome = self._registered(letter, patient=True) if wait else None
            if await self._boxes.change(id, letter.document()):
                self._wake(letter.lane)
                if outcome is not None:
                    await asyncio.shield(outcome)
                return None
        return await self._ts_of(id)

    async def deliver(self) -> None:
        """Send what waits, whoever left it. It runs until it is cancelled, and belongs to whoever starts it."""
        while True:
            for lane in await self._boxes.lanes():
                self._wake(lane)
            await self._clock.sleep(SWEEP_SECONDS)

    async def close(self) -> None:
        """End in order: what is under way may arrive, the rest stays where it is kept."""
        self._closed = True
        workers = set(self._workers.values())
        if workers and not self.away:
            await asyncio.wait(workers, timeout=CLOSE_SECONDS)
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)
        if self.in_memory:
            _log.error("letters to Slack are lost: they were kept in memory only", letters=self.in_memory)

    async def _queued(self, letter: Letter) -> bool:
        """Keep a letter; False, with a word in the log, when there is no room."""
        self._arriving.add(letter.id)
        try:
            kept = await self._boxes.queue(letter.lane, letter.id, letter.document())
        finally:
            self._arriving.discard(letter.id)
        if not kept:
            _log.error("a letter to Slack is lost: too many wait", channel=letter.channel, text=letter.text)
        return kept

    # What callers wait for

    def _registered(self, letter: Letter, *, patient: bool) -> asyncio.Future[str | None] | None:
        """What a caller may wait for; None when it should go on: its letter will follow."""
        if self.away or self._closed or letter.lane in self._resting:
            return None
        return self._callers.expect(letter.lane, letter.id, patient=patient)

    async def _tell_of_others(self, lane: str) -> None:
        """Tell of the letters that another replica has posted."""
        for letter in self._callers.of(lane):
            if letter in self._arriving or await self._boxes.read(letter) is not None:
                continue
            ts = await self._boxes.ts(letter)
            if ts is not None:
                self._callers.tell(lane, letter, ts or _dropped())

    # The work on one lane

    def _wake(self, lane: str) -> None:
        self._woken.add(lane)
        if lane not in self._workers and not self._closed:
            self._workers[lane] = asyncio.create_task(self._work(lane), name=f"outbox {lane}")

    async def _work(self, lane: str) -> None:
        try:
            while lane in self._woken:
                self._woken.discard(lane)
                await self._drain(lane)
        except (Exception, asyncio.CancelledError):
            self._callers.let_go(lane)
            raise
        finally:
            self._resting.discard(lane)
            del self._workers[lane]

    async def _drain(self, lane: str) -> None:
        """Send until nothing waits in the lane."""
        looks = 0
        while (first := await self._boxes.first(lane)) is not None:
            letter = await self._readable(lane, first)
            if letter is None:
                continue
            taken = await self._in_turn(lane, letter, first)
            if taken is not None:
                await self._pause(lane, await self._attempt(lane, taken))
                continue
            looks += 1
            await self._pause(lane, OTHERS_SECONDS)
            await self._tell_of_others(lane)
            if looks > OTHERS_LOOKS:
                self._callers.let_go(lane)
        await self._tell_of_others(lane)

    async def _pause(self, lane: str, seconds: float) -> None:
        if seconds > 0:
            self._rest(lane, seconds)
            await self._clock.sleep(seconds)
            self._resting.discard(lane)

    def _rest(self, lane: str, seconds: float) -> None:
        """Nothing happens in the lane for so long; where that is long, let nobody wait for it."""
        if seconds > PATIENCE_SECONDS:
            self._resting.add(lane)
            self._callers.let_go(lane)

    async def _readable(self, lane: str, first: Queued) -> Letter | None:
        """The letter, unless it has waited for too long or cannot be read; then it is dropped."""
        try:
            letter = Letter.read(first.document)
        except msgspec.DecodeError:  # written by another version
            _log.exception("a letter to Slack is dropped: it cannot be read", letter=first.letter)
        else:
            if self._clock.wall() - letter.since <= letter.seconds:
                return letter
            _log.error("a letter to Slack is dropped: it has waited too long", channel=lane, text=letter.text)
        await self._boxes.drop(lane, first.letter, self._owner)
        self._callers.tell(lane, first.letter, _dropped())
        return None

    async def _in_turn(self, lane: str, letter: Letter, first: Queued) -> Queued | None:
        """The letter as it is when its turn has come; None when another replica has it."""
        edit = bool(letter.edits or first.ts)
        if (wait := await self._courier.wait(letter, edit=edit)) > 0:
            self._callers.let_go(lane, only_impatient=True)
            self._rest(lane, wait)
        await self._courier.turn(letter, edit=edit)
        self._resting.discard(lane)
        return await self._boxes.take(lane, first.letter, self._owner)

    async def _attempt(self, lane: str, taken: Queued) -> float:
        """Try once to send it; gives the seconds to wait before the next."""
        letter = Letter.read(taken.document)
        try:
            ts = await self._sent(letter, taken)
        except SlackError as error:
            return await self._failed(letter, taken, error)
        except LaneLostError:
            _log.warning("another replica sends from here on: this one was too slow to hold its lane", channel=lane)
            return 0.0
        except Exception:  # noqa: BLE001 one letter that cannot be sent must not hold up those behind it
            _log.exception("a letter to Slack could not be sent", channel=lane)
            await self._refused(letter, _dropped())
            return 0.0
        self._answered()
        if await self._boxes.settle(lane, taken, self._owner, ts or "sent"):
            self._callers.tell(lane, letter.id, ts)
        return 0.0

    async def _sent(self, letter: Letter, taken: Queued) -> str:
        """The ts of a letter's message. The lane stays ours until it is there, however long that takes."""
        parcel = await self._addressed(letter, taken)
        if not self._boxes.shares(letter.lane, taken.letter):
            return await self._courier.send(parcel)
        renew = partial(self._boxes.renew, letter.lane, taken.letter, self._owner)
        return await holding(self._courier.send(parcel), renew, self._clock)

    async def _addressed(self, letter: Letter, taken: Queued) -> Parcel:
        thread = await self._ts_of(letter.thread) if letter.thread else ""
        target = await self._ts_of(letter.edits) if letter.edits else taken.ts
        return Parcel(letter, thread, target, taken.begun)

    async def _ts_of(self, name: str) -> str:
        """The ts of a message that is named by its ts, or by its letter's id."""
        if is_posted(name):
            return name
        ts = await self._boxes.ts(name)
        if ts is None and self._boxes.away:
            raise SlackUnreachable("Where its thread is, is in the store, which is away.", sent=False)
        if not ts:
            raise MessageGone("The message it belongs to was not posted. Ask again.", "message_not_found")
        return ts

    # What goes wrong

    async def _failed(self, letter: Letter, taken: Queued, error: SlackError) -> float:
        """Keep what may be sent later, and give up the rest; gives the seconds to wait."""
        lane, doubtful = letter.lane, taken.begun
        if not isinstance(error, SlackUnreachable):
            self._answered()
        if isinstance(error, SlackBusy):
            await self._boxes.give_back(lane, letter.id, self._owner, begun=doubtful)
            return error.seconds if letter.answers else 0.0  # all others wait for their budget
        if isinstance(error, SlackUnreachable):
            await self._boxes.give_back(lane, letter.id, self._owner, begun=doubtful or error.sent)
            return self._away(lane, error)
        if isinstance(error, AccessLost) and not self._other_way(letter, error):
            _log.error("letters wait until Slack takes the bot's token again", reason=str(error))
            await self._boxes.give_back(lane, letter.id, self._owner, begun=doubtful)
            return ACCESS_SECONDS
        await self._refused(letter, error)
        return 0.0

    def _other_way(self, letter: Letter, error: AccessLost) -> bool:
        """Whether waiting for a better token would not do: somebody is there to be told, or pages will do."""
        return letter.id in self._callers.of(letter.lane) or (letter.file is not None and paged(error))

    def _answered(self) -> None:
        if self.away:
            _log.info("Slack is back; what waited is sent")
        self._failures = 0

    def _away(self, lane: str, error: SlackError) -> float:
        self._failures += 1
        if self._failures == AWAY_AFTER:
            _log.warning("Slack is away; letters wait", reason=str(error), in_memory_only=self.in_memory)
        if self.away:
            self._callers.let_go(lane)
        return PAUSES_SECONDS[min(self._failures, len(PAUSES_SECONDS)) - 1]

    async def _refused(self, letter: Letter, error: SlackError) -> None:
        """Give a letter up, after telling whoever waits for it; where nobody does, its message takes another way."""
        if letter.file is not None and isinstance(error, SlackRefused) and paged(error):
            _log.warning("a report is posted in pages instead of a file", reason=str(error))
            await self._instead(letter, *(_page(letter, message) for message in pages(letter.file)))
        elif self._callers.tell(letter.lane, letter.id, error):
            await self._boxes.drop(letter.lane, letter.id, self._owner)
        elif isinstance(error, MessageRefused) and letter.blocks:
            _log.error("Slack refused a message's form; only its text is sent", reason=str(error))
            await self._boxes.change(letter.id, letter.plainly().document())
            await self._boxes.give_back(letter.lane, letter.id, self._owner, begun=False)
        elif isinstance(error, MessageGone) and letter.edits and letter.thread:
            _log.warning("a message cannot be edited; a reply says it", reason=str(error))
            await self._instead(letter, msgspec.structs.replace(letter, id=new_id(), edits=""))
        else:
            _log.error("a letter to Slack is dropped", reason=str(error), text=letter.text)
            await self._boxes.drop(letter.lane, letter.id, self._owner)

    async def _instead(self, letter: Letter, *others: Letter) -> None:
        for other in others:
            await self._queued(other)
        await self._boxes.drop(letter.lane, letter.id, self._owner)
        self._callers.tell(letter.lane, letter.id, "")


def _page(letter: Letter, message: Message) -> Letter:
    return Letter(new_id(), letter.channel, message.text, message.blocks, thread=letter.thread, since=letter.since)


def _dropped() -> MessageGone:
    return MessageGone("The message could not be posted; the log says why.", "message_not_found")
