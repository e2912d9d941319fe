"""What waits for Slack: where it is kept, and in which order it leaves."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.errors import StoreUnreachable
from bot.keys import LANE, LETTERS
from bot.queued import Queued
from bot.slack.boxes import LETTERS_IN_MEMORY, Boxes, MemoryBox
from bot.slack.errors import MessageGone, SlackUnreachable
from bot.slack.letters import LETTER_SECONDS, Letter, is_posted, new_id
from bot.slack.message import Message
from bot.slack.poster import Place, Poster
from bot.store import Store, open_store
from tests.bot.slack.stage import CHANNEL, Stage, says, stage

OTHER = "C0DEVOPS0"


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    """A workspace with a clock of its own."""
    async with stage() as made:
        yield made


@pytest.fixture
async def store() -> AsyncIterator[Store]:
    """A store in an embedded server of its own."""
    with tempfile.TemporaryDirectory(prefix="volati-test-") as folder:
        async with open_store(None, Path(folder)) as made:
            yield made


@pytest.fixture(params=["memory", "store"])
async def boxes(request: pytest.FixtureRequest) -> AsyncIterator[Boxes]:
    """Where letters are kept, with a store or without."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            yield Boxes(None)
            return
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="volati-test-")))
        yield Boxes(await stack.enter_async_context(open_store(None, folder)))


class Moody:
    """A store that can be switched off; each method does as the store's, or fails."""

    # ruff: noqa: D102 -- said above, once for all of them

    def __init__(self) -> None:
        self._box = MemoryBox()
        self.away = False

    def _check(self) -> None:
        if self.away:
            raise StoreUnreachable("Redis is away.")

    async def queue_letter(self, lane: str, letter: str, document: bytes) -> bool:
        self._check()
        return await self._box.queue_letter(lane, letter, document)

    async def change_letter(self, letter: str, document: bytes) -> bool:
        self._check()
        return await self._box.change_letter(letter, document)

    async def first_letter(self, lane: str) -> Queued | None:
        self._check()
        return await self._box.first_letter(lane)

    async def take_letter(self, lane: str, letter: str, owner: str) -> Queued | None:
        self._check()
        return await self._box.take_letter(lane, letter)

    async def renew_lane(self, lane: str, letter: str, owner: str) -> bool:
        self._check()
        return bool(lane and letter and owner)

    async def return_letter(self, lane: str, letter: str, owner: str, *, begun: bool) -> None:
        self._check()
        await self._box.return_letter(lane, letter, begun=begun)

    async def settle_letter(self, lane: str, taken: Queued, owner: str, ts: str) -> bool:
        self._check()
        return await self._box.settle_letter(lane, taken, ts)

    async def drop_letter(self, lane: str, letter: str, owner: str) -> None:
        self._check()
        await self._box.drop_letter(lane, letter)

    async def letter(self, letter: str) -> bytes | None:
        self._check()
        return await self._box.letter(letter)

    async def letter_ts(self, letter: str) -> str | None:
        self._check()
        return await self._box.letter_ts(letter)

    async def lanes(self) -> tuple[str, ...]:
        self._check()
        return await self._box.lanes()


class TestBoxes:
    """Both ways of keeping letters behave alike."""

    async def test_order_by_lane(self, boxes: Boxes) -> None:
        """It gives the letters of a lane in the order they came, and those of others apart."""
        for letter, lane in (("L1", "C1"), ("L2", "C2"), ("L3", "C1")):
            assert await boxes.queue(lane, letter, letter.encode())
        assert await boxes.lanes() == ("C1", "C2")
        for letter in ("L1", "L3"):
            first = await boxes.first("C1")
            assert first == Queued(letter, letter.encode())
            taken = await boxes.take("C1", letter, "me")
            assert taken is not None
            assert await boxes.settle("C1", taken, "me", "1.1")
        assert await boxes.first("C1") is None
        assert await boxes.lanes() == ("C2",)
        assert await boxes.ts("L3") == "1.1"

    async def test_only_the_first_is_taken(self, boxes: Boxes) -> None:
        """It gives no letter out of turn."""
        await boxes.queue("C1", "L1", b"1")
        await boxes.queue("C1", "L2", b"2")
        assert await boxes.take("C1", "L2", "me") is None

    async def test_the_newest_revision_counts(self, boxes: Boxes) -> None:
        """It keeps a changed letter's place; one changed while it is sent stays, and knows its message."""
        await boxes.queue("C1", "L1", b"1")
        await boxes.queue("C1", "L2", b"2")
        await boxes.queue("C1", "L1", b"newer")
        taken = await boxes.take("C1", "L1", "me")
        assert taken is not None
        assert (taken.document, taken.begun) == (b"newer", False)
        assert await boxes.change("L1", b"newest")
        assert not await boxes.settle("C1", taken, "me", "1.1")
        assert await boxes.first("C1") == Queued("L1", b"newest", 3, ts="1.1")
        assert await boxes.read("L1") == b"newest"

    async def test_doubt_is_remembered(self, boxes: Boxes) -> None:
        """It tells the next who takes a letter that it may be there already, unless it was given back unsent."""
        await boxes.queue("C1", "L1", b"1")
        await boxes.take("C1", "L1", "me")
        first = await boxes.first("C1")
        assert first is not None
        assert first.begun
        await boxes.give_back("C1", "L1", "me", begun=False)
        again = await boxes.take("C1", "L1", "me")
        assert again is not None
        assert not again.begun
        await boxes.give_back("C1", "L1", "me", begun=True)
        last = await boxes.take("C1", "L1", "me")
        assert last is not None
        assert last.begun

    async def test_dropped_is_not_unknown(self, boxes: Boxes) -> None:
        """It tells a letter that was dropped from one that waits, and from one it never had."""
        await boxes.queue("C1", "L1", b"1")
        assert await boxes.ts("L1") is None
        await boxes.drop("C1", "L1", "me")
        assert await boxes.ts("L1") == ""
        assert await boxes.ts("L9") is None
        assert not await boxes.change("L1", b"2")

    async def test_what_is_private_is_not_stored(self, store: Store) -> None:
        """It keeps what one person asked in memory alone."""
        boxes = Boxes(store)
        await boxes.queue("private-U1", "L1", b"psst")
        assert await store.lanes() == ()
        assert await boxes.lanes() == ("private-U1",)
        assert boxes.in_memory == 1

    async def test_memory_is_bounded(self) -> None:
        """It takes so many, and then says no."""
        boxes = Boxes(None)
        taken = [await boxes.queue("C1", new_id(), b"") for _ in range(LETTERS_IN_MEMORY + 1)]
        assert taken == [True] * LETTERS_IN_MEMORY + [False]

    async def test_the_store_is_bounded(self, store: Store) -> None:
        """It takes so many, over all lanes, and then says no; a letter that is there may still be changed."""
        script = "for i = 1, tonumber(ARGV[1]) do redis.call('ZADD', KEYS[1], i, 'C1 L' .. i) end return 1"
        await store.script(script, ("volati:_:outbox",), LETTERS - 1)
        assert await store.queue_letter("C2", "last", b"")
        assert not await store.queue_letter("C2", "toomany", b"")
        assert await store.queue_letter("C2", "last", b"changed")


class TestLanes:
    """Replicas that share a store."""

    async def test_one_sends_at_a_time(self, store: Store) -> None:
        """It gives a lane to one owner, and to another when that one is done or its time is over."""
        await store.queue_letter("C1", "L1", b"1")
        await store.queue_letter("C1", "L2", b"2")
        taken = await store.take_letter("C1", "L1", "me")
        assert taken is not None
        assert await store.take_letter("C1", "L1", "you") is None
        assert 0 < await store.ask("TTL", LANE.of(lane="C1")) <= 12
        await store.settle_letter("C1", taken, "me", "1.1")
        assert await store.take_letter("C1", "L2", "you") is not None
        await store.ask("DEL", LANE.of(lane="C1"))  # its time is over
        after = await store.take_letter("C1", "L2", "me")
        assert after is not None
        assert after.begun, "nobody knows whether the other one sent it"

    async def test_a_killed_one_is_not_waited_for(self, store: Store) -> None:
        """It takes the lanes from a sender that was killed, when the only other one starts."""
        await store.queue_letter("C1", "L1", b"1")
        await store.take_letter("C1", "L1", "killed")
        assert await store.take_letter("C1", "L1", "me") is None
        await store.free_lanes()
        again = await store.take_letter("C1", "L1", "me")
        assert again is not None
        assert again.begun, "nobody knows whether the killed one sent it"

    async def test_a_late_one_changes_nothing_of_another(self, store: Store) -> None:
        """It lets who lost the lane neither give back nor free what another has taken."""
        await store.queue_letter("C1", "L1", b"1")
        await store.take_letter("C1", "L1", "late")
        await store.ask("DEL", LANE.of(lane="C1"))
        await store.take_letter("C1", "L1", "now")
        await store.return_letter("C1", "L1", "late", begun=False)
        first = await store.first_letter("C1")
        assert first is not None
        assert first.begun
        assert await store.take_letter("C1", "L1", "third") is None

    async def test_held_as_long_as_it_is_renewed(self, store: Store) -> None:
        """It holds a lane for longer, not for who lost it, and not for a letter that is settled meanwhile."""
        lane = LANE.of(lane="C1")
        await store.queue_letter("C1", "L1", b"1")
        taken = await store.take_letter("C1", "L1", "me")
        assert taken is not None
        await store.ask("EXPIRE", lane, 1)
        assert not await store.renew_lane("C1", "L1", "you")
        assert await store.ask("TTL", lane) <= 1
        assert await store.renew_lane("C1", "L1", "me")
        assert 1 < await store.ask("TTL", lane) <= 12
        await store.ask("DEL", lane)  # it came too late, and nobody else was there
        assert await store.renew_lane("C1", "L1", "me")
        assert await store.take_letter("C1", "L1", "you") is None
        await store.settle_letter("C1", taken, "me", "1.1")
        assert await store.renew_lane("C1", "L1", "me")
        assert await store.ask("EXISTS", lane) == 0

    async def test_asked_twice_it_answers_once(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """It does not take its own repeated question for somebody's earlier attempt."""
        await store.queue_letter("C1", "L1", b"1")
        once = store._once

        async def lost(*command: object) -> object:
            await once(*command)
            monkeypatch.setattr(store, "_once", once)
            raise StoreUnreachable("The answer was lost.")

        monkeypatch.setattr(store, "_once", lost)
        taken = await store.take_letter("C1", "L1", "me")
        assert taken is not None
        assert not taken.begun


class TestStoreAway:
    """The store fails while letters wait."""

    async def test_memory_takes_over_and_gives_back(self) -> None:
        """It keeps letters in memory, says so once, and brings them to the store in their order."""
        moody = Moody()
        boxes = Boxes(moody)
        await boxes.queue("C1", "L1", b"1")
        moody.away = True
        with capture_logs() as logs:
            await boxes.queue("C1", "L2", b"2")
            await boxes.queue("C1", "L3", b"3")
        assert [entry["event"] for entry in logs] == ["letters to Slack are kept in memory only"]
        assert boxes.in_memory == 2
        moody.away = False
        assert [letter async for letter in emptied(boxes, "C1")] == ["L1", "L2", "L3"]
        assert boxes.in_memory == 0

    async def test_posted_while_the_store_was_away(self) -> None:
        """It does not send a letter again whose posting the store could not note."""
        moody = Moody()
        boxes = Boxes(moody)
        await boxes.queue("C1", "L1", b"1")
        taken = await boxes.take("C1", "L1", "me")
        assert taken is not None
        moody.away = True
        assert await boxes.settle("C1", taken, "me", "1.1")
        assert await boxes.ts("L1") == "1.1"
        moody.away = False
        assert await boxes.first("C1") is None
        assert await moody.letter_ts("L1") == "1.1"


async def emptied(boxes: Boxes, lane: str) -> AsyncIterator[str]:
    """The letters of a lane, each taken and settled."""
    while first := await boxes.first(lane):
        taken = await boxes.take(lane, first.letter, "me")
        assert taken is not None
        await boxes.settle(lane, taken, "me", "1.1")
        yield first.letter


async def done(here: Stage, doing: asyncio.Task[Place]) -> Place:
    """What a post gives, with the time it takes."""
    await here.until(doing.done)
    return doing.result()


async def posted(here: Stage, poster: Poster, text: str, thread: str | None = None) -> Place:
    """Post, with the time it takes."""
    return await done(here, asyncio.create_task(poster.post(CHANNEL, says(text), thread)))


class TestSending:
    async def test_edits_join_what_waits(self, here: Stage) -> None:
        """It sends a message that was edited while it waited once, as it was in the end."""
        poster = here.poster()
        await here.slack.go_down()
        place = await posted(here, poster, "one")
        assert not place.posted
        await poster.try_update(place, says("two"))
        await poster.update(place, says("three"))
        await here.slack.come_back()
        await here.until(lambda: here.everything() == ["three"], seconds=60)
        assert here.slack.ledger.calls["chat.update"] == 0
        await done_with(here, poster.update(place, says("four")))
        await here.settled()
        await poster.spare_turn()
        await poster.try_update(place, says("five"))
        assert here.everything() == ["five"]

    async def test_edits_of_one_message_join(self, here: Stage) -> None:
        """It keeps of several edits of a message the last."""
        poster = here.poster()
        place = await posted(here, poster, "one")
        await here.slack.go_down()
        for text in ("two", "three", "four"):
            await done_with(here, poster.update(place, says(text)))
        await here.slack.come_back()
        await here.until(lambda: here.everything() == ["four"], seconds=60)
        assert here.slack.ledger.calls["chat.update"] == 1

    async def test_a_lost_root_takes_its_replies_along(self, here: Stage) -> None:
        """It drops what belongs to a message that Slack refused, each with its reason in the log."""
        poster = here.poster()
        await here.slack.go_down()
        root = await posted(here, poster, "root")
        await posted(here, poster, "reply", root.ts)
        here.slack.switches.fail_with["chat.postMessage"] = "not_in_channel"
        await here.slack.come_back()
        with capture_logs() as logs:
            await here.passing(60)
        reasons = [entry["reason"] for entry in logs if entry["event"] == "a letter to Slack is dropped"]
        assert len(reasons) == 2
        assert "/invite @volati" in reasons[0]
        assert "was not posted" in reasons[1]
        with pytest.raises(MessageGone):
            await poster.update(root, says("verdict"))

    async def test_an_edit_of_what_was_deleted_becomes_a_reply(self, here: Stage) -> None:
        """It says a verdict as a reply when its message was deleted while Slack was away."""
        poster = here.poster()
        root = await posted(here, poster, "root")
        detail = await posted(here, poster, "detail", root.ts)
        await here.slack.go_down()
        await done_with(here, poster.update(detail, says("verdict")))
        here.slack.workspace.delete(here.slack.thread(CHANNEL, root.ts)[1])
        await here.slack.come_back()
        await here.until(lambda: here.everything() == ["root", "verdict"], seconds=60)

    async def test_a_refused_form_leaves_the_text(self, here: Stage) -> None:
        """It sends the text alone when Slack refuses, later, the form of a message that nobody waits for."""
        poster = here.poster()
        await here.slack.go_down()
        odd = Message("text", ({"type": "nonsense"},))
        await done(here, asyncio.create_task(poster.post(CHANNEL, odd)))
        await here.slack.come_back()
        await here.until(lambda: here.everything() == ["text"], seconds=60)

    async def test_waits_for_a_good_token(self, here: Stage) -> None:
        """It keeps what waits while Slack does not take the token, and delivers it when it does again."""
        poster = here.poster()
        await here.slack.go_down()
        await posted(here, poster, "one")
        here.slack.switches.fail_with["*"] = "token_revoked"
        await here.slack.come_back()
        await here.passing(3600)
        assert here.slack.ledger.calls["chat.postMessage"] < 65, "once a minute"
        here.slack.switches.fail_with.clear()
        await here.until(lambda: here.everything() == ["one"], seconds=120)

    async def test_drops_what_is_too_old(self, here: Stage) -> None:
        """It does not deliver yesterday's news, and says so in the log."""
        poster = here.poster()
        await here.slack.go_down()
        await posted(here, poster, "one")
        with capture_logs() as logs:
            here.clock.advance(LETTER_SECONDS + 60)
            await here.slack.come_back()
            await here.passing(60)
        assert "a letter to Slack is dropped: it has waited too long" in [entry["event"] for entry in logs]
        assert here.everything() == []

    async def test_says_when_there_is_no_more_room(self, here: Stage) -> None:
        """It tells the caller, and the log, that a message is lost."""
        poster = here.poster()
        await here.slack.go_down()
        for number in range(LETTERS_IN_MEMORY):
            await posted(here, poster, str(number))
        with capture_logs() as logs, pytest.raises(SlackUnreachable, match="Too many messages wait"):
            await poster.post(CHANNEL, says("one more"))
        assert logs[0]["text"] == "one more"

    async def test_says_what_is_lost_at_the_end(self, here: Stage) -> None:
        """It says in the log how many letters end with the process."""
        poster = here.poster()
        await here.slack.go_down()
        await posted(here, poster, "one")
        with capture_logs() as logs:
            await poster.close()
        assert logs[-1]["letters"] == 1

    async def test_channels_do_not_wait_for_one_another(self, here: Stage) -> None:
        """It goes on in one channel while another has to wait."""
        poster = here.poster()
        tasks = [asyncio.create_task(poster.post(CHANNEL, says(str(number)))) for number in range(30)]
        await here.settled()
        other = asyncio.create_task(poster.post(OTHER, says("other")))
        await here.settled()
        assert [message.text for message in here.slack.messages(OTHER)] == ["other"]
        await here.until(lambda: len(here.everything()) == 30)
        assert all(task.done() for task in (*tasks, other))

    async def test_one_bad_letter_does_not_hold_up_the_rest(self, here: Stage) -> None:
        """It drops a letter written by another version, and one that fails in an unforeseen way."""
        moody = Moody()
        await moody.queue_letter(CHANNEL, "Lbad", b"?")
        await moody.queue_letter(CHANNEL, "Lworse", Letter("Lworse", CHANNEL, "x", since=here.clock.now()).document())
        poster = here.poster(moody)
        call, failures = here.transport.call, [RuntimeError("unforeseen")]

        async def failing(method: str, arguments: dict[str, object]) -> dict[str, object]:
            if failures:
                raise failures.pop()
            return await call(method, arguments)

        here.transport.call = failing  # type: ignore[method-assign,assignment] # a fake in its place
        with capture_logs() as logs:
            assert (await posted(here, poster, "good")).posted
        assert [entry["event"] for entry in logs][:2] == [
            "a letter to Slack is dropped: it cannot be read",
            "a letter to Slack could not be sent",
        ]

    async def test_two_who_wait_for_one_message(self, here: Stage) -> None:
        """It tells both, also when one of them gives up."""
        poster = here.poster()
        place = await posted(here, poster, "one")
        here.slack.switches.fail_with["chat.update"] = "cant_update_message"
        edits = [asyncio.create_task(poster.update(place, says(text))) for text in ("two", "three", "four")]
        await asyncio.sleep(0)
        edits[0].cancel()
        await here.until(lambda: all(edit.done() for edit in edits))
        assert [type(edit.exception()) for edit in edits[1:]] == [MessageGone, MessageGone]


async def done_with(here: Stage, doing: object) -> None:
    """Let time pass until it is done."""
    task = asyncio.ensure_future(doing)  # type: ignore[call-overload] # any awaitable
    await here.until(task.done)
    task.result()


def test_ids_are_told_apart() -> None:
    """It takes no letter's id for a ts of Slack's."""
    assert is_posted("1760000000.000100")
    assert not is_posted(new_id())
    assert not is_posted("")


def test_letters_survive_writing() -> None:
    """It reads what it wrote."""
    letter = Letter("L1", "C1", "text", ({"type": "divider"},), thread="1.1", since=1.5)
    assert Letter.read(letter.document()) == letter
