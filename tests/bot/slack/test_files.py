"""Reports too long for a message."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.files import ATTACHMENT_BYTES, PAGES, pages, shortened
from bot.slack.letters import Attachment
from bot.slack.limits import faults
from bot.slack.message import Message
from bot.slack.poster import Place, Poster
from diagnostics.redaction import Redactor
from playground.slack.limits import check_message
from playground.slack.messages import Content
from tests.bot.slack.stage import CHANNEL, Stage, says, stage

REPORT = Attachment("run-r1.txt", "Keycloak in production", "\n".join(f"line {number}" for number in range(4000)))


@pytest.fixture
async def here() -> AsyncIterator[Stage]:
    """A workspace with a clock of its own."""
    async with stage() as made:
        yield made


async def attached(here: Stage, poster: Poster) -> list[str]:
    """Attach the report to a thread; gives what the thread says."""
    root = await poster.post(CHANNEL, says("root"))
    task = asyncio.create_task(poster.attach(root, REPORT))
    await here.until(task.done)
    await here.passing(30)
    return here.texts("root")


async def test_a_file_in_the_thread(here: Stage) -> None:
    """It uploads the whole report into the thread, and says how long it is."""
    said = await attached(here, here.poster())
    assert said == ["root", f"Keycloak in production: all of it, {len(REPORT.text):,} characters"]
    (stored,) = here.slack.core.files.files.values()
    assert (stored.name, stored.data) == ("run-r1.txt", REPORT.text.encode())
    assert here.slack.ledger.rejected == []


@pytest.mark.parametrize("why", ["no scope", "switched off", "full"])
async def test_pages_where_no_file_is_taken(here: Stage, why: str) -> None:
    """It posts pages instead, each with its number, and together they say all."""
    if why == "no scope":
        here.slack.switches.scopes -= {"files:write"}
    elif why == "switched off":
        here.slack.switches.file_uploads_disabled = True
    else:
        here.slack.switches.fail_with["files.getUploadURLExternal"] = "storage_limit_reached"
    said = await attached(here, here.poster())
    assert said == ["root", *(f"Keycloak in production, page {number} of 4" for number in range(1, 5))]
    thread = here.slack.thread(CHANNEL, here.slack.messages(CHANNEL)[0].ts)
    assert "more characters do not fit here" not in thread[-1].words()
    shown = "".join(message.words() for message in thread)
    assert all(f"line {number}\n" in shown or f"line {number}```" in shown for number in range(4000))


async def test_a_file_waits_for_slack(here: Stage) -> None:
    """It brings the file, in order, when Slack is back."""
    poster = here.poster()
    await here.slack.go_down()
    posting = asyncio.create_task(poster.post(CHANNEL, says("root")))
    await here.until(posting.done)
    await poster.attach(posting.result(), REPORT)
    await poster.post(CHANNEL, says("after"), posting.result().ts)
    await here.passing(60)
    await here.slack.come_back()
    await here.until(lambda: len(here.everything()) == 3, seconds=60)
    assert [text[:22] for text in here.texts("root")] == ["root", "Keycloak in production", "after"]


def test_says_what_is_missing() -> None:
    """It counts, on the last page, every character that no page shows."""
    long = replace(REPORT, text="x" * 100_000)
    messages = pages(long)
    assert len(messages) == PAGES
    shown = sum(str(message.blocks).count("x") for message in messages) - sum(
        str(message.blocks).replace("xx", "").count("x") for message in messages
    )
    (note,) = messages[-1].blocks[-1]["elements"]
    missing = int(str(note["text"]).partition(" ")[0].replace(",", ""))
    assert missing > 0
    assert shown + missing == pytest.approx(100_000, abs=20)


@given(st.text(alphabet=st.sampled_from("ab&<>`\n\t \U0001f600\x1b"), min_size=1, max_size=9_000))
def test_slack_takes_every_page(text: str) -> None:
    """It makes pages within Slack's limits of any text."""
    for message in pages(Attachment("a.txt", "A <title> & more", text)):
        assert faults(message.text, message.blocks) == ()
        check_message(Content(message.text, message.blocks))


def test_a_file_has_an_end() -> None:
    """It shortens what is beyond all measure, and says so in the file."""
    long = shortened(replace(REPORT, text="é" * ATTACHMENT_BYTES))
    assert len(long.text.encode()) < ATTACHMENT_BYTES + 100
    assert long.text.endswith(f"({ATTACHMENT_BYTES // 2:,} more characters are not in this file)")
    assert shortened(REPORT) is REPORT


async def test_an_empty_place_is_no_obstacle(here: Stage) -> None:
    """It drops a report whose thread is gone, with a word in the log, and goes on."""
    poster = Poster(here.transport, Redactor(), clock=here.clock)
    await poster.attach(Place(CHANNEL, "1.000001"), REPORT)
    assert (await poster.post(CHANNEL, Message("next"))).posted
