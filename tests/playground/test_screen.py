"""What the terminal shows of the local Slack."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from playground.screen import Screen
from playground.slack.feed import Seen
from playground.slack.messages import Content, Message, Version
from playground.slack.shapes import Json

TYPED = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "is it down?"}]}],
}


def message(text: str, *blocks: Json, by_app: bool = True) -> Message:
    """A message in a channel, by the bot or by the on-call engineer."""
    return Message("C1", "1.1", "U1", [Version(Content(text, blocks), 0.0)], by_app=by_app)


async def seen(*messages: Message) -> AsyncIterator[Seen]:
    """The messages as they are posted."""
    for one in messages:
        yield Seen("posted", 0.0, "C1", message=one)


def screen() -> Screen:
    """A screen that knows the on-call engineer."""
    shown = Screen()
    shown.names = {"U1": "oncall"}
    return shown


async def test_a_message_of_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    """It shows what a person typed in the browser, under that person's name, and what comes after it."""
    await screen().watch(seen(message("is it down?", TYPED, by_app=False), message("On it.")))
    assert capsys.readouterr().out.splitlines() == [
        *("", "oncall in the channel", "is it down?"),
        *("", "volati in the channel", "On it."),
    ]


async def test_a_message_that_cannot_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """It says that there is one and goes on with the next."""
    await screen().watch(seen(message("odd", {"type": "section", "text": None}), message("On it.")))
    shown = capsys.readouterr().out
    assert "This message cannot be shown in a terminal; the page in the browser shows it. (TypeError)" in shown
    assert shown.endswith("On it.\n")


async def test_its_own_end(capsys: pytest.CaptureFixture[str]) -> None:
    """It says that nothing more is shown, where watching has failed; not where it was told to end."""

    async def broken() -> AsyncIterator[Seen]:
        async for one in seen():
            yield one
        raise OSError("no such stream")

    shown = screen()
    watcher = asyncio.create_task(shown.watch(broken()))
    await asyncio.wait({watcher})
    shown.ended(watcher)
    assert "The terminal shows no more messages: OSError: no such stream." in capsys.readouterr().out
    cancelled = asyncio.create_task(asyncio.sleep(60))
    cancelled.cancel()
    await asyncio.wait({cancelled})
    shown.ended(cancelled)
    assert capsys.readouterr().out == ""
