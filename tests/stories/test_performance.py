"""What a person sees of `/volati diagnose performance` and `graphql` in Slack: verdict, charts, what is offered."""

import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.slack.message import Message
from bot.slack.plain import plain
from playground.slack.messages import Message as Shown
from tests.stories.world import CHANNEL, Story, story

ACCESS = {"roles": {"operator": {"groups": ["S0OPERAT0"]}}}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Story]:
    """The bot in its world, with a cluster, once it knows who is in which group."""
    async with story("sockets", tmp_path, ACCESS, cluster=True) as found:
        await found.slack.until(lambda: found.desk.gate._people.groups.snapshot is not None)  # type: ignore[attr-defined]
        yield found
        assert found.slack.ledger.rejected == []


async def diagnosed(here: Story, area: str, *faults: str) -> list[Shown]:
    """The thread of a diagnosis with these faults on."""
    for fault in faults:
        await here.platform.switch_on(fault)
    await here.platform.ripe()
    await here.typed("oncall", f"/volati diagnose {area}")
    return here.slack.thread(CHANNEL, here.roots()[-1].ts)


def told(thread: list[Shown]) -> str:
    return "\n".join(plain(Message(one.text, one.content.blocks)) for one in thread)


def labels(thread: list[Shown]) -> list[str]:
    rows = [block for one in thread for block in one.content.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]


async def test_charts(here: Story) -> None:
    """It puts what is used against the limits as a picture into the thread, with the same in words."""
    thread = await diagnosed(here, "performance", "cpu-throttled")
    assert "throttled" in told(thread)
    await here.slack.until(lambda: here.slack.core.files.files, seconds=20)
    (stored,) = here.slack.core.files.files.values()
    drawn = stored.data or b""
    assert drawn.startswith(PNG)
    width, height = struct.unpack(">II", drawn[16:24])
    assert (width, 200 < height < 2000) == (960, True)
    shared = here.slack.thread(CHANNEL, here.roots()[-1].ts)[-1]
    assert "of the limit" in shared.content.text


async def test_the_databases_share(here: Story) -> None:
    """It names the database where that makes the API slow, and shows no literal of a statement."""
    words = told(await diagnosed(here, "performance", "postgres-index-missing", "api-slow"))
    assert "read from end to end" in words
    assert here.platform.around.database.passwords.owner not in here.sent()


async def test_a_restart_is_offered(here: Story) -> None:
    """It offers to restart the backend where the runbook does: when the API does not answer."""
    thread = await diagnosed(here, "graphql", "graphql-silent")
    assert any(label.startswith("Restart") for label in labels(thread))
