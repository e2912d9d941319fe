"""The audit, from what a person types to what they see; over sockets and over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace as replaced
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.audit.entry import Linked
from bot.slack.message import Message
from bot.slack.plain import plain
from bot.words.commands import Audit
from handlers.audit import audited
from handlers.desk import Desk
from playground.slack.messages import Message as Shown
from tests.bot.audit.audits import chained, entry, fill, lines
from tests.stories.world import CHANNEL, Story, story

SECRET = "xoxb-" + "123456789012-abcdefABCDEF0123456789ab"


@pytest.fixture(params=["sockets", "http"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Story]:
    """The bot in its world."""
    async with story(request.param, tmp_path) as found:
        yield found
        assert SECRET not in found.sent()
        assert found.slack.ledger.rejected == []


def entries(length: int) -> list[Linked]:
    some = [entry(number, "playground") for number in range(1, length + 1)]
    return chained([replace(some[0], detail=f"it said {SECRET} <!channel>"), *some[1:]])


async def filled(here: Story, length: int) -> None:
    assert here.services.store is not None
    await fill(here.services.store, lines(entries(length)))


def said(message: Shown) -> str:
    return plain(Message(message.text, message.content.blocks))


async def clicked(here: Story, message: Shown, label: str, person: str = "oncall") -> Shown:
    before = len(here.slack.ephemerals(person))
    await here.slack.person(person).click(message, label)
    await here.done()
    (answer,) = here.slack.ephemerals(person)[before:]
    return answer


async def test_page_by_page(here: Story) -> None:
    """It shows who did what, privately, newest first, to the oldest, with secrets masked."""
    await filled(here, 15)
    (first,) = await here.typed("engineer", "/volati audit")
    assert "3 older entries are not shown here." in said(first)
    second = await clicked(here, first, "Older", "engineer")
    assert "• 1. 2026-11-05 03:00:10" in said(second)
    assert "masked" in said(second)
    assert "2 of" not in said(await clicked(here, second, "Newer", "engineer"))
    assert here.roots() == []


async def test_so_many_of_an_environment(here: Story) -> None:
    """It shows as many as are asked for, of the environment that is named."""
    await filled(here, 15)
    (found,) = await here.typed("oncall", "/volati audit 2 in playground")
    assert said(found).startswith("Who did what in playground")
    assert said(found).count("•") == 2


async def test_none_yet(here: Story) -> None:
    """It says that nothing was audited yet."""
    (found,) = await here.typed("oncall", "/volati audit")
    assert "Nothing was audited yet" in said(found)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("audit all", "“all” is no number of entries from 1 to 9999."),
        ("audit 0", "“0” is no number of entries"),
        ("audit 20 30", "“30” means nothing here"),
        ("audit in moon", "There is no environment “moon”"),
    ],
)
async def test_what_was_not_meant(here: Story, words: str, part: str) -> None:
    """It says what was wrong with the words, and what would work."""
    (answer,) = await here.typed("oncall", f"/volati {words}")
    assert part in said(answer)


async def test_a_mention(here: Story) -> None:
    """It tells the audit privately also when it was mentioned: a message in the channel would notify all it names."""
    await filled(here, 3)
    oncall = here.slack.person("oncall")
    root = await oncall.say("engineering", "who restarted it?")
    await oncall.mention("engineering", "audit", thread_ts=root.ts)
    await here.done()
    assert len(here.slack.thread(CHANNEL, root.ts)) == 2
    (answer,) = here.slack.ephemerals("oncall")
    assert "Who did what" in said(answer)


async def test_no_memory(here: Story) -> None:
    """It says why there is no audit to look at, and what tells more."""
    without: Desk = replaced(here.desk, ledger=None)
    assert "there is no audit to look at" in (await audited(without, Audit())).text
