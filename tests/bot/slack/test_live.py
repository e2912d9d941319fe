"""One message, edited while something goes on."""

import asyncio

import pytest

from bot.slack.errors import MessageGone, MessageRefused, SlackBusy, SlackError, SlackUnreachable, refusal
from bot.slack.letters import Attachment
from bot.slack.limits import EDIT_SECONDS
from bot.slack.live import ProgressMessage
from bot.slack.message import Message
from bot.slack.poster import Place, Poster
from diagnostics.redaction import Redactor
from tests.bot.slack.stage import StageTime
from tests.bot.slack.wire import Sleeper, Wire, settled

PLACE = Place("C0ENGINE0", "100.002")
PLAIN = Message("plainly")
WHOLE = Attachment("run.txt", "Keycloak", "all of it")


async def no_nap(_: float) -> None:
    """Do not wait."""


def live_on(wire: Wire, sleeper: Sleeper) -> ProgressMessage:
    return ProgressMessage(Poster(wire, Redactor(), no_nap), PLACE, "100.001", sleeper)


async def test_sends_only_the_newest() -> None:
    """It edits at most every 1.5 s, and skips what was overtaken."""
    wire, sleeper = Wire(), Sleeper()
    async with live_on(wire, sleeper) as live:
        for number in range(5):
            live.show(Message(f"state {number}"))
        await settled()
        assert wire.calls == []
        await sleeper.wake()
        assert wire.texts("chat.update") == ["state 4"]
        live.show(Message("state 5"))
        await settled()
        assert wire.texts("chat.update") == ["state 4"]
        await sleeper.wake()
        assert wire.texts("chat.update") == ["state 4", "state 5"]
    assert set(sleeper.slept) == {EDIT_SECONDS}


async def test_sends_nothing_where_nothing_changed() -> None:
    """It does not edit for the sake of editing."""
    wire, sleeper = Wire(), Sleeper()
    async with live_on(wire, sleeper):
        await sleeper.wake()
        await sleeper.wake()
    assert wire.calls == []


async def test_ends_at_once() -> None:
    """It sends the last state without waiting for the next turn, and nothing after it."""
    wire, sleeper = Wire(), Sleeper()
    async with live_on(wire, sleeper) as live:
        live.show(Message("state"))
        await live.finish(Message("verdict"), PLAIN)
        await sleeper.wake()
    assert wire.texts("chat.update") == ["verdict"]


async def test_ends_after_the_edit_under_way() -> None:
    """It lets an edit under way arrive first, so that it cannot overtake the last one."""
    wire, sleeper = Wire(), Sleeper()
    async with live_on(wire, sleeper) as live:
        wire.gate.clear()
        live.show(Message("state"))
        await settled()
        await sleeper.wake()
        ending = asyncio.create_task(live.finish(Message("verdict"), PLAIN))
        await settled()
        assert wire.texts("chat.update") == ["state"]
        wire.gate.set()
        await ending
    assert wire.texts("chat.update") == ["state", "verdict"]


async def test_survives_failing_edits() -> None:
    """It goes on when an edit on the way fails, and waits as long as Slack says."""
    wire, sleeper = Wire(SlackBusy("busy", 9.0), MessageGone("gone", "message_not_found")), Sleeper()
    async with live_on(wire, sleeper) as live:
        for name in ("one", "two", "three"):
            live.show(Message(name))
            await settled()
            await sleeper.wake()
    assert wire.texts("chat.update") == ["one", "two", "three"]
    assert 9.0 in sleeper.slept


async def test_replies_where_it_cannot_edit() -> None:
    """It posts the last state as a reply in the thread when its message is gone."""
    wire = Wire(MessageGone("gone", "message_not_found"))
    async with live_on(wire, Sleeper()) as live:
        await live.finish(Message("verdict"), PLAIN)
    method, arguments = wire.calls[-1]
    assert (method, arguments["text"], arguments["thread_ts"]) == ("chat.postMessage", "verdict", "100.001")


async def test_says_it_plainly_where_slack_refuses_the_form() -> None:
    """It falls back to the plain form, so that a fault in a view never hides a verdict."""
    wire = Wire(MessageRefused("too long", "msg_blocks_too_long"))
    async with live_on(wire, Sleeper()) as live:
        await live.finish(Message("verdict"), PLAIN)
    assert wire.texts("chat.update") == ["verdict", "plainly"]


async def test_the_last_edit_is_tried_again() -> None:
    """It tries the last edit again where one on the way would have been let go."""
    wire = Wire(SlackUnreachable("away", sent=True), SlackBusy("busy", 1.0))
    async with live_on(wire, Sleeper()) as live:
        await live.finish(Message("verdict"), PLAIN)
    assert wire.texts("chat.update") == ["verdict"] * 3


async def test_says_when_nothing_helps() -> None:
    """It raises when neither an edit nor a reply got through."""
    gone = MessageGone("gone", "message_not_found")
    async with live_on(Wire(gone, gone), Sleeper()) as live:
        with pytest.raises(SlackError):
            await live.finish(Message("verdict"), PLAIN)


async def test_attaches_what_does_not_fit() -> None:
    """It puts the whole report into the thread, after the message; a verdict stands without it."""
    wire = Wire()
    async with live_on(wire, Sleeper()) as live:
        await live.finish(Message("verdict"), PLAIN, WHOLE)
    assert [method for method, _ in wire.calls] == [
        "chat.update",
        "files.getUploadURLExternal",
        "files.completeUploadExternal",
    ]
    assert wire.calls[-1][1]["thread_ts"] == "100.001"
    assert wire.uploads == [("https://files.example.com/1", b"all of it")]
    wire = Wire(None, refusal("channel_not_found", "files.getUploadURLExternal"))
    async with live_on(wire, Sleeper()) as live:
        await live.finish(Message("verdict"), PLAIN, WHOLE)
    assert wire.texts("chat.update") == ["verdict"]


async def test_all_messages_share_a_limit() -> None:
    """It waits for a turn that nothing more important wants, and shows what is newest by then."""
    wire, sleeper, clock = Wire(), Sleeper(), StageTime()
    poster = Poster(wire, Redactor(), clock=clock)
    for _ in range(3):
        await poster.spare_turn()
    async with ProgressMessage(poster, PLACE, "100.001", sleeper) as live:
        live.show(Message("old"))
        await settled()
        await sleeper.wake()
        assert wire.calls == []
        live.show(Message("new"))
        clock.advance(2)
        await settled()
        assert wire.texts("chat.update") == ["new"]
